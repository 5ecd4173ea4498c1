// What sockets have sent that a database's thread has not worked on yet. Each is read from only as long as little of it waits: a
// client that sends more than the database takes slows itself down, not the others. And each has only so much in a batch, and
// few batches are under way: what another client sends waits for no more than those. Those with a backlog are slowed down while
// others wait for answers.
import { CloseCode } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { SocketSink } from "./contract.ts";
import { FrameBatch } from "./frame-batch.ts";
import type { Meter } from "./limits/traffic.ts";
import { Pace } from "./pace.ts";

/** One socket's part in it. */
export class IncomingSocket {
  readonly id: number;
  readonly sink: Pick<SocketSink, "pause" | "close">;
  /** Counts messages for the socket's client. */
  readonly meter: Meter | undefined;
  byteCount = 0;
  messageCount = 0;
  /** Of these, so many are in the batch that is being gathered. */
  batchByteCount = 0;
  batchMessageCount = 0;
  isPaused = false;
  isClosed = false;
  /** Messages for later batches, from `heldFrom` on. */
  held: Uint8Array[] = [];
  /** Which of them are text. */
  heldText: boolean[] = [];
  heldFrom = 0;
  /** To be done when all messages have gone to the thread. */
  afterwards: (() => void) | undefined;

  constructor(id: number, sink: Pick<SocketSink, "pause" | "close">, meter?: Meter) {
    this.id = id;
    this.sink = sink;
    this.meter = meter;
  }

  get isHeld(): boolean {
    return this.heldFrom < this.held.length;
  }

  get hasBacklog(): boolean {
    return this.messageCount > limit.incomingBacklogCount;
  }
}

/** What one socket has in a batch. */
interface BatchShare {
  readonly socket: IncomingSocket;
  readonly byteCount: number;
  readonly messageCount: number;
}

interface SentBatch {
  readonly shares: readonly BatchShare[];
  /** Whether it has a turn of backlogs that `Pace` waits for. */
  readonly isPaced: boolean;
}

/** All sockets of a database. */
export class Incoming {
  readonly #send: (buffer: ArrayBuffer, length: number) => void;
  readonly #nowMillis: () => number;
  readonly #batch = new FrameBatch();
  #byteCount = 0;
  #messageCount = 0;
  /** Who has sent the last message. */
  #lastSender: IncomingSocket | undefined;
  /** Whether somebody else has sent something since the last `flush`. */
  #hasOtherSent = false;
  /** Until when nobody sends alone, in the clock's milliseconds. */
  #companyEndsAt = 0;
  #isInCompany = false;
  /** Sockets with messages in the batch that is being gathered. */
  #gathering: IncomingSocket[] = [];
  /** Batches under way, oldest first. */
  readonly #batches: SentBatch[] = [];
  readonly #pace = new Pace();
  /** Whether the batch that is being gathered has a turn that `#pace` waits for. */
  #isPaced = false;
  /** Who had nothing else under way when sending something while others had more waiting, since the last `flush`. */
  #caller: IncomingSocket | undefined;
  readonly #paused = new Set<IncomingSocket>();
  /** Sockets with messages for later batches; who has waited longest comes first. */
  readonly #held = new Set<IncomingSocket>();

  /** `send` takes a batch to the thread. */
  constructor(nowMillis: () => number, send: (buffer: ArrayBuffer, length: number) => void) {
    this.#nowMillis = nowMillis;
    this.#send = send;
  }

  /** Messages that the thread has not worked on yet. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** Takes a message. False if the socket has too many and was closed: then it is nobody's. */
  add(socket: IncomingSocket, message: Uint8Array, isText: boolean): boolean {
    if (socket.isClosed) return false;
    if (socket.messageCount >= limit.incomingFrameCountMax) {
      close(socket);
      return false;
    }
    const byteCount = message.length;
    socket.messageCount++;
    socket.byteCount += byteCount;
    this.#byteCount += byteCount;
    this.#messageCount++;
    if (socket !== this.#lastSender) {
      this.#hasOtherSent ||= this.#lastSender !== undefined;
      this.#lastSender = socket;
    }
    if (socket.messageCount === 1 && this.#held.size > 0) this.#caller = socket;
    if (!socket.isHeld && this.#hasTurn(socket)) {
      this.#gather(socket, message, isText);
    } else {
      socket.held.push(message);
      socket.heldText.push(isText);
      this.#held.add(socket);
    }
    if (!socket.isPaused && this.#hasTooMuch(socket, 1)) {
      socket.isPaused = true;
      this.#paused.add(socket);
      socket.sink.pause(true);
    }
    return true;
  }

  /** Whether the batch that is being gathered has room for more of a socket. */
  #hasTurn({ batchMessageCount, batchByteCount }: IncomingSocket): boolean {
    const countMax = this.#isInCompany ? limit.incomingTurnCount : limit.incomingLoneTurnCount;
    return batchMessageCount < countMax && batchByteCount < limit.incomingTurnBytes;
  }

