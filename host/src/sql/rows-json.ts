// Rows of a table as positional SATS-JSON, straight from their bytes (http-and-auth.md section 6.2).
import {
  compileJsonWriter,
  type Element,
  type JsonWriter,
  LightconeError,
  productTypeToJson,
  Reader,
} from "@lightcone/abi";
import type { RowReader } from "../datastore/rows/store.ts";
import type { ColumnSchema } from "../datastore/schema.ts";
import type { Table } from "../datastore/table.ts";

/** A column of a result: where it comes from and what it is called. */
export interface OutputColumn {
  readonly column: number;
  readonly name: string;
}

/** Most UTF-16 units of a result's rows; own, well below what a JavaScript string can hold. */
const lengthMax = 128 * 1024 * 1024;

/** Rows are joined and encoded when there are so many units of them, so that no step is long. */
const pieceLength = 64 * 1024;

const utf8 = new TextEncoder();

/** Collects rows of one table as JSON. */
export class RowsJson {
  readonly #table: Table;
  readonly #source: RowReader;
  readonly #columns: readonly OutputColumn[];
  readonly #elements: readonly Element[];
  readonly #writers: readonly JsonWriter[];
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #rows: string[] = [];
  readonly #pieces: Uint8Array[] = [];
  #rowCount = 0;
  #length = 0;
  #joinedLength = 0;

  /** Reads rows from `source`, those of the table or of an earlier state of it. */
  constructor(table: Table, source: RowReader, columns: readonly OutputColumn[]) {
    this.#table = table;
    this.#source = source;
    this.#columns = columns;
    this.#elements = columns.map(({ column, name }) => ({
      name,
      type: (table.schema.columns[column] as ColumnSchema).type,
    }));
    this.#writers = this.#elements.map(({ type }) => compileJsonWriter(type, [], "positional"));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Appends the output columns of a row. Throws LC_LIMIT if the result grows too large. */
  add(row: number): void {
    const { layout } = this.#table;
    const rows = this.#source;
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
    this.#rowCount++;
    this.#grow(2);
    if (this.#length - this.#joinedLength > pieceLength) this.#join();
  }

  #join(): void {
    const separator = this.#pieces.length === 0 ? "" : ",";
    this.#pieces.push(utf8.encode(separator + this.#rows.join(",")));
    this.#rows.length = 0;
    this.#joinedLength = this.#length;
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

  /** An array of rows, each an array of values, in pieces. Nothing can be added afterwards. */
  finish(): readonly Uint8Array[] {
    if (this.#rows.length > 0) this.#join();
    return [utf8.encode("["), ...this.#pieces, utf8.encode("]")];
  }
}
