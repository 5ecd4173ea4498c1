// What sockets have sent that a database's thread has not worked on yet. Each is read from only as long as little of it waits: a
// client that sends more than the database takes slows itself down, not the others.
import { CloseCode } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { SocketSink } from "./contract.ts";

/** Messages of one socket that may wait before it is not read from; one read may bring as many again. */
const pauseCount = limit.incomingFrameCountMax / 4;

/** One socket's part in it. */
export class IncomingSocket {
  readonly sink: Pick<SocketSink, "pause" | "close">;
  /** Of these, so many are in the batch that is being gathered. */
  byteCount = 0;
  messageCount = 0;
  batchByteCount = 0;
  batchMessageCount = 0;
  isPaused = false;
  isClosed = false;

  constructor(sink: Pick<SocketSink, "pause" | "close">) {
    this.sink = sink;
  }
}

/** What one socket has in a batch. */
interface BatchShare {
  readonly socket: IncomingSocket;
  readonly byteCount: number;
  readonly messageCount: number;
}

/** All sockets of a database. */
export class Incoming {
  #byteCount = 0;
  #messageCount = 0;
  /** Sockets with messages in the batch that is being gathered. */
  #gathering: IncomingSocket[] = [];
  /** Batches under way, oldest first. */
  readonly #batches: (readonly BatchShare[])[] = [];
  readonly #paused = new Set<IncomingSocket>();

  /** Messages that the thread has not worked on yet. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** A message joins the batch. False if the socket has too many and was closed: then it is nobody's. */
  add(socket: IncomingSocket, byteCount: number): boolean {
    if (socket.isClosed) return false;
    if (socket.messageCount >= limit.incomingFrameCountMax) {
      socket.isClosed = true;
      socket.sink.close(CloseCode.tryAgainLater, "too many requests");
      return false;
    }
    if (socket.batchMessageCount === 0) this.#gathering.push(socket);
    socket.batchMessageCount++;
    socket.batchByteCount += byteCount;
    socket.messageCount++;
    socket.byteCount += byteCount;
    this.#byteCount += byteCount;
    this.#messageCount++;
    if (!socket.isPaused && this.#hasTooMuch(socket, 1)) {
      socket.isPaused = true;
      this.#paused.add(socket);
      socket.sink.pause(true);
    }
    return true;
  }

  /** The batch goes to the thread. */
  endBatch(): void {
    this.#batches.push(
      this.#gathering.map((socket) => {
        const { batchByteCount: byteCount, batchMessageCount: messageCount } = socket;
        socket.batchByteCount = 0;
        socket.batchMessageCount = 0;
        return { socket, byteCount, messageCount };
      }),
    );
    this.#gathering = [];
  }

  /** The thread has worked on the oldest batch. */
  taken(): void {
    for (const { socket, byteCount, messageCount } of this.#batches.shift() ?? []) {
      socket.byteCount -= byteCount;
      socket.messageCount -= messageCount;
      this.#byteCount -= byteCount;
      this.#messageCount -= messageCount;
    }
    for (const socket of this.#paused) {
      if (this.#hasTooMuch(socket, 0.5)) continue;
      this.#paused.delete(socket);
      socket.isPaused = false;
      socket.sink.pause(false);
    }
  }

  /** Whether a socket has more than `share` of what it may have. */
  #hasTooMuch({ byteCount, messageCount }: IncomingSocket, share: number): boolean {
    const isCongested = this.#byteCount > limit.incomingTotalBytesMax * share;
    const bytesMax = isCongested ? limit.incomingShareBytes : limit.incomingBytesMax;
    return byteCount > bytesMax * share || messageCount > pauseCount * share;
  }
}
