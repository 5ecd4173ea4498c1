// Look-ups by the columns of an index. An index is built when it is first asked, and then follows every transaction.
//
// Entries are kept in order in chunks, each an array of a few hundred: a look-up is a binary search for the chunk and
// another one in it, and an insertion moves the rest of one chunk only.
import { LightconeError, present, type ProductValue, type Value } from "@lightcone/abi";
import type { CachedRow, RowFollower, TableCache } from "./cache.ts";
import { type Compare, compileOrder } from "./order.ts";
import type { IndexColumns } from "./schema.ts";

/** Where a range begins and ends; what is left out is open. */
export interface Bounds<Key> {
  readonly gt?: Key | undefined;
  readonly ge?: Key | undefined;
  readonly lt?: Key | undefined;
  readonly le?: Key | undefined;
}

/** The first few of these types. */
type Prefix<Keys extends readonly unknown[]> = Keys extends readonly [infer First, ...infer Rest]
  ? readonly [] | readonly [First, ...Prefix<Rest>]
  : readonly [];

/** Values of the first few columns, then bounds of the next one. */
type RangeArguments<Keys extends readonly unknown[]> = Keys extends readonly [
  infer First,
  ...infer Rest,
]
  ? readonly [Bounds<First>] | readonly [First, ...RangeArguments<Rest>]
  : never;

/** The values of these columns. */
type KeysOf<Row, Fields extends readonly (keyof Row)[]> = {
  readonly [At in keyof Fields]: Row[Fields[At]];
};

/**
 * Rows of the cache by the columns of an index, in the order of these columns as the server has it. The first use of an
 * index sorts all rows; from then on a look-up costs as much as the rows that it finds.
 */
export interface RowIndex<Row, Fields extends readonly (keyof Row)[]> {
  /** The rows that have these values in the first columns of the index; without values all rows. */
  filter(...values: Prefix<KeysOf<Row, Fields>>): readonly Row[];
  /** The rows that have these values in the first columns, and in the next one a value between the bounds. */
  range(...values: RangeArguments<KeysOf<Row, Fields>>): readonly Row[];
}

const chunkLengthMax = 512;

type Position = readonly [chunk: number, offset: number];

interface IndexedColumn {
  readonly field: string;
  readonly compare: Compare;
}

class OrderedRows implements RowFollower {
  readonly #compare: CompareRows;
  /** None of them is empty. */
  #chunks: CachedRow[][] = [];

  constructor(columns: readonly IndexedColumn[]) {
    this.#compare = compileCompare(columns);
  }

