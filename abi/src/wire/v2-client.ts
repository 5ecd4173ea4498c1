// Protocol v2, what clients send (protocol.md 4.1). The host decodes it, the client SDK encodes it;
// v3 carries the same.
import type { NameCache } from "../bytes/name-cache.ts";
import type { Reader } from "../bytes/reader.ts";
import type { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";
import { readFlags, readQueries } from "./client-read.ts";
import { asFrameFault } from "./fault.ts";

/** Tags of the messages. */
export const ClientTag = {
  subscribe: 0,
  unsubscribe: 1,
  oneOffQuery: 2,
  callReducer: 3,
  callProcedure: 4,
} as const;

export interface SubscribeMessage {
  readonly kind: "subscribe";
  readonly requestId: number;
  readonly querySetId: number;
  readonly queries: readonly string[];
}

export interface UnsubscribeMessage {
  readonly kind: "unsubscribe";
  readonly requestId: number;
  readonly querySetId: number;
  /** Whether the answer shall hold the rows that the set had. */
  readonly sendDroppedRows: boolean;
}

export interface OneOffQueryMessage {
  readonly kind: "oneOffQuery";
  readonly requestId: number;
  readonly query: string;
}

/**
 * A call of a reducer or procedure. Its arguments (BSATN of the parameters as a product) stay in
 * the frame, at `[argsStart, argsEnd)` of the bytes that the reader was given: they are valid as
 * long as those are.
 */
export interface CallMessage {
  readonly kind: "callReducer" | "callProcedure";
  readonly requestId: number;
  readonly name: string;
  readonly argsStart: number;
  readonly argsEnd: number;
}

export type ClientMessage =
  SubscribeMessage | UnsubscribeMessage | OneOffQueryMessage | CallMessage;

/**
 * Reads one message and leaves the reader behind it: v2 ignores what follows in the frame, v3 reads
 * on. With `names`, names of reducers and procedures come from that cache. Throws LC_FRAME_INVALID.
 */
export function decodeClientMessage(reader: Reader, names?: NameCache): ClientMessage {
  try {
    return readMessage(reader, names);
  } catch (thrown) {
    throw asFrameFault(thrown);
  }
}

function readMessage(reader: Reader, names: NameCache | undefined): ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case ClientTag.subscribe:
      return {
        kind: "subscribe",
        requestId: reader.u32("request_id"),
        querySetId: reader.u32("query_set_id"),
        queries: readQueries(reader),
      };
    case ClientTag.unsubscribe:
      return {
        kind: "unsubscribe",
        requestId: reader.u32("request_id"),
        querySetId: reader.u32("query_set_id"),
        sendDroppedRows: readFlags(reader, 1) === 1,
      };
    case ClientTag.oneOffQuery:
      return {
        kind: "oneOffQuery",
        requestId: reader.u32("request_id"),
        query: reader.string(),
      };
    case ClientTag.callReducer:
      return readCall(reader, "callReducer", names);
    case ClientTag.callProcedure:
      return readCall(reader, "callProcedure", names);
    default:
      throw new LightconeError("LC_FRAME_INVALID", `unknown tag ${tag} of a client message`);
  }
}

function readCall(
  reader: Reader,
  kind: CallMessage["kind"],
  names: NameCache | undefined,
): CallMessage {
  const requestId = reader.u32("request_id");
  readFlags(reader, 0);
  const name = names === undefined ? reader.string() : names.read(reader);
  const length = reader.u32("length of arguments");
  const argsStart = reader.position;
  reader.skip(length, "arguments");
  return { kind, requestId, name, argsStart, argsEnd: argsStart + length };
}

export function writeSubscribe(
  writer: Writer,
  requestId: number,
  querySetId: number,
  queries: readonly string[],
): void {
  writer.u8(ClientTag.subscribe);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.u32(queries.length);
  for (const query of queries) writer.string(query);
}

export function writeUnsubscribe(
  writer: Writer,
  requestId: number,
  querySetId: number,
  sendDroppedRows: boolean,
): void {
  writer.u8(ClientTag.unsubscribe);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.bool(sendDroppedRows);
}

export function writeOneOffQuery(writer: Writer, requestId: number, query: string): void {
  writer.u8(ClientTag.oneOffQuery);
  writer.u32(requestId);
  writer.string(query);
}

/** `args` is the BSATN of the parameters as a product. */
export function writeCallReducer(
  writer: Writer,
  requestId: number,
  reducer: string,
  args: Uint8Array,
): void {
  writeCall(writer, ClientTag.callReducer, requestId, reducer, args);
}

/** `args` is the BSATN of the parameters as a product. */
export function writeCallProcedure(
  writer: Writer,
  requestId: number,
  procedure: string,
  args: Uint8Array,
): void {
  writeCall(writer, ClientTag.callProcedure, requestId, procedure, args);
}

function writeCall(
  writer: Writer,
  tag: number,
  requestId: number,
  name: string,
  args: Uint8Array,
): void {
  writer.u8(tag);
  writer.u32(requestId);
  writer.u8(0);
  writer.string(name);
  writer.bytes(args);
}
