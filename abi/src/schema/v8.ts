// RawModuleDefV8 to V9: what V8 says in attributes of columns and in names stands in lists of its own there (module-def.md
// 5.2).
import { typeFromRaw } from "../sats/algebraic-type.ts";
import { typesEqual } from "../sats/type.ts";
import { plain, type RawLifecycle } from "./raw-shared.ts";
import type { RawModuleDefV8, RawReducerV8, RawTableSchemaV8, RawTableV8 } from "./raw-v8.ts";
import type { RawModuleDefV9, RawReducerV9, RawTableV9 } from "./raw-v9.ts";

/** Attributes of columns; a unique one is indexed as well, a primary key is unique as well. */
const constraintBit = { indexed: 1, autoIncrement: 2, unique: 4, primaryKey: 8 } as const;

/** Reducers that are lifecycle reducers by their names. */
const lifecycleNames: ReadonlyMap<string, RawLifecycle["tag"]> = new Map([
  ["__init__", "Init"],
  ["__identity_connected__", "OnConnect"],
  ["__identity_disconnected__", "OnDisconnect"],
]);

/** The column of a scheduled table that says when; V8 finds it by this name. */
const scheduleColumn = "scheduled_at";

/** The same for the same set of columns, whatever their order. */
function columnSet(columns: readonly number[]): string {
  return columns.toSorted((a, b) => a - b).join();
}

/** Column lists without those that name the same columns as an earlier one. */
function distinct(lists: readonly (readonly number[])[]): (readonly number[])[] {
  return [...new Map(lists.map((columns) => [columnSet(columns), columns])).values()];
}

/** Columns of the constraints that have an attribute. */
function columnsWith(schema: RawTableSchemaV8, bit: number): (readonly number[])[] {
  return schema.constraints
    .filter(({ constraints: bits }) => (bits & bit) !== 0)
    .map(({ columns }) => columns);
}

/** The indexes named, and one for each attribute that wants one and has none. */
function indexes(schema: RawTableSchemaV8): RawTableV9["indexes"] {
  const named = schema.indexes.map(({ index_name, index_type, columns }) => ({
    name: index_name === "" ? undefined : index_name,
    accessor_name: undefined,
    algorithm: { tag: index_type.tag, value: columns },
  }));
  const there = new Set(schema.indexes.map(({ columns }) => columnSet(columns)));
  const wanted = [
    ...columnsWith(schema, constraintBit.indexed),
    ...columnsWith(schema, constraintBit.unique),
  ];
  const more = distinct(wanted)
    .filter((columns) => !there.has(columnSet(columns)))
    .map((value) => ({
      name: undefined,
      accessor_name: undefined,
      algorithm: { tag: "BTree" as const, value },
    }));
  return [...named, ...more];
}

function constraints(schema: RawTableSchemaV8): RawTableV9["constraints"] {
  const unique = schema.indexes.filter(({ is_unique }) => is_unique).map(({ columns }) => columns);
  return distinct([...columnsWith(schema, constraintBit.unique), ...unique]).map((columns) => ({
    name: undefined,
    data: { tag: "Unique", value: { columns } },
  }));
}

function sequences(schema: RawTableSchemaV8): RawTableV9["sequences"] {
  const named = schema.sequences.map((sequence) => ({
    name: sequence.sequence_name === "" ? undefined : sequence.sequence_name,
    column: sequence.col_pos,
    start: sequence.start,
    min_value: sequence.min_value,
    max_value: sequence.max_value,
    increment: sequence.increment,
  }));
  const there = new Set(named.map(({ column }) => column));
  const more = new Set(columnsWith(schema, constraintBit.autoIncrement).flat());
  return [
    ...named,
    ...[...more]
      .filter((column) => !there.has(column))
      .map((column) => ({
        name: undefined,
        column,
        start: undefined,
        min_value: undefined,
        max_value: undefined,
        increment: 1n,
      })),
  ];
}

/** The first of two words if `text` is that, the second if it is the other; a fault if it is neither. */
function choose<A extends string, B extends string>(
  text: string,
  first: readonly [text: string, tag: A],
  second: readonly [text: string, tag: B],
  fault: (rule: string) => void,
): A | B {
  if (text === first[0]) return first[1];
  if (text !== second[0]) fault(`\`${text}\` is neither \`${first[0]}\` nor \`${second[0]}\``);
  return second[1];
}

function schedule(
  { scheduled, columns }: RawTableSchemaV8,
  fault: (rule: string) => void,
): RawTableV9["schedule"] {
  if (scheduled === undefined) return undefined;
  const column = columns.findIndex(({ col_name }) => col_name === scheduleColumn);
  if (column < 0) fault(`it is scheduled but has no column \`${scheduleColumn}\``);
  return {
    name: undefined,
    reducer_name: scheduled,
    scheduled_at_column: Math.max(column, 0),
  };
}

/** V8 says the columns twice: in the schema, and by the row type. */
function checkColumns(
  { schema, data }: RawTableV8,
  { typespace }: RawModuleDefV8,
  fault: (rule: string) => void,
): void {
  const raw = typespace.types[data];
  const row = raw === undefined ? undefined : typeFromRaw(raw);
  // That there is no such row type is found where V9 is checked.
  if (row?.kind !== "product") return;
  const isSame =
    row.elements.length === schema.columns.length &&
    schema.columns.every(({ col_name, col_type }, i) => {
      const element = row.elements[i];
      const isNamed = element?.name === undefined || element.name === col_name;
      return element !== undefined && isNamed && typesEqual(typeFromRaw(col_type), element.type);
    });
  if (!isSame) fault(`its columns are not those of its row type ${data}`);
}

function table(one: RawTableV8, def: RawModuleDefV8, faults: string[]): RawTableV9 {
  const { schema, data } = one;
  const fault = (rule: string): void => {
    faults.push(`table \`${schema.table_name}\`: ${rule}`);
  };
  checkColumns(one, def, fault);
  return {
    name: schema.table_name,
    product_type_ref: data,
    primary_key: columnsWith(schema, constraintBit.primaryKey)[0] ?? [],
    indexes: indexes(schema),
    constraints: constraints(schema),
    sequences: sequences(schema),
    schedule: schedule(schema, fault),
    table_type: plain(choose(schema.table_type, ["system", "System"], ["user", "User"], fault)),
    table_access: plain(
      choose(schema.table_access, ["public", "Public"], ["private", "Private"], fault),
    ),
  };
}

function reducer({ name, args }: RawReducerV8): RawReducerV9 {
  const lifecycle = lifecycleNames.get(name);
  return {
    name,
    params: args,
    lifecycle: lifecycle === undefined ? undefined : plain(lifecycle),
  };
}

/** The same module as V9 says it; `faults` has what V9 cannot say. */
export function upgradeV8(def: RawModuleDefV8): { def: RawModuleDefV9; faults: string[] } {
  const faults: string[] = [];
  const upgraded: RawModuleDefV9 = {
    typespace: def.typespace,
    tables: def.tables.map((one) => table(one, def, faults)),
    reducers: def.reducers.map(reducer),
    types: def.misc_exports.map(({ value: { name, ty } }) => {
      const parts = name.split(/::|\./);
      return {
        name: { scope: parts.slice(0, -1), name: parts.at(-1) ?? name },
        ty,
        // V8 does not say which order it has.
        custom_ordering: true,
      };
    }),
    misc_exports: [],
    row_level_security: [],
  };
  return { def: upgraded, faults };
}
