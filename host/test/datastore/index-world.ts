// An index beside a sorted list of what it should hold, driven at random.
import {
  type AlgebraicType,
  compileCodec,
  encode,
  product,
  type ProductValue,
  type Value,
} from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { type Cut, type Index, IndexKey } from "../../src/datastore/index/contract.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import { RowLayout } from "../../src/datastore/row-layout.ts";
import { FixedRowStore } from "../../src/datastore/rows/fixed-store.ts";
import type { RowStore } from "../../src/datastore/rows/store.ts";
import { VariableRowStore } from "../../src/datastore/rows/variable-store.ts";
import { compareValues } from "./value-order.ts";

/** A table with one index. */
export interface Shape {
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  /** Positions of the key's columns, in key order. */
  readonly key: readonly number[];
  readonly isUnique?: boolean;
  /** A random row, by column. */
  readonly row: (rng: Rng) => readonly Value[];
}

export function columnTypesOfKey({ columns, key }: Shape): AlgebraicType[] {
  const types = Object.values(columns);
  return key.map((column) => types[column] as AlgebraicType);
}

type Key = readonly Value[];

interface Entry {
  readonly row: number;
  readonly key: Key;
}

/** A cut as values. */
interface Place {
  readonly key: Key;
  readonly columnCount: number;
  readonly side: Cut["side"];
}

/** What was found and what should have been. */
export interface Answer {
  readonly found: readonly number[];
  readonly expected: readonly number[];
}

export class IndexWorld {
  /** By key, then by row id. */
  readonly entries: Entry[] = [];
  readonly store: RowStore;
  readonly #shape: Shape;
  readonly #rng: Rng;
  readonly #types: readonly AlgebraicType[];
  readonly #encode: (row: ProductValue) => Uint8Array;
  readonly #found = new RowIds();
  readonly #make: () => Index;
  #index: Index;

  constructor(shape: Shape, make: (key: IndexKey, isUnique: boolean) => Index, rng: Rng) {
    const layout = new RowLayout(Object.values(shape.columns));
    const codec = compileCodec(product(shape.columns));
    this.#shape = shape;
    this.#rng = rng;
    this.#types = columnTypesOfKey(shape);
    this.#encode = (row) => encode(codec, row);
    this.store = layout.rowSize < 0 ? new VariableRowStore() : new FixedRowStore(layout.rowSize);
    const key = new IndexKey(shape.key, this.store, layout);
    this.#make = () => make(key, shape.isUnique === true);
    this.#index = this.#make();
  }

  get index(): Index {
    return this.#index;
  }

