// Frames on their way out. What a confirmed connection is told waits until the log has made it durable (protocol.md
// section 7.9); everything else leaves at the end of the turn.
import { assert, compressionTags } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { Log } from "../log/contract.ts";
import { type FrameStyle, isPacked, pack, plainStyle } from "./frame-style.ts";
import { PartMemory } from "./part-memory.ts";
import { type Fragment, type MessagePart, type SealedSlab, sealPart, Slab } from "./slab.ts";
import { type UpdateForm, v2Updates } from "./updates.ts";

/** A slab that has grown to this leaves before the turn is over. */
const slabBytesMax = 4 * 1024 * 1024;

/** A slab that waits for the log takes the frames of further turns up to this. */
const sharedBytesMax = 64 * 1024;

/** A slab has at least so much room. What a client is sent in a turn is often a few dozen bytes, and the collector counts what is unused too. */
const capacityMin = 512;
const capacityMax = 1024 * 1024;

/** Who gets a frame: the socket's number, and whether it wants durable facts alone. */
export interface Address {
  readonly socket: number;
  readonly isConfirmed: boolean;
  readonly style: FrameStyle;
  readonly updates: UpdateForm;
  /** While a long answer is being made: what comes after it, messages and the starts of further long answers. */
  waiting: (Uint8Array | (() => void))[] | undefined;
  /** What that counts for, in bytes. */
  waitingBytes: number;
  /** Too much waited: the socket is ended, and nothing more is sent there. */
  isDropped: boolean;
  /** Bytes of a long answer that have not left the server yet. */
  partBytes: number;
  /** Who goes on with the long answer once most of that has left. */
  onRoom: (() => void) | undefined;
}

/** A client's address, before anything was sent there. */
export function makeAddress(
  socket: number,
  isConfirmed: boolean,
  style: FrameStyle = plainStyle,
  updates: UpdateForm = v2Updates,
): Address {
  return {
    socket,
    isConfirmed,
    style,
    updates,
    waiting: undefined,
    waitingBytes: 0,
    isDropped: false,
    partBytes: 0,
    onRoom: undefined,
  };
}

/** A frame that is written at most once into each of the two slabs. */
export interface SharedFrame {
  readonly message: Uint8Array;
  readonly length: number;
  readonly tag: number;
  immediate: Fragment | undefined;
  held: Fragment | undefined;
  /** The same compressed, once for all who want it so. */
  gzip: SharedFrame | undefined;
  brotli: SharedFrame | undefined;
}

/** A frame of a message that stays as it is. */
export function makeSharedFrame(message: Uint8Array, tag: number): SharedFrame {
  return {
    message,
    length: message.length,
    tag,
    immediate: undefined,
    held: undefined,
    gzip: undefined,
    brotli: undefined,
  };
}

/** The frame in the form that a client wants. */
function formOf(frame: SharedFrame, style: FrameStyle): SharedFrame {
  if (!isPacked(style, frame.length)) return frame;
  const { compression } = style;
  const form = compression === "Gzip" ? "gzip" : "brotli";
  frame[form] ??= makeSharedFrame(
    pack(compression, frame.message.subarray(0, frame.length)),
    compressionTags[compression],
  );
  return frame[form];
}

/** Where frames and the ends of sockets go. */
export interface OutboxDelivery {
  deliver(slab: SealedSlab): void;
  /** After what was delivered so far: a Close frame. */
  closeSocket(socket: number, code: number, reason: string): void;
  /** Ends a connection without a Close frame. `reason` is not for the client, whom the reference host tells nothing. */
  dropSocket(socket: number, reason: string): void;
}

interface Closing {
  readonly socket: number;
  readonly code: number;
  readonly reason: string;
}

interface HeldSlab {
  /** Undefined where sockets end that are sent nothing more. */
  readonly slab: SealedSlab | undefined;
  /** Sockets that end after it. */
  readonly closings: readonly Closing[];
  /** All it tells is durable once this offset is. */
  readonly offset: number;
}

/** How far the log is: what waits for it leaves then. */
export type LogProgress = Pick<Log, "nextOffset" | "groupStart" | "durableOffset">;

export class Outbox {
  readonly #log: LogProgress;
  readonly #delivery: OutboxDelivery;
  #immediate = new Slab(capacityMin);
  #filling = new Slab(capacityMin);
  #immediateClosings: Closing[] = [];
  #fillingClosings: Closing[] = [];
  /**
   * Defined between turns if `#filling` has frames of earlier ones, which all tell of one group of the log: the last offset
   * that they tell of. They will leave together, so those of the next turn may join them.
   */
  #sharedOffset: number | undefined;
  /** Slabs of earlier turns that wait for the log, oldest first. */
  readonly #held: HeldSlab[] = [];
  readonly #partMemory = new PartMemory();

