// What the data says against a migration: looked at before anything is changed, so that all reasons come at once and a
// migration that has begun does not fail over a row.
import {
  type AlgebraicType,
  compileCodec,
  compileJsonWriter,
  Reader,
  typesEqual,
} from "@lightcone/abi";
import type { NewTable } from "../../datastore/create-table.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import { buildIndex } from "../../datastore/index/build.ts";
import {
  type NewColumn,
  type NewConstraint,
  type NewSequence,
  sequenceRange,
} from "../../datastore/schema-rows.ts";
import type { Table } from "../../datastore/table.ts";
import type { MigrationStep } from "./step.ts";

/** Characters of a value that are told. */
const toldLengthMax = 100;

/** Values of a row's columns, for people. */
function columnsText(table: Table, row: number, columns: readonly number[]): string {
  const page = table.rows.page(row);
  const parts = columns.map((column) => {
    const start = table.layout.columnStart(column, page, table.rows.start(row));
    const end = table.layout.columnEnd(column, page, start);
    const type = table.layout.columnTypes[column] as AlgebraicType;
    const text = compileJsonWriter(type, [], "typed")(new Reader(page, start, end));
    const told = text.length > toldLengthMax ? `${text.slice(0, toldLengthMax)}…` : text;
    return `${table.schema.columns[column]?.name} = ${told}`;
  });
  return parts.join(", ");
}

function constraintFault(table: Table, { name, columns }: NewConstraint): string | undefined {
  const { rows, layout, rowCount } = table;
  const what = `table ${table.schema.name}: unique constraint ${name}`;
  // Added columns have one value in all rows, so that the others must tell the rows apart.
  const present = columns.filter((column) => column < layout.columnCount);
  if (present.length === 0) {
    return rowCount > 1 ? `${what}: all ${rowCount} rows would have the same values` : undefined;
  }
  const schema = { id: 0, name, kind: "btree", columns: present, isUnique: true } as const;
  const conflict = buildIndex(schema, rows, layout).build(rows.live, rowCount);
  if (conflict === undefined) return undefined;
  return `${what}: two rows have ${columnsText(table, conflict.row, present)}`;
}

/** The first number of a column within a range, if there is any. */
function findWithin(table: Table, column: number, min: bigint, max: bigint): bigint | undefined {
  const { rows, layout } = table;
  const codec = compileCodec<number | bigint>(layout.columnTypes[column] as AlgebraicType);
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const page = rows.page(row);
    const start = layout.columnStart(column, page, rows.start(row));
    const value = codec.read(new Reader(page, start, layout.columnEnd(column, page, start)));
    if (value >= min && value <= max) return BigInt(value);
  }
  return undefined;
}

function sequenceFault(table: Table, sequence: NewSequence, next: NewTable): string | undefined {
  const { min, max } = sequenceRange(sequence);
  const { column, name } = sequence;
  const { type, defaultValue, name: columnName } = next.columns[column] as NewColumn;
  let found: bigint | undefined;
  if (column < table.layout.columnCount) found = findWithin(table, column, min, max);
  else if (table.rowCount > 0 && defaultValue !== undefined) {
    const value = BigInt(compileCodec<number | bigint>(type).read(new Reader(defaultValue)));
    if (value >= min && value <= max) found = value;
  }
  if (found === undefined) return undefined;
  return `table ${table.schema.name}: column ${columnName} has the value ${found}, which sequence ${name} would give again`;
}

function stepFault(datastore: Datastore, step: MigrationStep, next: Tables): string | undefined {
  if (!("table" in step)) return undefined;
  const table = datastore.tableByName(step.table);
  if (table === undefined) return undefined;
  switch (step.kind) {
    case "removeTable":
      return table.rowCount > 0
        ? `table ${step.table} is removed, but holds ${table.rowCount} ${table.rowCount === 1 ? "row" : "rows"}`
        : undefined;
    case "addConstraint":
      return constraintFault(table, step.constraint);
    case "addSequence":
      return sequenceFault(table, step.sequence, next.get(step.table) as NewTable);
    default:
      return undefined;
  }
}

type Tables = ReadonlyMap<string, NewTable>;

/** Why the stored tables are not those of the present program: then nothing can be said about a migration. */
function storedFaults(datastore: Datastore, before: readonly NewTable[]): string[] {
  return before.flatMap(({ name, columns }) => {
    const stored = datastore.tableByName(name)?.schema.columns;
    const isSame =
      stored?.length === columns.length &&
      columns.every((column, i) => {
        const other = stored[i];
        return column.name === other?.name && typesEqual(column.type, other.type);
      });
    return isSame ? [] : [`table ${name} is not stored as the present program declares it`];
  });
}

/** Every reason that stored tables and their rows give against a migration from `before` to `after`. */
export function dataFaults(
  datastore: Datastore,
  steps: readonly MigrationStep[],
  before: readonly NewTable[],
  after: readonly NewTable[],
): string[] {
  const stored = storedFaults(datastore, before);
  if (stored.length > 0) return stored;
  const next: Tables = new Map(after.map((table) => [table.name, table]));
  return steps.flatMap((step) => stepFault(datastore, step, next) ?? []);
}
