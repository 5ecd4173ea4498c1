// The rows of queries for one client, read in parts from tables as they were when it asked, and sent as one message in parts.
import { Writer, writeTableHead } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { TableCursor } from "../sql/cursor.ts";
import { isLongQuery, runTableQuery } from "../sql/run.ts";
import type { CompiledText, TableQuery } from "../sql/table-query.ts";
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

interface GroupRead {
  readonly group: CompiledText;
  readonly pieces: RowPieces;
}

/** A query that is read in parts. */
interface QueryRead {
  readonly query: TableQuery;
  readonly cursor: TableCursor;
  readonly pieces: RowPieces;
}

function beginGroup(group: CompiledText): GroupRead {
  const [{ table, rowOffset }] = group;
  const { rowSize } = table.layout;
  const pieces = new RowPieces(rowSize < 0 ? rowSize : rowSize - rowOffset);
  for (const query of group) {
    if (isLongQuery(query)) continue;
    runTableQuery(query, (row) => {
      pieces.add(table.rows, row, rowOffset);
    });
  }
  return { group, pieces };
}

/** Holds the rows of the queries that take long. */
function beginLong({ group, pieces }: GroupRead): QueryRead[] {
  return group.flatMap((query) =>
    query.kind === "single" && isLongQuery(query)
      ? [{ query, cursor: new TableCursor(query, true), pieces }]
      : [],
  );
}

export class RowsRead implements LongRead {
  readonly #end: RowsReadEnd;
  readonly #head: Uint8Array;
  readonly #groups: readonly GroupRead[];
  readonly #reads: readonly QueryRead[];
  #at = 0;
  #parts: readonly Uint8Array[] | undefined;
  #sent = 0;

  /**
   * A message that begins with `head` and goes on with a row list for each group, of the rows as they are now. Throws as
   * `runTableQuery`.
   */
  constructor(head: Uint8Array, groups: readonly CompiledText[], end: RowsReadEnd) {
    this.#head = head;
    this.#end = end;
    // What is read at once may be refused: nothing is held before that is through.
    this.#groups = groups.map(beginGroup);
    this.#reads = this.#groups.flatMap(beginLong);
  }

  cancel(): void {
    for (const { cursor } of this.#reads.slice(this.#at)) cursor.close();
    this.#at = this.#reads.length;
  }

  step(): boolean {
    const read = this.#reads[this.#at];
    if (read !== undefined) {
      this.#advance(read);
      return true;
    }
    this.#parts ??= this.#message();
    this.#send(this.#parts);
    if (this.#sent < this.#parts.length) return true;
    this.#end.done();
    return false;
  }

  #advance({ cursor, query, pieces }: QueryRead): void {
    cursor.advance(limit.readSliceRows, (row) => {
      pieces.add(cursor.rows, row, query.rowOffset);
      return true;
    });
    if (!cursor.isDone) return;
    cursor.close();
    this.#at++;
  }

  #message(): readonly Uint8Array[] {
    return [
      this.#head,
      ...this.#groups.flatMap(({ group: [query], pieces }) => {
        const head = new Writer(64);
        writeTableHead(head, query.table.schema.name);
        return [head.finish(), ...pieces.finish()];
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
