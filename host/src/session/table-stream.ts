// All rows of a large table whose rows have one length, copied from frozen pages straight into what is sent: their number is
// known before the first is read, so that nothing has to be gathered.
import { writeFixedRowListHead, Writer } from "@lightcone/abi";
import { partBytes } from "./part-memory.ts";
import { rowListSizeMax } from "./row-pieces.ts";
import type { RowsSource, SendPart } from "./rows-source.ts";
import type { TableForm } from "./table-form.ts";
import type { FrozenRows } from "../datastore/rows/store.ts";
import type { Table } from "../datastore/table.ts";
import { isLongQuery } from "../sql/run.ts";
import type { CompiledText } from "../sql/table-query.ts";

/** Shorter runs are copied byte by byte: `set` needs a view of them. */
const loopBytesMax = 48;

export class TableStream implements RowsSource {
  /** The list begins before its rows are looked at. */
  readonly isFound: boolean = true;
  readonly #frozen: FrozenRows;
  readonly #rowSize: number;
  readonly #head: Uint8Array;
  readonly #tail: Uint8Array;
  #leftBytes: number;
  #hasBegun = false;
  /** The next row. */
  #next: number;

  private constructor(table: Table, form: TableForm, position: number) {
    const { rowCount } = table;
    const { rowSize } = table.layout;
    this.#frozen = table.rows.freeze();
    this.#rowSize = rowSize;
    this.#leftBytes = rowCount * rowSize;
    this.#next = this.#frozen.rows.live.next(0);
    const writer = new Writer(64);
    form.writeHead(writer, table, rowCount, position);
    writeFixedRowListHead(writer, rowSize, this.#leftBytes);
    this.#head = writer.finish();
    writer.clear();
    form.writeTail(writer);
    this.#tail = writer.finish();
  }

  /** Holds the rows that a text asks for, if it asks for a whole table that can be read like this. */
  static of(group: CompiledText, form: TableForm, position: number): TableStream | undefined {
    const [query, ...others] = group;
    if (!form.rows.isBsatn || others.length > 0) return undefined;
    if (query.kind !== "single" || !isLongQuery(query)) return undefined;
    const { table, predicate, rowOffset } = query;
    const { rowSize } = table.layout;
    if (predicate !== undefined || rowOffset > 0 || table.rowCount === 0) return undefined;
    if (rowSize <= 0 || rowSize > rowListSizeMax) return undefined;
    return new TableStream(table, form, position);
  }

  find(): void {
    // Nothing has to be.
  }

  step(send: SendPart): boolean {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      send({ bytes: this.#head, isEnd: false });
      return true;
    }
    const rowCount = Math.max(1, Math.floor(partBytes / this.#rowSize));
    const length = Math.min(this.#leftBytes, rowCount * this.#rowSize);
    this.#leftBytes -= length;
    const isEnd = this.#leftBytes === 0;
    const hasTail = this.#tail.length > 0;
    send({
      length,
      isEnd: isEnd && !hasTail,
      fill: (bytes, at) => {
        this.#copy(bytes, at, at + length);
      },
    });
    if (!isEnd) return true;
    if (hasTail) send({ bytes: this.#tail, isEnd });
    this.close();
    return false;
  }

  close(): void {
    this.#frozen.release();
  }

  /** Fills `bytes[at, end)` with the next rows, run by run. */
  #copy(bytes: Uint8Array, at: number, end: number): void {
    const { rows } = this.#frozen;
    const size = this.#rowSize;
    let row = this.#next;
    for (let to = at; to < end;) {
      const most = Math.min(rows.rowsInLine(row), (end - to) / size);
      const rowEnd = rows.live.end(row, row + most);
      const from = rows.start(row);
      const length = (rowEnd - row) * size;
      const page = rows.page(row);
      if (length > loopBytesMax) bytes.set(page.subarray(from, from + length), to);
      else for (let i = 0; i < length; i++) bytes[to + i] = page[from + i] as number;
      to += length;
      row = rows.live.next(rowEnd);
    }
    this.#next = row;
  }
}
