// Memory in pieces of one size, cut from blocks that grow with what is held. Where the system serves large buffers with huge
// pages, whatever lies in a large block is reached in about half the time: the processor finds where a huge page is without
// asking memory for that. What is small has small blocks.
//
//   place    block number << pieceShift | piece of the block
import { assert } from "@lightcone/abi";

/** Blocks grow to this size. The allocator asks the system for buffers of more than 32 MB each time, and gives them back. */
const largeBlockBytes = 32 * 1024 * 1024;
const pieceShiftMax = 10;

/** A new block has at most this share of the pieces already taken: so much may be held without being used. */
const growthShift = 2;

/** An arena of more pieces than this is sparse when less than one in `sparseShare` of them is taken. */
const sparsePiecesMin = 32;
const sparseShare = 4;

class Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly pieceCount: number;
  /** Pieces that were given back. */
  readonly #free: number[] = [];
  #next = 0;

  constructor(pieceCount: number, pieceBytes: number) {
    this.pieceCount = pieceCount;
    this.bytes = new Uint8Array(pieceCount * pieceBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  get isFull(): boolean {
    return this.#next === this.pieceCount && this.#free.length === 0;
  }

  get isEmpty(): boolean {
    return this.#free.length === this.#next;
  }

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  give(piece: number): void {
    this.#free.push(piece);
  }
}

export class Arena {
  readonly #pieceBytes: number;
  readonly #pieceShift: number;
  readonly #blocks: (Block | undefined)[] = [];
  /** No block before this one has room. */
  #firstWithRoom = 0;
  #pieceCount = 0;
  #takenCount = 0;

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
    let shift = 0;
    while (shift < pieceShiftMax && pieceBytes << shift < largeBlockBytes) shift++;
    this.#pieceShift = shift;
  }

  /** Bytes of all blocks. */
  get byteLength(): number {
    return this.#blocks.reduce((total, block) => total + (block?.bytes.length ?? 0), 0);
  }

  /** The place of a piece that is free. Its bytes are what they happen to be. */
  take(): number {
    const blocks = this.#blocks;
    let number = this.#firstWithRoom;
    while (number < blocks.length && blocks[number]?.isFull !== false) number++;
    if (number === blocks.length) number = this.#open();
    this.#firstWithRoom = number;
    this.#takenCount++;
    return (number << this.#pieceShift) | (blocks[number] as Block).take();
  }

  /** Takes a piece back; nobody may use it any more. A block of which no piece is taken goes. */
  give(place: number): void {
    const number = place >>> this.#pieceShift;
    const block = this.#block(place);
    block.give(place & ((1 << this.#pieceShift) - 1));
    this.#takenCount--;
    this.#firstWithRoom = Math.min(this.#firstWithRoom, number);
    if (!block.isEmpty) return;
    this.#blocks[number] = undefined;
    this.#pieceCount -= block.pieceCount;
  }

  /** Whether so few pieces are taken that they are better moved to an arena of their own. */
  get isSparse(): boolean {
    return this.#pieceCount > sparsePiecesMin && this.#takenCount * sparseShare < this.#pieceCount;
  }

  /** The bytes of a piece that is taken; `byteOffset` says where in its block they lie. */
  piece(place: number): Uint8Array {
    const start = (place & ((1 << this.#pieceShift) - 1)) * this.#pieceBytes;
    return this.blockBytes(place).subarray(start, start + this.#pieceBytes);
  }

  /** The block of a piece that is taken. */
  blockBytes(place: number): Uint8Array {
    return this.#block(place).bytes;
  }

  /** The same bytes as `blockBytes`: short copies go through a view. */
  blockView(place: number): DataView {
    return this.#block(place).view;
  }

  #block(place: number): Block {
    const block = this.#blocks[place >>> this.#pieceShift];
    assert(block !== undefined, "memory is used that was not taken");
    return block;
  }

  /** Makes a block and returns its number. */
  #open(): number {
    const gap = this.#blocks.indexOf(undefined);
    const number = gap < 0 ? this.#blocks.length : gap;
    const share = 31 - Math.clz32(Math.max(1, this.#takenCount >>> growthShift));
    const pieceCount = 1 << Math.min(share, this.#pieceShift);
    this.#blocks[number] = new Block(pieceCount, this.#pieceBytes);
    this.#pieceCount += pieceCount;
    return number;
  }
}
