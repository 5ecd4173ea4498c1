// The rows of an answer as messages to the client, made where the rows lie: on the database's thread.
import { Reader } from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { Tuple } from "../../sql/plan/tuple.ts";
import type { OutputColumn, RowOutput } from "../../sql/run/row-output.ts";
import { compileCell } from "./cell.ts";
import { type Format, formatAt } from "./frontend.ts";
import { MessageWriter } from "./message-writer.ts";
import { pgShapeOf } from "./pg-type.ts";

/** Rows leave in pieces of about this size. */
const pieceBytes = 64 * 1024;

/** Bytes of messages that cost a unit of work, and what a value costs besides. */
const bytesPerUnit = 64;
const cellWork = 0.25;

interface Cell {
  readonly relation: number;
  readonly column: number;
  readonly layout: RowLayout;
  readonly write: (reader: Reader, out: MessageWriter) => void;
}

/** Some rows, as messages. */
export interface TakenRows {
  readonly pieces: readonly Uint8Array[];
  readonly rowCount: number;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
}

export class DataRows implements RowOutput {
  readonly columns: readonly OutputColumn[];
  readonly #cells: readonly Cell[];
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #out = new MessageWriter();
  #pieces: Piece[] = [];
  /** Of rows in the writer. */
  #openCount = 0;
  #rowCount = 0;
  #byteLength = 0;
  #work = 0;

  constructor(columns: readonly OutputColumn[], formats: readonly Format[]) {
    this.columns = columns;
    this.#cells = columns.map(({ relation, column, layout, type }, position) => ({
      relation,
      column,
      layout,
      write: compileCell(pgShapeOf(type), formatAt(formats, position)),
    }));
  }

  get work(): number {
    return this.#work;
  }

  /** Rows that wait to be taken. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Their bytes. */
  get byteLength(): number {
    return this.#byteLength;
  }

  add(page: Uint8Array, start: number): void {
    const before = this.#begin();
    for (let i = 0; i < this.#cells.length; i++) this.#cell(i, page, start);
    this.#end(before);
  }

  addTuple({ pages, starts }: Tuple): void {
    const before = this.#begin();
    for (let i = 0; i < this.#cells.length; i++) {
      const { relation } = this.#cells[i] as Cell;
      this.#cell(i, pages[relation] as Uint8Array, starts[relation] as number);
    }
    this.#end(before);
  }

  #begin(): number {
    const before = this.#out.length;
    this.#out.begin("D");
    this.#out.i16(this.#cells.length);
    return before;
  }

  #cell(position: number, page: Uint8Array, rowStart: number): void {
    const { layout, column, write } = this.#cells[position] as Cell;
    this.#reader.reset(page, layout.columnStart(column, page, rowStart), page.length);
    write(this.#reader, this.#out);
  }

  #end(before: number): void {
    const out = this.#out;
    out.end();
    const byteCount = out.length - before;
    this.#byteLength += byteCount;
    this.#work += byteCount / bytesPerUnit + this.#cells.length * cellWork;
    this.#rowCount++;
    this.#openCount++;
    if (out.length >= pieceBytes) this.#seal();
  }

  #seal(): void {
    if (this.#openCount === 0) return;
    this.#pieces.push({ bytes: this.#out.take(), rowCount: this.#openCount });
    this.#openCount = 0;
  }

  /** Takes up to so many of the rows that wait, the first ones. */
  take(rowMax: number): TakenRows {
    this.#seal();
    const taken: Uint8Array[] = [];
    let rowCount = 0;
    while (rowCount < rowMax) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      const wanted = rowMax - rowCount;
      if (piece.rowCount <= wanted) {
        taken.push(piece.bytes);
        rowCount += piece.rowCount;
        continue;
      }
      const end = endOfRows(piece.bytes, wanted);
      // Both parts go to other threads by themselves.
      taken.push(piece.bytes.slice(0, end));
      this.#pieces.unshift({ bytes: piece.bytes.slice(end), rowCount: piece.rowCount - wanted });
      rowCount += wanted;
    }
    this.#rowCount -= rowCount;
    for (const { length } of taken) this.#byteLength -= length;
    return { pieces: taken, rowCount };
  }
}

/** Where the first `count` messages end. */
function endOfRows(bytes: Uint8Array, count: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) at += 1 + view.getInt32(at + 1);
  return at;
}
