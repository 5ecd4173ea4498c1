// Bytes as they come to whole messages. What is kept is bounded by the longest message allowed and one chunk.
import { PgFault } from "./fault.ts";
import { isMessageLetter } from "./frontend.ts";

/** A whole message; the first one of a connection has the letter "". */
export interface WholeMessage {
  readonly letter: string;
  readonly body: Uint8Array;
}

const empty = new Uint8Array(0);

export class MessageStream {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #isStarted = false;
  /** The longest message that is taken, without its letter. */
  bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Bytes that are not yet taken as messages. */
  get byteLength(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** From now on messages have letters. */
  start(): void {
    this.#isStarted = true;
  }

  /** Forgets everything: what comes next is of another layer. */
  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  /** The next message if it is there whole. Throws PgFault 08P01 for what cannot be one, after which nothing can be read. */
  next(): WholeMessage | undefined {
    const letterBytes = this.#isStarted ? 1 : 0;
    if (this.#length < letterBytes + 4) {
      this.#checkLetter();
      return undefined;
    }
    const head = this.#peek(letterBytes + 4);
    const letter = this.#isStarted ? String.fromCharCode(head[0] as number) : "";
    this.#checkLetter();
    const length = new DataView(head.buffer, head.byteOffset + letterBytes, 4).getInt32(0);
    if (length < 4 || length > this.bytesMax) {
      const what = this.#isStarted ? "message" : "startup packet";
      throw new PgFault("08P01", `invalid length of ${what}: ${length}, at most ${this.bytesMax}`);
    }
    if (this.#length < letterBytes + length) return undefined;
    const whole = this.#take(letterBytes + length);
    return { letter, body: whole.subarray(letterBytes + 4) };
  }

  #checkLetter(): void {
    const first = this.#chunks[0]?.[0];
    if (!this.#isStarted || first === undefined) return;
    if (isMessageLetter(String.fromCharCode(first))) return;
    throw new PgFault("08P01", `invalid frontend message type ${first}`);
  }

  /** The first `count` bytes, which are there. */
  #peek(count: number): Uint8Array {
    const first = this.#chunks[0] ?? empty;
    if (first.length >= count) return first.subarray(0, count);
    this.#chunks = [Buffer.concat(this.#chunks)];
    return (this.#chunks[0] as Uint8Array).subarray(0, count);
  }

  #take(count: number): Uint8Array {
    const taken = this.#peek(count);
    const rest = (this.#chunks[0] as Uint8Array).subarray(count);
    if (rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    this.#length -= count;
    return taken;
  }
}
