// A table of the host's own with rows as objects: the narrow use that control data makes of the
// datastore.
import {
  type AlgebraicType,
  assert,
  type Codec,
  compileCodec,
  decode,
  encode,
  present,
  product,
  type Value,
} from "@lightcone/abi";
import { createTable } from "../datastore/create-table.ts";
import type { Datastore } from "../datastore/datastore.ts";
import type { Index } from "../datastore/index/contract.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";

/** How a table looks. The first column is its primary key. */
export interface ControlTableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  /** Other columns that rows are looked up by. */
  readonly indexed: readonly string[];
}

/** Rows of type `Row`: an object with the columns as fields. */
export class ControlTable<Row extends { readonly [column: string]: Value }> {
  readonly #shape: ControlTableShape;
  readonly #rowCodec: Codec;
  readonly #columnCodecs: ReadonlyMap<string, Codec>;
  readonly #found = new RowIds();

  constructor(shape: ControlTableShape) {
    this.#shape = shape;
    this.#rowCodec = compileCodec(product(shape.columns));
    this.#columnCodecs = new Map(
      Object.entries(shape.columns).map(([name, type]) => [name, compileCodec(type)]),
    );
  }

  /** Makes the table inside the open transaction unless it is there. */
  ensure(datastore: Datastore, tx: Transaction): void {
    const { name, columns, indexed } = this.#shape;
    if (datastore.tableByName(name) !== undefined) return;
    const columnNames = Object.keys(columns);
    createTable(datastore, tx, {
      name,
      alias: name,
      access: "private",
      columns: columnNames.map((column) => ({
        name: column,
        alias: column,
        type: columns[column] as AlgebraicType,
      })),
      primaryKey: 0,
      indexes: [columnNames[0] as string, ...indexed].map((column) => ({
        name: this.#indexName(column),
        // Aliases are unique among all tables.
        alias: this.#indexName(column),
        kind: "btree",
        columns: [columnNames.indexOf(column)],
      })),
      constraints: [{ name: `${name}_${columnNames[0]}_key`, columns: [0] }],
      sequences: [],
      schedule: undefined,
      isEvent: false,
    });
  }

  #indexName(column: string): string {
    return `${this.#shape.name}_${column}_idx_btree`;
  }

  #table(datastore: Datastore): Table {
    return present(datastore.tableByName(this.#shape.name), `control table ${this.#shape.name}`);
  }

  #row(table: Table, row: number): Row {
    const start = table.rows.start(row);
    const bytes = table.rows.page(row).subarray(start, start + table.rows.size(row));
    return decode(this.#rowCodec, bytes) as Row;
  }

  /** Fills `#found` with the rows that have `value` in an indexed column. */
  #scan(table: Table, column: string, value: Value): RowIds {
    const name = this.#indexName(column);
    const position = table.schema.indexes.findIndex((index) => index.name === name);
    const index: Index = present(table.indexes[position], `index ${name}`);
    const key = encode(present(this.#columnCodecs.get(column), `column ${column}`), value);
    this.#found.clear();
    index.scanPoint(key, 0, key.length, this.#found);
    return this.#found;
  }

  all(datastore: Datastore): Row[] {
    const table = this.#table(datastore);
    const rows: Row[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      rows.push(this.#row(table, row));
    }
    return rows;
  }

  /** The rows with `value` in the primary key or an indexed column. */
  find(datastore: Datastore, column: keyof Row & string, value: Value): Row[] {
    const table = this.#table(datastore);
    const found = this.#scan(table, column, value);
    return Array.from({ length: found.count }, (_, i) => this.#row(table, found.at(i)));
  }

  /** Inserts a row whose primary key is free: the caller has looked. */
  insert(datastore: Datastore, tx: Transaction, row: Row): void {
    const bytes = encode(this.#rowCodec, row);
    const outcome = tx.insert(this.#table(datastore), bytes, 0, bytes.length);
    assert(outcome === "done", `a row of ${this.#shape.name} has a key that is taken`);
  }

  /** Deletes the rows with `value` in the primary key or an indexed column. */
  delete(datastore: Datastore, tx: Transaction, column: keyof Row & string, value: Value): void {
    const table = this.#table(datastore);
    const found = this.#scan(table, column, value);
    for (let i = 0; i < found.count; i++) tx.delete(table, found.at(i));
  }
}
