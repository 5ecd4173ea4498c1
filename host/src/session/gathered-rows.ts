// Rows that must all be found before their list can begin: those that a condition chooses, and those of several lengths.
import { Writer, writeTableHead } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { TableCursor } from "../sql/cursor.ts";
import { isLongQuery, runTableQuery } from "../sql/run.ts";
import type { CompiledText, TableQuery } from "../sql/table-query.ts";
import { RowPieces } from "./row-pieces.ts";
import type { RowsSource, SendPart } from "./rows-source.ts";

/** Bytes sent in one step. */
const stepBytes = 512 * 1024;

/** A query that is read in parts. */
interface QueryRead {
  readonly query: TableQuery;
  readonly cursor: TableCursor;
}

export class GatheredRows implements RowsSource {
  readonly #name: string;
  readonly #pieces: RowPieces;
  readonly #reads: QueryRead[] = [];
  #parts: readonly Uint8Array[] | undefined;
  #sentCount = 0;

  /** Queries on one table, whose rows together are a list. What does not take long is done at once; throws as `runTableQuery`. */
  constructor(group: CompiledText) {
    const [{ table, rowOffset }] = group;
    const { rowSize } = table.layout;
    this.#name = table.schema.name;
    this.#pieces = new RowPieces(rowSize < 0 ? rowSize : rowSize - rowOffset);
    for (const query of group) {
      if (isLongQuery(query)) continue;
      runTableQuery(query, (row) => {
        this.#pieces.add(table.rows, row, rowOffset);
      });
    }
    // What is done at once may be refused: nothing is held before that is through.
    for (const query of group) {
      if (query.kind !== "single" || !isLongQuery(query)) continue;
      this.#reads.push({ query, cursor: new TableCursor(query, true) });
    }
  }

  step(send: SendPart): boolean {
    const [read] = this.#reads;
    if (read !== undefined) {
      this.#advance(read);
      return true;
    }
    this.#parts ??= this.#list();
    let byteCount = 0;
    while (this.#sentCount < this.#parts.length && byteCount < stepBytes) {
      const bytes = this.#parts[this.#sentCount++] as Uint8Array;
      byteCount += bytes.length;
      send({ bytes, isEnd: this.#sentCount === this.#parts.length });
    }
    return this.#sentCount < this.#parts.length;
  }

  close(): void {
    for (const { cursor } of this.#reads) cursor.close();
    this.#reads.length = 0;
  }

  #advance({ cursor, query }: QueryRead): void {
    cursor.advance(limit.readSliceRows, (row) => {
      this.#pieces.add(cursor.rows, row, query.rowOffset);
      return true;
    });
    if (!cursor.isDone) return;
    cursor.close();
    this.#reads.shift();
  }

  #list(): readonly Uint8Array[] {
    const head = new Writer(64);
    writeTableHead(head, this.#name);
    return [head.finish(), ...this.#pieces.finish()];
  }
}
