// A plan carried out inside the publish transaction: the system rows say what tables are to be, then the tables in memory
// follow. A rollback undoes both.
import { assert, InvariantError, present } from "@lightcone/abi";
import { createTable } from "../../datastore/create-table.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import { replaceTable } from "../../datastore/replace-table.ts";
import {
  changeColumn,
  changeTable,
  deleteColumnAlias,
  deleteIndexAlias,
  deletePart,
  deleteSchedule,
  deleteSchema,
  deleteTableAlias,
  insertColumnAlias,
  insertConstraint,
  insertIndex,
  insertIndexAlias,
  insertSchedule,
  insertSequence,
  insertTableAlias,
  type SchemaTarget,
} from "../../datastore/schema-rows.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { MigrationStep } from "./step.ts";

type TableStep = Extract<MigrationStep, { readonly table: string }>;

/** Steps that make a table anew, in its final form: they leave nothing to do for the other steps on it. */
const replacingKinds: ReadonlySet<MigrationStep["kind"]> = new Set([
  "changeEventColumns",
  "addColumns",
]);

/** Names may pass from one to another: all that change are given up before any is taken. */
function giveUpAlias(target: SchemaTarget, step: TableStep): void {
  if (step.kind === "changeIndexAlias") deleteIndexAlias(target, step.index.name);
  else if (step.kind === "changeTableAlias") deleteTableAlias(target, step.table);
  else if (step.kind === "changeColumnAlias") {
    deleteColumnAlias(target, step.table, step.column.name);
  }
}

/** Changes the rows that describe a table which stays. Returns whether the table itself must follow. */
function changeRows(target: SchemaTarget, step: TableStep): boolean {
  switch (step.kind) {
    case "removeIndex":
      deletePart(target, "index", step.index.name);
      return true;
    case "addIndex":
      insertIndex(target, step.index);
      return true;
    case "removeConstraint":
      deletePart(target, "constraint", step.constraint.name);
      return true;
    case "addConstraint":
      insertConstraint(target, step.constraint);
      return true;
    case "removeSequence":
      deletePart(target, "sequence", step.sequence.name);
      return true;
    case "addSequence":
      insertSequence(target, step.sequence);
      return true;
    case "removeSchedule":
      deleteSchedule(target);
      return true;
    case "addSchedule":
      insertSchedule(target, step.schedule);
      return true;
    case "changeColumnType":
      changeColumn(target, step.position, step.column);
      return true;
    case "changeAccess":
      changeTable(target, { table_access: step.access });
      return true;
    case "changePrimaryKey": {
      const { primaryKey } = step;
      const key = primaryKey === undefined ? undefined : [primaryKey];
      changeTable(target, { table_primary_key: key });
      return true;
    }
    case "changeIndexAlias":
      insertIndexAlias(target, step.index);
      return false;
    case "changeTableAlias":
      insertTableAlias(target, step.table, step.alias);
      return false;
    case "changeColumnAlias":
      insertColumnAlias(target, step.table, step.column);
      return false;
    default:
      throw new InvariantError(`${step.kind} is no change of a table that stays`);
  }
}

function runStep(datastore: Datastore, tx: Transaction, step: TableStep, table?: Table): boolean {
  const { catalog } = datastore;
  if (step.kind === "addTable") {
    createTable(datastore, tx, step.next);
    return false;
  }
  const old = present(table, `table ${step.table}`);
  const target: SchemaTarget = { catalog, tx, tableId: old.schema.id };
  if (step.kind === "removeTable") {
    deleteSchema(target, step.table);
    datastore.dropTable(target.tableId);
    return false;
  }
  if (step.kind === "addColumns" || step.kind === "changeEventColumns") {
    replaceTable(datastore, tx, old, step.next);
    return false;
  }
  return changeRows(target, step);
}

/**
 * Carries the steps out, which the data allows (`dataFaults`). Steps on views and row rules are left to those who keep them.
 * Returns the tables that stay and are not as they were: what was compiled for them must be compiled again after the commit.
 */
export function migrate(
  datastore: Datastore,
  tx: Transaction,
  steps: readonly MigrationStep[],
): readonly Table[] {
  const tableSteps = steps.filter((step): step is TableStep => "table" in step);
  const replaced = new Set(
    tableSteps.filter(({ kind }) => replacingKinds.has(kind)).map(({ table }) => table),
  );
  const due = tableSteps.filter(
    ({ kind, table }) => replacingKinds.has(kind) || !replaced.has(table),
  );
  const tables = new Map(due.map(({ table }) => [table, datastore.tableByName(table)]));
  for (const step of due) {
    const tableId = tables.get(step.table)?.schema.id;
    if (tableId !== undefined) giveUpAlias({ catalog: datastore.catalog, tx, tableId }, step);
  }
  const changed = new Set<Table>();
  for (const step of due) {
    const table = tables.get(step.table);
    if (runStep(datastore, tx, step, table)) changed.add(present(table, `table ${step.table}`));
  }
  for (const table of changed) {
    const conflict = datastore.reshapeTable(table.schema.id);
    assert(conflict === undefined, "rows were looked at before their table changed");
  }
  return [...changed];
}
