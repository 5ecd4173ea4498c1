// A table as a map of rows: what the real one is compared with.
import { type Codec, compileCodec, type ProductValue, Writer } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import type { Table, WriteOutcome } from "../../src/datastore/table.ts";
import { rowEncoder, rowsById, type TableSketch, toHex } from "./tables.ts";

/** A sketch with random rows, few enough that they meet again and again. */
export interface RandomTable extends TableSketch {
  readonly row: (rng: Rng) => ProductValue;
}

export interface NetChange {
  readonly inserts: readonly string[];
  readonly deletes: readonly string[];
  readonly isTruncated: boolean;
}

/** The keys of a row, by the names of their columns, as hexadecimal text. */
type Keys = ReadonlyMap<string, string>;

function nameOf(columns: readonly number[]): string {
  return columns.join();
}

export class TableModel {
  readonly sketch: RandomTable;
  /** By the bytes as hexadecimal text. */
  rows: Map<string, Keys> = new Map();
  #committed = new Map<string, Keys>();
  readonly #encode: (row: ProductValue) => Uint8Array;
  readonly #columns: readonly (readonly [name: string, codec: Codec])[];
  /** Column positions of all indexes and unique keys. */
  readonly #keyColumns: readonly (readonly number[])[];
  readonly #found = new RowIds();
  readonly #writer = new Writer();

  constructor(sketch: RandomTable) {
    this.sketch = sketch;
    this.#encode = rowEncoder(sketch);
    this.#columns = Object.entries(sketch.columns).map(([name, type]) => [
      name,
      compileCodec(type),
    ]);
    const indexed = (sketch.indexes ?? []).map(([, ...columns]) => columns);
    this.#keyColumns = [...indexed, ...(sketch.unique ?? [])];
  }

  encode(row: ProductValue): Uint8Array {
    return this.#encode(row);
  }

  #keysOf(row: ProductValue): Keys {
    const parts = this.#columns.map(([name, codec]) => {
      this.#writer.clear();
      codec.write(this.#writer, row[name]);
      return toHex(this.#writer.written());
    });
    return new Map(
      this.#keyColumns.map((columns) => [
        nameOf(columns),
        columns.map((column) => parts[column]).join(""),
      ]),
    );
  }

  #withKey(keys: Keys, columns: readonly number[]): string[] {
    const name = nameOf(columns);
    const wanted = keys.get(name);
    const found: string[] = [];
    for (const [hex, others] of this.rows) if (others.get(name) === wanted) found.push(hex);
    return found;
  }

  #isTaken(keys: Keys, except?: string): boolean {
    return (this.sketch.unique ?? []).some((columns) =>
      this.#withKey(keys, columns).some((hex) => hex !== except),
    );
  }

  insert(row: ProductValue): WriteOutcome {
    const hex = toHex(this.encode(row));
    const keys = this.#keysOf(row);
    if (this.rows.has(hex)) return "unchanged";
    if (this.#isTaken(keys)) return "duplicate";
    this.rows.set(hex, keys);
    return "done";
  }

  /** Replaces the row with the same values in `columns`, which are unique. */
  update(columns: readonly number[], row: ProductValue): WriteOutcome {
    const hex = toHex(this.encode(row));
    const keys = this.#keysOf(row);
    const [old] = this.#withKey(keys, columns);
    if (old === undefined) return "absent";
    if (old === hex) return "unchanged";
    if (this.#isTaken(keys, old)) return "duplicate";
    this.rows.delete(old);
    this.rows.set(hex, keys);
    return "done";
  }

  /** What the open transaction has changed so far. */
  get change(): NetChange {
    const inserts = [...this.rows.keys()].filter((hex) => !this.#committed.has(hex)).sort();
    const deletes = [...this.#committed.keys()].filter((hex) => !this.rows.has(hex)).sort();
    return { inserts, deletes, isTruncated: this.rows.size === 0 && deletes.length > 0 };
  }

  commit(): void {
    if (this.sketch.isEvent === true) this.rows.clear();
    this.#committed = new Map(this.rows);
  }

  rollBack(): void {
    this.rows = new Map(this.#committed);
  }

  /** What of a table is not as it is here; `probe` is a row to ask for, there or not. */
  differences(table: Table, probe: ProductValue): string[] {
    const all = [...this.rows.keys()].sort();
    const faults: string[] = [];
    const expect = <T>(what: string, found: T, expected: T): void => {
      const [a, b] = [String(found), String(expected)];
      if (a !== b) faults.push(`${what}: ${a}, not ${b}`);
    };
    const byId = rowsById(table);
    expect("rows", [...byId.values()].sort(), all);
    expect("row count", table.rowCount, this.rows.size);
    const bytes = this.encode(probe);
    const isFound = table.findRow(bytes, 0, bytes.length) >= 0;
    expect("a row found by its bytes", isFound, this.rows.has(toHex(bytes)));
    table.schema.indexes.forEach(({ columns }, position) => {
      const index = table.indexes[position]!;
      for (const [key, expected] of this.#rowsByKey(columns, this.#keysOf(probe))) {
        const keyBytes = Buffer.from(key, "hex");
        this.#found.clear();
        index.scanPoint(keyBytes, 0, keyBytes.length, this.#found);
        expect(`index ${position}`, this.#foundRows(byId), expected.sort());
      }
      if (!index.isOrdered) return;
      const whole = { bytes: new Uint8Array(0), start: 0, columnCount: 0 };
      this.#found.clear();
      index.scanRange({ ...whole, side: "before" }, { ...whole, side: "after" }, this.#found);
      expect(`all of index ${position}`, this.#foundRows(byId), all);
    });
    return faults;
  }

  /** Rows by their key in some columns; the probe's key is there even where no row has it. */
  #rowsByKey(columns: readonly number[], probe: Keys): Map<string, string[]> {
    const name = nameOf(columns);
    const rowsByKey = new Map<string, string[]>([[probe.get(name)!, []]]);
    for (const [hex, keys] of this.rows) {
      const key = keys.get(name)!;
      const rows = rowsByKey.get(key);
      if (rows === undefined) rowsByKey.set(key, [hex]);
      else rows.push(hex);
    }
    return rowsByKey;
  }

  #foundRows(byId: ReadonlyMap<number, string>): string[] {
    const ids = Array.from(this.#found.ids.subarray(0, this.#found.count));
    return ids.map((row) => byId.get(row) ?? `${row}, which is not in the table`).sort();
  }
}
