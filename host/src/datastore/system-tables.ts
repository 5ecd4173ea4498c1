// The tables that describe tables: fixed ids, columns, keys (module-def.md section 10). Everything here is data.
import {
  type AlgebraicType,
  array,
  bytesType,
  option,
  primitive,
  product,
  sum,
  type Value,
} from "@lightcone/abi";
import {
  type ConstraintSchema,
  firstUserId,
  type IndexSchema,
  type SequenceSchema,
  type TableSchema,
} from "./schema.ts";

export const systemTableId = {
  table: 1,
  column: 2,
  sequence: 3,
  index: 4,
  constraint: 5,
  module: 6,
  client: 7,
  variable: 8,
  scheduled: 9,
  rowLevelSecurity: 10,
  connectionCredentials: 11,
  view: 12,
  viewParam: 13,
  viewColumn: 14,
  viewSub: 15,
  viewArg: 16,
  eventTable: 17,
  tableAccessor: 18,
  indexAccessor: 19,
  columnAccessor: 20,
} as const;

const bool = primitive("bool");
const string = primitive("string");
const u16 = primitive("u16");
const u32 = primitive("u32");
const u64 = primitive("u64");
const i64 = primitive("i64");
const i128 = primitive("i128");
const u128 = primitive("u128");
const u256 = primitive("u256");
const columnList = array(u16);

/** `st_index.index_algorithm`; its tags differ from those of a module definition. */
const indexAlgorithmType: AlgebraicType = sum({
  Unused: u128,
  BTree: columnList,
  Direct: u16,
  Hash: columnList,
});

const constraintDataType: AlgebraicType = sum({ Unused: u128, Unique: columnList });

const variableValueType: AlgebraicType = sum({
  Bool: bool,
  I8: primitive("i8"),
  U8: primitive("u8"),
  I16: primitive("i16"),
  U16: u16,
  I32: primitive("i32"),
  U32: u32,
  I64: i64,
  U64: u64,
  I128: i128,
  U128: u128,
  F32: primitive("f32"),
  F64: primitive("f64"),
  String: string,
});

interface SystemTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  readonly primaryKey?: string;
  /** Each with an index; `true` means unique. In the order of their ids. */
  readonly keys: readonly (readonly [columns: readonly string[], isUnique: boolean])[];
  readonly sequence?: { readonly id: number; readonly column: string };
  readonly isPrivate?: boolean;
}

