// Rows that must all be found before their list can begin: those that a condition or a join chooses, and those of several lengths.
import { Writer, writeTableHead } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { openQuery, type QueryCursor } from "../sql/run/query-cursor.ts";
import { isLongQuery, runTableQuery } from "../sql/run.ts";
import type { CompiledText, TableQuery } from "../sql/table-query.ts";
import { RowPieces } from "./row-pieces.ts";
import type { RowsSource, SendPart } from "./rows-source.ts";

/** Bytes sent in one step. */
const stepBytes = 512 * 1024;

/** A query that is read in parts. */
interface QueryRead {
  readonly query: TableQuery;
  readonly cursor: QueryCursor;
}

export class GatheredRows implements RowsSource {
  readonly #name: string;
  readonly #pieces: RowPieces;
  readonly #reads: QueryRead[] = [];
  #parts: readonly Uint8Array[] | undefined;
  #sentCount = 0;

  /**
   * Queries on one table, whose rows together are a list. What does not take long is done at once; throws as `runTableQuery`. With
   * `readsJoins` joins are read in parts, too: then reading may throw LC_LIMIT.
   */
  constructor(group: CompiledText, readsJoins: boolean) {
    const [{ table, rowOffset }] = group;
    const { rowSize } = table.layout;
    this.#name = table.schema.name;
    this.#pieces = new RowPieces(rowSize < 0 ? rowSize : rowSize - rowOffset);
    const isRead = (query: TableQuery): boolean =>
      isLongQuery(query) || (readsJoins && query.kind === "join");
    for (const query of group) {
      if (isRead(query)) continue;
      runTableQuery(query, (row) => {
        this.#pieces.add(table.rows, row, rowOffset);
      });
    }
    try {
      this.#begin(group.filter(isRead));
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** Holds the rows of queries. Joins begin with a part for which they may use indexes. */
  #begin(queries: readonly TableQuery[]): void {
    let work = limit.selectFirstRows;
    for (const query of queries) {
      const read = { query, cursor: openQuery(query) };
      this.#reads.push(read);
      if (query.kind === "join") work = this.#advance(read, work);
      read.cursor.hold();
    }
  }

  get isFound(): boolean {
    return this.#reads.every(({ cursor }) => cursor.isDone);
  }

  find(): void {
    const [read] = this.#reads;
    if (read === undefined) return;
    if (!read.cursor.isDone) this.#advance(read, limit.readSliceRows);
    if (!read.cursor.isDone) return;
    read.cursor.close();
    this.#reads.shift();
  }

  step(send: SendPart): boolean {
    if (this.#reads.length > 0) {
      this.find();
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

  /** Does a part of a read; returns the work that it left undone. */
  #advance({ cursor, query }: QueryRead, work: number): number {
    const { rows } = cursor;
    return cursor.advance(work, (row) => {
      this.#pieces.add(rows, row, query.rowOffset);
      return true;
    });
  }

  #list(): readonly Uint8Array[] {
    const head = new Writer(64);
    writeTableHead(head, this.#name);
    return [head.finish(), ...this.#pieces.finish()];
  }
}
