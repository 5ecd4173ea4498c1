// The rows of queries for one client, read in parts from tables as they were when it asked, and sent as one message in parts.
import { Writer, writeTableHead } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { isLongRead, TableCursor } from "../sql/cursor.ts";
import type { TableQuery } from "../sql/table-query.ts";
import type { LongRead } from "./long-reads.ts";
import { RowPieces } from "./row-pieces.ts";
import type { MessagePart } from "./slab.ts";

/** Bytes sent in one step. */
const sendBytes = 512 * 1024;

/** What becomes of a read. */
export interface RowsReadEnd {
  readonly send: (part: MessagePart) => void;
  /** All is sent. */
  readonly done: () => void;
}

interface QueryRead {
  readonly query: TableQuery;
  readonly cursor: TableCursor;
  readonly rows: RowPieces;
}

function advance({ cursor, rows }: QueryRead, count: number): void {
  cursor.advance(count, (row) => {
    rows.add(cursor.rows, row);
    return true;
  });
}

export class RowsRead implements LongRead {
  readonly #end: RowsReadEnd;
  readonly #head: Uint8Array;
  readonly #reads: readonly QueryRead[];
  #at = 0;
  #parts: readonly Uint8Array[] | undefined;
  #sent = 0;

  /** A message that begins with `head` and goes on with the rows of `queries` as they are now. */
  constructor(head: Uint8Array, queries: readonly TableQuery[], end: RowsReadEnd) {
    this.#head = head;
    this.#end = end;
    this.#reads = queries.map((query) => ({
      query,
      cursor: new TableCursor(query, isLongRead(query)),
      rows: new RowPieces(query.table.layout.rowSize),
    }));
    for (const read of this.#reads) {
      if (!isLongRead(read.query)) advance(read, Number.POSITIVE_INFINITY);
    }
  }

  cancel(): void {
    for (const { cursor } of this.#reads.slice(this.#at)) cursor.close();
    this.#at = this.#reads.length;
  }

  step(): boolean {
    const read = this.#reads[this.#at];
    if (read !== undefined) {
      advance(read, limit.readSliceRows);
      if (read.cursor.isDone) {
        read.cursor.close();
        this.#at++;
      }
      return true;
    }
    this.#parts ??= this.#message();
    this.#send(this.#parts);
    if (this.#sent < this.#parts.length) return true;
    this.#end.done();
    return false;
  }

  #message(): readonly Uint8Array[] {
    return [
      this.#head,
      ...this.#reads.flatMap(({ query, rows }) => {
        const head = new Writer(64);
        writeTableHead(head, query.table.schema.name);
        return [head.finish(), ...rows.finish()];
      }),
    ];
  }

  #send(parts: readonly Uint8Array[]): void {
    let count = 0;
    while (this.#sent < parts.length && count < sendBytes) {
      const bytes = parts[this.#sent] as Uint8Array;
      const isFirst = this.#sent === 0;
      this.#sent++;
      this.#end.send({ bytes, isFirst, isLast: this.#sent === parts.length });
      count += bytes.length;
    }
  }
}
