// Tables as a test reads and writes them, outside of reducers and past all rules but those of types and keys.
import {
  type Codec,
  LightconeError,
  present,
  type ProductValue,
  Reader,
  type TableDef,
} from "@lightcone/abi";
import { commit } from "../database/call.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { Core } from "../embedded/core.ts";
import type { FieldCodec } from "../embedded/field-codec.ts";

/** Fields with a sequence, and those that may be undefined, may be left out. */
export type NewRow<Row> = { readonly [Field in keyof Row]?: Row[Field] };

export class TestTable<Row = ProductValue> {
  readonly name: string;
  readonly #core: Core;
  readonly #writer: FieldCodec;
  readonly #codec: Codec<ProductValue>;

  constructor(core: Core, definition: TableDef) {
    this.name = definition.name;
    this.#core = core;
    this.#writer = core.schema.rowWriter(definition);
    this.#codec = core.schema.table(definition.name).codec;
  }

  get #table(): Table {
    const table = this.#core.database.parts.datastore.tableByName(this.name);
    if (table !== undefined) return table;
    const text = `the table ${this.name} is not there any more`;
    throw new LightconeError("LC_TABLE_UNKNOWN", text);
  }

  get count(): number {
    return this.#table.rowCount;
  }

  /** All rows that are committed, in no particular order. */
  rows(): Row[] {
    const table = this.#table;
    const rows: Row[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      rows.push(this.#read(table, row));
    }
    return rows;
  }

  #read({ rows }: Table, row: number): Row {
    const start = rows.start(row);
    return this.#codec.read(new Reader(rows.page(row), start, start + rows.size(row))) as Row;
  }

  /**
   * Inserts rows in a transaction of their own; returns them as they are in the table, numbered where they have a sequence. Those who
   * watch the table are told, and schedules are armed. Rejects with LC_VALUE_INVALID for a row that is none of this table, with
   * LC_SQL_CONSTRAINT for a unique key that is taken; nothing is inserted then.
   */
  async insert(...rows: readonly NewRow<Row>[]): Promise<Row[]> {
    const encoded = rows.map((row) => this.#writer.encode(row as ProductValue));
    return this.#write((tx, table) =>
      encoded.map((bytes) => {
        if (tx.insert(table, bytes, 0, bytes.length) === "duplicate") {
          const text = `a row of ${this.name} has a unique key that is taken: ${describe(this.#read(table, table.lastRow))}`;
          throw new LightconeError("LC_SQL_CONSTRAINT", text);
        }
        return this.#read(table, table.lastRow);
      }),
    );
  }

  /** Deletes the rows that `where` is true of, in a transaction of their own; returns how many there were. */
  async delete(where: (row: Row) => boolean): Promise<number> {
    return this.#write((tx, table) => {
      let count = 0;
      for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
        if (!where(this.#read(table, row))) continue;
        tx.delete(table, row);
        count++;
      }
      return count;
    });
  }

  async #write<T>(work: (tx: Transaction, table: Table) => T): Promise<T> {
    const result = await this.#core.inTurn(() => {
      const { parts } = this.#core.database;
      const table = this.#table;
      const tx = parts.datastore.begin();
      let value: T;
      try {
        value = work(tx, table);
      } catch (thrown) {
        parts.datastore.rollBack(tx);
        return { thrown };
      }
      const refusal = commit(parts, tx, undefined, undefined);
      if (refusal !== undefined) throw refusal;
      return { value };
    });
    if ("thrown" in result) throw result.thrown;
    await this.#core.flush();
    return result.value;
  }
}

function describe(row: unknown): string {
  const fields = Object.entries(row as Readonly<Record<string, unknown>>);
  return fields.map(([name, value]) => `${name} ${String(value)}`).join(", ");
}

/** The tables of the module that runs now, by their names in SQL. */
export function testTables(core: Core): Map<string, TestTable> {
  const { tables } = core.schema.definition;
  return new Map(tables.map((table) => [table.name, new TestTable(core, table)]));
}

/** Throws LC_TABLE_UNKNOWN. */
export function findTable(core: Core, tables: Map<string, TestTable>, name: string): TestTable {
  const { name: canonical } = core.schema.table(name);
  const found = tables.get(canonical);
  if (found !== undefined) return present(found, "a table");
  throw new LightconeError("LC_TABLE_UNKNOWN", `${name} is a view: it has rows for who reads it`);
}