  constructor(log: LogProgress, delivery: OutboxDelivery) {
    this.#log = log;
    this.#delivery = delivery;
  }

  /** Sends `message[0, length)` to one client. */
  send(to: Address, message: Uint8Array, length: number): void {
    if (to.waiting !== undefined) {
      this.#wait(to, message.slice(0, length), length);
      return;
    }
    const slab = to.isConfirmed ? this.#confirmedSlab() : this.#immediate;
    if (to.style === plainStyle) slab.address(to.socket, slab.addFrame(message, length));
    else addStyled(slab, to, message, length);
    if (slab.length > slabBytesMax) this.endTurn();
  }

  /** Sends a part of the message that others wait for; `written` says when it has left. */
  sendPart(to: Address, part: MessagePart): void {
    // What came before leaves before: a part has a slab to itself.
    this.endTurn();
    const memory = this.#partMemory.take(part.length);
    const { slab, byteCount } = sealPart(to.socket, part, to.style.tag, memory);
    to.partBytes += byteCount;
    if (to.isConfirmed) this.#hold(slab);
    else this.#delivery.deliver(slab);
  }

  /** Whether a client may be sent more of a long answer; if not, `onRoom` is called once it may. */
  hasRoom(to: Address, onRoom: () => void): boolean {
    if (to.partBytes < limit.longAnswerBytesMax) return true;
    to.onRoom = onRoom;
    return false;
  }

  /** A part of a long answer has left for the client; its memory may come back. */
  written(to: Address, byteCount: number, memory?: ArrayBuffer): void {
    to.partBytes -= byteCount;
    if (memory !== undefined) this.#partMemory.give(memory);
    const { onRoom } = to;
    if (onRoom === undefined || to.partBytes > limit.longAnswerBytesMax / 2) return;
    to.onRoom = undefined;
    onRoom();
  }

  /** Begins a long answer as soon as those before it are sent. What is sent to the client from then on waits until `open`. */
  hold(to: Address, start: () => void): void {
    if (to.waiting !== undefined) {
      this.#wait(to, start, limit.waitingAnswerBytes);
      return;
    }
    to.waiting = [];
    this.#partMemory.open();
    start();
  }

  /** Forgets the long answer that is under way, and what waits for it: the client is gone. */
  abandon(to: Address): void {
    if (to.waiting === undefined) return;
    to.waiting = undefined;
    to.onRoom = undefined;
    this.#partMemory.close();
  }