  #keyOf(values: readonly Value[]): Key {
    return this.#shape.key.map((column) => values[column]);
  }

  #compareKeys(a: Key, b: Key, columnCount: number): number {
    for (let i = 0; i < columnCount; i++) {
      const order = compareValues(this.#types[i] as AlgebraicType, a[i], b[i]);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** Position of the first entry for which `isBefore` is false. */
  #position(isBefore: (entry: Entry) => boolean): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.entries[middle] as Entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #positionOf({ key, columnCount, side }: Place): number {
    return this.#position((entry) => {
      const order = this.#compareKeys(entry.key, key, columnCount);
      return order < 0 || (order === 0 && side === "after");
    });
  }

  #between(lower: Place, upper: Place): number[] {
    const entries = this.entries.slice(this.#positionOf(lower), this.#positionOf(upper));
    return entries.map(({ row }) => row);
  }

  #withKey(key: Key): number[] {
    const columnCount = key.length;
    return this.#between({ key, columnCount, side: "before" }, { key, columnCount, side: "after" });
  }

  /** Adds a row, random unless it is given; not if its key must be unique and is not. Returns whether it did. */
  add(values: readonly Value[] = this.#shape.row(this.#rng)): boolean {
    const key = this.#keyOf(values);
    if (this.#shape.isUnique === true && this.#withKey(key).length > 0) return false;
    const names = Object.keys(this.#shape.columns);
    const bytes = this.#encode(Object.fromEntries(names.map((name, i) => [name, values[i]])));
    const row = this.store.add(bytes, 0, bytes.length);
    const at = this.#position((entry) => {
      const order = this.#compareKeys(entry.key, key, key.length);
      return order < 0 || (order === 0 && entry.row < row);
    });
    this.entries.splice(at, 0, { row, key });
    this.store.live.ensure(row);
    this.store.live.add(row);
    this.index.add(row);
    return true;
  }

  /** Puts an index in place that is built from all rows at once. Returns the conflicts that it saw: there are none. */
  rebuild(): string[] {
    this.#index = this.#make();
    const conflict = this.#index.build(this.store.live, this.entries.length);
    return conflict === undefined
      ? []
      : [`rows ${conflict.row} and ${conflict.other} have one key`];
  }

  /** Removes the entry at a position, random unless it is given. */
  remove(position: number = this.#rng.nextBelow(this.entries.length)): void {
    const { row } = this.entries.splice(position, 1)[0] as Entry;
    this.index.remove(row);
    this.store.live.remove(row);
    // The place is used again at once, with other bytes: the index must not depend on these.
    this.store
      .page(row)
      .fill(0xff, this.store.start(row), this.store.start(row) + this.store.size(row));
    this.store.free(row);
  }

  #randomKey(): Key {
    const isPresent = this.entries.length > 0 && this.#rng.nextBelow(2) === 0;
    return isPresent ? this.#rng.pick(this.entries).key : this.#keyOf(this.#shape.row(this.#rng));
  }

  #randomPlace(): Place {
    return {
      key: this.#randomKey(),
      columnCount: this.#rng.nextBelow(this.#types.length + 1),
      side: this.#rng.pick(["before", "after"]),
    };
  }

  /** The bytes of a place, with others around them. */
  #cut({ key, columnCount, side }: Place): Cut {
    const parts = key
      .slice(0, columnCount)
      .map((value, i) => encode(compileCodec(this.#types[i] as AlgebraicType), value));
    return { bytes: Buffer.concat([new Uint8Array(3), ...parts]), start: 3, columnCount, side };
  }

  /** All rows with a random key. */
  scanPoint(): Answer {
    const key = this.#randomKey();
    const { bytes, start } = this.#cut({ key, columnCount: key.length, side: "before" });
    this.#found.clear();
    this.index.scanPoint(bytes, start, bytes.length, this.#found);
    return { found: this.#foundRows(), expected: this.#withKey(key) };
  }

  /** One row with a random key: the first of those expected, if it is any of them. */
  find(): Answer {
    const key = this.#randomKey();
    const { bytes, start } = this.#cut({ key, columnCount: key.length, side: "before" });
    const expected = this.#withKey(key);
    const row = this.index.find(bytes, start, bytes.length);
    const isRight = row < 0 ? expected.length === 0 : expected.includes(row);
    return isRight ? { found: [], expected: [] } : { found: [row], expected };
  }

  /** All rows between two random places, which may be the wrong way round. */
  scanRange(): Answer {
    const [lower, upper] = [this.#randomPlace(), this.#randomPlace()];
    this.#found.clear();
    this.index.scanRange(this.#cut(lower), this.#cut(upper), this.#found);
    return { found: this.#foundRows(), expected: this.#between(lower, upper) };
  }

  /** All rows in key order. */
  scanAll(): Answer {
    const place = { key: [], columnCount: 0 };
    const [lower, upper] = [
      { ...place, side: "before" },
      { ...place, side: "after" },
    ] as const;
    this.#found.clear();
    this.index.scanRange(this.#cut(lower), this.#cut(upper), this.#found);
    return { found: this.#foundRows(), expected: this.#between(lower, upper) };
  }

  #foundRows(): number[] {
    return Array.from(this.#found.ids.subarray(0, this.#found.count));
  }
}
