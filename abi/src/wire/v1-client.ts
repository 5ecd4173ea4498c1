// Protocol v1, what clients send as BSATN (protocol.md 6.1). The JSON form of the same messages is in v1-json-client.ts.
import type { NameCache } from "../bytes/name-cache.ts";
import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";
import { readFlags, readQueries } from "./client-read.ts";
import { asFrameFault } from "./fault.ts";

/** Tags of the messages. */
export const V1ClientTag = {
  callReducer: 0,
  subscribe: 1,
  oneOffQuery: 2,
  subscribeSingle: 3,
  subscribeMulti: 4,
  unsubscribe: 5,
  unsubscribeMulti: 6,
  callProcedure: 7,
} as const;

/**
 * A call of a reducer or procedure. Arguments as BSATN stay in the frame, at `[argsStart, argsEnd)` of the bytes that the reader was
 * given; those of a JSON message are `argsJson`, the text of a JSON array or object.
 */
export interface V1CallMessage {
  readonly kind: "callReducer" | "callProcedure";
  readonly requestId: number;
  readonly name: string;
  readonly argsStart: number;
  readonly argsEnd: number;
  readonly argsJson: string | undefined;
  /** The caller wants to be told of the call like anybody else, and not at all if it fails. */
  readonly isSilent: boolean;
}

export type V1ClientMessage =
  | V1CallMessage
  /** Replaces what the connection watched by the message of this kind before. */
  | {
      readonly kind: "subscribe";
      readonly requestId: number;
      readonly queries: readonly string[];
    }
  | { readonly kind: "oneOffQuery"; readonly messageId: Uint8Array; readonly query: string }
  | {
      readonly kind: "subscribeSingle" | "subscribeMulti";
      readonly requestId: number;
      readonly queryId: number;
      readonly queries: readonly string[];
    }
  | {
      readonly kind: "unsubscribe" | "unsubscribeMulti";
      readonly requestId: number;
      readonly queryId: number;
    };

/**
 * Reads one message; what follows it in the frame is ignored. With `names`, names of reducers and procedures come from that cache.
 * Throws LC_FRAME_INVALID.
 */
export function decodeV1ClientMessage(reader: Reader, names?: NameCache): V1ClientMessage {
  try {
    return readMessage(reader, names);
  } catch (thrown) {
    throw asFrameFault(thrown);
  }
}

function readMessage(reader: Reader, names: NameCache | undefined): V1ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case V1ClientTag.callReducer:
      return readCall(reader, "callReducer", 1, names);
    case V1ClientTag.subscribe: {
      const queries = readQueries(reader);
      return { kind: "subscribe", requestId: reader.u32("request_id"), queries };
    }
    case V1ClientTag.oneOffQuery:
      return { kind: "oneOffQuery", messageId: reader.bytesCopy(), query: reader.string() };
    case V1ClientTag.subscribeSingle: {
      const queries = [reader.string()];
      return { kind: "subscribeSingle", queries, ...readIds(reader) };
    }
    case V1ClientTag.subscribeMulti: {
      const queries = readQueries(reader);
      return { kind: "subscribeMulti", queries, ...readIds(reader) };
    }
    case V1ClientTag.unsubscribe:
      return { kind: "unsubscribe", ...readIds(reader) };
    case V1ClientTag.unsubscribeMulti:
      return { kind: "unsubscribeMulti", ...readIds(reader) };
    case V1ClientTag.callProcedure:
      return readCall(reader, "callProcedure", 0, names);
    default:
      throw new LightconeError("LC_FRAME_INVALID", `unknown tag ${tag} of a client message`);
  }
}

function readIds(reader: Reader): { readonly requestId: number; readonly queryId: number } {
  return { requestId: reader.u32("request_id"), queryId: reader.u32("query_id") };
}

function readCall(
  reader: Reader,
  kind: V1CallMessage["kind"],
  highestFlags: number,
  names: NameCache | undefined,
): V1CallMessage {
  const name = names === undefined ? reader.string() : names.read(reader);
  const length = reader.u32("length of arguments");
  const argsStart = reader.position;
  reader.skip(length, "arguments");
  const requestId = reader.u32("request_id");
  const flags = readFlags(reader, highestFlags);
  const argsEnd = argsStart + length;
  return { kind, requestId, name, argsStart, argsEnd, argsJson: undefined, isSilent: flags === 1 };
}

/** Writes a message; `args` is the BSATN of a call's arguments. */
export function writeV1ClientMessage(
  writer: Writer,
  message: V1ClientMessage,
  args: Uint8Array = new Uint8Array(0),
): void {
  writer.u8(V1ClientTag[message.kind]);
  switch (message.kind) {
    case "callReducer":
    case "callProcedure":
      writer.string(message.name);
      writer.bytes(args);
      writer.u32(message.requestId);
      writer.bool(message.isSilent);
      return;
    case "subscribe":
      writeQueries(writer, message.queries);
      writer.u32(message.requestId);
      return;
    case "oneOffQuery":
      writer.bytes(message.messageId);
      writer.string(message.query);
      return;
    case "subscribeSingle":
      writer.string(message.queries[0] ?? "");
      break;
    case "subscribeMulti":
      writeQueries(writer, message.queries);
      break;
    default:
  }
  writer.u32(message.requestId);
  writer.u32(message.queryId);
}

function writeQueries(writer: Writer, queries: readonly string[]): void {
  writer.u32(queries.length);
  for (const query of queries) writer.string(query);
}
