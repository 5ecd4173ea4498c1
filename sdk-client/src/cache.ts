// The rows of one table, as the server's messages tell them. Nothing here knows callbacks or sockets.
//
// A row is known by its bytes. It may belong to several queries, each of which sends its own copies and deletes
// (protocol.md 7.4), so a row counts how often it was sent and goes when the count is back at zero:
//
//     message:  inserts, deletes ...   counts move, rows are created; `touched` remembers which and how they were
//     settle()                         rows whose count left or reached zero are the change; indexes follow
//     discard()                        the message was bad: everything is as it was
//
// After a reconnection the server sends everything again. Meanwhile rows are gathered in a second map, and the change
// is the difference of the two maps: what stayed the same is not told again.
import {
  assert,
  type Codec,
  compileCodec,
  LightconeError,
  type ProductType,
  type ProductValue,
  Reader,
  resolve,
  rowCount,
  type RowListView,
  rowStart,
  type Typespace,
} from "@lightcone/abi";
import { bytesKey, compileKey, type KeyOf } from "./key.ts";
import type { TableSchema } from "./schema.ts";

/** Net effect on one table. A row whose primary key stayed is in `updated` only, as its old and new form. */
export interface RowChange {
  readonly inserted: readonly ProductValue[];
  readonly deleted: readonly ProductValue[];
  readonly updated: readonly (readonly [before: ProductValue, after: ProductValue])[];
}

interface Entry {
  readonly key: string;
  readonly row: ProductValue;
  /** How many copies the queries have sent and not deleted. */
  count: number;
  /** The count before this message; -1 as long as the message has not touched the row. */
  countBefore: number;
}

interface UniqueIndex {
  readonly fields: readonly string[];
  readonly keyOf: KeyOf;
  readonly rows: Map<unknown, ProductValue>;
}

export function isEmptyChange({ inserted, deleted, updated }: RowChange): boolean {
  return inserted.length + deleted.length + updated.length === 0;
}

const nothing: RowChange = { inserted: [], deleted: [], updated: [] };

/** The type of a table's rows. */
function rowTypeOf(schema: TableSchema, types: Typespace): ProductType {
  const type = resolve(schema.row, types);
  assert(type.kind === "product", `the row type of ${schema.name} is no product`);
  return type;
}

/** Decodes the rows of lists, strictly: a row that is not exactly of its type shows that client and module differ. */
export class RowDecoder {
  readonly #table: string;
  readonly #codec: Codec<ProductValue>;
  readonly #reader = new Reader(new Uint8Array(0));

  constructor(schema: TableSchema, types: Typespace) {
    this.#table = schema.name;
    this.#codec = compileCodec<ProductValue>(rowTypeOf(schema, types), types);
  }

  decode(data: Uint8Array, start: number, end: number): ProductValue {
    this.#reader.reset(data, start, end);
    const row = this.#codec.read(this.#reader);
    if (this.#reader.remaining > 0) {
      const rest = this.#reader.remaining;
      throw badRow(this.#table, `has ${rest} bytes more than its type; generate the bindings anew`);
    }
    return row;
  }

  decodeAll(list: RowListView): ProductValue[] {
    const rows: ProductValue[] = [];
    const count = rowCount(list);
    for (let i = 0; i < count; i++) {
      rows.push(this.decode(list.data, rowStart(list, i), rowStart(list, i + 1)));
    }
    return rows;
  }
}

function badRow(table: string, fault: string): LightconeError {
  return new LightconeError("LC_FRAME_INVALID", `a row of ${table} ${fault}`);
}

export class TableCache {
  readonly #name: string;
  readonly #decoder: RowDecoder;
  readonly #indexes: readonly UniqueIndex[];
  readonly #primaryKeyOf: KeyOf | undefined;
  /** What readers see. */
  #entries = new Map<string, Entry>();
  /** What will replace it after a reconnection; counts in `#entries` stand still meanwhile. */
  #staged: Map<string, Entry> | undefined;
  #touched: Entry[] = [];

