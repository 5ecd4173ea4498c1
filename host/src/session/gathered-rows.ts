// Rows that must all be found before their list can begin: those that a condition or a join chooses, and those of several lengths.
import { Writer } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { openQuery, type QueryCursor } from "../sql/run/query-cursor.ts";
import { isLongQuery, runTableQuery } from "../sql/run.ts";
import type { Table } from "../datastore/table.ts";
import type { CompiledText, TableQuery } from "../sql/table-query.ts";
import type { RowsSource, SendPart } from "./rows-source.ts";
import type { RowCollector, TableForm } from "./table-form.ts";

/** Bytes sent in one step. */
const stepBytes = 512 * 1024;

/** A query that is read in parts. */
interface QueryRead {
  readonly query: TableQuery;
  readonly cursor: QueryCursor;
}

export class GatheredRows implements RowsSource {
  readonly #form: TableForm;
  readonly #position: number;
  readonly #table: Table;
  readonly #rows: RowCollector;
  readonly #reads: QueryRead[] = [];
  #parts: readonly Uint8Array[] | undefined;
  #sentCount = 0;

  /**
   * Queries on one table, whose rows together are the list at a position of an answer. What does not take long is done at once; throws
   * as `runTableQuery`. With `readsJoins` joins are read in parts, too: then reading may throw LC_LIMIT.
   */
  constructor(group: CompiledText, form: TableForm, position: number, readsJoins: boolean) {
    const [{ table, rowOffset }] = group;
    this.#form = form;
    this.#position = position;
    this.#table = table;
    this.#rows = form.rows.collect(group);
    const isRead = (query: TableQuery): boolean =>
      isLongQuery(query) || (readsJoins && query.kind === "join");
    for (const query of group) {
      if (isRead(query)) continue;
      runTableQuery(query, (row) => {
        this.#rows.add(table.rows, row, rowOffset);
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
      this.#rows.add(rows, row, query.rowOffset);
      return true;
    });
  }

  #list(): readonly Uint8Array[] {
    const head = new Writer(64);
    this.#form.writeHead(head, this.#table, this.#rows.count, this.#position);
    const tail = new Writer(16);
    this.#form.writeTail(tail);
    const ends = tail.length === 0 ? [] : [tail.finish()];
    return [head.finish(), ...this.#rows.finish(), ...ends];
  }
}
