// What goes to a client: messages are gathered and sent together; who reads slowly is waited for, up to a time.
import type { Socket } from "node:net";
import { limit } from "../../base/limit.ts";
import { MessageWriter } from "./message-writer.ts";
import { PgFault } from "./fault.ts";

/** Messages gathered beyond this are sent. */
const gatheredBytes = 16 * 1024;

export class Output {
  readonly writer: MessageWriter = new MessageWriter();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Sends what was gathered. */
  flush(): void {
    if (this.writer.length === 0) return;
    const bytes = this.writer.take();
    if (this.isOpen) this.#socket.write(bytes);
  }

  /** Sends messages that are made already, behind what was gathered. */
  send(pieces: readonly Uint8Array[]): void {
    this.flush();
    if (!this.isOpen) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /**
   * Resolves when the client has taken so much that more may be made. Rejects with PgFault 57P01 if it takes nothing for
   * `limit.pgStalledMillisMax`, and with 08006 if it is gone.
   */
  async ready(): Promise<void> {
    if (this.writer.length > gatheredBytes) this.flush();
    while (this.#socket.writableLength > limit.pgWaitingBytesMax) await this.#progress();
    if (!this.isOpen) throw new PgFault("08006", "the client is gone");
  }

  /** Resolves when some of what waits has left. */
  #progress(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        // Nothing reaches a client that reads nothing.
        socket.destroy();
        reject(new PgFault("57P01", "terminating connection: the client reads too slowly"));
      }, limit.pgStalledMillisMax);
      const onProgress = (): void => {
        end();
        resolve();
      };
      const end = (): void => {
        clearTimeout(timer);
        socket.off("drain", onProgress);
        socket.off("close", onProgress);
      };
      socket.once("drain", onProgress);
      socket.once("close", onProgress);
      if (socket.destroyed) onProgress();
    });
  }
}