  constructor(schema: TableSchema, types: Typespace, decoder: RowDecoder) {
    const rowType = rowTypeOf(schema, types);
    this.#name = schema.name;
    this.#decoder = decoder;
    this.#indexes = schema.uniques.map((fields) => ({
      fields,
      keyOf: compileKey(fields, rowType, types),
      rows: new Map(),
    }));
    const { primaryKey } = schema;
    this.#primaryKeyOf =
      primaryKey === undefined ? undefined : compileKey([primaryKey], rowType, types);
  }

  get size(): number {
    return this.#entries.size;
  }

  *rows(): Generator<ProductValue, undefined, undefined> {
    for (const entry of this.#entries.values()) yield entry.row;
    return undefined;
  }

  /** The row with these values in columns that are unique together. Throws LC_VALUE_INVALID for other columns. */
  find(key: ProductValue): ProductValue | undefined {
    const given = Object.keys(key);
    const index = this.#indexes.find(
      ({ fields }) => fields.length === given.length && fields.every((field) => field in key),
    );
    if (index === undefined) {
      const known = this.#indexes.map(({ fields }) => shownFields(fields)).join(" or ");
      const message = `find in ${this.#name} takes ${known || "no columns"}, given ${shownFields(given)}`;
      throw new LightconeError("LC_VALUE_INVALID", message);
    }
    return index.rows.get(index.keyOf(key));
  }

  /** Counts the rows of `list` in. Throws LC_BSATN_DECODE or LC_FRAME_INVALID. */
  insert(list: RowListView): void {
    const { data } = list;
    const count = rowCount(list);
    for (let i = 0; i < count; i++) {
      const start = rowStart(list, i);
      const end = rowStart(list, i + 1);
      const key = bytesKey(data, start, end);
      const entry = this.#target.get(key) ?? this.#create(key, data, start, end);
      this.#touch(entry);
      entry.count++;
    }
  }

  /** Counts the rows of `list` out. Throws LC_FRAME_INVALID for one that was never sent. */
  delete(list: RowListView): void {
    const { data } = list;
    const count = rowCount(list);
    for (let i = 0; i < count; i++) {
      const entry = this.#target.get(bytesKey(data, rowStart(list, i), rowStart(list, i + 1)));
      if (entry === undefined) throw badRow(this.#name, "was deleted that had not been sent");
      this.#touch(entry);
      entry.count--;
    }
  }

  get #target(): Map<string, Entry> {
    return this.#staged ?? this.#entries;
  }

  #create(key: string, data: Uint8Array, start: number, end: number): Entry {
    // A row that is in the cache stays the same object over a reconnection, whoever holds it.
    const known = this.#staged === undefined ? undefined : this.#entries.get(key);
    const row = known?.row ?? this.#decoder.decode(data, start, end);
    const entry = { key, row, count: 0, countBefore: -1 };
    this.#target.set(key, entry);
    return entry;
  }

  #touch(entry: Entry): void {
    if (entry.countBefore !== -1) return;
    entry.countBefore = entry.count;
    this.#touched.push(entry);
  }

  /** Throws LC_FRAME_INVALID if the message deleted more copies of a row than there were. */
  check(): void {
    for (const { count } of this.#touched) {
      if (count < 0) throw badRow(this.#name, "was deleted more often than it had been sent");
    }
  }

  /** Takes back all since the last `settle()`. */
  discard(): void {
    for (const entry of this.#touched) {
      entry.count = entry.countBefore;
      entry.countBefore = -1;
      if (entry.count === 0) this.#target.delete(entry.key);
    }
    this.#touched = [];
  }

  /** Makes all since the last `settle()` visible and returns what changed. Nothing changes for readers while staging. */
  settle(): RowChange {
    if (this.#touched.length === 0) return nothing;
    const inserted: ProductValue[] = [];
    const deleted: ProductValue[] = [];
    for (const entry of this.#touched) {
      if (entry.countBefore === 0 && entry.count > 0) inserted.push(entry.row);
      if (entry.countBefore > 0 && entry.count === 0) deleted.push(entry.row);
      if (entry.count === 0) this.#target.delete(entry.key);
      entry.countBefore = -1;
    }
    this.#touched = [];
    return this.#staged === undefined ? this.#changed(inserted, deleted) : nothing;
  }

  /** From now on rows are gathered apart, from nothing. What an earlier staging gathered is dropped. */
  startStaging(): void {
    this.#staged = new Map();
  }

  /** Replaces the rows by those gathered since `startStaging()` and returns the difference. */
  finishStaging(): RowChange {
    const before = this.#entries;
    const after = this.#staged;
    assert(after !== undefined, "a staging ends that never began");
    const inserted: ProductValue[] = [];
    const deleted: ProductValue[] = [];
    for (const { key, row } of before.values()) if (!after.has(key)) deleted.push(row);
    for (const { key, row } of after.values()) if (!before.has(key)) inserted.push(row);
    this.#entries = after;
    this.#staged = undefined;
    return this.#changed(inserted, deleted);
  }

  #changed(inserted: ProductValue[], deleted: ProductValue[]): RowChange {
    for (const { keyOf, rows } of this.#indexes) {
      for (const row of deleted) rows.delete(keyOf(row));
      for (const row of inserted) rows.set(keyOf(row), row);
    }
    const hasBoth = inserted.length > 0 && deleted.length > 0;
    if (this.#primaryKeyOf === undefined || !hasBoth) return { inserted, deleted, updated: [] };
    return pairUpdates(inserted, deleted, this.#primaryKeyOf);
  }
}

function shownFields(fields: readonly string[]): string {
  return `{ ${fields.join(", ")} }`;
}

function pairUpdates(
  inserted: readonly ProductValue[],
  deleted: readonly ProductValue[],
  keyOf: KeyOf,
): RowChange {
  const gone = new Map(deleted.map((row) => [keyOf(row), row] as const));
  const added: ProductValue[] = [];
  const updated: [ProductValue, ProductValue][] = [];
  for (const row of inserted) {
    const key = keyOf(row);
    const before = gone.get(key);
    if (before === undefined) added.push(row);
    else updated.push([before, row]);
    gone.delete(key);
  }
  return { inserted: added, deleted: [...gone.values()], updated };
}
