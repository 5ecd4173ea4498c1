// The load as bytes, made before the clock starts: arguments for the engine, whole WebSocket frames
// for clients.
//
//   frame    82  80+length  mask (4)  masked message
//   message  call: tag, request id, flags, name, arguments (protocol.md section 4.1)
import { assert, Writer, writeCallReducer } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { type TransferPairs, transferPairs } from "@lightcone/fixtures/workload";
import { seed, transferAmount, transferLoad } from "./settings.ts";

/**
 * `from`, `to` and `amount` as BSATN: the arguments of transfer i are at `[i * 16, i * 16 + 16)`.
 */
export const argumentBytes = 16;

/** The pairs of a skew, the same in every process. */
export function drawPairs(alpha: number): TransferPairs {
  return transferPairs(new Rng(seed), transferLoad(alpha));
}

export function encodeArguments(pairs: TransferPairs): Uint8Array {
  const writer = new Writer(pairs.from.length * argumentBytes);
  for (let i = 0; i < pairs.from.length; i++) {
    writer.u32(pairs.from[i] as number);
    writer.u32(pairs.to[i] as number);
    writer.i64(transferAmount);
  }
  return writer.finish();
}

const headerBytes = 6;
const payloadBytesMax = 125;

/** A client may choose any mask; the server must undo it whatever it is. */
const mask = [0x5a, 0xc3, 0x96, 0x0f] as const;

/** Where a message of a call, and any other that is sent here, has its request id. */
const requestIdAt = 1;

/** Messages of one length as masked WebSocket frames, all with a request id yet to be set. */
export class RequestFrames {
  readonly count: number;
  readonly frameBytes: number;
  readonly #bytes: Uint8Array;

  /** `writeMessage` appends message i, with a request id of 0; all have the same length. */
  constructor(count: number, writeMessage: (writer: Writer, i: number) => void) {
    const writer = new Writer();
    writeMessage(writer, 0);
    const messageBytes = writer.length;
    assert(messageBytes <= payloadBytesMax, "a request fits the short form of a frame");
    this.count = count;
    this.frameBytes = headerBytes + messageBytes;
    this.#bytes = new Uint8Array(count * this.frameBytes);
    for (let i = 0; i < count; i++) {
      writer.clear();
      writeMessage(writer, i);
      assert(writer.length === messageBytes, "requests of one load are equally long");
      this.#fill(i * this.frameBytes, writer.memory, messageBytes);
    }
  }

  #fill(at: number, message: Uint8Array, length: number): void {
    const bytes = this.#bytes;
    bytes[at] = 0x82;
    bytes[at + 1] = 0x80 | length;
    bytes.set(mask, at + 2);
    const start = at + headerBytes;
    for (let i = 0; i < length; i++) {
      bytes[start + i] = (message[i] as number) ^ (mask[i % 4] as number);
    }
  }

  /** Copies frame i, with its request id, to `target[at]`. */
  copy(i: number, requestId: number, target: Uint8Array, at: number): void {
    const { frameBytes } = this;
    const source = this.#bytes;
    for (let from = i * frameBytes, to = at, end = at + frameBytes; to < end; from++, to++) {
      target[to] = source[from] as number;
    }
    const idAt = at + headerBytes + requestIdAt;
    target[idAt] = (requestId & 0xff) ^ mask[1];
    target[idAt + 1] = ((requestId >>> 8) & 0xff) ^ mask[2];
    target[idAt + 2] = ((requestId >>> 16) & 0xff) ^ mask[3];
    target[idAt + 3] = (requestId >>> 24) ^ mask[0];
  }
}

/** Transfers as protocol v2 has them. */
export function transferFrames(alpha: number): RequestFrames {
  const pairs = drawPairs(alpha);
  const args = encodeArguments(pairs);
  return new RequestFrames(pairs.from.length, (writer, i) => {
    const start = i * argumentBytes;
    writeCallReducer(writer, 0, "transfer", args.subarray(start, start + argumentBytes));
  });
}

/** What the echo server gets: a request id and nothing else of meaning. */
const echoBytes = 60;

export function echoFrames(): RequestFrames {
  return new RequestFrames(1024, (writer, i) => {
    writer.u8(i);
    writer.u32(0);
    for (let at = writer.length; at < echoBytes; at++) writer.u8(i + at);
  });
}
