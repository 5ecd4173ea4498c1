// Look-ups by the columns of an index. An index is built when it is first asked, and then follows every transaction.
//
// Rows are kept in order in chunks of a few hundred: a look-up is a binary search for the chunk and another one in it, and
// an insertion moves the rest of one chunk only. Beside each row stand numbers that rank its values, so that a search
// mostly reads numbers that lie together instead of rows that lie anywhere.
import { LightconeError, present, type ProductValue, type Value } from "@lightcone/abi";
import type { RowFollower, TableCache } from "./cache.ts";
import { compileOrder, type Order } from "./order.ts";
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

interface IndexedColumn extends Order {
  readonly field: string;
}

/** Rows that follow one another: for each the ranks of its columns, then its number. */
interface Chunk {
  /** In rows. */
  length: number;
  readonly words: Float64Array;
}

class OrderedRows implements RowFollower {
  readonly #columns: readonly IndexedColumn[];
  readonly #cache: TableCache;
  /** Words of a row. */
  readonly #width: number;
  /** None but the last one may be empty, which is always there. */
  readonly #chunks: Chunk[];
  /** The row that a place is looked for, and its words. */
  #row: ProductValue = {};
  readonly #words: Float64Array;

  /** Takes all rows that are there. */
  constructor(columns: readonly IndexedColumn[], cache: TableCache) {
    this.#columns = columns;
    this.#cache = cache;
    this.#width = columns.length + 1;
    this.#words = new Float64Array(this.#width);
    this.#chunks = [this.#newChunk()];
    for (const id of cache.ids()) this.inserted(id);
  }

  #newChunk(): Chunk {
    return { length: 0, words: new Float64Array(chunkLengthMax * this.#width) };
  }

  #lookFor(id: number): void {
    this.#row = this.#cache.row(id);
    for (let i = 0; i < this.#columns.length; i++) {
      const { field, rank } = this.#columns[i] as IndexedColumn;
      this.#words[i] = rank(this.#row[field]);
    }
    this.#words[this.#width - 1] = id;
  }

  inserted(id: number): void {
    this.#lookFor(id);
    const at = this.#chunkAt();
    const chunk = this.#chunks[at] as Chunk;
    if (chunk.length === chunkLengthMax) {
      this.#split(at);
      this.inserted(id);
      return;
    }
    const start = this.#offsetIn(chunk) * this.#width;
    chunk.words.copyWithin(start + this.#width, start, chunk.length * this.#width);
    chunk.words.set(this.#words, start);
    chunk.length++;
  }

  /** Moves the second half of a full chunk into one of its own. */
  #split(at: number): void {
    const chunk = this.#chunks[at] as Chunk;
    const rest = this.#newChunk();
    rest.length = chunkLengthMax / 2;
    chunk.length = chunkLengthMax / 2;
    rest.words.set(chunk.words.subarray(chunk.length * this.#width));
    this.#chunks.splice(at + 1, 0, rest);
  }

  deleted(id: number): void {
    this.#lookFor(id);
    const at = this.#chunkAt();
    const chunk = this.#chunks[at] as Chunk;
    const start = this.#offsetIn(chunk) * this.#width;
    chunk.words.copyWithin(start, start + this.#width, chunk.length * this.#width);
    chunk.length--;
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** The first chunk whose last row is not before the one looked for, or the last one. */
  #chunkAt(): number {
    return partition(this.#chunks.length - 1, (at) => {
      const chunk = this.#chunks[at] as Chunk;
      return this.#isBefore(chunk, chunk.length - 1);
    });
  }

  /** Where in `chunk` the row looked for stands, or would. */
  #offsetIn(chunk: Chunk): number {
    return partition(chunk.length, (offset) => this.#isBefore(chunk, offset));
  }

  /** Whether a row is before the one looked for. Rows that are equal in all columns are in the order of their numbers. */
  #isBefore({ words }: Chunk, offset: number): boolean {
    const start = offset * this.#width;
    const last = this.#width - 1;
    const id = words[start + last] as number;
    for (let i = 0; i < last; i++) {
      const rank = words[start + i] as number;
      if (rank !== this.#words[i]) return rank < (this.#words[i] as number);
      const { field, compare, isExact } = this.#columns[i] as IndexedColumn;
      if (isExact(rank)) continue;
      const order = compare(this.#cache.row(id)[field], this.#row[field]);
      if (order !== 0) return order < 0;
    }
    return id < (this.#words[last] as number);
  }

  /** The rows whose columns compare as `isBefore` and `isWithin` say; the former hold first, then the latter. */
  rows(isBefore: Test, isWithin: Test): ProductValue[] {
    const found: ProductValue[] = [];
    const rowAt = ({ words }: Chunk, offset: number): ProductValue =>
      this.#cache.row(words[(offset + 1) * this.#width - 1] as number);
    const chunks = this.#chunks;
    const first = partition(chunks.length - 1, (at) => {
      const chunk = chunks[at] as Chunk;
      return isBefore(rowAt(chunk, chunk.length - 1));
    });
    for (let at = first; at < chunks.length; at++) {
      const chunk = chunks[at] as Chunk;
      const start =
        at === first ? partition(chunk.length, (offset) => isBefore(rowAt(chunk, offset))) : 0;
      for (let offset = start; offset < chunk.length; offset++) {
        const row = rowAt(chunk, offset);
        if (!isWithin(row)) return found;
        found.push(row);
      }
    }
    return found;
  }
}

type Test = (row: ProductValue) => boolean;

/** How many of the first `count` are before; all after the first that is not are not. */
function partition(count: number, isBefore: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
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
      this.#rows = new OrderedRows(this.#columns, this.#cache);
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
          ...present(compileOrder(cache.typeOf(field), cache.types), `${field} has no order`),
        }));
        return [name, new CachedIndex(name, typed, cache)];
      }),
    );
}

/** Makes the indexes of a table's cache. */
export type RowIndexes = (cache: TableCache) => Readonly<Record<string, object>>;
