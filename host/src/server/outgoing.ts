// What waits for a client to read it. Frames go to the bare socket, those of one turn in one write; what the client does not take
// at once is kept for it, up to a limit.
import type { Duplex } from "node:stream";
import { limit } from "../base/limit.ts";

/** Of a slab larger than this, small parts are copied: they must not keep all of it while they wait. */
const slabKeptBytes = 1024 * 1024;
const slabKeptShare = 8;

function withoutSlab(frames: Uint8Array): Uint8Array {
  const { byteLength } = frames.buffer;
  return byteLength > slabKeptBytes && frames.length * slabKeptShare < byteLength
    ? frames.slice()
    : frames;
}

const finalBit = 0x80;
const shortLengthMax = 125;

/** How many messages end in `frames`, which are whole and not masked (RFC 6455 section 5.2). */
function countMessages(frames: Uint8Array): number {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let count = 0;
  for (let at = 0; at < frames.length;) {
    if ((view.getUint8(at) & finalBit) !== 0) count++;
    const short = view.getUint8(at + 1);
    if (short <= shortLengthMax) at += 2 + short;
    else if (short === shortLengthMax + 1) at += 4 + view.getUint16(at + 2);
    else at += 10 + Number(view.getBigUint64(at + 2));
  }
  return count;
}

export class OutgoingQueue {
  readonly #socket: Duplex;
  readonly #onFull: () => void;
  readonly #onWaiting: (change: number) => void;
  /** Bytes that waited before this turn. */
  #backlogBytes = 0;
  /** Messages that wait behind what is being written. */
  #waitingCount = 0;
  #isCorked = false;

  /**
   * `onFull` must cut the client off: it has more to read than may wait for it. `onWaiting` is told how many messages more, or less,
   * wait.
   */
  constructor(
    socket: Duplex,
    onFull: () => void,
    onWaiting: (change: number) => void = () => undefined,
  ) {
    this.#socket = socket;
    this.#onFull = onFull;
    this.#onWaiting = onWaiting;
  }

  /** Takes whole frames; they leave with `endTurn`. `onWritten` is called once they are the system's. */
  write(frames: Uint8Array, onWritten?: () => void): void {
    const socket = this.#socket;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#backlogBytes = socket.writableLength;
      socket.cork();
    }
    if (this.#backlogBytes === 0) {
      if (onWritten === undefined) socket.write(withoutSlab(frames));
      else socket.write(withoutSlab(frames), onWritten);
      return;
    }
    const count = countMessages(frames);
    const isFull =
      socket.writableLength + frames.length > limit.outgoingBytesMax ||
      this.#waitingCount + count > limit.outgoingFrameCountMax;
    if (isFull) {
      this.#onFull();
      return;
    }
    this.#waitingCount += count;
    this.#onWaiting(count);
    // What must wait is copied: a few bytes must not keep a whole slab alive.
    const kept = frames.length * 2 < frames.buffer.byteLength ? frames.slice() : frames;
    socket.write(kept, () => {
      this.#waitingCount -= count;
      this.#onWaiting(-count);
      onWritten?.();
    });
  }

  /** Sends what was taken since the last turn. */
  endTurn(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }
}
