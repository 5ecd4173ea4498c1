// A client of protocol v2 over a real WebSocket.
import {
  assert,
  decodeServerMessage,
  Identity,
  Reader,
  type ServerMessage,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
} from "@lightcone/abi";
import { WebSocket } from "ws";
import type { RemoteHost } from "./remote-host.ts";

/** How a socket ended; 1006 is an end without a Close frame. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface ClientOptions {
  readonly confirmed?: boolean;
  readonly token?: string;
  readonly query?: string;
}

/** One WebSocket of protocol v2. */
export class SocketClient {
  readonly ws: WebSocket;
  /** Whose connection it is, once it has been greeted. */
  identity: Identity = Identity.zero;
  /** Resolves when the socket is gone. */
  readonly ended: Promise<SocketEnd>;
  readonly #arrived: ServerMessage[] = [];
  #wake: () => void = () => undefined;
  #end: SocketEnd | undefined;

  constructor(host: RemoteHost, database: string, options: ClientOptions = {}) {
    const { confirmed = true, token = host.token, query = "" } = options;
    const path = `/v1/database/${database}/subscribe?compression=None&confirmed=${confirmed}${query}`;
    this.ws = new WebSocket(`ws://${host.address}${path}`, ["v2.bsatn.spacetimedb"], {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    this.ws.binaryType = "nodebuffer";
    this.ws.on("message", (data: Buffer) => {
      this.#arrived.push(decodeServerMessage(new Reader(data, 1)));
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      // Each error is followed by a close, which tells enough.
      this.ws.on("error", () => undefined);
      this.ws.on("close", (code, reason) => {
        this.#end = { code, reason: reason.toString() };
        resolve(this.#end);
        this.#wake();
      });
    });
  }

  /** A client that has been greeted. */
  static async open(
    host: RemoteHost,
    database: string,
    options: ClientOptions = {},
  ): Promise<SocketClient> {
    const client = new SocketClient(host, database, options);
    const hello = await client.next();
    assert(hello?.kind === "initialConnection", `greeted with ${hello?.kind}`);
    client.identity = hello.identity;
    return client;
  }

  /** The next message, or undefined if the socket ends before it comes. */
  async next(): Promise<ServerMessage | undefined> {
    while (this.#arrived.length === 0) {
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#arrived.shift();
  }

  sendCall(reducer: string, args: Uint8Array, requestId = 1): void {
    const writer = new Writer();
    writeCallReducer(writer, requestId, reducer, args);
    this.ws.send(writer.finish());
  }

  /** Calls a reducer with arguments that `write` appends; how it ended, or how the socket did. */
  async call(reducer: string, write: (writer: Writer) => void = () => undefined): Promise<string> {
    const args = new Writer();
    write(args);
    this.sendCall(reducer, args.finish());
    for (;;) {
      const message = await this.next();
      if (message === undefined) return `ended ${JSON.stringify(this.#end)}`;
      if (message.kind !== "reducerResult") continue;
      const { outcome } = message;
      if (outcome.kind === "err") return new Reader(outcome.error).string();
      return outcome.kind === "internalError" ? outcome.error : outcome.kind;
    }
  }

  subscribe(...queries: readonly string[]): void {
    this.subscribeSet(1, ...queries);
  }

  subscribeSet(querySetId: number, ...queries: readonly string[]): void {
    const writer = new Writer();
    writeSubscribe(writer, 1, querySetId, queries);
    this.ws.send(writer.finish());
  }

  /** Asks for the end of a query set, with the rows that go. */
  unsubscribe(querySetId: number): void {
    const writer = new Writer();
    writeUnsubscribe(writer, 1, querySetId, true);
    this.ws.send(writer.finish());
  }

  query(text: string): void {
    const writer = new Writer();
    writeOneOffQuery(writer, 1, text);
    this.ws.send(writer.finish());
  }

  async close(): Promise<SocketEnd> {
    this.ws.close();
    return this.ended;
  }
}
