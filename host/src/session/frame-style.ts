// How messages become WebSocket frames for one client, as its subprotocol and its wishes have it (protocol.md section 2.2).
import {
  type Compression,
  compressionTags,
  compressionThreshold,
  serverBatchLengthMax,
  type Subprotocol,
} from "@lightcone/abi";
import { brotli, gzip } from "../base/compress.ts";
import { limit } from "../base/limit.ts";

/** What a client and the server have settled before its first message. */
export interface WireChoice {
  readonly protocol: Subprotocol;
  readonly compression: Compression;
  /** Whether updates are to be without what is known of the call that made them (v1). */
  readonly light: boolean;
}

/** What is in use where nothing else is said. */
export const plainChoice: WireChoice = {
  protocol: "v2.bsatn.spacetimedb",
  compression: "None",
  light: false,
};

/** Stands where a binary frame has its compression tag. */
export const textTag = -1;

export interface FrameStyle {
  /** Of messages that go as they are: a compression tag, or `textTag` for text frames, which have none. */
  readonly tag: number;
  readonly compression: Compression;
  /** Messages that follow each other share a frame of up to so many bytes; 0 for one frame each. */
  readonly batchBytesMax: number;
}

/** Binary frames of one message, as it is. */
export const plainStyle: FrameStyle = {
  tag: compressionTags.None,
  compression: "None",
  batchBytesMax: 0,
};

const textStyle: FrameStyle = { tag: textTag, compression: "None", batchBytesMax: 0 };

export function frameStyle({ protocol, compression }: WireChoice): FrameStyle {
  if (protocol === "v1.json.spacetimedb") return textStyle;
  const isBatched = protocol === "v3.bsatn.spacetimedb";
  if (compression === "None" && !isBatched) return plainStyle;
  // A longer batch would have to be compressed, and is not known to be longer until its last message comes.
  const batchBytesMax = compression === "None" ? serverBatchLengthMax : compressionThreshold;
  return { tag: compressionTags.None, compression, batchBytesMax: isBatched ? batchBytesMax : 0 };
}

/** Whether a message of so many bytes is compressed. One that is too long is not: it would hold up everybody else. */
export function isPacked({ compression }: FrameStyle, length: number): boolean {
  return (
    compression !== "None" && length > compressionThreshold && length <= limit.compressedBytesMax
  );
}

export function pack(compression: Compression, message: Uint8Array): Uint8Array {
  return compression === "Gzip" ? gzip(message) : brotli(message);
}
