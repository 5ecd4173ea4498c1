// Messages of one client, one at a time: while one is worked on, no more is read than the system keeps anyway.
import type { Socket } from "node:net";
import type { PgFault } from "./fault.ts";
import { MessageStream, type WholeMessage } from "./message-stream.ts";

/** What is taken from the system while nobody asks for messages. */
const aheadBytesMax = 64 * 1024;

interface Waiter {
  readonly wake: () => void;
  readonly fail: (fault: PgFault) => void;
}

export class Input {
  readonly #socket: Socket;
  readonly #stream: MessageStream;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onEnd: () => void;
  #waiter: Waiter | undefined;
  #hasEnded = false;
  #fault: PgFault | undefined;

  /** `bytesMax` is that of the longest message, until `start`. */
  constructor(socket: Socket, bytesMax: number) {
    this.#socket = socket;
    this.#stream = new MessageStream(bytesMax);
    this.#onData = (chunk) => {
      this.#stream.push(chunk);
      if (this.#waiter !== undefined) this.#waiter.wake();
      else if (this.#stream.byteLength > aheadBytesMax) socket.pause();
    };
    this.#onEnd = () => {
      this.#hasEnded = true;
      this.#waiter?.wake();
    };
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
  }

  /** Bytes that came and are not part of a message that was taken. */
  get byteLength(): number {
    return this.#stream.byteLength;
  }

  /** From now on messages have letters. */
  start(bytesMax: number): void {
    this.#stream.start();
    this.#stream.bytesMax = bytesMax;
  }

  allow(bytesMax: number): void {
    this.#stream.bytesMax = bytesMax;
  }

  /** Leaves the socket to somebody else. */
  detach(): void {
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onEnd);
  }

  /** Whoever asks for a message from now on gets the fault instead. */
  interrupt(fault: PgFault): void {
    this.#fault ??= fault;
    this.#waiter?.fail(this.#fault);
  }

  /**
   * The next message, or undefined once the client has ended. Rejects with a PgFault for what is no message, with that of
   * `interrupt`, and with `idle.fault` after so many milliseconds without a message.
   */
  async next(idle: {
    readonly millis: number;
    readonly fault: PgFault;
  }): Promise<WholeMessage | undefined> {
    const until = setTimeout(() => this.#waiter?.fail(idle.fault), idle.millis);
    try {
      for (;;) {
        if (this.#fault !== undefined) throw this.#fault;
        const message = this.#stream.next();
        if (message !== undefined) return message;
        if (this.#hasEnded) return undefined;
        await this.#more();
      }
    } finally {
      clearTimeout(until);
    }
  }

  #more(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiter = { wake: resolve, fail: reject };
      this.#socket.resume();
    }).finally(() => {
      this.#waiter = undefined;
    });
  }
}
