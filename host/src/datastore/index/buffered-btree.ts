// A B-tree whose keys may repeat. New rows wait beside it until somebody asks for rows by their key or the transaction ends, and
// then go in by key: the way down the tree is in the processor's cache by the next row, and all that go to one leaf are entered
// in one step. Nothing waits between transactions.
import { assert } from "@lightcone/abi";
import type { RowBits } from "../rows/bits.ts";
import { RowIds } from "../rows/ids.ts";
import type { TreeStructure } from "./btree-build.ts";
import { entryWords, rowWord } from "./btree-pages.ts";
import { BTreeIndex } from "./btree.ts";
import type { Cut, IndexKey, KeyConflict } from "./contract.ts";
import { sortedBatch } from "./entry-sort.ts";

/** So many rows wait at most: who asks next has to wait for them. */
const waitingMax = 1 << 16;

/** Fewer than these are entered as they came: sorting has a price of its own. */
const sortedMin = 192;

export class BufferedBTreeIndex extends BTreeIndex {
  /** Words tell the whole key. */
  readonly #isExact: boolean;
  /** Rows in the order in which they came. */
  readonly #waiting = new RowIds();
  /** Still set when `settle` is called again, it tells that it broke off: the tree cannot be trusted then. */
  #isSettling = false;

  constructor(key: IndexKey, isOrdered = true) {
    super(key, false, isOrdered);
    this.#isExact = key.columns.length === 1 && key.words.isExact;
  }

  override get structure(): TreeStructure {
    this.settle();
    return super.structure;
  }

  override get byteLength(): number {
    return super.byteLength + this.#waiting.ids.byteLength;
  }

  override add(row: number): void {
    if (this.#waiting.count === waitingMax) this.settle();
    this.#waiting.push(row);
  }

  /** Enters the rows that wait. */
  settle(): void {
    if (this.#waiting.count > 0) this.#settleAll();
  }

  #settleAll(): void {
    assert(!this.#isSettling, "a B-tree was left with rows entered in part");
    this.#isSettling = true;
    const waiting = this.#waiting;
    if (waiting.count < sortedMin) {
      for (let i = 0; i < waiting.count; i++) super.add(waiting.at(i));
    } else {
      const entries = sortedBatch(this.key, waiting);
      if (this.#isExact) this.addSorted(entries, waiting.count);
      else this.#addEach(entries, waiting.count);
    }
    waiting.clear();
    this.#isSettling = false;
  }

  #addEach(entries: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) super.add(entries[i * entryWords + rowWord] as number);
  }

  override build(rows: RowBits, count: number): KeyConflict | undefined {
    this.settle();
    return super.build(rows, count);
  }

  override remove(row: number): void {
    this.settle();
    super.remove(row);
  }

  override find(bytes: Uint8Array, start: number, end: number): number {
    this.settle();
    return super.find(bytes, start, end);
  }

  override scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    this.settle();
    super.scanPoint(bytes, start, end, found);
  }

  override scanRange(lower: Cut, upper: Cut, found: RowIds): void {
    this.settle();
    super.scanRange(lower, upper, found);
  }

  override scanEnd(
    lower: Cut,
    upper: Cut,
    countMax: number,
    isFromEnd: boolean,
    found: RowIds,
  ): void {
    this.settle();
    super.scanEnd(lower, upper, countMax, isFromEnd, found);
  }
}
