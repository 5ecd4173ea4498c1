// What a client of protocol v1 makes of the messages it gets, as BSATN or as JSON: by table the rows it holds, each as often as it was
// sent. Messages that break a rule of their shape are noted.
import { type RowListView, rowCount, rowStart, type V1ServerMessage } from "@lightcone/abi";
import type { JsonMessage } from "../../src/session/v1/test-client.ts";
import type { HeldRows } from "./mirror.ts";

interface TableRows {
  readonly table: string;
  readonly rowCount: number;
  readonly parts: readonly { readonly inserts: string[]; readonly deletes: string[] }[];
}

/** Changes of tables, or all of what there is. */
interface Change {
  readonly isWhole: boolean;
  readonly isUpdate: boolean;
  readonly tables: readonly TableRows[];
}

function hexRows(list: RowListView): string[] {
  return Array.from({ length: rowCount(list) }, (_, i) =>
    Buffer.from(list.data.subarray(rowStart(list, i), rowStart(list, i + 1))).toString("hex"),
  );
}

function fromBsatn(message: V1ServerMessage): Change | undefined {
  const inner = message.kind === "transactionUpdate" ? message.status : message;
  if (!("tables" in inner) || inner.kind === "oneOffQueryResponse") return undefined;
  return {
    isWhole: inner.kind === "initialSubscription",
    isUpdate: inner.kind === "transactionUpdateLight",
    tables: inner.tables.map(({ table, rowCount: count, parts }) => ({
      table,
      rowCount: Number(count),
      parts: parts.map(({ inserts, deletes }) => ({
        inserts: hexRows(inserts),
        deletes: hexRows(deletes),
      })),
    })),
  };
}

/** A row's JSON as arrays alone: the first rows have names, those of updates have none. */
export function unnamed(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    typeof value === "object" && value !== null ? Object.values(value) : value,
  );
}

interface JsonTables {
  readonly tables: readonly {
    readonly table_name: string;
    readonly num_rows: number;
    readonly updates: readonly { readonly inserts: string[]; readonly deletes: string[] }[];
  }[];
}

/** Where the tables are, by the name of the message. */
const places: Readonly<Record<string, readonly string[]>> = {
  InitialSubscription: ["database_update"],
  TransactionUpdate: ["status", "Committed"],
  TransactionUpdateLight: ["update"],
  SubscribeMultiApplied: ["update"],
  UnsubscribeMultiApplied: ["update"],
};

function fromJson(message: JsonMessage): Change | undefined {
  const [name = ""] = Object.keys(message);
  const body = message[name];
  let inner = body as Readonly<Record<string, unknown>> | undefined;
  for (const step of places[name] ?? ["nothing"]) {
    inner = inner?.[step] as Readonly<Record<string, unknown>> | undefined;
  }
  if (inner === undefined) return undefined;
  return {
    isWhole: name === "InitialSubscription",
    isUpdate: name === "TransactionUpdateLight",
    tables: (inner as unknown as JsonTables).tables.map(({ table_name, num_rows, updates }) => ({
      table: table_name,
      rowCount: num_rows,
      parts: updates.map(({ inserts, deletes }) => ({
        inserts: inserts.map(unnamed),
        deletes: deletes.map(unnamed),
      })),
    })),
  };
}

export class V1Mirror {
  /** By table. */
  readonly tables: Map<string, HeldRows> = new Map();
  readonly faults: string[] = [];

  take(messages: readonly V1ServerMessage[]): void {
    for (const message of messages) this.#apply(fromBsatn(message));
  }

  takeJson(messages: readonly JsonMessage[]): void {
    for (const message of messages) this.#apply(fromJson(message));
  }

  #apply(change: Change | undefined): void {
    if (change === undefined) return;
    if (change.isWhole) this.tables.clear();
    const names = change.tables.map(({ table }) => table);
    if (new Set(names).size !== names.length) this.faults.push("a table came twice");
    if (change.isUpdate && names.length === 0) this.faults.push("an empty update");
    for (const { table, rowCount: count, parts } of change.tables) {
      let held = this.tables.get(table);
      if (held === undefined) this.tables.set(table, (held = new Map<string, number>()));
      let counted = 0;
      for (const { inserts, deletes } of parts) {
        counted += inserts.length + deletes.length;
        for (const row of deletes) add(held, row, -1);
        for (const row of inserts) add(held, row, 1);
      }
      if (counted !== count) this.faults.push(`${count} rows were told of, ${counted} came`);
      for (const left of held.values()) if (left < 0) this.faults.push("a row was deleted twice");
    }
  }
}

function add(held: HeldRows, row: string, count: number): void {
  const next = (held.get(row) ?? 0) + count;
  if (next === 0) held.delete(row);
  else held.set(row, next);
}
