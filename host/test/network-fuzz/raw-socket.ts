// A WebSocket without a library: it can send whatever it likes, and it checks that the server keeps the rules (RFC 6455 section 5).
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { assert } from "@lightcone/abi";
import { opcode } from "./frame.ts";

export interface Upgrade {
  readonly path: string;
  readonly protocol: string;
  readonly token: string;
}

/** How the server ended a connection: with which code, or without a Close frame. */
export interface RawEnd {
  readonly code: number | undefined;
  readonly reason: string;
}

const closeCodes: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013,
]);
const reasonBytesMax = 123;

/** Frames of a server, read as they come. Throws for one that breaks a rule. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #parts: Buffer[] = [];
  #kind: number | undefined;
  end: RawEnd | undefined;
  readonly #onMessage: (payload: Buffer, isText: boolean) => void;

  constructor(onMessage: (payload: Buffer, isText: boolean) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    const rest = this.#bytes;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const size = frameSize(bytes, at);
      if (size === undefined || bytes.length < at + size.head + size.payload) break;
      const start = at + size.head;
      const head = bytes[at] as number;
      at = start + size.payload;
      this.#take(head, bytes.subarray(start, at));
    }
    this.#bytes = at === 0 ? bytes : bytes.subarray(at);
  }

  #take(head: number, payload: Buffer): void {
    assert(this.end === undefined, "a frame follows the Close frame");
    assert((head & 0x70) === 0, "a frame has reserved bits");
    const code = head & 0x0f;
    const isFinal = (head & 0x80) !== 0;
    if (code >= opcode.close) {
      assert(isFinal && payload.length <= 125, "a control frame is long or in parts");
      if (code === opcode.close) this.end = readClose(payload);
      else assert(code === opcode.ping || code === opcode.pong, `opcode ${code}`);
      return;
    }
    assert(
      (this.#kind === undefined) === (code !== opcode.continuation) && code <= opcode.binary,
      `a frame of opcode ${code} is out of place`,
    );
    this.#kind ??= code;
    this.#parts.push(payload);
    if (!isFinal) return;
    const message = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    const isText = this.#kind === opcode.text;
    this.#parts.length = 0;
    this.#kind = undefined;
    this.#onMessage(message, isText);
  }

  /** Nothing is left over when the connection ends. */
  finish(): void {
    assert(
      this.#bytes.length === 0 || this.end !== undefined,
      "the connection ends within a frame",
    );
  }
}

/** Sizes of the frame that begins at `at`, as far as they have come. */
function frameSize(
  bytes: Buffer,
  at: number,
): { readonly head: number; readonly payload: number } | undefined {
  const count = bytes.length - at;
  if (count < 2) return undefined;
  const second = bytes[at + 1] as number;
  assert((second & 0x80) === 0, "a server's frame is masked");
  if (second < 126) return { head: 2, payload: second };
  if (second === 126)
    return count < 4 ? undefined : { head: 4, payload: bytes.readUInt16BE(at + 2) };
  return count < 10 ? undefined : { head: 10, payload: Number(bytes.readBigUInt64BE(at + 2)) };
}

function readClose(payload: Buffer): RawEnd {
  if (payload.length === 0) return { code: undefined, reason: "" };
  assert(payload.length >= 2, "a Close frame of one byte");
  const code = payload.readUInt16BE(0);
  assert(closeCodes.has(code), `close code ${code}`);
  const reason = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  assert(Buffer.byteLength(reason) <= reasonBytesMax, "a reason is too long");
  return { code, reason };
}

/** Opens a connection and waits for the answer 101. Rejects with what the server says instead. */
export async function openRaw(
  address: string,
  { path, protocol, token }: Upgrade,
  onChunk: (chunk: Buffer) => void,
): Promise<Socket> {
  const [host = "", port = ""] = address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => undefined);
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `host: ${address}`,
      "connection: upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
      `sec-websocket-protocol: ${protocol}`,
      `authorization: Bearer ${token}`,
      "",
      "",
    ].join("\r\n"),
  );
  let head = Buffer.alloc(0);
  while (!head.includes("\r\n\r\n")) {
    const [chunk] = (await Promise.race([
      once(socket, "data"),
      once(socket, "close").then(() => [undefined]),
    ])) as [Buffer | undefined];
    if (chunk === undefined) throw new Error(`no upgrade: ${head.toString("latin1")}`);
    head = Buffer.concat([head, chunk]);
  }
  const end = head.indexOf("\r\n\r\n") + 4;
  const text = head.toString("latin1", 0, end);
  assert(text.startsWith("HTTP/1.1 101 "), `no upgrade: ${text}`);
  if (head.length > end) onChunk(head.subarray(end));
  socket.on("data", onChunk);
  return socket;
}
