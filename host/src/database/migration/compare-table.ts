// The differences between a table of the present definition and the one of the same name in the new definition, as steps
// and as reasons why there can be none (module-def.md section 9).
import { typesEqual } from "@lightcone/abi";
import type { NewTable } from "../../datastore/create-table.ts";
import type { NewColumn, NewSchedule, NewSequence } from "../../datastore/schema-rows.ts";
import { typeFaults } from "./column-type.ts";
import type { MigrationStep } from "./step.ts";

export interface Comparison {
  readonly steps: MigrationStep[];
  /** Why it cannot be done, naming table and column. */
  readonly refusals: string[];
}

/** Columns by name: positions mean nothing where columns differ. */
function columnNames(table: NewTable, columns: readonly number[]): string {
  return columns.map((column) => table.columns[column]?.name).join(", ");
}

function sameColumns(before: NewTable, after: NewTable): boolean {
  return (
    before.columns.length === after.columns.length &&
    before.columns.every((column, i) => {
      const other = after.columns[i] as NewColumn;
      return column.name === other.name && typesEqual(column.type, other.type);
    })
  );
}

function compareColumns(before: NewTable, after: NewTable, found: Comparison): void {
  const table = before.name;
  const refuse = (reason: string): void => {
    found.refusals.push(`table ${table}: ${reason}`);
  };
  const positions = new Map(after.columns.map(({ name }, position) => [name, position]));
  let isReordered = false;
  for (const [position, column] of before.columns.entries()) {
    const nextPosition = positions.get(column.name);
    if (nextPosition === undefined) {
      refuse(`column ${column.name} is removed`);
      continue;
    }
    isReordered ||= nextPosition !== position;
    const next = after.columns[nextPosition] as NewColumn;
    const faults = typeFaults(`column ${column.name}`, column.type, next.type);
    for (const fault of faults) refuse(fault);
    if (faults.length === 0 && !typesEqual(column.type, next.type)) {
      found.steps.push({ kind: "changeColumnType", table, position, column: next });
    }
  }
  const oldNames = new Set(before.columns.map(({ name }) => name));
  const added = after.columns.filter(({ name }) => !oldNames.has(name));
  const isAtEnd = after.columns
    .slice(after.columns.length - added.length)
    .every((c) => added.includes(c));
  for (const { name, defaultValue } of added) {
    if (defaultValue === undefined) refuse(`column ${name} is added without a default value`);
  }
  if (added.length > 0 && !isAtEnd) {
    refuse(`new columns must stand at the end: ${added.map(({ name }) => name).join(", ")}`);
  } else if (isReordered && before.columns.every(({ name }) => positions.has(name))) {
    refuse("the columns have another order");
  }
  if (added.length > 0) found.steps.push({ kind: "addColumns", table, next: after, added });
}

function compareIndexes(before: NewTable, after: NewTable, found: Comparison): void {
  const table = before.name;
  for (const old of before.indexes) {
    const index = after.indexes.find(({ name }) => name === old.name);
    if (index === undefined) {
      found.steps.push({ kind: "removeIndex", table, index: old });
      continue;
    }
    if (index.accessor !== old.accessor) {
      found.refusals.push(
        `table ${table}: index ${old.name} has another accessor: ${index.accessor ?? "none"}, not ${old.accessor ?? "none"}`,
      );
    }
    const isSame =
      index.kind === old.kind &&
      columnNames(before, old.columns) === columnNames(after, index.columns);
    if (!isSame) {
      found.steps.push({ kind: "removeIndex", table, index: old });
      found.steps.push({ kind: "addIndex", table, index });
    } else if (index.alias !== old.alias) {
      found.steps.push({ kind: "changeIndexAlias", table, index });
    }
  }
  for (const index of after.indexes) {
    if (before.indexes.some(({ name }) => name === index.name)) continue;
    found.steps.push({ kind: "addIndex", table, index });
  }
}

