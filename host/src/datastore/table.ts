// Rows plus the indexes of one table. All changes of a transaction go through here, in place, with a journal that can undo
// them and from which the net effect is read (design decision 3).
//
// The journal has one entry for each row id first touched by the open transaction: the id, and where the bytes lie that it
// had before: `none` (the row is new), the id itself (the row was deleted where it lay) or another id (it was replaced).
import { assert, LastView, sameBytes } from "@lightcone/abi";
import { TableDelta } from "./delta.ts";
import type { Index } from "./index/contract.ts";
import type { HashIndex } from "./index/hash.ts";
import { bytesEqual } from "./key.ts";
import { cancelEqualRows } from "./net-effect.ts";
import { RowBits } from "./rows/bits.ts";
import { RowIds } from "./rows/ids.ts";
import type { RowLayout } from "./row-layout.ts";
import { snapshotFault } from "./rows/image-parts.ts";
import { rowsEqual, type RowImage, type RowStore } from "./rows/store.ts";
import type { StoredTable } from "./image.ts";
import type { TableSchema } from "./schema.ts";
import type { Sequence } from "./sequence.ts";
import { makeBody, remakeBody, type SchemaConflict, type TableBody } from "./table-body.ts";

const none = -1;

/** What an insert or update came to. Rows are named by `Table.lastRow`. */
export type WriteOutcome = "done" | "unchanged" | "duplicate" | "absent";

export class Table {
  // `reshape` alone changes what the schema decides; who keeps it beyond a transaction must ask again then.
  schema: TableSchema;
  layout: RowLayout;
  rows: RowStore;
  readonly delta: TableDelta;
  /** In the order of `schema.indexes`. */
  indexes: readonly Index[];
  sequences: readonly Sequence[];
  #unique: readonly Index[];
  /** The other indexes: their keys may repeat. */
  #repeating: readonly Index[];
  /** Finds a whole row where no unique index can. */
  #rowSet: HashIndex | undefined;
  readonly #given = new LastView();
  /** The rows that the open transaction has in its journal. */
  readonly #touched = new RowBits();
  /** Rows that committed transactions have inserted and deleted; whoever commits counts. */
  readonly changes: { inserted: number; deleted: number } = { inserted: 0, deleted: 0 };
  #rowCount = 0;
  /** For each index, whether the update under way changes its key. */
  #keyChanges: Uint8Array;
  readonly #journalRows = new RowIds();
  /** Whether all rows in the journal are new, and still there. */
  #isOnlyGrowing = true;
  readonly #journalBefore = new RowIds();
  /** Row the last write concerned. */
  lastRow = -1;
  /** Where the last update put the bytes that it replaced, as a row id; -1 if the transaction had written them. */
  lastReplaced = -1;

  constructor(schema: TableSchema) {
    const body = makeBody(schema);
    this.schema = body.schema;
    this.layout = body.layout;
    this.rows = body.rows;
    this.indexes = body.indexes;
    this.#unique = body.unique;
    this.#repeating = repeatingIndexes(body);
    this.#rowSet = body.rowSet;
    this.delta = new TableDelta(this);
    this.#keyChanges = new Uint8Array(this.indexes.length);
    this.sequences = body.sequences;
  }

  /**
   * Gives the table another schema, under which its rows must be valid, before anything is written to it. Returns how to
   * take that back while nothing has been written since, or two rows that a new unique constraint does not allow.
   */
  reshape(schema: TableSchema): (() => void) | SchemaConflict {
    assert(!this.isTouched, "a table changes its schema before its rows");
    const before: TableBody = {
      schema: this.schema,
      layout: this.layout,
      rows: this.rows,
      indexes: this.indexes,
      unique: this.#unique,
      rowSet: this.#rowSet,
      sequences: this.sequences,
    };
    const body = remakeBody(before, schema, this.#rowCount);
    if ("conflict" in body) return body;
    this.#take(body);
    return () => {
      this.#take(before);
    };
  }

  #take(body: TableBody): void {
    this.schema = body.schema;
    this.layout = body.layout;
    this.rows = body.rows;
    this.indexes = body.indexes;
    this.#unique = body.unique;
    this.#repeating = repeatingIndexes(body);
    this.#rowSet = body.rowSet;
    this.sequences = body.sequences;
    this.#keyChanges = new Uint8Array(this.indexes.length);
    this.#touched.ensure(this.rows.limit);
  }

