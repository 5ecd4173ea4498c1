// A WebSocket without a library: it can break every rule, and it checks that the server keeps them (RFC 6455 section 5).
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { assert, Writer } from "@lightcone/abi";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Upgrade {
  readonly path: string;
  readonly protocol: string;
  readonly token: string;
}

/** What a client sends as one frame. */
export interface RawFrame {
  /** The first byte: final bit, reserved bits, opcode. */
  readonly head: number;
  readonly payload: Uint8Array;
  readonly isMasked: boolean;
  /** What the length field says, if it lies. */
  readonly claimedLength?: number;
}

export function frameBytes({ head, payload, isMasked, claimedLength }: RawFrame): Uint8Array {
  const length = claimedLength ?? payload.length;
  const writer = new Writer(payload.length + 14);
  const maskBit = isMasked ? 0x80 : 0;
  writer.u8(head);
  if (length < 126) writer.u8(maskBit | length);
  else if (length <= 0xffff) {
    writer.u8(maskBit | 126);
    writer.u8(length >>> 8);
    writer.u8(length & 0xff);
  } else {
    writer.u8(maskBit | 127);
    for (let shift = 56n; shift >= 0n; shift -= 8n)
      writer.u8(Number((BigInt(length) >> shift) & 0xffn));
  }
  // A mask of zeros is one as well.
  if (isMasked) writer.u32(0);
  writer.raw(payload);
  return writer.finish();
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
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const size = this.#frameSize();
      if (size === undefined || this.#bytes.length < size.head + size.payload) return;
      const [head = 0] = this.#bytes;
      const payload = this.#bytes.subarray(size.head, size.head + size.payload);
      this.#bytes = this.#bytes.subarray(size.head + size.payload);
      this.#take(head, payload);
    }
  }

  #frameSize(): { readonly head: number; readonly payload: number } | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const second = bytes[1] as number;
    assert((second & 0x80) === 0, "a server's frame is masked");
    if (second < 126) return { head: 2, payload: second };
    if (second === 126)
      return bytes.length < 4 ? undefined : { head: 4, payload: bytes.readUInt16BE(2) };
    return bytes.length < 10 ? undefined : { head: 10, payload: Number(bytes.readBigUInt64BE(2)) };
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
