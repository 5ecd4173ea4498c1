// A client of protocol v1 for tests, without a socket.
import {
  type CallMessage,
  compileCodec,
  type Compression,
  ConnectionId,
  decodeV1ServerMessage,
  encode,
  type Identity,
  identityFromClaims,
  Reader,
  type Subprotocol,
  type V1ClientMessage,
  type V1ServerMessage,
  type Value,
  Writer,
  writeV1ClientMessage,
} from "@lightcone/abi";
import { owner, type Payload, type TestHost, unpack } from "../test-client.ts";

/** What an answer in JSON holds: one key, the message's name. */
export type JsonMessage = Readonly<Record<string, unknown>>;

export interface V1ClientOptions {
  readonly protocol?: Subprotocol;
  readonly compression?: Compression;
  readonly light?: boolean;
  readonly isConfirmed?: boolean;
}

type Kind = V1ServerMessage["kind"];
type MessageOf<K extends Kind, M = V1ServerMessage> = M extends { readonly kind: infer Known }
  ? K extends Known
    ? M
    : never
  : never;

/** A message of one kind, or a failure that says what came instead. */
export function only<K extends Kind>(messages: readonly V1ServerMessage[], kind: K): MessageOf<K> {
  const [message, ...others] = messages;
  if (message?.kind !== kind || others.length > 0) {
    throw new Error(`expected ${kind}, given ${messages.map((one) => one.kind).join()}`);
  }
  return message as MessageOf<K>;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class V1TestClient {
  readonly host: TestHost;
  readonly socket: number;
  readonly identity: Identity;
  readonly connectionId: ConnectionId;

  constructor(host: TestHost, socket: number, subject: string, options: V1ClientOptions = {}) {
    const { protocol = "v1.bsatn.spacetimedb", compression = "None", light = false } = options;
    this.host = host;
    this.socket = socket;
    this.identity = subject === "owner" ? owner : identityFromClaims("localhost", subject);
    this.connectionId = new ConnectionId(BigInt(socket) + 1000n);
    host.service.connect(
      socket,
      {
        identity: this.identity,
        connectionId: this.connectionId,
        jwtPayload: `{"iss":"localhost","sub":"${subject}"}`,
      },
      "token",
      options.isConfirmed ?? false,
      { protocol, compression, light },
    );
    host.service.endTurn();
  }

  payloads(): Payload[] {
    return this.host.takePayloads(this.socket);
  }

  /** What was sent as BSATN since the last call. */
  take(): V1ServerMessage[] {
    return this.payloads().map((payload) => {
      const reader = new Reader(unpack(payload).body);
      const message = decodeV1ServerMessage(reader);
      if (payload.isText || reader.remaining > 0) throw new Error("more than a message");
      return message;
    });
  }

  /** What was sent as JSON since the last call. */
  takeJson(): JsonMessage[] {
    return this.payloads().map(({ isText, bytes }) => {
      if (!isText) throw new Error("a binary frame");
      return JSON.parse(utf8.decode(bytes)) as JsonMessage;
    });
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array, isText = false): void {
    this.host.service.receive(this.socket, bytes, 0, bytes.length, isText);
    this.host.service.endTurn();
  }

  /** Sends a message as BSATN and leaves the answer for later. */
  post(message: V1ClientMessage, args?: Uint8Array): void {
    const writer = new Writer();
    writeV1ClientMessage(writer, message, args);
    this.raw(writer.finish());
  }

  send(message: V1ClientMessage, args?: Uint8Array): V1ServerMessage[] {
    this.post(message, args);
    return this.take();
  }

  sendJson(message: JsonMessage): JsonMessage[] {
    this.raw(new TextEncoder().encode(JSON.stringify(message)), true);
    return this.takeJson();
  }

  call(
    name: string,
    args: Readonly<Record<string, Value>> = {},
    requestId = 1,
    isSilent = false,
  ): V1ServerMessage[] {
    return this.callRaw("callReducer", name, this.argumentsOf(name, args), requestId, isSilent);
  }

  /** A reducer's arguments as BSATN. */
  argumentsOf(name: string, args: Readonly<Record<string, Value>>): Uint8Array {
    const definition = this.host.database.module.reducer(name)?.definition;
    const params = definition?.params ?? { kind: "product" as const, elements: [] };
    return encode(compileCodec(params, this.host.database.definition.typespace), args);
  }

  callRaw(
    kind: CallMessage["kind"],
    name: string,
    args: Uint8Array,
    requestId = 1,
    isSilent = false,
  ): V1ServerMessage[] {
    const places = { argsStart: 0, argsEnd: 0, argsJson: undefined };
    return this.send({ kind, requestId, name, ...places, isSilent }, args);
  }

  legacy(requestId: number, ...queries: string[]): V1ServerMessage[] {
    return this.send({ kind: "subscribe", requestId, queries });
  }

  single(queryId: number, query: string, requestId = 1): V1ServerMessage[] {
    return this.send({ kind: "subscribeSingle", requestId, queryId, queries: [query] });
  }

  multi(queryId: number, ...queries: string[]): V1ServerMessage[] {
    return this.send({ kind: "subscribeMulti", requestId: 1, queryId, queries });
  }

  unsubscribe(
    queryId: number,
    kind: "unsubscribe" | "unsubscribeMulti" = "unsubscribeMulti",
  ): V1ServerMessage[] {
    return this.send({ kind, requestId: 2, queryId });
  }

  query(query: string): V1ServerMessage[] {
    return this.send({ kind: "oneOffQuery", messageId: Uint8Array.of(0xaa, 0xbb), query });
  }
}
