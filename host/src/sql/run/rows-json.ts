// Rows as positional SATS-JSON, straight from their bytes (http-and-auth.md section 6.2).
import {
  compileJsonWriter,
  type Element,
  type JsonWriter,
  LightconeError,
  productTypeToJson,
  Reader,
} from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { Tuple } from "../plan/tuple.ts";
import type { OutputColumn, RowOutput } from "./row-output.ts";

/** Most UTF-16 units of a result's rows; own, well below what a JavaScript string can hold. */
const lengthMax = 128 * 1024 * 1024;

/** Rows are joined and encoded when there are so many units of them, so that no step is long. */
const pieceLength = 64 * 1024;

const utf8 = new TextEncoder();

/** Units of a result that cost a unit of work, and what a cell costs besides. */
const lengthPerUnit = 16;
const cellWork = 0.25;

/** Writes one cell: where its column lies, and as what. */
interface Cell {
  readonly relation: number;
  readonly column: number;
  readonly layout: RowLayout;
  readonly write: JsonWriter;
}

/** Collects rows as JSON, of one relation or of tuples. */
export class RowsJson implements RowOutput {
  readonly #elements: readonly Element[];
  readonly #cells: readonly Cell[];
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #rows: string[] = [];
  readonly #pieces: Uint8Array[] = [];
  #rowCount = 0;
  #length = 0;
  #joinedLength = 0;

  constructor(columns: readonly OutputColumn[]) {
    this.#elements = columns.map(({ name, type }) => ({ name, type }));
    this.#cells = columns.map(({ relation, column, layout, type }) => ({
      relation,
      column,
      layout,
      write: compileJsonWriter(type, [], "positional"),
    }));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get work(): number {
    return this.#length / lengthPerUnit + this.#rowCount * this.#cells.length * cellWork;
  }

  add(page: Uint8Array, start: number): void {
    let text = "[";
    for (let i = 0; i < this.#cells.length; i++) {
      text += this.#cell(i, page, start);
    }
    this.#end(text);
  }

  addTuple({ pages, starts }: Tuple): void {
    let text = "[";
    for (let i = 0; i < this.#cells.length; i++) {
      const { relation } = this.#cells[i] as Cell;
      text += this.#cell(i, pages[relation] as Uint8Array, starts[relation] as number);
    }
    this.#end(text);
  }

  #cell(position: number, page: Uint8Array, rowStart: number): string {
    const { layout, column, write } = this.#cells[position] as Cell;
    this.#reader.reset(page, layout.columnStart(column, page, rowStart), page.length);
    const text = write(this.#reader);
    this.#grow(text.length + 1);
    return position === 0 ? text : `,${text}`;
  }

  #end(text: string): void {
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
