// WebSocket frames of one turn, or of the turns that wait for one sync of the log, in one piece of memory, with a table of who gets
// which bytes: it crosses from a database's thread to the sockets' thread by transfer, and one fragment may serve many sockets
// (design decision 4).
//
//   bytes   [ frame | frame | frame … ]                header, compression tag and message each
//   table   [ socket, start, length ] as three words   in the order of delivery; the length's highest bit asks for a receipt
//
// A part of a long answer has a slab to itself, so that the memory can come back with the receipt.
import { assert, Writer } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { textTag } from "./frame-style.ts";

const finalBit = 0x80;
const textFrame = 0x01;
const binaryFrame = 0x02;
const continuationFrame = 0x00;
const entryWords = 3;
/** A longer table is not kept for the next slab. */
const tableWordsKept = 4096 * entryWords;
const wordBytes = Uint32Array.BYTES_PER_ELEMENT;

/** What a frame's length field can hold in its shorter forms (RFC 6455 section 5.2). */
const shortLengthMax = 125;
const mediumLengthMax = 0xffff;

/** No compression (protocol.md section 2.2). */
const plainTag = 0;

/** In the word of a length: whoever sent it wants to know when it has left. */
const receiptBit = 0x80000000;

/** What a slab of one part has besides the part: header and tag, a table of one entry, and what aligns it. */
export const partExtraBytes: number = 11 + wordBytes + entryWords * wordBytes;

/** One of the frames that make up a long message. */
export interface MessagePart {
  readonly length: number;
  /** Writes as many bytes at a position. */
  readonly fill: (target: Uint8Array, at: number) => void;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A frame that may take more messages, as long as it is the last thing that was written and addressed. */
interface Batch {
  socket: number;
  start: number;
  headerLength: number;
  payload: number;
  messageCount: number;
}

/** A place in a slab: one whole frame. */
export interface Fragment {
  readonly slab: Slab;
  readonly start: number;
  readonly length: number;
}

function headerLengthOf(payload: number): number {
  if (payload <= shortLengthMax) return 2;
  return payload <= mediumLengthMax ? 4 : 10;
}

function writeHeader(bytes: Writer, code: number, payload: number): void {
  bytes.u8(code);
  if (payload <= shortLengthMax) {
    bytes.u8(payload);
  } else if (payload <= mediumLengthMax) {
    bytes.u8(shortLengthMax + 1);
    bytes.u8(payload >>> 8);
    bytes.u8(payload & 0xff);
  } else {
    bytes.u8(shortLengthMax + 2);
    // A frame of 4 GiB or more cannot be built: a buffer would not hold it.
    for (let i = 0; i < 4; i++) bytes.u8(0);
    for (let shift = 24; shift >= 0; shift -= 8) bytes.u8((payload >>> shift) & 0xff);
  }
}

/** Where words may begin behind so many bytes. */
function tableStartAfter(byteCount: number): number {
  return Math.ceil(byteCount / wordBytes) * wordBytes;
}

/** A finished slab: `buffer` holds the frames and, from `tableStart` on, `entryCount` table entries. */
export interface SealedSlab {
  readonly buffer: ArrayBuffer;
  readonly tableStart: number;
  readonly entryCount: number;
}

/** The slab of a part, and what its receipt will say. */
export interface SealedPart {
  readonly slab: SealedSlab;
  readonly byteCount: number;
}

export class Slab {
  readonly #bytes: Writer;
  #table: Uint32Array;
  #entryCount = 0;
  #batch: Batch = { socket: -1, start: 0, headerLength: 0, payload: 0, messageCount: 0 };

  /** `table` is where entries are written until the slab is sealed. */
  constructor(capacity: number, table: Uint32Array = new Uint32Array(64 * entryWords)) {
    this.#bytes = new Writer(capacity);
    this.#table = table;
  }

