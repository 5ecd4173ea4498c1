// Lists of rows on the wire: the rows' bytes back to back, and a hint that tells where each starts
// (protocol.md 3.2).
import { assert } from "../assert.ts";
import type { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";

/** Where rows start. Offsets stay the bytes they came as: `count` little-endian u64. */
export type SizeHint =
  | { readonly kind: "fixedSize"; readonly size: number }
  | { readonly kind: "rowOffsets"; readonly count: number; readonly bytes: Uint8Array };

/** A decoded row list; `data` is a view of the frame it came in. */
export interface RowListView {
  readonly sizeHint: SizeHint;
  readonly data: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** The row list of no rows. */
export const emptyRowList: RowListView = {
  sizeHint: { kind: "rowOffsets", count: 0, bytes: noBytes },
  data: noBytes,
};

const fixedSizeTag = 0;
const rowOffsetsTag = 1;
const fixedSizeMax = 0xffff;

/** How many rows `list` holds. */
export function rowCount(list: RowListView): number {
  const { sizeHint, data } = list;
  return sizeHint.kind === "fixedSize" ? data.length / sizeHint.size : sizeHint.count;
}

/** Where row `index` starts in `list.data`; for `index` equal to the count, where the data ends. */
export function rowStart(list: RowListView, index: number): number {
  const { sizeHint, data } = list;
  if (sizeHint.kind === "fixedSize") return index * sizeHint.size;
  return index < sizeHint.count ? offsetAt(sizeHint.bytes, index) : data.length;
}

// Offsets beyond 2^53 cannot point into data whose length is a u32, so a number holds them well
// enough to be refused.
function offsetAt(bytes: Uint8Array, index: number): number {
  let value = 0;
  for (let i = index * 8 + 7; i >= index * 8; i--) value = value * 256 + (bytes[i] as number);
  return value;
}

/** Reads a row list and checks that its hint fits its data. */
export function readRowList(reader: Reader): RowListView {
  const tag = reader.u8();
  if (tag === fixedSizeTag) {
    const size = reader.u16();
    const data = reader.bytes();
    const fits = size === 0 ? data.length === 0 : data.length % size === 0;
    if (!fits) throw badList(`${data.length} bytes are no rows of ${size} bytes`);
    return size === 0 ? emptyRowList : { sizeHint: { kind: "fixedSize", size }, data };
  }
  if (tag !== rowOffsetsTag) throw badList(`unknown tag ${tag} of a size hint`);
  const count = reader.u32("number of row offsets");
  const bytes = reader.raw(count * 8, "row offsets");
  const data = reader.bytes();
  checkOffsets(bytes, count, data.length);
  return { sizeHint: { kind: "rowOffsets", count, bytes }, data };
}

function checkOffsets(bytes: Uint8Array, count: number, dataLength: number): void {
  let previous = 0;
  for (let i = 0; i < count; i++) {
    const offset = offsetAt(bytes, i);
    if (offset < previous || offset > dataLength || (i === 0 && offset !== 0)) {
      throw badList(`row offset ${offset} at position ${i} is out of order`);
    }
    previous = offset;
  }
  if (count === 0 && dataLength > 0) throw badList(`${dataLength} bytes without row offsets`);
}

function badList(reason: string): LightconeError {
  return new LightconeError("LC_BSATN_DECODE", `invalid row list: ${reason}`);
}

/** Writes a row list as it was read. */
export function writeRowList(writer: Writer, list: RowListView): void {
  const { sizeHint, data } = list;
  if (sizeHint.kind === "fixedSize") {
    writer.u8(fixedSizeTag);
    writer.u16(sizeHint.size);
  } else {
    writer.u8(rowOffsetsTag);
    writer.u32(sizeHint.count);
    writer.raw(sizeHint.bytes);
  }
  writer.bytes(data);
}

/** Writes the row list of no rows. */
export function writeEmptyRowList(writer: Writer): void {
  writer.u8(rowOffsetsTag);
  writer.u32(0);
  writer.u32(0);
}

/**
 * Writes rows that lie back to back in `data[start, end)` and are all `size` bytes long, as stored
 * pages are: no copy in between. `size` must divide the length and lie in 1…65535.
 */
export function writeFixedRowList(
  writer: Writer,
  size: number,
  data: Uint8Array,
  start: number,
  end: number,
): void {
  if (start === end) {
    writeEmptyRowList(writer);
    return;
  }
  assert((end - start) % size === 0, "a run of fixed rows ends inside a row");
  writeFixedRowListHead(writer, size, end - start);
  writer.rawRange(data, start, end);
}

/**
 * Writes all of a row list but its data, `dataLength` bytes that the caller lets follow: rows of
 * `size` bytes each, 1…65535.
 */
export function writeFixedRowListHead(writer: Writer, size: number, dataLength: number): void {
  assert(size > 0 && size <= fixedSizeMax, "a fixed row size is out of range");
  writer.u8(fixedSizeTag);
  writer.u16(size);
  writer.u32(dataLength);
}

/**
 * Writes the start of a row list whose `count` rows differ in length: the caller lets follow the
 * position of each as a u64, the length of the data as a u32, and the data.
 */
export function writeOffsetRowListHead(writer: Writer, count: number): void {
  writer.u8(rowOffsetsTag);
  writer.u32(count);
}

/**
 * Collects rows of any length and then writes the list, choosing the hint as the reference host
 * does: FixedSize where all rows happen to have one length, offsets otherwise. `clear()` keeps the
 * memory.
 */
export class RowListWriter {
  readonly #data: Writer = new Writer(1024);
  #count = 0;
  /** The one length of all rows so far; -1 before the first row and -2 once two lengths differ. */
  #size = -1;
  #offsets: Uint32Array = new Uint32Array(16);

  get count(): number {
    return this.#count;
  }

  /** Bytes of all rows so far. */
  get dataLength(): number {
    return this.#data.length;
  }

  clear(): void {
    this.#data.clear();
    this.#count = 0;
    this.#size = -1;
  }

  /** Appends the row in `bytes[start, end)`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.#size === -1) this.#size = size;
    else if (this.#size !== size && this.#size !== -2) this.#startOffsets();
    if (this.#size === -2) this.#pushOffset(this.#count, this.#data.length);
    this.#data.rawRange(bytes, start, end);
    this.#count++;
  }

  /** Writes the list; the collected rows stay until `clear()`. */
  writeTo(writer: Writer): void {
    if (this.#count === 0) {
      writeEmptyRowList(writer);
      return;
    }
    if (this.#size > 0 && this.#size <= fixedSizeMax) {
      writeFixedRowListHead(writer, this.#size, this.#data.length);
    } else {
      if (this.#size !== -2) this.#startOffsets();
      writeOffsetRowListHead(writer, this.#count);
      for (let i = 0; i < this.#count; i++) {
        writer.u32(this.#offsets[i] as number);
        writer.u32(0);
      }
      writer.u32(this.#data.length);
    }
    writer.rawRange(this.#data.memory, 0, this.#data.length);
  }

  // Offsets are kept only from the first row of another length on: most lists never need them.
  #startOffsets(): void {
    const size = this.#size;
    for (let i = 0; i < this.#count; i++) this.#pushOffset(i, i * size);
    this.#size = -2;
  }

  #pushOffset(index: number, offset: number): void {
    assert(offset <= 0xffffffff, "a row list is longer than its u32 length can tell");
    if (index === this.#offsets.length) {
      const next = new Uint32Array(this.#offsets.length * 2);
      next.set(this.#offsets);
      this.#offsets = next;
    }
    this.#offsets[index] = offset;
  }
}
