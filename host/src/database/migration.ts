// The difference between two definitions: what a new program adds, or why it cannot take over (module-def.md section 9).
// This version adds tables; every other change of schema is refused, with all reasons.
import type { Value } from "@lightcone/abi";
import type { NewTable } from "../datastore/create-table.ts";

export interface MigrationPlan {
  readonly added: readonly NewTable[];
  /** Why it cannot be done; nothing is done then. */
  readonly refusals: readonly string[];
}

/** Text by which two parts of a schema are compared; bigints have no JSON of their own. */
function fingerprint(part: unknown): string {
  return JSON.stringify(part, (_key, value: Value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

function compareColumns(before: NewTable, after: NewTable, refusals: string[]): void {
  const table = before.name;
  for (const column of before.columns) {
    const same = after.columns.find(({ name }) => name === column.name);
    if (same === undefined) refusals.push(`table ${table}: column ${column.name} is removed`);
    else if (fingerprint(same.type) !== fingerprint(column.type)) {
      refusals.push(`table ${table}: column ${column.name} has another type`);
    }
  }
  for (const column of after.columns) {
    if (!before.columns.some(({ name }) => name === column.name)) {
      refusals.push(`table ${table}: column ${column.name} is added`);
    }
  }
  const order = (columns: NewTable["columns"]): string =>
    columns.map(({ name }) => name).join(", ");
  const sameSet = before.columns.length === after.columns.length;
  if (sameSet && order(before.columns) !== order(after.columns) && refusals.length === 0) {
    refusals.push(`table ${table}: the columns have another order`);
  }
}

function compareNamed(
  what: string,
  table: string,
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string }[],
  refusals: string[],
): void {
  for (const old of before) {
    const same = after.find(({ name }) => name === old.name);
    if (same === undefined) refusals.push(`table ${table}: ${what} ${old.name} is removed`);
    else if (fingerprint(same) !== fingerprint(old)) {
      refusals.push(`table ${table}: ${what} ${old.name} is changed`);
    }
  }
  for (const one of after) {
    if (!before.some(({ name }) => name === one.name)) {
      refusals.push(`table ${table}: ${what} ${one.name} is added`);
    }
  }
}

function compareTables(before: NewTable, after: NewTable): string[] {
  const refusals: string[] = [];
  const { name } = before;
  compareColumns(before, after, refusals);
  // Keys name columns by position: they say nothing new where the columns differ.
  if (refusals.length > 0) return refusals;
  compareNamed("index", name, before.indexes, after.indexes, refusals);
  compareNamed("unique constraint", name, before.constraints, after.constraints, refusals);
  compareNamed("sequence", name, before.sequences, after.sequences, refusals);
  if (before.access !== after.access) refusals.push(`table ${name}: becomes ${after.access}`);
  if (before.primaryKey !== after.primaryKey) {
    refusals.push(`table ${name}: the primary key is changed`);
  }
  if (before.isEvent !== after.isEvent) refusals.push(`table ${name}: the event flag is changed`);
  if (before.alias !== after.alias)
    refusals.push(`table ${name}: its name in the source is changed`);
  if (fingerprint(before.columns) !== fingerprint(after.columns)) {
    refusals.push(`table ${name}: a column's name in the source is changed`);
  }
  if (fingerprint(before.schedule) !== fingerprint(after.schedule)) {
    refusals.push(`table ${name}: the schedule is changed`);
  }
  return refusals;
}

/** Compares the tables of the present program with those of a new one. */
export function planMigration(
  before: readonly NewTable[],
  after: readonly NewTable[],
): MigrationPlan {
  const refusals: string[] = [];
  for (const table of before) {
    const same = after.find(({ name }) => name === table.name);
    if (same === undefined) refusals.push(`table ${table.name} is removed`);
    else refusals.push(...compareTables(table, same));
  }
  return {
    added: after.filter(({ name }) => !before.some((table) => table.name === name)),
    refusals,
  };
}
