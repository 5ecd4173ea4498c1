// Views that return a query instead of rows (sql-and-subscriptions.md section 9.6): its rows are theirs.
import { encodeType, Identity, LightconeError, Writer } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import { bytesEqual } from "../../datastore/key.ts";
import type { Table } from "../../datastore/table.ts";
import type { ReadSet } from "../../module/read-set.ts";
import type { ViewResult } from "../../module/view-call.ts";
import { runTableQuery } from "../../sql/run.ts";
import { compileQueries, type TableQuery } from "../../sql/table-query.ts";
import type { SqlCaller } from "../../sql/bind/visibility.ts";
import type { LiveView } from "./live-view.ts";

type Answer = Exclude<ViewResult, { kind: "query" }>;

/**
 * Queries of views bypass row rules and read private tables: they are the module's. Other views are found as the tables that back
 * them, and refused below.
 */
const asOwner: SqlCaller = {
  identity: Identity.zero,
  isOwner: true,
  view: () => undefined,
};

/** Why a view may not return this query. */
function faultOf(query: TableQuery, view: LiveView): string | undefined {
  if (query.usesSender) return "its query names :sender, which stands for nobody here";
  for (const { table } of query.relations) {
    const { name, isEphemeral, isEvent } = table.schema;
    if (isEphemeral) return `its query reads the view ${name}`;
    if (isEvent) return `its query reads ${name}, whose rows do not outlive a transaction`;
  }
  const given = rowTypeBytes(query.table);
  const declared = view.rowTypeBytes;
  const isSame = bytesEqual(given, 0, given.length, declared, 0, declared.length);
  const { name } = query.table.schema;
  return isSame ? undefined : `its query returns rows of ${name}, which are not of its row type`;
}

function rowTypeBytes({ schema }: Table): Uint8Array {
  const elements = schema.columns.map(({ name, type }) => ({ name, type }));
  return encodeType({ kind: "product", elements });
}

/** What the query depends on: the key that it is found by, or all rows of its tables. */
function recordRead(query: TableQuery, reads: ReadSet): void {
  if (query.kind === "single" && query.access.kind === "nothing") return;
  if (query.kind === "single" && query.access.kind === "point") {
    const { table, access } = query;
    const isUnique = table.schema.indexes[table.indexes.indexOf(access.index)]?.isUnique === true;
    reads.point({ table, index: access.index, isUnique }, access.key, 0, access.key.length);
    return;
  }
  for (const { table } of query.relations) reads.wholeTable(table);
}

/** The rows of a view's query as an array of rows. No text means no rows. */
export function runViewQuery(
  text: string,
  view: LiveView,
  datastore: ReadView,
  reads: ReadSet,
): Answer {
  const rows = new Writer(256);
  rows.u32(0);
  if (text.trim() === "") return { kind: "rows", bytes: rows.finish(), start: 0, end: 4 };
  let count = 0;
  try {
    for (const query of compileQueries(text, datastore, asOwner, "oneOff")) {
      const message = faultOf(query, view);
      if (message !== undefined) return { kind: "failed", message };
      recordRead(query, reads);
      const { rows: stored } = query.table;
      runTableQuery(query, (row) => {
        const start = stored.start(row);
        rows.viewRange(stored.view(row), start, start + stored.size(row));
        count++;
      });
    }
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return { kind: "failed", message: `its query is refused: ${thrown.message}` };
  }
  const bytes = rows.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, count, true);
  return { kind: "rows", bytes, start: 0, end: bytes.length };
}
