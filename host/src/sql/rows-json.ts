// Rows of a table as positional SATS-JSON, straight from their bytes (http-and-auth.md section 6.2).
import {
  compileJsonWriter,
  type Element,
  type JsonWriter,
  LightconeError,
  productTypeToJson,
  Reader,
} from "@lightcone/abi";
import type { ColumnSchema } from "../datastore/schema.ts";
import type { Table } from "../datastore/table.ts";

/** A column of a result: where it comes from and what it is called. */
export interface OutputColumn {
  readonly column: number;
  readonly name: string;
}

/** Most UTF-16 units of a result's rows; own, well below what a JavaScript string can hold. */
const lengthMax = 128 * 1024 * 1024;

/** Collects rows of one table as JSON. */
export class RowsJson {
  readonly #table: Table;
  readonly #columns: readonly OutputColumn[];
  readonly #elements: readonly Element[];
  readonly #writers: readonly JsonWriter[];
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #rows: string[] = [];
  #length = 0;

  constructor(table: Table, columns: readonly OutputColumn[]) {
    this.#table = table;
    this.#columns = columns;
    this.#elements = columns.map(({ column, name }) => ({
      name,
      type: (table.schema.columns[column] as ColumnSchema).type,
    }));
    this.#writers = this.#elements.map(({ type }) => compileJsonWriter(type, [], "positional"));
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** Appends the output columns of a row. Throws LC_LIMIT if the result grows too large. */
  add(row: number): void {
    const { rows, layout } = this.#table;
    const page = rows.page(row);
    const rowStart = rows.start(row);
    const rowEnd = rowStart + rows.size(row);
    let text = "[";
    for (let i = 0; i < this.#columns.length; i++) {
      const { column } = this.#columns[i] as OutputColumn;
      this.#reader.reset(page, layout.columnStart(column, page, rowStart), rowEnd);
      const cell = (this.#writers[i] as JsonWriter)(this.#reader);
      this.#grow(cell.length + 1);
      text += i === 0 ? cell : `,${cell}`;
    }
    this.#rows.push(`${text}]`);
    this.#grow(2);
  }

  /** Counts before the text is joined, so that it is never too long for a string. */
  #grow(length: number): void {
    this.#length += length;
    if (this.#length <= lengthMax) return;
    const message = `the result is longer than ${lengthMax} characters; narrow it by WHERE or LIMIT`;
    throw new LightconeError("LC_LIMIT", message);
  }

  /** The columns as a product type in JSON. */
  schemaJson(): string {
    return productTypeToJson({ kind: "product", elements: this.#elements });
  }

  /** An array of rows, each an array of values. */
  rowsJson(): string {
    return `[${this.#rows.join(",")}]`;
  }
}
