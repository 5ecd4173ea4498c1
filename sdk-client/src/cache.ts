// The rows of one table, as the server's messages tell them. Nothing here knows callbacks or sockets.
//
// A row is known by its bytes. It may belong to several queries, each of which sends its own copies and deletes
// (protocol.md 7.4), so a row counts how often it was sent and goes when the count is back at zero:
//
//     message:  inserts, deletes ...   counts move, rows are created; `touched` remembers which and how they were
//     settle()                         rows whose count left or reached zero are the change; indexes follow
//     discard()                        the message was bad: everything is as it was
//
// After a reconnection the server sends everything again. Meanwhile counts begin anew and readers see what they saw; in
// the end the change is what readers see and nothing counts any more, and the other way round.
import {
  type AlgebraicType,
  assert,
  type Codec,
  compileCodec,
  LightconeError,
  present,
  type ProductType,
  type ProductValue,
  Reader,
  resolve,
  rowCount,
  type RowListView,
  rowStart,
  type Typespace,
  Writer,
} from "@lightcone/abi";
import { compileKey } from "./key.ts";
import { compileKeyFinder, hashBytes, type KeyFinder } from "./row-key.ts";
import { type RowSpan, RowStore, shownFlag, touchedFlag } from "./row-store.ts";
import type { TableSchema } from "./schema.ts";

/** Net effect on one table. A row whose primary key stayed is in `updated` only, as its old and new form. */
export interface RowChange {
  readonly inserted: readonly ProductValue[];
  readonly deleted: readonly ProductValue[];
  readonly updated: readonly (readonly [before: ProductValue, after: ProductValue])[];
}

/** Is told which rows become visible, and which vanish while they are still there. */
export interface RowFollower {
  inserted(id: number): void;
  deleted(id: number): void;
}

/** Columns that are unique together. */
interface UniqueIndex {
  readonly fields: readonly string[];
  /** The row that has the values of `key` in these columns. */
  readonly find: (key: ProductValue) => ProductValue | undefined;
  readonly follow: (change: RowChange) => void;
}

export function isEmptyChange({ inserted, deleted, updated }: RowChange): boolean {
  return inserted.length + deleted.length + updated.length === 0;
}

const noBytes = new Uint8Array(0);
const keyWriter = new Writer(64);
const keyReader = new Reader(noBytes);