  #gather(socket: IncomingSocket, message: Uint8Array, isText: boolean): void {
    if (socket.batchMessageCount === 0) this.#gathering.push(socket);
    socket.batchMessageCount++;
    socket.batchByteCount += message.length;
    this.#batch.add(socket.id, message, isText);
  }

  /**
   * Sends what there is, as far as batches may be under way, and reads again from sockets that have little left. Answers after how
   * many milliseconds it is to be called again though nothing has happened; 0 if it need not be.
   */
  flush(): number {
    const now = this.#nowMillis();
    this.#lookForCompany(now);
    while (this.#batches.length < limit.incomingBatchCount) {
      this.#refill(now);
      if (this.#batch.isEmpty) break;
      this.sendBatch();
    }
    for (const socket of this.#paused) {
      if (this.#hasTooMuch(socket, 0.5)) continue;
      this.#paused.delete(socket);
      socket.isPaused = false;
      socket.sink.pause(false);
    }
    return this.#held.size > 0 ? (this.#pace.waitMillis(now) ?? 0) : 0;
  }

  #lookForCompany(now: number): void {
    const caller = this.#caller;
    this.#caller = undefined;
    if (caller !== undefined && caller.messageCount <= limit.incomingTurnCount) {
      this.#pace.called(now);
    }
    if (this.#hasOtherSent) this.#companyEndsAt = now + limit.incomingCompanyMillis;
    this.#hasOtherSent = false;
    this.#isInCompany = now < this.#companyEndsAt;
  }

  /** Sends what is gathered, so that what is sent next comes after it. */
  sendBatch(): void {
    if (this.#batch.isEmpty) return;
    const shares = this.#gathering.map((socket) => {
      const { batchByteCount: byteCount, batchMessageCount: messageCount } = socket;
      socket.batchByteCount = 0;
      socket.batchMessageCount = 0;
      return { socket, byteCount, messageCount };
    });
    this.#batches.push({ shares, isPaced: this.#isPaced });
    this.#isPaced = false;
    this.#gathering = [];
    const { buffer, length } = this.#batch.take();
    this.#send(buffer, length);
    for (const { socket, messageCount } of shares) {
      if (socket.meter?.calls(messageCount) === false && !socket.isClosed) close(socket);
    }
  }

  /** Adds what was held back: up to one turn for each socket, but one for all with backlogs while those are slowed down. */
  #refill(now: number): void {
    const isPaceKept = this.#pace.isKept(now);
    let left = this.#pace.waitMillis(now) === 0 ? this.#pace.count : 0;
    // Those that go on waiting come to the end of the same row.
    const waiting = [...this.#held];
    for (const socket of waiting) {
      if (isPaceKept && socket.hasBacklog) {
        if (left === 0) continue;
        left -= this.#gatherHeld(socket, left);
        this.#isPaced = true;
        this.#pace.sent(now);
      } else {
        const { incomingTurnCount, incomingLoneTurnCount } = limit;
        this.#gatherHeld(socket, this.#isInCompany ? incomingTurnCount : incomingLoneTurnCount);
      }
      this.#held.delete(socket);
      if (socket.isHeld) {
        this.#held.add(socket);
        continue;
      }
      socket.held = [];
      socket.heldText = [];
      socket.heldFrom = 0;
      this.#finish(socket);
    }
  }

  /** Adds held messages until the batch has so many of the socket, or enough bytes. Returns how many were added. */
  #gatherHeld(socket: IncomingSocket, countMax: number): number {
    const first = socket.heldFrom;
    while (
      socket.isHeld &&
      socket.batchMessageCount < countMax &&
      socket.batchByteCount < limit.incomingTurnBytes
    ) {
      const at = socket.heldFrom++;
      this.#gather(socket, socket.held[at] as Uint8Array, socket.heldText[at] as boolean);
    }
    return socket.heldFrom - first;
  }

  #finish(socket: IncomingSocket): void {
    if (socket.afterwards === undefined) return;
    this.sendBatch();
    socket.afterwards();
    socket.afterwards = undefined;
  }

  /** Does something when all messages of a socket that is gone are with the thread; now, if they are. */
  after(socket: IncomingSocket, action: () => void): void {
    if (socket === this.#lastSender) this.#lastSender = undefined;
    socket.afterwards = action;
    if (!socket.isHeld) this.#finish(socket);
  }

  /**
   * The thread has worked on the oldest batch. The next goes with `flush`, which is to come in a later turn of the event loop:
   * a port hands out messages for as long as there are any, and sockets would not get theirs.
   */
  taken(): void {
    const batch = this.#batches.shift();
    if (batch === undefined) return;
    if (batch.isPaced) this.#pace.taken(this.#nowMillis());
    for (const { socket, byteCount, messageCount } of batch.shares) {
      socket.byteCount -= byteCount;
      socket.messageCount -= messageCount;
      this.#byteCount -= byteCount;
      this.#messageCount -= messageCount;
    }
  }

  /** Whether a socket has more than `share` of what it may have. */
  #hasTooMuch({ byteCount, messageCount }: IncomingSocket, share: number): boolean {
    const isCongested = this.#byteCount > limit.incomingTotalBytesMax * share;
    const bytesMax = isCongested ? limit.incomingShareBytes : limit.incomingBytesMax;
    return byteCount > bytesMax * share || messageCount > limit.incomingPauseCount * share;
  }
}

function close(socket: IncomingSocket): void {
  socket.isClosed = true;
  socket.sink.close(CloseCode.tryAgainLater, "too many requests");
}
