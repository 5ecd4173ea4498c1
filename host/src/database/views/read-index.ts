// Which views read what a transaction changed: keys are found by their hash, ranges of one index are looked at one after another,
// each once however many views read it.
import type { IndexHandle } from "../../datastore/datastore.ts";
import type { TableDelta } from "../../datastore/delta.ts";
import type { Compare } from "../../datastore/key.ts";
import { bytesEqual, hashBytes } from "../../datastore/key.ts";
import type { Cut, Index, LoadedKey } from "../../datastore/index/contract.ts";
import type { RowIds } from "../../datastore/rows/ids.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { PointRead, RangeRead, ReadSet } from "../../module/read-set.ts";

/** One key or range, and who has read it. */
interface ReadEntry<Reader> {
  readonly bytes: Uint8Array;
  readonly readers: Set<Reader>;
}

interface RangeEntry<Reader> extends ReadEntry<Reader> {
  readonly range: RangeRead;
}

/** Entries by the hash of their bytes. */
class EntryMap<Reader, Entry extends ReadEntry<Reader>> {
  readonly #byHash = new Map<number, Entry[]>();

  get isEmpty(): boolean {
    return this.#byHash.size === 0;
  }

  find(bytes: Uint8Array, start: number, end: number): Entry | undefined {
    const bucket = this.#byHash.get(hashBytes(bytes, start, end));
    if (bucket === undefined) return undefined;
    for (const entry of bucket) {
      if (bytesEqual(entry.bytes, 0, entry.bytes.length, bytes, start, end)) return entry;
    }
    return undefined;
  }

  /** Adds to the readers of the same key or range, or `candidate` if it is the first. */
  add(candidate: Entry, reader: Reader): void {
    const { bytes } = candidate;
    const known = this.find(bytes, 0, bytes.length);
    (known ?? candidate).readers.add(reader);
    if (known !== undefined) return;
    const hash = hashBytes(bytes, 0, bytes.length);
    const bucket = this.#byHash.get(hash);
    if (bucket === undefined) this.#byHash.set(hash, [candidate]);
    else bucket.push(candidate);
  }

