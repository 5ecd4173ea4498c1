// Rows as BSATN bytes in pages off the JavaScript heap, each named by an integer (design decision 2). A row id is live (in
// the table), pinned (dead, its bytes still needed by the transaction) or free.
import { sameBytes } from "@lightcone/abi";
import type { ImageBlock } from "../image.ts";
import type { RowBits } from "./bits.ts";

/** Rows to read. Positions are valid until the row is replaced or freed. */
export interface RowReader {
  /** One more than the greatest row id ever used. */
  readonly limit: number;
  /** The visible rows. Of a store the table keeps them: they are in all its indexes, and no other rows are. */
  readonly live: RowBits;
  page(row: number): Uint8Array;
  /** The same bytes as `page`. */
  view(row: number): DataView;
  start(row: number): number;
  /** Four bytes of the row, which has them, from position `at` of the row on. */
  word(row: number, at: number): number;
  size(row: number): number;
  /** How many rows from this one on, live or not, lie back to back in its page, each of the same size; at least 1. */
  rowsInLine(row: number): number;
}

/** The rows of a table as they were at a moment, while the table goes on. */
export interface FrozenRows {
  readonly rows: RowReader;
  /** Gives the pages back, once. */
  release(): void;
}

/** Rows to be kept elsewhere: what `RowStore.thaw` needs. */
export interface RowImage {
  readonly header: Uint8Array;
  readonly blocks: readonly ImageBlock[];
  /** Gives the blocks back, once. */
  release(): void;
}

/** What tables and indexes need of row memory. */
export interface RowStore extends RowReader {
  /** Bytes held, free slots included. */
  readonly byteLength: number;
  /** Copies a row in and returns its id. */
  add(bytes: Uint8Array, start: number, end: number): number;
  /** Moves the bytes of `row` to a new id, which is returned, and puts other bytes in their place. */
  displace(row: number, bytes: Uint8Array, start: number, end: number): number;
  /** Replaces the bytes of `row`. */
  overwrite(row: number, bytes: Uint8Array, start: number, end: number): void;
  /** Undoes `displace`: the bytes of `before` return to `row`, and `before` is freed. */
  restore(row: number, before: number): void;
  free(row: number): void;
  /** Lets go of the memory that rows were copied from last: it may be a dead guest's. */
  forgetSource(): void;
  /** Holds the rows as they are. */
  freeze(): FrozenRows;
  /** Holds the rows as they are, to be kept elsewhere. No row may be pinned. */
  image(): RowImage;
  /**
   * Takes over what `image` gave: blocks become pages. The store must be empty. Throws LC_SNAPSHOT where they do not fit
   * together.
   */
  thaw(header: Uint8Array, blocks: readonly Uint8Array[]): void;
}

/** Whether two rows of a store have the same bytes. */
export function rowsEqual(rows: RowReader, a: number, b: number): boolean {
  const size = rows.size(a);
  if (size !== rows.size(b)) return false;
  return sameBytes(rows.view(a), rows.start(a), rows.view(b), rows.start(b), size);
}
