// Definitions of V10 that tests change step by step, and guests that declare them (module-def.md section 5.4).
import {
  type AlgebraicType,
  array,
  compileCodec,
  encode,
  option,
  product,
  productTypeToRaw,
  productTypeType,
  ref,
  specialKind,
  sum,
  typeToRaw,
  typeTypes,
  unitType,
  type Value,
} from "@lightcone/abi";
import { assembleGuest, importDeclarations } from "../module/guest.ts";

const [u16, u32, text] = [{ kind: "u16" }, { kind: "u32" }, { kind: "string" }] as const;
const [bool, i128] = [{ kind: "bool" }, { kind: "i128" }] as const;
const columnList = array(u16);
const optionalText = option(text);
const typeRef = ref(0);

const tableType = product({
  source_name: text,
  product_type_ref: u32,
  primary_key: columnList,
  indexes: array(
    product({
      source_name: optionalText,
      accessor_name: optionalText,
      algorithm: sum({ BTree: columnList, Hash: columnList, Direct: u16 }),
    }),
  ),
  constraints: array(
    product({ source_name: optionalText, data: sum({ Unique: product({ columns: columnList }) }) }),
  ),
  sequences: array(
    product({
      source_name: optionalText,
      column: u16,
      start: option(i128),
      min_value: option(i128),
      max_value: option(i128),
      increment: i128,
    }),
  ),
  table_type: sum({ System: unitType, User: unitType }),
  table_access: sum({ Public: unitType, Private: unitType }),
  default_values: array(product({ col_id: u16, value: array({ kind: "u8" }) })),
  is_event: bool,
});

const reducerType = product({
  source_name: text,
  params: productTypeType,
  visibility: sum({ Private: unitType, ClientCallable: unitType }),
  ok_return_type: typeRef,
  err_return_type: typeRef,
});

const viewType = product({
  source_name: text,
  index: u32,
  is_public: bool,
  is_anonymous: bool,
  params: productTypeType,
  return_type: typeRef,
});

const sectionType = sum({
  Typespace: product({ types: array(typeRef) }),
  Types: unitType,
  Tables: array(tableType),
  Reducers: array(reducerType),
  Procedures: unitType,
  Views: array(viewType),
  Schedules: array(
    product({
      source_name: optionalText,
      table_name: text,
      schedule_at_col: u16,
      function_name: text,
    }),
  ),
  LifeCycleReducers: array(
    product({
      lifecycle_spec: sum({ Init: unitType, OnConnect: unitType, OnDisconnect: unitType }),
      function_name: text,
    }),
  ),
  RowLevelSecurity: array(product({ sql: text })),
  CaseConversionPolicy: sum({ None: unitType, SnakeCase: unitType }),
  ExplicitNames: product({
    entries: array(sum({ Table: product({ source_name: text, canonical_name: text }) })),
  }),
});

const codec = compileCodec(array(sectionType), typeTypes);
const v10Tag = 2;
const plain = (tag: string): Value => ({ tag, value: undefined });

export interface EvolvingColumn {
  readonly name: string;
  /** Inline: what must be named gets a name. */
  readonly type: AlgebraicType;
  readonly defaultValue?: Uint8Array;
}

export interface EvolvingTable {
  readonly name: string;
  /** Another name that the source uses. */
  readonly sourceName?: string;
  readonly columns: readonly EvolvingColumn[];
  readonly primaryKey?: number;
  /** Kind, then columns. */
  readonly indexes?: readonly (readonly [
    kind: "BTree" | "Hash" | "Direct",
    ...columns: number[],
  ])[];
  readonly unique?: readonly (readonly number[])[];
  readonly sequences?: readonly number[];
  readonly isPrivate?: boolean;
  readonly isEvent?: boolean;
  /** The column that says when `tick` is called with a row. */
  readonly scheduleColumn?: number;
}

export interface Evolving {
  readonly tables: readonly EvolvingTable[];
  /** Besides the reducer `tick` of scheduled tables. */
  readonly reducers?: readonly string[];
  /** The reducer for clients that leave. */
  readonly onDisconnect?: string;
  /** Views for all, which return rows of the first table. */
  readonly views?: readonly string[];
  readonly rowRules?: readonly string[];
}

/** Puts inline products and sums into the typespace. */
function placed(type: AlgebraicType, types: AlgebraicType[]): AlgebraicType {
  if (type.kind === "array") return array(placed(type.element, types));
  if (specialKind(type) === "option" && type.kind === "sum") {
    return option(placed(type.variants[0]?.type ?? unitType, types));
  }
  if (specialKind(type) !== undefined) return type;
  if (type.kind !== "product" && type.kind !== "sum") return type;
  if (type.kind === "product" && type.elements.length === 0) return type;
  const parts = (type.kind === "product" ? type.elements : type.variants).map((part) => ({
    name: part.name,
    type: placed(part.type, types),
  }));
  types.push(
    type.kind === "product"
      ? { kind: "product", elements: parts }
      : { kind: "sum", variants: parts },
  );
  return ref(types.length - 1);
}