  remove(bytes: Uint8Array, reader: Reader): void {
    const entry = this.find(bytes, 0, bytes.length);
    // A view that read one key twice is among its readers once.
    if (entry === undefined || !entry.readers.delete(reader) || entry.readers.size > 0) return;
    const hash = hashBytes(bytes, 0, bytes.length);
    const rest = (this.#byHash.get(hash) ?? []).filter((other) => other !== entry);
    if (rest.length === 0) this.#byHash.delete(hash);
    else this.#byHash.set(hash, rest);
  }

  *entries(): Generator<Entry> {
    for (const bucket of this.#byHash.values()) yield* bucket;
  }
}

/** The readers of parts of one index. */
class IndexReaders<Reader> {
  readonly index: Index;
  readonly points: EntryMap<Reader, ReadEntry<Reader>> = new EntryMap();
  readonly ranges: EntryMap<Reader, RangeEntry<Reader>> = new EntryMap();

  constructor(index: Index) {
    this.index = index;
  }

  get isEmpty(): boolean {
    return this.points.isEmpty && this.ranges.isEmpty;
  }

  /** Adds to `affected` whoever has read the keys of these rows. */
  match(rows: RowIds, affected: Set<Reader>): void {
    const ranges = [...this.ranges.entries()];
    for (let i = 0; i < rows.count; i++) {
      const key = this.index.key.load(rows.at(i));
      const point = this.points.find(key.bytes, key.start, key.end);
      if (point !== undefined) addAll(point.readers, affected);
      for (const { range, readers } of ranges) {
        if (isInRange(this.index, range, key)) addAll(readers, affected);
      }
    }
  }
}

/** The readers of one table. */
class TableReaders<Reader> {
  readonly whole: Set<Reader> = new Set();
  readonly byIndex: Map<Index, IndexReaders<Reader>> = new Map();

  get isEmpty(): boolean {
    return this.whole.size === 0 && this.byIndex.size === 0;
  }

  match(delta: TableDelta, affected: Set<Reader>): void {
    addAll(this.whole, affected);
    for (const readers of this.byIndex.values()) {
      readers.match(delta.inserts, affected);
      readers.match(delta.deletes, affected);
    }
  }
}

function addAll<Reader>(readers: ReadonlySet<Reader>, affected: Set<Reader>): void {
  for (const reader of readers) affected.add(reader);
}

function isInRange(index: Index, { lower, upper }: RangeRead, key: LoadedKey): boolean {
  const fromLower = orderOf(index, key, lower);
  if (lower.side === "before" ? fromLower < 0 : fromLower <= 0) return false;
  const fromUpper = orderOf(index, key, upper);
  return upper.side === "before" ? fromUpper < 0 : fromUpper <= 0;
}

/** Order of a key's first columns and those of a cut. */
function orderOf(index: Index, key: LoadedKey, cut: Cut): number {
  const compare = index.key.compare[cut.columnCount] as Compare;
  return compare(key.bytes, key.start, cut.bytes, cut.start);
}

/** A range as bytes: two are the same if these are. */
function rangeBytes({ lower, upper }: RangeRead): Uint8Array {
  const head = 4;
  const bytes = new Uint8Array(head + lower.bytes.length + upper.bytes.length);
  const side = (cut: Cut): number => (cut.side === "before" ? 0 : 1);
  // Column counts are positions in a key: their columns' bytes say what is beyond a byte.
  bytes.set([lower.columnCount, side(lower), upper.columnCount, side(upper)]);
  bytes.set(lower.bytes, head);
  bytes.set(upper.bytes, head + lower.bytes.length);
  return bytes;
}

/** Readers by what they have read. */
export class ReadIndex<Reader> {
  readonly #byTable = new Map<Table, TableReaders<Reader>>();

  add(reader: Reader, reads: ReadSet): void {
    for (const table of reads.tables) this.#of(table).whole.add(reader);
    for (const read of reads.points) {
      this.#ofIndex(read).points.add({ bytes: read.key, readers: new Set() }, reader);
    }
    for (const range of reads.ranges) {
      const entry = { bytes: rangeBytes(range), range, readers: new Set<Reader>() };
      this.#ofIndex(range).ranges.add(entry, reader);
    }
  }

  /** Takes back what `add` did with the same reads. */
  remove(reader: Reader, reads: ReadSet): void {
    for (const table of reads.tables) {
      this.#byTable.get(table)?.whole.delete(reader);
      this.#forgetIfEmpty(table);
    }
    for (const { handle, key } of reads.points) {
      this.#byTable.get(handle.table)?.byIndex.get(handle.index)?.points.remove(key, reader);
      this.#forgetIndexIfEmpty(handle);
    }
    for (const range of reads.ranges) {
      const { table, index } = range.handle;
      this.#byTable.get(table)?.byIndex.get(index)?.ranges.remove(rangeBytes(range), reader);
      this.#forgetIndexIfEmpty(range.handle);
    }
  }

  /** Whoever has read something that the open transaction changes, by its net effect. */
  affectedBy(tx: Transaction): ReadonlySet<Reader> {
    const affected = new Set<Reader>();
    for (let i = 0; i < tx.touchedCount; i++) {
      const table = tx.touched[i] as Table;
      const readers = this.#byTable.get(table);
      if (readers !== undefined && table.collectDelta()) readers.match(table.delta, affected);
    }
    return affected;
  }

  #of(table: Table): TableReaders<Reader> {
    let readers = this.#byTable.get(table);
    if (readers === undefined) {
      readers = new TableReaders();
      this.#byTable.set(table, readers);
    }
    return readers;
  }

  #ofIndex({ handle }: PointRead | RangeRead): IndexReaders<Reader> {
    const { byIndex } = this.#of(handle.table);
    let readers = byIndex.get(handle.index);
    if (readers === undefined) {
      readers = new IndexReaders(handle.index);
      byIndex.set(handle.index, readers);
    }
    return readers;
  }

  #forgetIndexIfEmpty({ table, index }: IndexHandle): void {
    const byIndex = this.#byTable.get(table)?.byIndex;
    if (byIndex?.get(index)?.isEmpty === true) byIndex.delete(index);
    this.#forgetIfEmpty(table);
  }

  #forgetIfEmpty(table: Table): void {
    if (this.#byTable.get(table)?.isEmpty === true) this.#byTable.delete(table);
  }
}
