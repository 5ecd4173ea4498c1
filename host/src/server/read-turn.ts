// One read from a socket brings up to 64 kB, which are thousands of small messages: they are taken in pieces, and the other
// sockets have their turn between two of them.
import type { Duplex } from "node:stream";
import { limit } from "../base/limit.ts";

/** What comes in pieces from what has been read. */
class ReadTurns {
  readonly #socket: Duplex;
  readonly #deliver: (piece: Buffer) => void;
  readonly #isPaused: () => boolean;
  /** What has been read and not delivered, oldest first. */
  #rest: Buffer[] = [];

  constructor(socket: Duplex, isPaused: () => boolean, deliver: (piece: Buffer) => void) {
    this.#socket = socket;
    this.#isPaused = isPaused;
    this.#deliver = deliver;
  }

  read(chunk: Buffer): void {
    if (this.#rest.length === 0 && chunk.length <= limit.readTurnBytes) {
      this.#deliver(chunk);
      return;
    }
    this.#rest.push(chunk);
    this.#socket.pause();
    if (this.#rest.length === 1) this.#turn();
  }

  #turn(): void {
    const [first] = this.#rest;
    if (first === undefined) return;
    const piece = first.subarray(0, limit.readTurnBytes);
    if (piece.length < first.length) this.#rest[0] = first.subarray(piece.length);
    else this.#rest.shift();
    this.#deliver(piece);
    if (this.#rest.length > 0) {
      setImmediate(() => {
        this.#turn();
      });
    } else if (!this.#isPaused()) {
      this.#socket.resume();
    }
  }

  /** The socket has ended: nothing comes that would have to wait. */
  end(): void {
    const rest = this.#rest;
    this.#rest = [];
    for (const piece of rest) this.#deliver(piece);
  }
}

/**
 * Lets whoever listens to a socket's data, now or later, have it in turns. `isPaused` tells whether the socket shall not be
 * read from for other reasons; what has been read by then is delivered none the less.
 */
export function readInTurns(socket: Duplex, isPaused: () => boolean): void {
  const emit = socket.emit.bind(socket);
  const turns = new ReadTurns(socket, isPaused, (piece) => emit("data", piece));
  // Not a listener in the place of the one there is: `ws` takes its own away when it wants no more.
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event === "data") {
      turns.read(values[0] as Buffer);
      return true;
    }
    if (event === "end" || event === "close") turns.end();
    return emit(event, ...values);
  };
}