function rawTable(table: EvolvingTable, row: number): Value {
  const source = table.sourceName ?? table.name;
  return {
    source_name: source,
    product_type_ref: row,
    primary_key: table.primaryKey === undefined ? [] : [table.primaryKey],
    indexes: (table.indexes ?? []).map(([tag, ...columns]) => ({
      source_name: `${source}_by_${tag}_${columns.join("_")}`,
      accessor_name: undefined,
      algorithm: { tag, value: tag === "Direct" ? columns[0] : columns },
    })),
    constraints: (table.unique ?? []).map((columns) => ({
      source_name: undefined,
      data: { tag: "Unique", value: { columns } },
    })),
    sequences: (table.sequences ?? []).map((column) => ({
      source_name: undefined,
      column,
      start: undefined,
      min_value: undefined,
      max_value: undefined,
      increment: 1n,
    })),
    table_type: plain("User"),
    table_access: plain(table.isPrivate === true ? "Private" : "Public"),
    default_values: table.columns.flatMap(({ defaultValue }, position) =>
      defaultValue === undefined ? [] : { col_id: position, value: defaultValue },
    ),
    is_event: table.isEvent ?? false,
  };
}

/** What `__describe_module__` writes. */
export function encodeEvolving(definition: Evolving): Uint8Array {
  const { tables, reducers = [], onDisconnect, views = [], rowRules = [] } = definition;
  const types: AlgebraicType[] = [];
  const rows = tables.map(({ columns }) => {
    const fields = columns.map(({ name, type }) => [name, placed(type, types)] as const);
    types.push(product(Object.fromEntries(fields)));
    return types.length - 1;
  });
  const scheduled = tables.flatMap((table, i) =>
    table.scheduleColumn === undefined ? [] : [{ table, row: rows[i] as number }],
  );
  const all = [
    ...reducers.map((name) => ({ name, params: product({}) })),
    ...scheduled.map(({ table, row }) => ({
      name: `tick_${table.name}`,
      params: product({ row: ref(row) }),
    })),
  ];
  const sections = {
    Typespace: { types: types.map(typeToRaw) },
    Tables: tables.map((table, i) => rawTable(table, rows[i] as number)),
    Reducers: all.map(({ name, params }) => ({
      source_name: name,
      params: productTypeToRaw(params),
      visibility: plain("ClientCallable"),
      ok_return_type: typeToRaw(unitType),
      err_return_type: typeToRaw(text),
    })),
    Views: views.map((name) => ({
      source_name: name,
      index: 0,
      is_public: true,
      is_anonymous: true,
      params: productTypeToRaw(product({})),
      return_type: typeToRaw(array(ref(rows[0] as number))),
    })),
    Schedules: scheduled.map(({ table }) => ({
      source_name: undefined,
      table_name: table.sourceName ?? table.name,
      schedule_at_col: table.scheduleColumn,
      function_name: `tick_${table.name}`,
    })),
    LifeCycleReducers:
      onDisconnect === undefined
        ? []
        : [{ lifecycle_spec: plain("OnDisconnect"), function_name: onDisconnect }],
    RowLevelSecurity: rowRules.map((sql) => ({ sql })),
    CaseConversionPolicy: plain("None"),
    ExplicitNames: {
      entries: tables
        .filter(({ name, sourceName = name }) => sourceName !== name)
        .map(({ name, sourceName }) => ({
          tag: "Table",
          value: { source_name: sourceName, canonical_name: name },
        })),
    },
  };
  const bytes = encode(
    codec,
    Object.entries(sections).map(([tag, value]) => ({ tag, value })),
  );
  return Uint8Array.of(v10Tag, ...bytes);
}

const viewLengthAt = 60_000;
const viewAnswerAt = 60_004;

/** The export that runs views: each returns a query, or an error if there is none. */
function viewExport(query: string | undefined): string {
  const words = new TextEncoder().encode(query ?? "");
  const answer = new Uint8Array(4 + 5 + words.length);
  const view = new DataView(answer.buffer);
  view.setUint32(0, 5 + words.length, true);
  view.setUint8(4, 1);
  view.setUint32(5, words.length, true);
  answer.set(words, 9);
  const data = Array.from(answer, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return `(data (i32.const ${viewLengthAt}) "${data}")
    (func (export "__call_view_anon__") (param i32 i32 i32) (result i32)
      (drop (call $bytes_sink_write (local.get 2) (i32.const ${viewAnswerAt}) (i32.const ${viewLengthAt})))
      (i32.const ${query === undefined ? 1 : 2}))`;
}

/** A guest with a definition; its reducers do nothing but what `body` says, its views answer with a query or fail. */
export function evolvingGuest(
  definition: Evolving,
  body = "(i32.const 0)",
  viewQuery?: string,
): Promise<Uint8Array> {
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write", "datastore_insert_bsatn", "console_log"]),
    definitionBytes: encodeEvolving(definition),
    reducer: body,
    ...(definition.views === undefined ? {} : { more: viewExport(viewQuery) }),
  });
}
