// Module definitions in short: what differs between the suite's modules, and everything else filled in (V10).
import {
  type AlgebraicType,
  bytesType,
  type Codec,
  compileCodec,
  encode,
  product,
  type ProductType,
  productTypeToRaw,
  type SumType,
  type Typespace,
  typeToRaw,
  unitType,
  type Value,
  Writer,
} from "../src/index.ts";
import { encodeRaw } from "../src/schema/raw.ts";
import type {
  RawHttpRoute,
  RawModuleDefV10,
  RawSectionV10,
  RawTableV10,
  RawViewV10,
} from "../src/schema/raw-v10.ts";
import { reportTable } from "./layout.ts";

/** A table as the suite's modules have it, and the codec of its rows. */
export class TableDef {
  readonly name: string;
  readonly columns: ProductType;
  readonly options: TableOptions;
  readonly #types: Typespace;
  #codec: Codec | undefined;

  constructor(
    name: string,
    columns: Readonly<Record<string, AlgebraicType>>,
    options: TableOptions = {},
    types: Typespace = [],
  ) {
    this.name = name;
    this.columns = product(columns);
    this.options = options;
    this.#types = types;
  }

  /** The BSATN of a row. */
  row(value: Value): Uint8Array {
    this.#codec ??= compileCodec(this.columns, this.#types);
    return encode(this.#codec, value);
  }

  /** A relation: the number of rows, then the rows. */
  relation(...rows: readonly Value[]): Uint8Array {
    const writer = new Writer();
    writer.u32(rows.length);
    for (const row of rows) writer.raw(this.row(row));
    return writer.finish();
  }
}

export interface TableOptions {
  readonly key?: number;
  /** Columns of each B-tree, hash and direct index; the index is called `<table>_<columns>_<kind>`. */
  readonly btree?: readonly (readonly number[])[];
  readonly hash?: readonly (readonly number[])[];
  readonly direct?: readonly number[];
  readonly unique?: readonly (readonly number[])[];
  readonly auto?: readonly number[];
  /** Other bounds of a generated column. */
  readonly sequence?: { readonly start?: bigint; readonly min?: bigint; readonly max?: bigint };
  readonly isEvent?: boolean;
  readonly isPrivate?: boolean;
  readonly defaults?: readonly { readonly col_id: number; readonly value: Uint8Array }[];
}

interface FunctionDef {
  readonly name: string;
  /** By default the one parameter `script`. */
  readonly params?: Readonly<Record<string, AlgebraicType>>;
  readonly lifecycle?: "Init" | "OnConnect" | "OnDisconnect";
  readonly isPrivate?: boolean;
  /** Of a procedure: what it returns; a String by default. */
  readonly returns?: AlgebraicType;
}

interface ViewDef {
  readonly name: string;
  readonly index: number;
  readonly isAnonymous: boolean;
  readonly returns: AlgebraicType;
}

export interface Definition {
  readonly tables?: readonly TableDef[];
  /** Types that tables refer to: they come first in the typespace, with their exported names. */
  readonly types?: readonly { readonly name: string; readonly type: AlgebraicType }[];
  readonly reducers?: readonly FunctionDef[];
  readonly procedures?: readonly FunctionDef[];
  readonly views?: readonly ViewDef[];
  readonly schedules?: readonly {
    readonly table: string;
    readonly column: number;
    readonly calls: string;
  }[];
  readonly handlers?: readonly string[];
  readonly routes?: readonly RawHttpRoute[];
  /** By default names stay as they are given. */
  readonly hasSnakeCase?: boolean;
  readonly explicitNames?: readonly {
    readonly tag: "Table" | "Function" | "Index";
    readonly source: string;
    readonly canonical: string;
  }[];
  /** Their tables have no reports: calls report to the root's. */
  readonly submodules?: readonly { readonly namespace: string; readonly definition: Definition }[];
}

/** The parameter of every function that runs a script. */
const scriptParams: Readonly<Record<string, AlgebraicType>> = { script: bytesType };

const plain = <Tag extends string>(tag: Tag): { readonly tag: Tag; readonly value: undefined } => ({
  tag,
  value: undefined,
});

/** Where reports of committed calls go. */
const reports = new TableDef(reportTable, { id: { kind: "u32" }, digits: { kind: "string" } });

function rawIndexes(name: string, options: TableOptions): RawTableV10["indexes"] {
  const { btree = [], hash = [], direct = [] } = options;
  const make = (
    columns: readonly number[],
    algorithm: RawTableV10["indexes"][number]["algorithm"],
  ): RawTableV10["indexes"][number] => {
    const indexName = `${name}_${columns.join("_")}_${algorithm.tag.toLowerCase()}`;
    return { source_name: indexName, accessor_name: undefined, algorithm };
  };
  return [
    ...btree.map((columns) => make(columns, { tag: "BTree", value: columns })),
    ...hash.map((columns) => make(columns, { tag: "Hash", value: columns })),
    ...direct.map((column) => make([column], { tag: "Direct", value: column })),
  ];
}

function rawTable({ name, options }: TableDef, typeRef: number): RawTableV10 {
  const { key, unique = [], auto = [], sequence = {}, isEvent, isPrivate } = options;
  return {
    source_name: name,
    product_type_ref: typeRef,
    primary_key: key === undefined ? [] : [key],
    indexes: rawIndexes(name, options),
    constraints: unique.map((columns) => ({
      source_name: undefined,
      data: { tag: "Unique", value: { columns } },
    })),
    sequences: auto.map((column) => ({
      source_name: undefined,
      column,
      start: sequence.start,
      min_value: sequence.min,
      max_value: sequence.max,
      increment: 1n,
    })),
    table_type: plain("User"),
    table_access: plain(isPrivate === true ? "Private" : "Public"),
    default_values: options.defaults ?? [],
    is_event: isEvent === true,
  };
}

function rawParams({ params = scriptParams }: FunctionDef): ReturnType<typeof productTypeToRaw> {
  return productTypeToRaw(product(params));
}

const visibility = ({ isPrivate }: FunctionDef) =>
  plain(isPrivate === true ? "Private" : "ClientCallable");

function functionSections(definition: Definition): RawSectionV10[] {
  const { reducers = [], procedures = [], views = [] } = definition;
  return [
    {
      tag: "Reducers",
      value: reducers.map((one) => ({
        source_name: one.name,
        params: rawParams(one),
        visibility: visibility(one),
        ok_return_type: typeToRaw(unitType),
        err_return_type: typeToRaw({ kind: "string" }),
      })),
    },
    {
      tag: "Procedures",
      value: procedures.map((one) => ({
        source_name: one.name,
        params: rawParams(one),
        return_type: typeToRaw(one.returns ?? { kind: "string" }),
        visibility: visibility(one),
      })),
    },
    {
      tag: "Views",
      value: views.map((one): RawViewV10 => ({
        source_name: one.name,
        index: one.index,
        is_public: true,
        is_anonymous: one.isAnonymous,
        params: productTypeToRaw(product({})),
        return_type: typeToRaw(one.returns),
      })),
    },
    {
      tag: "LifeCycleReducers",
      value: reducers.flatMap(({ name, lifecycle }) =>
        lifecycle === undefined ? [] : [{ lifecycle_spec: plain(lifecycle), function_name: name }],
      ),
    },
  ];
}

function rawDefinition(
  definition: Definition,
  tables: readonly TableDef[] = definition.tables ?? [],
): RawModuleDefV10 {
  const { types = [], schedules = [], handlers = [], routes = [], submodules = [] } = definition;
  const named = [
    ...types,
    ...tables.map(({ name, columns }) => ({ name: `row_${name}`, type: columns })),
  ];
  const sections: RawSectionV10[] = [
    { tag: "Typespace", value: { types: named.map(({ type }) => typeToRaw(type)) } },
    {
      tag: "Types",
      value: named.map(({ name }, position) => ({
        source_name: { scope: [], source_name: name },
        ty: position,
        custom_ordering: true,
      })),
    },
    { tag: "Tables", value: tables.map((table, i) => rawTable(table, types.length + i)) },
    ...functionSections(definition),
    {
      tag: "Schedules",
      value: schedules.map(({ table, column, calls }) => ({
        source_name: undefined,
        table_name: table,
        schedule_at_col: column,
        function_name: calls,
      })),
    },
    {
      tag: "CaseConversionPolicy",
      value: plain(definition.hasSnakeCase === true ? "SnakeCase" : "None"),
    },
    {
      tag: "ExplicitNames",
      value: {
        entries: (definition.explicitNames ?? []).map(({ tag, source, canonical }) => ({
          tag,
          value: { source_name: source, canonical_name: canonical },
        })),
      },
    },
    { tag: "HttpHandlers", value: handlers.map((source_name) => ({ source_name })) },
    { tag: "HttpRoutes", value: routes },
    {
      tag: "Submodules",
      value: submodules.map(({ namespace, definition: inner }) => ({
        namespace,
        module: rawDefinition(inner),
      })),
    },
  ];
  return { sections };
}

/** What `__describe_module__` of the module writes; a table for reports is part of it. */
export function encodeDefinition(definition: Definition): Uint8Array {
  const tables = [reports, ...(definition.tables ?? [])];
  return encodeRaw({ version: 10, def: rawDefinition(definition, tables) });
}

/** The BSATN of a value of a type without references. */
export function bsatn(type: AlgebraicType | SumType, value: Value): Uint8Array {
  return encode(compileCodec(type), value);
}
