// The owner's limit on what others may have scanned, kept as the variable `row_limit` (sql-and-subscriptions.md section 7.4).
import { LightconeError, Reader } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import type { Index } from "../../datastore/index/contract.ts";
import { hashBytes } from "../../datastore/key.ts";
import type { IndexSchema } from "../../datastore/schema.ts";
import { systemTableId } from "../../datastore/system-tables.ts";
import type { Table } from "../../datastore/table.ts";
import type { JoinPlan, JoinStep } from "./join-plan.ts";
import type { TablePlan } from "./plan.ts";
import type { SqlCaller } from "../bind/visibility.ts";

/** The name under which `st_var` holds the limit. */
export const rowLimitName = "row_limit";

/** The variant U64 of a variable's value. */
const u64Tag = 8;

/** What a plan scans and what it is likely to find. */
interface Estimate {
  readonly scanned: number;
  readonly found: number;
}

function readRowLimit(view: ReadView): number | undefined {
  const table = view.tableById(systemTableId.variable);
  if (table === undefined || table.rowCount === 0) return undefined;
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const reader = new Reader(table.rows.page(row), table.rows.start(row));
    if (reader.string() === rowLimitName && reader.u8() === u64Tag) return Number(reader.u64());
  }
  return undefined;
}

/** Counted for a table of that many rows. */
interface DistinctKeys {
  readonly rowCount: number;
  readonly count: number;
}

/** Counting looks at every row, so what was counted is good until the table has changed its size by a quarter. */
const distinctKeys = new WeakMap<Index, DistinctKeys>();
const staleShare = 0.25;

function countKeys({ rowCount, rows }: Table, index: Index): number {
  const known = distinctKeys.get(index);
  if (known !== undefined && Math.abs(known.rowCount - rowCount) <= known.rowCount * staleShare) {
    return known.count;
  }
  const hashes = new Set<number>();
  for (let row = rows.live.next(0); row >= 0; row = rows.live.next(row + 1)) {
    const { bytes, start, end } = index.key.load(row);
    hashes.add(hashBytes(bytes, start, end));
  }
  distinctKeys.set(index, { rowCount, count: hashes.size });
  return hashes.size;
}

/** How many rows have one key, on the average. */
function rowsPerKey(table: Table, index: Index, { isUnique }: IndexSchema): number {
  if (table.rowCount === 0) return 0;
  return isUnique ? 1 : Math.floor(table.rowCount / Math.max(1, countKeys(table, index)));
}

function estimateTable({ table, access, hasResidual }: TablePlan, limit: number): Estimate {
  if (access.kind === "nothing") return { scanned: 0, found: 0 };
  let rows = hasResidual ? table.rowCount : Math.min(limit, table.rowCount);
  if (access.kind === "point") {
    const schema = table.schema.indexes[table.indexes.indexOf(access.index)] as IndexSchema;
    rows = rowsPerKey(table, access.index, schema);
  }
  return { scanned: hasResidual ? rows + rows : rows, found: rows };
}

function estimateStep(left: Estimate, { plan, link, residual }: JoinStep): Estimate {
  let joined: Estimate;
  if (link?.probe !== undefined) {
    const { index, schema } = link.probe;
    const found = left.found * rowsPerKey(plan.table, index, schema);
    joined = { scanned: left.scanned + (schema.isUnique ? left.found : found), found };
  } else {
    const right = estimateTable(plan, Number.POSITIVE_INFINITY);
    const found = left.found * right.found;
    joined = { scanned: left.scanned + right.scanned + found, found };
  }
  if (residual === undefined) return joined;
  return { scanned: joined.scanned + joined.found, found: joined.found };
}

function estimateJoin({ steps: [first, ...others] }: JoinPlan): number {
  if (first === undefined) return 0;
  const start = estimateTable(first.plan, Number.POSITIVE_INFINITY);
  return others.reduce(estimateStep, start).scanned;
}

/** A query that was planned. */
type Planned =
  | { readonly kind: "single"; readonly plan: TablePlan }
  | { readonly kind: "join"; readonly plan: JoinPlan };

/**
 * Refuses, with LC_SQL_FORBIDDEN, queries of others than the owner that together would scan more than the owner allows. `limit` is
 * the queries' own LIMIT.
 */
export function checkRowLimit(
  queries: readonly Planned[],
  limit: number,
  view: ReadView,
  caller: SqlCaller,
): void {
  const allowed = caller.isOwner ? undefined : readRowLimit(view);
  if (allowed === undefined) return;
  let scanned = 0;
  for (const { kind, plan } of queries) {
    scanned += kind === "single" ? estimateTable(plan, limit).scanned : estimateJoin(plan);
  }
  if (scanned <= allowed) return;
  const message = `Estimated cardinality (${scanned} rows) exceeds limit (${allowed} rows)`;
  throw new LightconeError("LC_SQL_FORBIDDEN", message);
}