const systemTables: readonly SystemTable[] = [
  {
    name: "st_table",
    columns: {
      table_id: u32,
      table_name: string,
      table_type: string,
      table_access: string,
      table_primary_key: option(columnList),
    },
    primaryKey: "table_id",
    keys: [
      [["table_id"], true],
      [["table_name"], true],
    ],
    sequence: { id: 1, column: "table_id" },
  },
  {
    name: "st_column",
    columns: { table_id: u32, col_pos: u16, col_name: string, col_type: bytesType },
    keys: [[["table_id", "col_pos"], true]],
  },
  {
    name: "st_sequence",
    columns: {
      sequence_id: u32,
      sequence_name: string,
      table_id: u32,
      col_pos: u16,
      increment: i128,
      start: i128,
      min_value: i128,
      max_value: i128,
      allocated: i128,
    },
    primaryKey: "sequence_id",
    keys: [[["sequence_id"], true]],
    sequence: { id: 5, column: "sequence_id" },
  },
  {
    name: "st_index",
    columns: {
      index_id: u32,
      table_id: u32,
      index_name: string,
      index_algorithm: indexAlgorithmType,
    },
    primaryKey: "index_id",
    keys: [[["index_id"], true]],
    sequence: { id: 2, column: "index_id" },
  },
  {
    name: "st_constraint",
    columns: {
      constraint_id: u32,
      constraint_name: string,
      table_id: u32,
      constraint_data: constraintDataType,
    },
    primaryKey: "constraint_id",
    keys: [[["constraint_id"], true]],
    sequence: { id: 3, column: "constraint_id" },
  },
  {
    name: "st_module",
    columns: {
      database_identity: u256,
      owner_identity: u256,
      program_kind: primitive("u8"),
      program_hash: u256,
      program_bytes: bytesType,
      module_version: string,
    },
    keys: [],
  },
  {
    name: "st_client",
    columns: { identity: u256, connection_id: u128 },
    keys: [[["identity", "connection_id"], true]],
  },
  {
    name: "st_var",
    columns: { name: string, value: variableValueType },
    primaryKey: "name",
    keys: [[["name"], true]],
  },
  {
    name: "st_scheduled",
    columns: {
      schedule_id: u32,
      table_id: u32,
      reducer_name: string,
      schedule_name: string,
      at_column: u16,
    },
    primaryKey: "schedule_id",
    keys: [
      [["schedule_id"], true],
      [["table_id"], true],
    ],
    sequence: { id: 4, column: "schedule_id" },
  },
  {
    name: "st_row_level_security",
    columns: { table_id: u32, sql: string },
    primaryKey: "sql",
    keys: [
      [["table_id"], false],
      [["sql"], true],
    ],
  },
  {
    name: "st_connection_credentials",
    columns: { connection_id: u128, jwt_payload: string },
    primaryKey: "connection_id",
    keys: [[["connection_id"], true]],
    isPrivate: true,
  },
  {
    name: "st_view",
    columns: {
      view_id: u32,
      view_name: string,
      table_id: option(u32),
      is_public: bool,
      is_anonymous: bool,
    },
    primaryKey: "view_id",
    keys: [
      [["view_id"], true],
      [["view_name"], true],
    ],
    sequence: { id: 6, column: "view_id" },
  },
  {
    name: "st_view_param",
    columns: { view_id: u32, param_pos: u16, param_name: string, param_type: bytesType },
    keys: [[["view_id", "param_pos"], true]],
  },
  {
    name: "st_view_column",
    columns: { view_id: u32, col_pos: u16, col_name: string, col_type: bytesType },
    keys: [[["view_id", "col_pos"], true]],
  },
  {
    name: "st_view_sub",
    columns: {
      view_id: u32,
      arg_id: u64,
      identity: u256,
      num_subscribers: u64,
      has_subscribers: bool,
      last_called: i64,
    },
    keys: [
      [["identity"], false],
      [["has_subscribers"], false],
      [["view_id", "arg_id", "identity"], false],
    ],
  },
  {
    name: "st_view_arg",
    columns: { id: u64, bytes: bytesType },
    primaryKey: "id",
    keys: [
      [["id"], true],
      [["bytes"], true],
    ],
    sequence: { id: 7, column: "id" },
  },
  {
    name: "st_event_table",
    columns: { table_id: u32 },
    primaryKey: "table_id",
    keys: [[["table_id"], true]],
  },
  {
    name: "st_table_accessor",
    columns: { table_name: string, accessor_name: string },
    keys: [
      [["table_name"], true],
      [["accessor_name"], true],
    ],
  },
  {
    name: "st_index_accessor",
    columns: { index_name: string, accessor_name: string },
    keys: [
      [["index_name"], true],
      [["accessor_name"], true],
    ],
  },
  {
    name: "st_column_accessor",
    columns: { table_name: string, col_name: string, accessor_name: string },
    keys: [
      [["table_name", "col_name"], true],
      [["table_name", "accessor_name"], true],
    ],
  },
];

/** Greatest value of a sequence without a maximum of its own: that of i128. */
export const sequenceMax: bigint = (1n << 127n) - 1n;

/** The schemas of all system tables, in the order of their ids. */
export function systemTableSchemas(): TableSchema[] {
  let indexId = 0;
  let constraintId = 0;
  return systemTables.map((table, position) => {
    const names = Object.keys(table.columns);
    const indexes: IndexSchema[] = [];
    const constraints: ConstraintSchema[] = [];
    for (const [columnNames, isUnique] of table.keys) {
      const columns = columnNames.map((name) => names.indexOf(name));
      const stem = `${table.name}_${columnNames.join("_")}`;
      indexes.push({ id: ++indexId, name: `${stem}_idx_btree`, kind: "btree", columns, isUnique });
      if (isUnique) constraints.push({ id: ++constraintId, name: `${stem}_key`, columns });
    }
    return {
      id: position + 1,
      name: table.name,
      kind: "system",
      access: table.isPrivate === true ? "private" : "public",
      columns: Object.entries(table.columns).map(([name, type]) => ({ name, type })),
      primaryKey: table.primaryKey === undefined ? undefined : names.indexOf(table.primaryKey),
      indexes,
      constraints,
      sequences: table.sequence === undefined ? [] : [systemSequence(table, table.sequence, names)],
      isEvent: false,
      schedule: undefined,
      isEphemeral: false,
    };
  });
}

function systemSequence(
  table: SystemTable,
  sequence: { readonly id: number; readonly column: string },
  names: readonly string[],
): SequenceSchema {
  return {
    id: sequence.id,
    name: `${table.name}_${sequence.column}_seq`,
    column: names.indexOf(sequence.column),
    increment: 1n,
    start: 1n,
    min: 1n,
    max: sequenceMax,
    // Ids below the first user id belong to the system.
    allocated: BigInt(firstUserId),
  };
}

/** The type of a system table's rows, for codecs. */
export function systemRowType(tableId: number): AlgebraicType {
  return product((systemTables[tableId - 1] as SystemTable).columns);
}

/** A row of a system table as a value. */
export type SystemRow = Readonly<Record<string, Value>>;