function compareConstraints(before: NewTable, after: NewTable, found: Comparison): void {
  const table = before.name;
  for (const old of before.constraints) {
    const constraint = after.constraints.find(({ name }) => name === old.name);
    if (constraint === undefined) {
      found.steps.push({ kind: "removeConstraint", table, constraint: old });
      continue;
    }
    const [oldNames, names] = [
      columnNames(before, old.columns),
      columnNames(after, constraint.columns),
    ];
    if (oldNames !== names) {
      found.refusals.push(
        `table ${table}: unique constraint ${old.name} is on other columns: ${names}, not ${oldNames}`,
      );
    }
  }
  for (const constraint of after.constraints) {
    if (before.constraints.some(({ name }) => name === constraint.name)) continue;
    found.steps.push({ kind: "addConstraint", table, constraint });
  }
}

function sameSequence(
  before: NewTable,
  old: NewSequence,
  after: NewTable,
  next: NewSequence,
): boolean {
  return (
    columnNames(before, [old.column]) === columnNames(after, [next.column]) &&
    old.increment === next.increment &&
    old.start === next.start &&
    old.min === next.min &&
    old.max === next.max
  );
}

function compareSequences(before: NewTable, after: NewTable, found: Comparison): void {
  const table = before.name;
  for (const old of before.sequences) {
    const next = after.sequences.find(({ name }) => name === old.name);
    if (next !== undefined && sameSequence(before, old, after, next)) continue;
    found.steps.push({ kind: "removeSequence", table, sequence: old });
  }
  for (const sequence of after.sequences) {
    const old = before.sequences.find(({ name }) => name === sequence.name);
    if (old !== undefined && sameSequence(before, old, after, sequence)) continue;
    found.steps.push({ kind: "addSequence", table, sequence });
  }
}

function sameSchedule(a: NewSchedule | undefined, b: NewSchedule | undefined): boolean {
  return a?.name === b?.name && a?.functionName === b?.functionName && a?.atColumn === b?.atColumn;
}

function compareRest(before: NewTable, after: NewTable, { steps }: Comparison): void {
  const table = before.name;
  if (!sameSchedule(before.schedule, after.schedule)) {
    if (before.schedule !== undefined) {
      steps.push({ kind: "removeSchedule", table, schedule: before.schedule });
    }
    if (after.schedule !== undefined) {
      steps.push({ kind: "addSchedule", table, schedule: after.schedule });
    }
  }
  if (before.alias !== after.alias) {
    steps.push({ kind: "changeTableAlias", table, alias: after.alias });
  }
  for (const column of after.columns) {
    const old = before.columns.find(({ name }) => name === column.name);
    if (old === undefined || old.alias === column.alias) continue;
    steps.push({ kind: "changeColumnAlias", table, column });
  }
  if (before.access !== after.access) {
    steps.push({ kind: "changeAccess", table, access: after.access });
  }
  const key = (one: NewTable): string | undefined =>
    one.primaryKey === undefined ? undefined : one.columns[one.primaryKey]?.name;
  if (key(before) !== key(after)) {
    const { primaryKey } = after;
    steps.push({ kind: "changePrimaryKey", table, primaryKey, column: key(after) });
  }
}

/** Compares two tables of one name. */
export function compareTables(before: NewTable, after: NewTable): Comparison {
  const found: Comparison = { steps: [], refusals: [] };
  const { name } = before;
  if (before.isEvent !== after.isEvent) {
    found.refusals.push(
      `table ${name}: ${after.isEvent ? "it becomes an event table" : "it is an event table no more"}`,
    );
  }
  if (before.isEvent && after.isEvent) {
    if (!sameColumns(before, after)) {
      found.steps.push({ kind: "changeEventColumns", table: name, next: after });
    }
  } else {
    compareColumns(before, after, found);
  }
  compareIndexes(before, after, found);
  compareConstraints(before, after, found);
  compareSequences(before, after, found);
  compareRest(before, after, found);
  return found;
}
