// Frames on their way out. What a confirmed connection is told waits until the log has made it durable (protocol.md
// section 7.9); everything else leaves at the end of the turn.
import type { Log } from "../log/contract.ts";
import { type Fragment, type SealedSlab, Slab } from "./slab.ts";

const capacityMin = 4096;
const capacityMax = 1024 * 1024;

/** Who gets a frame: the socket's number, and whether it wants durable facts alone. */
export interface Address {
  readonly socket: number;
  readonly isConfirmed: boolean;
}

/** A frame that is written at most once into each of the two slabs. */
export interface SharedFrame {
  readonly message: Uint8Array;
  readonly length: number;
  immediate: Fragment | undefined;
  held: Fragment | undefined;
}

interface HeldSlab {
  readonly slab: Slab;
  /** All it tells is durable once this offset is. */
  readonly offset: number;
}

export class Outbox {
  readonly #log: Log;
  readonly #deliver: (slab: SealedSlab) => void;
  #immediate = new Slab(capacityMin);
  #filling = new Slab(capacityMin);
  /** Slabs of earlier turns that wait for the log, oldest first. */
  readonly #held: HeldSlab[] = [];

  constructor(log: Log, deliver: (slab: SealedSlab) => void) {
    this.#log = log;
    this.#deliver = deliver;
  }

  /** Sends `message[0, length)` to one client. */
  send(to: Address, message: Uint8Array, length: number): void {
    const slab = to.isConfirmed ? this.#filling : this.#immediate;
    slab.address(to.socket, slab.addFrame(message, length));
  }

  /** Sends before anything else that waits: the first message of a connection is never held. */
  sendNow(socket: number, message: Uint8Array, length: number): void {
    this.#immediate.address(socket, this.#immediate.addFrame(message, length));
  }

  /** Sends one frame to one more client. */
  sendShared(to: Address, frame: SharedFrame): void {
    if (to.isConfirmed) {
      frame.held ??= this.#filling.addFrame(frame.message, frame.length);
      this.#filling.address(to.socket, frame.held);
    } else {
      frame.immediate ??= this.#immediate.addFrame(frame.message, frame.length);
      this.#immediate.address(to.socket, frame.immediate);
    }
  }

  /** Ends a turn: what need not wait leaves. */
  endTurn(): void {
    if (!this.#immediate.isEmpty) {
      const slab = this.#immediate;
      this.#immediate = new Slab(nextCapacity(slab));
      this.#deliver(slab.seal());
    }
    if (this.#filling.isEmpty) return;
    const slab = this.#filling;
    this.#filling = new Slab(nextCapacity(slab));
    this.#held.push({ slab, offset: this.#log.nextOffset - 1 });
    this.onDurable(this.#log.durableOffset);
  }

  /** The log reached `durableOffset`: what waited for it leaves. */
  onDurable(durableOffset: number): void {
    while (this.#held.length > 0 && (this.#held[0] as HeldSlab).offset <= durableOffset) {
      this.#deliver((this.#held.shift() as HeldSlab).slab.seal());
    }
  }
}

/** The next turn is likely to need as much memory as this one did. */
function nextCapacity(slab: Slab): number {
  return Math.min(capacityMax, Math.max(capacityMin, slab.length + slab.length / 2));
}
