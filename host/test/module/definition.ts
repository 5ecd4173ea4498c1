// Small module definitions as bytes, for guests that tests write by hand (module-def.md section 5.3).
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
  sum,
  typeToRaw,
  typeTypes,
  unitType,
  type Value,
} from "@lightcone/abi";

const u16: AlgebraicType = { kind: "u16" };
const u32: AlgebraicType = { kind: "u32" };
const text: AlgebraicType = { kind: "string" };
const typeRef: AlgebraicType = ref(0);
const columns = array(u16);

const rawV9 = product({
  typespace: product({ types: array(typeRef) }),
  tables: array(
    product({
      name: text,
      product_type_ref: u32,
      primary_key: columns,
      indexes: array(
        product({
          name: option(text),
          accessor_name: option(text),
          algorithm: sum({ BTree: columns, Hash: columns, Direct: u16 }),
        }),
      ),
      constraints: array(
        product({ name: option(text), data: sum({ Unique: product({ columns }) }) }),
      ),
      sequences: array(
        product({
          name: option(text),
          column: u16,
          start: option({ kind: "i128" }),
          min_value: option({ kind: "i128" }),
          max_value: option({ kind: "i128" }),
          increment: { kind: "i128" },
        }),
      ),
      schedule: option(product({ name: option(text), reducer_name: text, column: u16 })),
      table_type: sum({ System: unitType, User: unitType }),
      table_access: sum({ Public: unitType, Private: unitType }),
    }),
  ),
  reducers: array(
    product({
      name: text,
      params: productTypeType,
      lifecycle: option(sum({ Init: unitType, OnConnect: unitType, OnDisconnect: unitType })),
    }),
  ),
  types: array(
    product({
      name: product({ scope: array(text), name: text }),
      ty: u32,
      custom_ordering: { kind: "bool" },
    }),
  ),
  misc_exports: array(
    sum({
      ColumnDefaultValue: unitType,
      Procedure: unitType,
      View: product({
        name: text,
        index: u32,
        is_public: { kind: "bool" },
        is_anonymous: { kind: "bool" },
        params: productTypeType,
        return_type: typeRef,
      }),
    }),
  ),
  row_level_security: array(product({ sql: text })),
});

const codec = compileCodec(rawV9, typeTypes);
const v9Tag = 1;

interface TestTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  readonly primaryKey?: number;
  readonly indexes?: readonly { readonly name: string; readonly algorithm: Value }[];
  readonly unique?: readonly (readonly number[])[];
  /** Columns with auto-increment. */
  readonly sequences?: readonly number[];
  readonly schedule?: { readonly reducer: string; readonly column: number };
}

interface TestReducer {
  readonly name: string;
  readonly params?: Readonly<Record<string, AlgebraicType>>;
  readonly lifecycle?: "Init" | "OnConnect" | "OnDisconnect";
}

interface TestView {
  readonly name: string;
  readonly index: number;
  readonly isAnonymous?: boolean;
  readonly isPrivate?: boolean;
  /** Refers to the row types of tables by their positions. */
  readonly returnType: AlgebraicType;
}

export interface TestDefinition {
  readonly tables?: readonly TestTable[];
  readonly views?: readonly TestView[];
  readonly reducers?: readonly TestReducer[];
  readonly rowLevelSecurity?: readonly string[];
}

function rawTable(table: TestTable, position: number): Value {
  return {
    name: table.name,
    product_type_ref: position,
    primary_key: table.primaryKey === undefined ? [] : [table.primaryKey],
    indexes: (table.indexes ?? []).map(({ name, algorithm }) => ({
      name,
      accessor_name: name,
      algorithm,
    })),
    constraints: (table.unique ?? []).map((unique) => ({
      name: `${table.name}_${unique.join("_")}_key`,
      data: { tag: "Unique", value: { columns: unique } },
    })),
    sequences: (table.sequences ?? []).map((column) => ({
      name: `${table.name}_${column}_seq`,
      column,
      start: undefined,
      min_value: undefined,
      max_value: undefined,
      increment: 1n,
    })),
    schedule: table.schedule && {
      name: undefined,
      reducer_name: table.schedule.reducer,
      column: table.schedule.column,
    },
    table_type: { tag: "User", value: undefined },
    table_access: { tag: "Public", value: undefined },
  };
}

/** What `__describe_module__` of a guest writes. */
export function encodeDefinition(definition: TestDefinition): Uint8Array {
  const { tables = [], reducers = [], views = [], rowLevelSecurity = [] } = definition;
  const bytes = encode(codec, {
    typespace: { types: tables.map((table) => typeToRaw(product(table.columns))) },
    tables: tables.map(rawTable),
    reducers: reducers.map(({ name, params = {}, lifecycle }) => ({
      name,
      params: productTypeToRaw(product(params)),
      lifecycle: lifecycle === undefined ? undefined : { tag: lifecycle, value: undefined },
    })),
    types: [],
    misc_exports: views.map((view) => ({
      tag: "View",
      value: {
        name: view.name,
        index: view.index,
        is_public: view.isPrivate !== true,
        is_anonymous: view.isAnonymous === true,
        params: productTypeToRaw(product({})),
        return_type: typeToRaw(view.returnType),
      },
    })),
    row_level_security: rowLevelSecurity.map((sql) => ({ sql })),
  });
  return Uint8Array.of(v9Tag, ...bytes);
}