  /** Rows visible now, the open transaction's included. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** See `RowStore.forgetSource`. */
  forgetSource(): void {
    this.#given.forget();
    this.rows.forgetSource();
    for (const { key } of this.#allIndexes()) key.forgetSource();
  }

  /** Whether the open transaction touched this table. */
  get isTouched(): boolean {
    return this.#journalRows.count > 0;
  }

  isLive(row: number): boolean {
    return this.rows.live.has(row);
  }

  /** The next visible row after `row`, or -1. Start with -1. */
  nextRow(row: number): number {
    return this.rows.live.next(row + 1);
  }

  /** The index with an id and its schema's position, or undefined. */
  indexById(id: number): Index | undefined {
    const position = this.schema.indexes.findIndex((index) => index.id === id);
    return position < 0 ? undefined : this.indexes[position];
  }

  /** The visible row equal to `bytes[start, end)`, or -1. */
  findRow(bytes: Uint8Array, start: number, end: number): number {
    const row = this.#findSimilar(bytes, start, end);
    return row >= 0 && this.#rowEquals(row, bytes, start, end) ? row : -1;
  }

  /**
   * Inserts a valid row. "unchanged": an equal row is there already; "duplicate": another row has the same unique key.
   * `lastRow` is the row inserted, or the one in its way.
   */
  insert(bytes: Uint8Array, start: number, end: number): WriteOutcome {
    const similar = this.#findSimilar(bytes, start, end);
    if (similar >= 0) {
      this.lastRow = similar;
      return this.#rowEquals(similar, bytes, start, end) ? "unchanged" : "duplicate";
    }
    // The first unique key is free, as was just seen.
    for (let i = 1; i < this.#unique.length; i++) {
      if (this.#isTaken(this.#unique[i] as Index, bytes, start, none)) return "duplicate";
    }
    const row = this.rows.add(bytes, start, end);
    this.lastRow = row;
    this.#ensureBits(row);
    this.#journal(row, none);
    this.#enterSought(row);
    return "done";
  }

  /**
   * Fills an empty table, whose indexes are built at the end: faster than row by row. `load` gets what adds a valid row; no
   * two rows may be equal or have the same unique key.
   */
  fill(load: (add: (bytes: Uint8Array, start: number, end: number) => void) => void): void {
    assert(this.#rowCount === 0 && !this.isTouched, "only an empty table is filled");
    load((bytes, start, end) => {
      const row = this.rows.add(bytes, start, end);
      this.#ensureBits(row);
      this.#journal(row, none);
      this.rows.live.add(row);
      this.#rowCount++;
    });
    for (const index of this.#allIndexes()) {
      const conflict = index.build(this.rows.live, this.#rowCount);
      assert(conflict === undefined, "a table was filled with rows that its keys do not allow");
    }
  }

  #allIndexes(): readonly Index[] {
    return this.#rowSet === undefined ? this.indexes : [...this.indexes, this.#rowSet];
  }

  /**
   * Replaces the row with the same key in a unique index. "absent": there is none; "duplicate": another unique key is taken.
   */
  update(index: Index, bytes: Uint8Array, start: number, end: number): WriteOutcome {
    const row = findByKeyOf(index, bytes, start);
    if (row < 0) return "absent";
    this.lastRow = row;
    if (this.#rowEquals(row, bytes, start, end)) return "unchanged";
    for (let i = 0; i < this.#unique.length; i++) {
      const other = this.#unique[i] as Index;
      if (other !== index && this.#isTaken(other, bytes, start, row)) return "duplicate";
    }
    // An index whose key stays the same needs no change, since the row keeps its id.
    for (let i = 0; i < this.indexes.length; i++) {
      const other = this.indexes[i] as Index;
      const changes = other !== index && !this.#keyEquals(other, row, bytes, start);
      this.#keyChanges[i] = changes ? 1 : 0;
      if (changes) other.remove(row);
    }
    this.#replace(row, bytes, start, end);
    for (let i = 0; i < this.indexes.length; i++) {
      if (this.#keyChanges[i] === 1) (this.indexes[i] as Index).add(row);
    }
    return "done";
  }

  /** Removes a visible row. Its bytes stay until the delta is released. */
  delete(row: number): void {
    assert(this.isLive(row), "a row was deleted twice");
    this.#isOnlyGrowing = false;
    this.#leave(row);
    if (!this.#touched.has(row)) this.#journal(row, row);
  }

  /** Removes all rows; returns how many there were. */
  clear(): number {
    const count = this.#rowCount;
    for (let row = this.nextRow(-1); row >= 0; row = this.nextRow(row)) this.delete(row);
    return count;
  }

  /** Undoes everything since the transaction began. */
  rollBack(): void {
    const rows = this.#journalRows;
    // All that is new goes first, so that no returning row meets a taken unique key.
    for (let i = 0; i < rows.count; i++) if (this.isLive(rows.at(i))) this.#leave(rows.at(i));
    for (let i = 0; i < rows.count; i++) {
      const row = rows.at(i);
      const before = this.#journalBefore.at(i);
      this.#touched.remove(row);
      if (before === none) {
        this.rows.free(row);
        continue;
      }
      if (before !== row) this.rows.restore(row, before);
      this.#enter(row);
    }
    this.#forgetJournal();
  }

  /** Fills `delta` with the net effect of the transaction. Returns whether there is any. */
  collectDelta(): boolean {
    this.#settle();
    const { inserts, deletes } = this.delta;
    this.delta.clear();
    if (this.#isOnlyGrowing) {
      inserts.copyFrom(this.#journalRows);
      return inserts.count > 0;
    }
    let replacedCount = 0;
    for (let i = 0; i < this.#journalRows.count; i++) {
      const row = this.#journalRows.at(i);
      const before = this.#journalBefore.at(i);
      const isLive = this.isLive(row);
      if (isLive && before !== none) {
        if (rowsEqual(this.rows, row, before)) continue;
        replacedCount++;
      }
      if (before !== none) deletes.push(before);
      if (isLive) inserts.push(row);
    }
    // A row that was replaced kept its unique key. If that is the only one, no other row had or has these bytes.
    const keptCount = this.#unique.length > 1 ? 0 : replacedCount;
    if (inserts.count > keptCount && deletes.count > keptCount) {
      cancelEqualRows(this.rows, inserts, deletes);
    }
    this.delta.isTruncated = this.#rowCount === 0 && deletes.count > 0 && inserts.count === 0;
    return inserts.count > 0 || deletes.count > 0;
  }

  /** Ends the transaction: frees what only it needed. Rows of an event table do not outlive it. */
  release(): void {
    if (this.#isOnlyGrowing && !this.schema.isEvent) this.#touched.clear(this.#journalRows);
    else this.#releaseEach();
    this.#forgetJournal();
  }

  #releaseEach(): void {
    for (let i = 0; i < this.#journalRows.count; i++) {
      const row = this.#journalRows.at(i);
      const before = this.#journalBefore.at(i);
      if (this.schema.isEvent && this.isLive(row)) this.#leave(row);
      if (before !== none && before !== row) this.rows.free(before);
      if (!this.isLive(row)) this.rows.free(row);
      this.#touched.remove(row);
    }
  }

  /** Holds the rows as they are, to be kept elsewhere. There must be no open transaction. */
  image(): RowImage {
    assert(!this.isTouched, "an image is taken between transactions");
    return this.rows.image();
  }

  /** Puts stored rows in the place of those that there are. Throws LC_SNAPSHOT if they do not fit. */
  thaw(stored: StoredTable): void {
    this.clear();
    this.release();
    this.rows.thaw(stored.header, stored.blocks);
    this.#touched.ensure(this.rows.limit);
    this.#rowCount = this.rows.live.count;
    for (const index of this.#allIndexes()) {
      if (index.build(this.rows.live, this.#rowCount) === undefined) continue;
      throw snapshotFault("holds two rows with one unique key");
    }
  }

  /** Nothing of the transaction waits beside an index. Done before the log is written, as all that could fail is. */
  #settle(): void {
    for (const index of this.#repeating) index.settle?.();
  }

  #forgetJournal(): void {
    this.#settle();
    this.#isOnlyGrowing = true;
    this.#journalRows.clear();
    this.#journalBefore.clear();
  }

  #journal(row: number, before: number): void {
    this.#touched.add(row);
    this.#journalRows.push(row);
    this.#journalBefore.push(before);
  }

  #replace(row: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#touched.has(row)) {
      this.rows.overwrite(row, bytes, start, end);
      this.lastReplaced = none;
      return;
    }
    this.#isOnlyGrowing = false;
    const before = this.rows.displace(row, bytes, start, end);
    this.#ensureBits(before);
    this.#journal(row, before);
    this.lastReplaced = before;
  }

  /** Makes a new row visible whose unique keys have all been searched for. */
  #enterSought(row: number): void {
    this.rows.live.add(row);
    this.#rowCount++;
    for (const index of this.#unique) {
      if (index.addSought === undefined) index.add(row);
      else index.addSought(row);
    }
    for (const index of this.#repeating) index.add(row);
    this.#rowSet?.add(row);
  }

  #enter(row: number): void {
    this.rows.live.add(row);
    this.#rowCount++;
    for (const index of this.indexes) index.add(row);
    this.#rowSet?.add(row);
  }

  #leave(row: number): void {
    for (const index of this.indexes) index.remove(row);
    this.#rowSet?.remove(row);
    this.rows.live.remove(row);
    this.#rowCount--;
  }

  #ensureBits(row: number): void {
    this.rows.live.ensure(row);
    this.#touched.ensure(row);
  }

  /** A visible row that equals the given one if any does: it shares the first unique key, or all columns. */
  #findSimilar(bytes: Uint8Array, start: number, end: number): number {
    const first = this.#unique[0];
    if (first === undefined) return (this.#rowSet as HashIndex).find(bytes, start, end);
    return findByKeyOf(first, bytes, start);
  }

  /** Whether a row other than `except` has the given row's key in a unique index; `lastRow` is that row. */
  #isTaken(index: Index, bytes: Uint8Array, start: number, except: number): boolean {
    const row = findByKeyOf(index, bytes, start);
    if (row < 0 || row === except) return false;
    this.lastRow = row;
    return true;
  }

  #rowEquals(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const size = this.rows.size(row);
    if (size !== end - start) return false;
    return sameBytes(this.rows.view(row), this.rows.start(row), this.#given.of(bytes), start, size);
  }

  #keyEquals(index: Index, row: number, bytes: Uint8Array, start: number): boolean {
    const stored = index.key.load(row);
    const given = index.key.loadFrom(bytes, start);
    return bytesEqual(stored.bytes, stored.start, stored.end, given.bytes, given.start, given.end);
  }
}

function repeatingIndexes({ indexes, unique }: TableBody): readonly Index[] {
  return indexes.filter((index) => !unique.includes(index));
}

function findByKeyOf(index: Index, bytes: Uint8Array, start: number): number {
  const key = index.key.loadFrom(bytes, start);
  return index.find(key.bytes, key.start, key.end);
}
