// A client that does nothing but read: what comes goes straight into memory that the process had before, and is looked at
// only when all of it is there. What decoding and a cache cost a client is another benchmark's figure.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  decodeServerMessage,
  Reader,
  type ServerMessage,
  Writer,
  writeSubscribe,
} from "@lightcone/abi";
import { maskedFrame, protocol, type SocketTarget, tagAt } from "./watcher.ts";

/** All clients of a process read into the same memory, one after another. */
const memory = new Uint8Array(64 * 1024 * 1024);

/** The most that one read brings. */
const readBytesMax = 1024 * 1024;

const endOfHead = Buffer.from("\r\n\r\n");
const finalBit = 0x80;
const controlBit = 0x08;

/** Where the payload of a frame without a mask begins and ends, `bytes[at]` being its first byte (RFC 6455 section 5.2). */
function payloadAt(bytes: Uint8Array, at: number): { readonly from: number; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const short = view.getUint8(1);
  if (short < 126) return { from: at + 2, end: at + 2 + short };
  if (short === 126) return { from: at + 4, end: at + 4 + view.getUint16(2) };
  return { from: at + 10, end: at + 10 + Number(view.getBigUint64(2)) };
}

/** So many bytes of a frame tell how long its header is. */
const headerBytesMin = 2;

export class RowsReader {
  readonly #socket: Socket;
  /** `memory[0, #length)` was read; up to `#framesEnd` it is whole frames. */
  #length = 0;
  #framesEnd = 0;
  /** Where the frames begin that came since the question. */
  #answerStart = 0;
  #isUpgraded = false;
  /** Called when a message is whole. */
  #onMessage: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  private constructor({ url, token }: SocketTarget) {
    const { hostname, port, pathname, search } = new URL(url);
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: () => this.#room(),
        callback: (count) => {
          this.#length += count;
          this.#scan();
          return true;
        },
      },
    });
    this.#socket.once("close", () => {
      this.#fail(new Error("the reader was cut off"));
    });
    this.#socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n` +
        `sec-websocket-protocol: ${protocol}\r\nauthorization: Bearer ${token}\r\n\r\n`,
    );
  }

  /** Resolves when the host has greeted the client. */
  static async open(target: SocketTarget): Promise<RowsReader> {
    const reader = new RowsReader(target);
    await reader.#next();
    return reader;
  }

  #next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onMessage = resolve;
      this.#fail = reject;
    });
  }

  /** Where the next bytes go. */
  #room(): Uint8Array {
    const room = memory.subarray(this.#length, this.#length + readBytesMax);
    if (room.length === 0) throw new Error("the answer is longer than the reader's memory");
    return room;
  }

  /** Looks at the headers of the frames that are whole. */
  #scan(): void {
    if (!this.#isUpgraded) {
      const head = Buffer.from(memory.buffer, 0, this.#length).indexOf(endOfHead);
      if (head < 0) return;
      this.#isUpgraded = true;
      this.#framesEnd = head + endOfHead.length;
    }
    while (this.#length - this.#framesEnd >= headerBytesMin) {
      const first = memory[this.#framesEnd] as number;
      const { from, end } = payloadAt(memory, this.#framesEnd);
      if (from > this.#length || end > this.#length) return;
      this.#framesEnd = end;
      if ((first & finalBit) !== 0 && (first & controlBit) === 0) this.#onMessage();
    }
  }

  /** Resolves when all bytes of the answer are there; `message` decodes it. */
  async subscribe(text: string): Promise<void> {
    const writer = new Writer();
    writeSubscribe(writer, 1, 1, [text]);
    const frame = maskedFrame(writer.finish());
    this.#answerStart = this.#framesEnd;
    const answered = this.#next();
    this.#socket.write(frame);
    await answered;
  }

  /** The answer, put together from its frames. */
  message(): ServerMessage {
    const whole = new Writer(this.#framesEnd - this.#answerStart);
    for (let at = this.#answerStart; at < this.#framesEnd;) {
      const { from, end } = payloadAt(memory, at);
      if (((memory[at] as number) & controlBit) === 0) whole.rawRange(memory, from, end);
      at = end;
    }
    const bytes = whole.written();
    return decodeServerMessage(new Reader(bytes, tagAt, bytes.length));
  }

  async close(): Promise<void> {
    this.#fail = () => undefined;
    this.#socket.destroy();
    await once(this.#socket, "close");
  }
}
