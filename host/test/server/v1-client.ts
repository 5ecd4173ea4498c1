// A WebSocket client of any subprotocol, which keeps payloads as they come; what makes and reads messages of protocol v1.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  assert,
  decodeServerMessage,
  decodeV1ServerMessage,
  Reader,
  type ServerMessage,
  type Subprotocol,
  type V1ClientMessage,
  type V1ServerMessage,
  Writer,
  writeV1ClientMessage,
} from "@lightcone/abi";
import { WebSocket } from "ws";
import type { RemoteHost } from "./remote-host.ts";
import type { SocketEnd } from "./socket-client.ts";

export interface Payload {
  readonly isText: boolean;
  readonly bytes: Uint8Array;
}

/** The compression tag of a binary payload, and what it holds. */
export function unpack({ bytes }: Payload): { readonly tag: number; readonly body: Uint8Array } {
  const tag = bytes[0] ?? -1;
  const rest = bytes.subarray(1);
  assert(tag >= 0 && tag <= 2, `a payload begins with ${tag}`);
  const body = tag === 0 ? rest : tag === 1 ? brotliDecompressSync(rest) : gunzipSync(rest);
  return { tag, body };
}

/** The messages of a payload of v2 or v3. */
export function messagesOf(payload: Payload): ServerMessage[] {
  const reader = new Reader(unpack(payload).body);
  const messages: ServerMessage[] = [];
  do messages.push(decodeServerMessage(reader));
  while (reader.remaining > 0);
  return messages;
}

export function v1Message(payload: Payload): V1ServerMessage {
  const reader = new Reader(unpack(payload).body);
  const message = decodeV1ServerMessage(reader);
  assert(!payload.isText && reader.remaining === 0, "a payload holds more than a message");
  return message;
}

function v1Bytes(message: V1ClientMessage, args?: Uint8Array): Uint8Array {
  const writer = new Writer();
  writeV1ClientMessage(writer, message, args);
  return writer.finish();
}

export class PayloadClient {
  readonly ws: WebSocket;
  /** Resolves when the socket is gone. */
  readonly ended: Promise<SocketEnd>;
  readonly #arrived: Payload[] = [];
  #wake: () => void = () => undefined;
  #hasEnded = false;

  /** `query` begins with `?` or is empty. */
  constructor(
    host: RemoteHost,
    database: string,
    offer: Subprotocol | readonly string[],
    query = "",
  ) {
    const url = `ws://${host.address}/v1/database/${database}/subscribe${query}`;
    this.ws = new WebSocket(url, typeof offer === "string" ? [offer] : [...offer], {
      headers: { authorization: `Bearer ${host.token}` },
      perMessageDeflate: false,
    });
    this.ws.binaryType = "nodebuffer";
    this.ws.on("message", (data: Buffer, isBinary) => {
      this.#arrived.push({ isText: !isBinary, bytes: data });
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      // Each error is followed by a close, which tells enough.
      this.ws.on("error", () => undefined);
      this.ws.on("close", (code, reason) => {
        this.#hasEnded = true;
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** A client whose connection stands; the first message is still to be read. */
  static async open(...args: ConstructorParameters<typeof PayloadClient>): Promise<PayloadClient> {
    const client = new PayloadClient(...args);
    await new Promise((resolve, reject) => {
      client.ws.once("open", resolve);
      client.ws.once("error", reject);
    });
    return client;
  }

  /** The next payload; rejects if the socket ends before it comes. */
  async next(): Promise<Payload> {
    for (;;) {
      const payload = this.#arrived.shift();
      if (payload !== undefined) return payload;
      if (this.#hasEnded) throw new Error("the socket ended");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async nextV1(): Promise<V1ServerMessage> {
    return v1Message(await this.next());
  }

  async nextJson(): Promise<Readonly<Record<string, unknown>>> {
    const { isText, bytes } = await this.next();
    assert(isText, "a binary frame");
    return JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>>;
  }

  send(message: Uint8Array): void {
    this.ws.send(message);
  }

  sendV1(message: V1ClientMessage, args?: Uint8Array): void {
    this.ws.send(v1Bytes(message, args));
  }

  sendJson(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  async close(): Promise<SocketEnd> {
    this.ws.close();
    return this.ended;
  }
}