  /** A slab for what comes after this one, which is sealed. */
  next(capacity: number): Slab {
    return this.#table.length > tableWordsKept
      ? new Slab(capacity)
      : new Slab(capacity, this.#table);
  }

  get isEmpty(): boolean {
    return this.#entryCount === 0;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Writes a message as a frame that nobody gets yet; `tag` says how it is compressed, or is `textTag`. */
  addFrame(message: Uint8Array, messageLength: number, tag: number = plainTag): Fragment {
    const start = this.#bytes.length;
    if (tag === textTag) {
      writeHeader(this.#bytes, finalBit | textFrame, messageLength);
    } else {
      writeHeader(this.#bytes, finalBit | binaryFrame, messageLength + 1);
      this.#bytes.u8(tag);
    }
    this.#bytes.rawRange(message, 0, messageLength);
    return { slab: this, start, length: this.#bytes.length - start };
  }

  /**
   * Sends a message to a socket in the frame of the one before, if nothing came between and it gets no longer than `bytesMax`, tag
   * not counted; else in a frame of its own, which may take more.
   */
  addToBatch(socket: number, message: Uint8Array, messageLength: number, bytesMax: number): void {
    const batch = this.#batch;
    if (!this.#isOpen(batch, socket, messageLength, bytesMax)) {
      const { start, length } = this.addFrame(message, messageLength);
      this.address(socket, { slab: this, start, length });
      const payload = messageLength + 1;
      const headerLength = length - payload;
      this.#batch = { socket, start, headerLength, payload, messageCount: 1 };
      return;
    }
    const before = this.#bytes.length;
    batch.payload += messageLength;
    batch.messageCount++;
    this.#growHeader(batch);
    this.#bytes.rawRange(message, 0, messageLength);
    const lengthAt = (this.#entryCount - 1) * entryWords + 2;
    this.#table[lengthAt] = (this.#table[lengthAt] as number) + this.#bytes.length - before;
  }

  /** Whether the last frame can take a message without overtaking another one. */
  #isOpen(batch: Batch, socket: number, messageLength: number, bytesMax: number): boolean {
    const end = batch.start + batch.headerLength + batch.payload;
    const last = (this.#entryCount - 1) * entryWords;
    return (
      batch.socket === socket &&
      end === this.#bytes.length &&
      this.#table[last] === socket &&
      (this.#table[last + 1] as number) + (this.#table[last + 2] as number) === end &&
      batch.messageCount < limit.batchMessageCountMax &&
      batch.payload - 1 + messageLength <= bytesMax
    );
  }

  /** Writes the header of a frame whose payload has grown; a longer header moves the payload, twice at most. */
  #growHeader(batch: Batch): void {
    const { start, headerLength, payload } = batch;
    const end = this.#bytes.length;
    batch.headerLength = headerLengthOf(payload);
    this.#bytes.reserve(batch.headerLength - headerLength);
    const grownEnd = this.#bytes.length;
    this.#bytes.memory.copyWithin(start + batch.headerLength, start + headerLength, end);
    this.#bytes.truncate(start);
    writeHeader(this.#bytes, finalBit | binaryFrame, payload);
    this.#bytes.truncate(grownEnd);
  }

  /** Sends a fragment to a socket, after everything that it was sent before. */
  address(socket: number, fragment: Fragment): void {
    assert(fragment.slab === this, "a frame was addressed in a slab that does not hold it");
    const last = (this.#entryCount - 1) * entryWords;
    const table = this.#table;
    // Frames that follow each other for one socket are one write.
    if (
      last >= 0 &&
      table[last] === socket &&
      (table[last + 1] as number) + (table[last + 2] as number) === fragment.start
    ) {
      table[last + 2] = (table[last + 2] as number) + fragment.length;
      return;
    }
    const at = last + entryWords;
    if (at + entryWords > table.length) {
      this.#table = new Uint32Array(table.length * 2);
      this.#table.set(table);
    }
    this.#table[at] = socket;
    this.#table[at + 1] = fragment.start;
    this.#table[at + 2] = fragment.length;
    this.#entryCount++;
  }

  /** Puts the table behind the bytes. The slab is of no use afterwards. */
  seal(): SealedSlab {
    const bytes = this.#bytes;
    const padding = tableStartAfter(bytes.length) - bytes.length;
    const tableStart = bytes.reserve(padding) + padding;
    const byteCount = this.#entryCount * entryWords * wordBytes;
    bytes.raw(new Uint8Array(this.#table.buffer, 0, byteCount));
    return {
      buffer: bytes.memory.buffer as ArrayBuffer,
      tableStart,
      entryCount: this.#entryCount,
    };
  }
}

/**
 * A slab with one part of a message that is too long for one frame (RFC 6455 section 5.4), of text or not compressed, for which a
 * receipt is wanted. `memory` has room for the part and `partExtraBytes`.
 */
export function sealPart(
  socket: number,
  part: MessagePart,
  tag: number,
  memory: ArrayBuffer,
): SealedPart {
  const { length, isFirst, isLast } = part;
  const isText = tag === textTag;
  const firstCode = isText ? textFrame : binaryFrame;
  const code = (isLast ? finalBit : 0) | (isFirst ? firstCode : continuationFrame);
  const isTagged = isFirst && !isText;
  const header = new Writer(partExtraBytes);
  writeHeader(header, code, length + (isTagged ? 1 : 0));
  if (isTagged) header.u8(plainTag);
  const bytes = new Uint8Array(memory);
  bytes.set(header.written());
  part.fill(bytes, header.length);
  const end = header.length + length;
  const tableStart = tableStartAfter(end);
  new Uint32Array(memory, tableStart, entryWords).set([socket, 0, end | receiptBit]);
  return { slab: { buffer: memory, tableStart, entryCount: 1 }, byteCount: end };
}

/**
 * Takes what one socket is sent. `wantsReceipt` if the database is to know when it has left; then nothing else is in that memory, and
 * it may go back with the receipt.
 */
export type DeliverFrames = (socket: number, frames: Uint8Array, wantsReceipt: boolean) => void;

/** Calls `deliver` for each entry of a sealed slab, in order. The bytes are views into it, one for all who are sent the same. */
export function openSlab(slab: SealedSlab, deliver: DeliverFrames): void {
  const table = new Uint32Array(slab.buffer, slab.tableStart, slab.entryCount * entryWords);
  let frames = new Uint8Array(slab.buffer, 0, 0);
  for (let at = 0; at < table.length; at += entryWords) {
    const start = table[at + 1] as number;
    const word = table[at + 2] as number;
    const length = word & ~receiptBit;
    if (frames.byteOffset !== start || frames.length !== length) {
      frames = new Uint8Array(slab.buffer, start, length);
    }
    deliver(table[at] as number, frames, word >= receiptBit);
  }
}
