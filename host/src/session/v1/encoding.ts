// What the two encodings of protocol v1, BSATN and JSON, have in common: the messages that a session sends (protocol.md section 6.2).
import type { AlgebraicType, Typespace, V1CallFacts, Writer } from "@lightcone/abi";
import type { Client } from "../../database/client.ts";
import type { ProcedureOutcome } from "../../database/procedures.ts";
import type { Table } from "../../datastore/table.ts";
import type { UpdatePart } from "../../subscription/registry.ts";
import type { TableForm } from "../table-form.ts";
import type { UpdateForm } from "../updates.ts";

/** What an answer to a request about subscriptions begins with. */
export interface Applied {
  readonly requestId: number;
  readonly queryId: number;
  readonly durationMicros: number;
}

/** Arguments as BSATN, in `bytes[start, end)`; none where a call was refused. */
export interface CallArguments {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export const noArguments: CallArguments = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** What a procedure returns, as its module had it when it was called. */
interface Returns {
  readonly type: AlgebraicType;
  readonly typespace: Typespace;
}

export interface V1Encoding {
  /** Tables of an answer whose rows come, whose rows go, and of a query that was asked once. */
  readonly inserts: TableForm;
  readonly deletes: TableForm;
  readonly oneOff: TableForm;
  /** Updates without what is known of the call that made them. */
  readonly light: UpdateForm;
  /** Updates with it, if the module is of the old kind whose clients expect it. */
  readonly full: UpdateForm;
  identityToken(writer: Writer, client: Client, token: string): void;
  /** Then the tables, then `initialTail`. */
  initialHead(writer: Writer, tableCount: number): void;
  initialTail(writer: Writer, requestId: number, durationMicros: number): void;
  /** Then that one table, then `appliedTail`. */
  appliedHead(
    writer: Writer,
    kind: "subscribe" | "unsubscribe",
    applied: Applied,
    table: Table,
  ): void;
  appliedTail(writer: Writer): void;
  /** Then the tables, then `multiAppliedTail`. */
  multiAppliedHead(
    writer: Writer,
    kind: "subscribe" | "unsubscribe",
    applied: Applied,
    tableCount: number,
  ): void;
  multiAppliedTail(writer: Writer): void;
  subscriptionError(
    writer: Writer,
    durationMicros: number,
    requestId: number,
    queryId: number | undefined,
    error: string,
  ): void;
  /** With an error the message goes on with `oneOffTail`, else with one table before it. */
  oneOffHead(writer: Writer, messageId: Uint8Array, error: string | undefined): void;
  oneOffTail(writer: Writer, durationMicros: number): void;
  /** A call that committed, with arranged parts. */
  committed(
    writer: Writer,
    facts: V1CallFacts,
    args: CallArguments,
    parts: readonly UpdatePart[],
    encoded: Uint8Array,
  ): void;
  /** A call that failed; `message` is undefined for one that ran out of energy. */
  failed(
    writer: Writer,
    facts: V1CallFacts,
    args: CallArguments,
    message: string | undefined,
  ): void;
  procedureResult(
    writer: Writer,
    requestId: number,
    returns: Returns,
    outcome: ProcedureOutcome,
  ): void;
}

/** Sorts parts by the names of their tables: all of a table form one update of it. */
export function arrangeByTable(parts: UpdatePart[]): void {
  if (parts.length > 1) parts.sort(compareParts);
}

function compareParts(a: UpdatePart, b: UpdatePart): number {
  const aName = a.query.query.table.schema.name;
  const bName = b.query.query.table.schema.name;
  return aName < bName ? -1 : aName > bName ? 1 : a.querySetId - b.querySetId;
}

/** The changes that one table has, of all queries on it. */
export interface TableParts {
  readonly table: Table;
  readonly rowCount: number;
  readonly parts: readonly UpdatePart[];
}

/** Arranged parts by table. */
export function partsByTable(parts: readonly UpdatePart[]): TableParts[] {
  const tables: TableParts[] = [];
  for (let from = 0; from < parts.length;) {
    const { table } = (parts[from] as UpdatePart).query.query;
    let rowCount = 0;
    let end = from;
    for (; end < parts.length; end++) {
      const { query } = parts[end] as UpdatePart;
      if (query.query.table !== table) break;
      rowCount += query.partRowCount;
    }
    tables.push({ table, rowCount, parts: parts.slice(from, end) });
    from = end;
  }
  return tables;
}
