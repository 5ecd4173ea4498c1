// The rows of a query for whole rows, part by part, as often as they come.
import type { RowReader } from "../../datastore/rows/store.ts";
import { TableCursor, type VisitRow } from "./cursor.ts";
import { JoinRun } from "./join-run.ts";
import type { TableQuery } from "../table-query.ts";

export interface QueryCursor {
  /** What the rows that are visited are rows of; another reader after `hold`. */
  readonly rows: RowReader;
  readonly isDone: boolean;
  /** Does about so much work; returns what it left undone. Throws LC_LIMIT for a join that tries too much. */
  advance(work: number, visit: VisitRow): number;
  /** What is read from here on is as it is now, whatever happens to the tables. */
  hold(): void;
  /** Must be called at the end, however it came. */
  close(): void;
}

class JoinCursor implements QueryCursor {
  rows: RowReader;
  readonly #run: JoinRun;
  readonly #returned: number;

  constructor({ table, plan, returned }: Extract<TableQuery, { kind: "join" }>) {
    this.rows = table.rows;
    this.#run = new JoinRun(plan);
    this.#returned = returned;
  }

  get isDone(): boolean {
    return this.#run.isDone;
  }

  advance(work: number, visit: VisitRow): number {
    return this.#run.advance(work, ({ rows }) => visit(rows[this.#returned] as number));
  }

  hold(): void {
    this.#run.hold();
    this.rows = this.#run.readerOf(this.#returned) ?? this.rows;
  }

  close(): void {
    this.#run.close();
  }
}

export function openQuery(query: TableQuery): QueryCursor {
  return query.kind === "single" ? new TableCursor(query) : new JoinCursor(query);
}
