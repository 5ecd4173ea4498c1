// The rules for tables: columns, keys, indexes, sequences, schedules, defaults (module-def.md
// section 7).
import { compileWalk } from "../sats/check.ts";
import { type AlgebraicType, isUnit, resolve, specialKind, type Typespace } from "../sats/type.ts";
import type { ColumnDef, ModuleDef, ScheduleDef, SequenceDef, TableDef } from "./def.ts";
import { duplicates, nameFaults } from "./fault.ts";

/** Every fault of one table. Types of columns are checked where the typespace is. */
export function checkTable(table: TableDef, def: ModuleDef): string[] {
  const faults = [
    ...checkNames(table),
    ...checkKeys(table),
    ...checkIndexes(table, def.typespace),
    ...checkSequences(table),
    ...checkSchedule(table, def),
    ...checkDefaults(table, def.typespace),
  ];
  const what = `table \`${table.sourceName}\``;
  return faults.map((fault) => `${what}: ${fault}`);
}

function checkNames(table: TableDef): string[] {
  const faults: string[] = [];
  for (const name of new Set([table.name, table.sourceName])) {
    faults.push(...nameFaults("it cannot be called so", name));
    if (name.startsWith("st_")) faults.push("names that start with `st_` belong to the system");
  }
  for (const name of duplicates(table.columns.map((column) => column.name))) {
    faults.push(`it has two columns \`${name}\``);
  }
  return faults;
}

function columnName(table: TableDef, position: number): string {
  return `column \`${(table.columns[position] as ColumnDef).name}\``;
}

/** The same for the same set of columns, whatever their order. */
function columnSet(columns: readonly number[]): string {
  return columns.toSorted((a, b) => a - b).join();
}

function checkKeys(table: TableDef): string[] {
  const faults: string[] = [];
  const { primaryKey } = table;
  const hasKeyConstraint = table.constraints.some(
    ({ columns }) => columns.length === 1 && columns[0] === primaryKey,
  );
  if (primaryKey !== undefined && !hasKeyConstraint) {
    const column = columnName(table, primaryKey);
    faults.push(`${column} is the primary key but has no unique constraint`);
  }
  const indexed = new Set(table.indexes.map(({ algorithm }) => columnSet(algorithm.columns)));
  for (const { name, columns } of table.constraints) {
    if (!indexed.has(columnSet(columns))) {
      faults.push(`constraint \`${name}\` has no index on the same columns`);
    }
  }
  return faults;
}

function checkIndexes(table: TableDef, types: Typespace): string[] {
  return table.indexes.flatMap(({ name, algorithm }) => {
    const position = algorithm.columns[0] as number;
    const { type } = table.columns[position] as ColumnDef;
    if (algorithm.kind !== "direct" || canBeDirect(type, types)) return [];
    const rule = "a direct index needs u8, u16, u32, u64 or an enum without payloads";
    return [`index \`${name}\`, ${columnName(table, position)}: ${rule}`];
  });
}

const directKinds: readonly string[] = ["u8", "u16", "u32", "u64"];

function canBeDirect(type: AlgebraicType, types: Typespace): boolean {
  const resolved = resolve(type, types);
  if (directKinds.includes(resolved.kind)) return true;
  if (resolved.kind !== "sum" || resolved.variants.length === 0) return false;
  return resolved.variants.every((variant) => isUnit(resolve(variant.type, types)));
}

const integerKind = /^[iu](8|16|32|64|128|256)$/;

function checkSequences(table: TableDef): string[] {
  const faults: string[] = [];
  const owned = new Set<number>();
  for (const sequence of table.sequences) {
    const column = columnName(table, sequence.column);
    const { type } = table.columns[sequence.column] as ColumnDef;
    if (!integerKind.test(type.kind)) faults.push(`${column}: a sequence needs an integer type`);
    if (owned.has(sequence.column)) faults.push(`${column}: it has two sequences`);
    owned.add(sequence.column);
    for (const fault of sequenceFaults(sequence)) faults.push(`${column}: ${fault}`);
  }
  return faults;
}

function sequenceFaults({ start, min, max, increment }: SequenceDef): string[] {
  const faults: string[] = [];
  if (min !== undefined && max !== undefined && min > max) {
    faults.push(`the sequence's minimum ${min} is over its maximum ${max}`);
  }
  if (start !== undefined && min !== undefined && start < min) {
    faults.push(`the sequence starts at ${start}, under its minimum ${min}`);
  }
  if (start !== undefined && max !== undefined && start > max) {
    faults.push(`the sequence starts at ${start}, over its maximum ${max}`);
  }
  if (increment === 0n) faults.push("the sequence's increment is zero");
  return faults;
}

function checkSchedule(table: TableDef, def: ModuleDef): string[] {
  const { schedule, primaryKey } = table;
  if (schedule === undefined) return [];
  const faults: string[] = [];
  if (table.isEvent) faults.push("an event table cannot be scheduled: its rows are not kept");
  if (primaryKey === undefined || table.columns[primaryKey]?.type.kind !== "u64") {
    faults.push("a scheduled table needs a primary key of type u64");
  }
  const atColumn = table.columns[schedule.atColumn] as ColumnDef;
  if (specialKind(atColumn.type) !== "scheduleAt") {
    faults.push(`column \`${atColumn.name}\`: a schedule needs the type ScheduleAt`);
  }
  faults.push(...scheduledFunctionFaults(schedule, table, def));
  return faults;
}

function scheduledFunctionFaults(
  { functionName }: ScheduleDef,
  table: TableDef,
  def: ModuleDef,
): string[] {
  const callable = [...def.reducers, ...def.procedures].find(({ name }) => name === functionName);
  if (callable === undefined) {
    return [`the scheduled function \`${functionName}\` is neither a reducer nor a procedure`];
  }
  const [param, ...others] = callable.params.elements;
  const takesRow = param?.type.kind === "ref" && param.type.ref === table.productTypeRef;
  if (takesRow && others.length === 0) return [];
  return [
    `the scheduled function \`${functionName}\` must take a row of the table and nothing else`,
  ];
}

function checkDefaults(table: TableDef, types: Typespace): string[] {
  return table.columns.flatMap(({ name, type, defaultValue }) => {
    if (defaultValue === undefined) return [];
    const end = compileWalk(type, types)(defaultValue, 0, defaultValue.length);
    if (end === defaultValue.length) return [];
    return [`column \`${name}\`: its default value does not decode as the column's type`];
  });
}
