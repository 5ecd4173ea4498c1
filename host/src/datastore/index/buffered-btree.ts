// A B-tree whose keys may repeat. New rows wait beside it until somebody asks for rows by their key or the transaction ends, and
// then go in by key: the way down the tree is in the processor's cache by the next row, and all that go to one leaf are entered
// in one step. Nothing waits between transactions.
import { assert } from "@lightcone/abi";
import { KeyWords } from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import type { RowIds } from "../rows/ids.ts";
import type { TreeStructure } from "./btree-build.ts";
import { entryWords, highWord, lowWord, rowWord } from "./btree-pages.ts";
import { BTreeIndex } from "./btree.ts";
import type { Cut, IndexKey, KeyConflict } from "./contract.ts";
import { sortByWords } from "./entry-sort.ts";

/** So many rows wait at most: who asks next has to wait for them. */
const waitingMax = 1 << 16;

/** Fewer than these are entered as they came: sorting has a price of its own. */
const sortedMin = 192;

/** Memory for so many rows is kept from transaction to transaction. */
const keptCapacity = 64;

export class BufferedBTreeIndex extends BTreeIndex {
  /** Words tell the whole key. */
  readonly #isExact: boolean;
  readonly #words = new KeyWords();
  /** Entries as nodes have them, in the order in which they came. */
  #waiting: Int32Array = new Int32Array(keptCapacity * entryWords);
  #count = 0;
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
    return super.byteLength + this.#waiting.byteLength;
  }

  override add(row: number): void {
    if (this.#count === waitingMax) this.settle();
    const at = this.#count * entryWords;
    if (at === this.#waiting.length) {
      const next = new Int32Array(at * 2);
      next.set(this.#waiting);
      this.#waiting = next;
    }
    const { key } = this;
    const words = this.#words;
    const { bytes, start } = key.loadProbe(row);
    if (key.columns.length > 0) key.words.load(bytes, start, words);
    this.#waiting[at + highWord] = words.high;
    this.#waiting[at + lowWord] = words.low;
    this.#waiting[at + rowWord] = row;
    this.#count++;
  }

  /** Enters the rows that wait. */
  settle(): void {
    if (this.#count > 0) this.#settleAll();
  }

  #settleAll(): void {
    assert(!this.#isSettling, "a B-tree was left with rows entered in part");
    this.#isSettling = true;
    const count = this.#count;
    const isSorted = count >= sortedMin;
    const entries = isSorted ? sortByWords(this.#waiting, count) : this.#waiting;
    if (isSorted && this.#isExact) this.addSorted(entries, count);
    else for (let i = 0; i < count; i++) super.add(entries[i * entryWords + rowWord] as number);
    if (this.#waiting.length > keptCapacity * entryWords)
      this.#waiting = new Int32Array(keptCapacity * entryWords);
    this.#count = 0;
    this.#isSettling = false;
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
