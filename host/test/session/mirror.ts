// What a client of protocol v2 makes of the messages it gets: for each query set and table, the rows it holds, each as often as
// it was sent. Messages that break a rule of their shape are noted.
import { type RowListView, rowCount, rowStart, type ServerMessage } from "@lightcone/abi";

type QuerySets = Extract<ServerMessage, { kind: "transactionUpdate" }>["querySets"];

/** Rows by their bytes in hex, with how often each is held. */
export type HeldRows = Map<string, number>;

function hexRows(list: RowListView): string[] {
  return Array.from({ length: rowCount(list) }, (_, i) =>
    Buffer.from(list.data.subarray(rowStart(list, i), rowStart(list, i + 1))).toString("hex"),
  );
}

function add(held: HeldRows, row: string, count: number): void {
  const next = (held.get(row) ?? 0) + count;
  if (next === 0) held.delete(row);
  else held.set(row, next);
}

function isAscending<T>(values: readonly T[]): boolean {
  return values.every((value, i) => i === 0 || (values[i - 1] as T) < value);
}

export class Mirror {
  /** By query set, then table. */
  readonly sets: Map<number, Map<string, HeldRows>> = new Map();
  /** Each event that was told, as query set, table and row. Who reads them takes them away. */
  readonly events: string[] = [];
  readonly faults: string[] = [];

  #held(querySetId: number, table: string): HeldRows {
    let tables = this.sets.get(querySetId);
    if (tables === undefined) this.sets.set(querySetId, (tables = new Map<string, HeldRows>()));
    let held = tables.get(table);
    if (held === undefined) tables.set(table, (held = new Map<string, number>()));
    return held;
  }

  take(messages: readonly ServerMessage[]): void {
    for (const message of messages) this.#takeOne(message);
  }

  #takeOne(message: ServerMessage): void {
    switch (message.kind) {
      case "subscribeApplied":
        this.sets.set(message.querySetId, new Map());
        for (const { table, rows } of message.tables) {
          for (const row of hexRows(rows)) add(this.#held(message.querySetId, table), row, 1);
        }
        break;
      case "unsubscribeApplied":
        for (const { table, rows } of message.tables ?? []) {
          for (const row of hexRows(rows)) add(this.#held(message.querySetId, table), row, -1);
        }
        for (const held of this.sets.get(message.querySetId)?.values() ?? []) {
          if (held.size > 0) this.faults.push("dropped rows were not all of the set's");
        }
        this.sets.delete(message.querySetId);
        break;
      case "transactionUpdate":
        if (message.querySets.length === 0) this.faults.push("an empty update");
        this.#apply(message.querySets);
        break;
      case "reducerResult":
        if (message.outcome.kind === "ok") this.#apply(message.outcome.querySets);
        break;
      default:
    }
  }

  #apply(querySets: QuerySets): void {
    if (!isAscending(querySets.map(({ querySetId }) => querySetId))) {
      this.faults.push("query sets do not ascend");
    }
    for (const { querySetId, tables } of querySets) {
      if (!this.sets.has(querySetId)) this.faults.push(`an update of unknown set ${querySetId}`);
      if (tables.length === 0) this.faults.push("a set without tables");
      if (!isAscending(tables.map(({ table }) => table))) this.faults.push("tables do not ascend");
      for (const { table, rows } of tables) {
        if (rows.length === 0) this.faults.push("a table without parts");
        for (const part of rows) this.#applyPart(querySetId, table, part);
      }
    }
  }

  #applyPart(
    querySetId: number,
    table: string,
    part: QuerySets[number]["tables"][number]["rows"][number],
  ): void {
    if (part.kind === "event") {
      if (rowCount(part.events) === 0) this.faults.push("a part without events");
      for (const row of hexRows(part.events)) this.events.push(`${querySetId} ${table} ${row}`);
      return;
    }
    const held = this.#held(querySetId, table);
    const [inserts, deletes] = [hexRows(part.inserts), hexRows(part.deletes)];
    if (inserts.length + deletes.length === 0) this.faults.push("a part without rows");
    if (inserts.some((row) => deletes.includes(row))) this.faults.push("a row went and came");
    for (const row of deletes) add(held, row, -1);
    for (const row of inserts) add(held, row, 1);
    for (const count of held.values()) if (count < 0) this.faults.push("a row was deleted twice");
  }
}