  /** Keeps what comes after a long answer; a client that lets too much wait is cut off. */
  #wait(to: Address, item: Uint8Array | (() => void), byteCount: number): void {
    const { waiting } = to;
    if (waiting === undefined || to.isDropped) return;
    const isFull =
      waiting.length >= limit.outgoingFrameCountMax ||
      to.waitingBytes + byteCount > limit.outgoingBytesMax;
    if (isFull) {
      to.isDropped = true;
      waiting.length = 0;
      this.#delivery.dropSocket(to.socket, "too much waits for the client");
      return;
    }
    waiting.push(item);
    to.waitingBytes += byteCount;
  }

  /** The long answer is sent: so is what waited for it, up to the next long answer. */
  open(to: Address): void {
    const { waiting } = to;
    assert(waiting !== undefined, "nothing is held");
    // Who is dropped goes on waiting, for nothing.
    if (to.isDropped) return;
    to.waiting = undefined;
    for (const [i, item] of waiting.entries()) {
      if (typeof item === "function") {
        to.waiting = waiting.slice(i + 1);
        to.waitingBytes -= limit.waitingAnswerBytes;
        item();
        return;
      }
      to.waitingBytes -= item.length;
      this.send(to, item, item.length);
    }
    this.#partMemory.close();
  }

  /** Sends before anything else that waits: the first message of a connection is never held. */
  sendNow(to: Address, message: Uint8Array, length: number): void {
    addStyled(this.#immediate, to, message, length);
  }

  /** Sends one frame to one more client. */
  sendShared(to: Address, shared: SharedFrame): void {
    if (to.waiting !== undefined) {
      // The message is the sender's own copy.
      this.#wait(to, shared.message.subarray(0, shared.length), shared.length);
      return;
    }
    const frame = to.style === plainStyle ? shared : formOf(shared, to.style);
    if (to.isConfirmed) {
      const slab = this.#confirmedSlab();
      // A slab may have left since the frame was written for the client before.
      if (frame.held?.slab !== slab) {
        frame.held = slab.addFrame(frame.message, frame.length, frame.tag);
      }
      slab.address(to.socket, frame.held);
    } else {
      if (frame.immediate?.slab !== this.#immediate) {
        frame.immediate = this.#immediate.addFrame(frame.message, frame.length, frame.tag);
      }
      this.#immediate.address(to.socket, frame.immediate);
    }
  }

  /** Ends a socket, after everything that it was sent before. */
  close({ socket, isConfirmed }: Address, code: number, reason: string): void {
    if (isConfirmed) this.#settleShared();
    const closings = isConfirmed ? this.#fillingClosings : this.#immediateClosings;
    closings.push({ socket, code, reason });
  }

  /** Where frames go that wait for the log. */
  #confirmedSlab(): Slab {
    if (this.#sharedOffset !== undefined) this.#settleShared();
    return this.#filling;
  }

  /** Something is added to what earlier turns have left behind, unless that is with the disk: it must not wait for later commits. */
  #settleShared(): void {
    const shared = this.#sharedOffset;
    if (shared !== undefined && shared < this.#log.groupStart) this.#sealFilling(shared);
    this.#sharedOffset = undefined;
  }

  /** Ends a turn: what need not wait leaves. */
  endTurn(): void {
    if (!this.#immediate.isEmpty || this.#immediateClosings.length > 0) {
      const { slab, next } = end(this.#immediate);
      const closings = this.#immediateClosings;
      this.#immediate = next;
      if (closings.length > 0) this.#immediateClosings = [];
      this.#release(slab, closings);
    }
    const hasClosings = this.#fillingClosings.length > 0;
    // Nothing was added in this turn.
    if (!hasClosings && (this.#filling.isEmpty || this.#sharedOffset !== undefined)) return;
    const { nextOffset, durableOffset } = this.#log;
    const offset = nextOffset - 1;
    if (!hasClosings && offset > durableOffset && this.#filling.length < sharedBytesMax) {
      this.#sharedOffset = offset;
      return;
    }
    this.#sealFilling(offset);
    this.onDurable(durableOffset);
  }

  /** Keeps what waits, with the sockets that end after it, until `offset` is durable. What is sent from now on comes after. */
  #sealFilling(offset: number): void {
    const { slab, next } = end(this.#filling);
    const closings = this.#fillingClosings;
    this.#filling = next;
    // Even if there are none: later ones must not end up with this slab.
    this.#fillingClosings = [];
    this.#sharedOffset = undefined;
    this.#held.push({ slab, closings, offset });
  }

  /** Keeps a slab of its own until the commits so far are durable. */
  #hold(slab: SealedSlab): void {
    if (this.#sharedOffset !== undefined) this.#sealFilling(this.#sharedOffset);
    const { nextOffset, durableOffset } = this.#log;
    this.#held.push({ slab, closings: [], offset: nextOffset - 1 });
    this.onDurable(durableOffset);
  }

  #release(slab: SealedSlab | undefined, closings: readonly Closing[]): void {
    if (slab !== undefined) this.#delivery.deliver(slab);
    for (const { socket, code, reason } of closings) {
      this.#delivery.closeSocket(socket, code, reason);
    }
  }

  /** The log reached `durableOffset`: what waited for it leaves. */
  onDurable(durableOffset: number): void {
    const shared = this.#sharedOffset;
    if (shared !== undefined && shared <= durableOffset) this.#sealFilling(shared);
    while (this.#held.length > 0 && (this.#held[0] as HeldSlab).offset <= durableOffset) {
      const { slab, closings } = this.#held.shift() as HeldSlab;
      this.#release(slab, closings);
    }
  }
}

/** Sends a message in the form that its client wants. */
function addStyled(slab: Slab, to: Address, message: Uint8Array, length: number): void {
  const { socket, style } = to;
  if (isPacked(style, length)) {
    const packed = pack(style.compression, message.subarray(0, length));
    slab.address(socket, slab.addFrame(packed, packed.length, compressionTags[style.compression]));
  } else if (style.batchBytesMax > 0) {
    slab.addToBatch(socket, message, length, style.batchBytesMax);
  } else {
    slab.address(socket, slab.addFrame(message, length, style.tag));
  }
}

/** What is to be delivered of a slab, if there is anything; and the next one, which is likely to need as much memory. */
function end(slab: Slab): { readonly slab: SealedSlab | undefined; readonly next: Slab } {
  const { length } = slab;
  const capacity = Math.min(capacityMax, Math.max(capacityMin, length + length / 2));
  const sealed = slab.isEmpty ? undefined : slab.seal();
  return { slab: sealed, next: slab.next(capacity) };
}