/** Bytes of a frame that may stay in memory until the next one comes. */
const keptFrameLengthMax = 64 * 1024;

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

  constructor(schema: TableSchema, types: Typespace) {
    this.#table = schema.name;
    this.#codec = compileCodec<ProductValue>(rowTypeOf(schema, types), types);
  }

  /** The row in `[start, end)` of the bytes of `reader`. */
  decode(reader: Reader, start: number, end: number): ProductValue {
    reader.reset(reader.source, start, end);
    const row = this.#codec.read(reader);
    if (reader.remaining > 0) {
      const rest = reader.remaining;
      throw badRow(this.#table, `has ${rest} bytes more than its type; generate the bindings anew`);
    }
    return row;
  }

  decodeAll(list: RowListView): ProductValue[] {
    const rows: ProductValue[] = [];
    const reader = new Reader(list.data);
    const count = rowCount(list);
    for (let i = 0; i < count; i++) {
      rows.push(this.decode(reader, rowStart(list, i), rowStart(list, i + 1)));
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
  readonly #followers: RowFollower[] = [];
  readonly #rowType: ProductType;
  readonly types: Typespace;
  readonly #findKey: KeyFinder;
  #store = new RowStore();
  /** The row of a list that is looked at. */
  readonly #span: RowSpan = {
    reader: new Reader(noBytes),
    start: 0,
    end: 0,
    keyStart: 0,
    keyEnd: 0,
  };
  /** Rows of this message, behind each its count before it. */
  #touched: number[] = [];
  #size = 0;
  /** Whether rows are gathered that readers do not see yet. */
  #isStaging = false;

  constructor(schema: TableSchema, types: Typespace, decoder: RowDecoder) {
    const rowType = rowTypeOf(schema, types);
    const { name, primaryKey, uniques } = schema;
    this.#name = name;
    this.#rowType = rowType;
    this.types = types;
    this.#decoder = decoder;
    this.#indexes = uniques.map((fields) =>
      fields.join() === primaryKey
        ? this.#primaryIndex(primaryKey)
        : uniqueIndex(fields, rowType, types),
    );
    this.#findKey = compileKeyFinder(rowType, primaryKey, types);
  }

  get size(): number {
    return this.#size;
  }

  *rows(): Generator<ProductValue, undefined, undefined> {
    for (const id of this.ids()) yield this.row(id);
    return undefined;
  }

  /** The numbers of the rows. */
  *ids(): Generator<number, undefined, undefined> {
    for (let id = 1; id < this.#store.end; id++) if (this.#store.hasFlag(id, shownFlag)) yield id;
    return undefined;
  }

  /** The row of a number that a follower knows. */
  row(id: number): ProductValue {
    return this.#store.row(id) as ProductValue;
  }

  /** The type of a field that exists. */
  typeOf(field: string): AlgebraicType {
    const element = this.#rowType.elements.find(({ name }) => name === field);
    return present(element, `no column is called ${field}`).type;
  }

  /** From now on `follower` is told of every change. */
  follow(follower: RowFollower): void {
    this.#followers.push(follower);
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
    return index.find(key);
  }

  /** The store finds rows by their primary key anyway. */
  #primaryIndex(field: string): UniqueIndex {
    const codec = compileCodec(this.typeOf(field), this.types);
    return {
      fields: [field],
      find: (key) => {
        keyWriter.clear();
        try {
          codec.write(keyWriter, key[field]);
        } catch {
          // No row has a value that the column cannot have.
          return undefined;
        }
        const { length, memory } = keyWriter;
        keyReader.reset(memory);
        const { view } = keyReader;
        return this.#store.row(this.#store.findShown(view, 0, length, hashBytes(view, 0, length)));
      },
      follow: () => undefined,
    };
  }

  /** Counts the rows of `list` in. Throws LC_BSATN_DECODE or LC_FRAME_INVALID. */
  insert(list: RowListView): void {
    this.#each(list, 1);
  }

  /** Counts the rows of `list` out. Throws LC_FRAME_INVALID for one that was never sent. */
  delete(list: RowListView): void {
    this.#each(list, -1);
  }

  #each(list: RowListView, difference: 1 | -1): void {
    const store = this.#store;
    const span = this.#span;
    const { reader } = span;
    reader.reset(list.data);
    const count = rowCount(list);
    for (let i = 0; i < count; i++) {
      span.start = rowStart(list, i);
      span.end = rowStart(list, i + 1);
      this.#findKey(span);
      const hash = hashBytes(reader.view, span.keyStart, span.keyEnd);
      let id = store.find(span, hash);
      if (id === 0) {
        if (difference < 0) throw badRow(this.#name, "was deleted that had not been sent");
        id = store.add(span, hash, this.#decoder.decode(reader, span.start, span.end));
      }
      this.#touch(id);
      store.setCount(id, store.countOf(id) + difference);
    }
  }

  #touch(id: number): void {
    if (this.#store.hasFlag(id, touchedFlag)) return;
    this.#store.setFlag(id, touchedFlag, true);
    this.#touched.push(id, this.#store.countOf(id));
  }

  /** Throws LC_FRAME_INVALID if the message deleted more copies of a row than there were. */
  check(): void {
    const touched = this.#touched;
    for (let i = 0; i < touched.length; i += 2) {
      if (this.#store.countOf(touched[i] as number) >= 0) continue;
      throw badRow(this.#name, "was deleted more often than it had been sent");
    }
  }

  /** Takes back all since the last `settle()`. */
  discard(): void {
    const touched = this.#touched;
    for (let i = 0; i < touched.length; i += 2) {
      this.#store.setCount(touched[i] as number, touched[i + 1] as number);
    }
    this.settle();
  }

  /** Makes all since the last `settle()` visible and returns what changed. Nothing changes for readers while staging. */
  settle(): RowChange {
    if (this.#touched.length === 0) return nothing;
    const store = this.#store;
    const touched = this.#touched;
    this.#touched = [];
    const inserted: number[] = [];
    const deleted: number[] = [];
    for (let i = 0; i < touched.length; i += 2) {
      const id = touched[i] as number;
      store.setFlag(id, touchedFlag, false);
      const isIn = store.countOf(id) > 0;
      const isShown = store.hasFlag(id, shownFlag);
      if (!isIn && !isShown) store.remove(id);
      else if (isIn !== isShown) (isIn ? inserted : deleted).push(id);
    }
    // Who keeps a part of a frame keeps all of it.
    const { reader } = this.#span;
    if (reader.view.buffer.byteLength > keptFrameLengthMax) reader.reset(noBytes);
    return this.#isStaging ? nothing : this.#changed(inserted, deleted);
  }

  /** From now on rows are gathered apart, from nothing. What an earlier staging gathered is dropped. */
  startStaging(): void {
    this.#touchAll();
    for (let i = 0; i < this.#touched.length; i += 2) {
      this.#store.setCount(this.#touched[i] as number, 0);
    }
    this.#isStaging = true;
    this.settle();
  }

  /** Replaces the rows by those gathered since `startStaging()` and returns the difference. */
  finishStaging(): RowChange {
    this.#touchAll();
    this.#isStaging = false;
    return this.settle();
  }

  #touchAll(): void {
    const { end } = this.#store;
    for (let id = 1; id < end; id++) if (this.#store.row(id) !== undefined) this.#touch(id);
  }

  #changed(insertedIds: readonly number[], deletedIds: readonly number[]): RowChange {
    const store = this.#store;
    for (const follower of this.#followers) {
      for (const id of deletedIds) follower.deleted(id);
      for (const id of insertedIds) follower.inserted(id);
    }
    const inserted: ProductValue[] = [];
    const deleted: ProductValue[] = [];
    const updated: (readonly [ProductValue, ProductValue])[] = [];
    for (const id of insertedIds) {
      const before = deletedIds.length > 0 ? store.findShownLike(id) : 0;
      if (before === 0 || store.countOf(before) > 0) inserted.push(this.row(id));
      else {
        store.setFlag(before, shownFlag, false);
        updated.push([this.row(before), this.row(id)]);
      }
    }
    for (const id of deletedIds) if (store.hasFlag(id, shownFlag)) deleted.push(this.row(id));
    for (const id of insertedIds) store.setFlag(id, shownFlag, true);
    for (const id of deletedIds) store.remove(id);
    this.#size += insertedIds.length - deletedIds.length;
    // An empty table gives its memory back.
    if (this.#size === 0) this.#store = new RowStore();
    const change = { inserted, deleted, updated };
    for (const index of this.#indexes) index.follow(change);
    return change;
  }
}

function uniqueIndex(
  fields: readonly string[],
  rowType: ProductType,
  types: Typespace,
): UniqueIndex {
  const keyOf = compileKey(fields, rowType, types);
  const rows = new Map<unknown, ProductValue>();
  return {
    fields,
    find: (key) => rows.get(keyOf(key)),
    // Rows may have exchanged keys, so all of those that go go first. A key that stays is only set: to delete and insert
    // it would cost three look-ups, and leave a hole in the map.
    follow: ({ inserted, deleted, updated }) => {
      for (const row of deleted) rows.delete(keyOf(row));
      for (const [before, after] of updated) {
        const key = keyOf(before);
        if (key !== keyOf(after)) rows.delete(key);
      }
      for (const [, row] of updated) rows.set(keyOf(row), row);
      for (const row of inserted) rows.set(keyOf(row), row);
    },
  };
}

function shownFields(fields: readonly string[]): string {
  return `{ ${fields.join(", ")} }`;
}