  /** Takes all rows at once, in place of those of before. */
  fill(entries: Iterable<CachedRow>): void {
    const sorted = [...entries].sort(this.#compare);
    this.#chunks = [];
    const length = chunkLengthMax / 2;
    for (let at = 0; at < sorted.length; at += length) {
      this.#chunks.push(sorted.slice(at, at + length));
    }
  }

  inserted(entry: CachedRow): void {
    const [at, offset] = this.#positionOf(entry);
    // Behind the last chunk there is none to insert into: the entry goes to its end.
    const index = Math.min(at, this.#chunks.length - 1);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push([entry]);
      return;
    }
    chunk.splice(index === at ? offset : chunk.length, 0, entry);
    if (chunk.length > chunkLengthMax) {
      this.#chunks.splice(index + 1, 0, chunk.splice(chunkLengthMax / 2));
    }
  }

  deleted(entry: CachedRow): void {
    const [at, offset] = this.#positionOf(entry);
    const chunk = present(this.#chunks[at], "an index lacks a row of its table");
    chunk.splice(offset, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The rows whose columns compare as `isBefore` and `isWithin` say; the former hold first, then the latter. */
  rows(isBefore: Test, isWithin: Test): ProductValue[] {
    const found: ProductValue[] = [];
    const [first, firstOffset] = this.#find(({ row }) => isBefore(row));
    for (let at = first; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as CachedRow[];
      for (let offset = at === first ? firstOffset : 0; offset < chunk.length; offset++) {
        const { row } = chunk[offset] as CachedRow;
        if (!isWithin(row)) return found;
        found.push(row);
      }
    }
    return found;
  }

  /** Where an entry stands, or would. */
  #positionOf(entry: CachedRow): Position {
    const compare = this.#compare;
    return this.#find((each) => compare(each, entry) < 0);
  }

  /** The first position that does not lie before, or that behind the last one. */
  #find(isBefore: (entry: CachedRow) => boolean): Position {
    const at = partition(this.#chunks, (chunk) => isBefore(chunk[chunk.length - 1] as CachedRow));
    return [at, partition(this.#chunks[at] ?? [], isBefore)];
  }
}

type Test = (row: ProductValue) => boolean;
type CompareRows = (a: CachedRow, b: CachedRow) => number;

/** The order of an index. Rows that are equal in its columns differ somewhere else, and so in their keys. */
function compileCompare(columns: readonly IndexedColumn[]): CompareRows {
  let next: CompareRows = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  for (const { field, compare } of columns.toReversed()) {
    const rest = next;
    next = (a, b) => {
      const order = compare(a.row[field], b.row[field]);
      return order === 0 ? rest(a, b) : order;
    };
  }
  return next;
}

/** How many items at the start of `items` are before; all after the first that is not are not. */
function partition<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The one implementation of all indexes; which arguments one takes is up to its type. */
class CachedIndex {
  readonly #name: string;
  readonly #columns: readonly IndexedColumn[];
  readonly #cache: TableCache;
  #rows: OrderedRows | undefined;

  constructor(name: string, columns: readonly IndexedColumn[], cache: TableCache) {
    this.#name = name;
    this.#columns = columns;
    this.#cache = cache;
  }

  filter(...values: readonly Value[]): readonly ProductValue[] {
    const order = this.#prefixOrder(values);
    return this.#built().rows(
      (row) => order(row) < 0,
      (row) => order(row) === 0,
    );
  }

  range(...args: readonly (Value | Bounds<Value>)[]): readonly ProductValue[] {
    const order = this.#prefixOrder(args.slice(0, -1) as readonly Value[]);
    const column = this.#columns[args.length - 1];
    const { gt, ge, lt, le } = (args.at(-1) ?? {}) as Bounds<Value>;
    if (column === undefined) throw this.#tooMany(args.length);
    const { field, compare } = column;
    const isUnder = (row: ProductValue): boolean =>
      (ge !== undefined && compare(row[field], ge) < 0) ||
      (gt !== undefined && compare(row[field], gt) <= 0);
    const isOver = (row: ProductValue): boolean =>
      (le !== undefined && compare(row[field], le) > 0) ||
      (lt !== undefined && compare(row[field], lt) >= 0);
    return this.#built().rows(
      (row) => order(row) < 0 || (order(row) === 0 && isUnder(row)),
      (row) => order(row) === 0 && !isOver(row),
    );
  }

  #built(): OrderedRows {
    if (this.#rows === undefined) {
      this.#rows = new OrderedRows(this.#columns);
      this.#rows.fill(this.#cache.entries());
      this.#cache.follow(this.#rows);
    }
    return this.#rows;
  }

  /** How a row compares to these values of the first columns. */
  #prefixOrder(values: readonly Value[]): (row: ProductValue) => number {
    if (values.length > this.#columns.length) throw this.#tooMany(values.length);
    const columns = this.#columns.slice(0, values.length);
    return (row) => {
      for (const [i, { field, compare }] of columns.entries()) {
        const order = compare(row[field], values[i]);
        if (order !== 0) return order;
      }
      return 0;
    };
  }

  #tooMany(count: number): LightconeError {
    const { length } = this.#columns;
    const message = `${this.#name} has ${length} columns, given ${count} values`;
    return new LightconeError("LC_VALUE_INVALID", message);
  }
}

/** The indexes of a table: names and columns. Generated bindings call it, and so bring the code of indexes along. */
export function rowIndexes(columns: IndexColumns): RowIndexes {
  return (cache) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, fields]) => {
        const typed = fields.map((field) => ({
          field,
          compare: present(compileOrder(cache.typeOf(field), cache.types), `${field} has no order`),
        }));
        return [name, new CachedIndex(name, typed, cache)];
      }),
    );
}

/** Makes the indexes of a table's cache. */
export type RowIndexes = (cache: TableCache) => Readonly<Record<string, object>>;
