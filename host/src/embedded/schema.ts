// A module's definition as programs use it: tables, reducers and procedures by any of their names, with codecs for plain values.
import {
  type AlgebraicType,
  type Codec,
  compileCodec,
  LightconeError,
  type ModuleDef,
  present,
  type ProcedureDef,
  type ProductType,
  type ProductValue,
  type ReducerDef,
  resolve,
  type TableDef,
  type Typespace,
  type Value,
  viewRowRef,
} from "@lightcone/abi";
import { FieldCodec, type Fields } from "./field-codec.ts";
import { clientType, clientTypes, NameTable } from "./names.ts";

/** A table or view. */
export interface TableSchema {
  readonly name: string;
  readonly sourceName: string;
  readonly codec: Codec<ProductValue>;
  /** Field that tells rows apart, as programs call it. */
  readonly primaryKey: string | undefined;
}

export class Schema {
  readonly definition: ModuleDef;
  readonly #types: Typespace;
  readonly #tables: NameTable<TableSchema>;
  readonly #reducers: NameTable<ReducerDef>;
  readonly #procedures: NameTable<ProcedureDef>;
  readonly #codecs = new Map<string, FieldCodec>();

  constructor(definition: ModuleDef) {
    this.definition = definition;
    this.#types = clientTypes(definition.typespace);
    this.#reducers = new NameTable(definition.reducers);
    this.#procedures = new NameTable(definition.procedures);
    const { tables, views } = definition;
    this.#tables = new NameTable([
      ...tables.map((table) => this.#schemaOf(table, table.productTypeRef)),
      ...views.map((view) => this.#schemaOf(view, viewRow(view.returnType))),
    ]);
  }

  #schemaOf(
    { name, sourceName, primaryKey }: Pick<TableDef, "name" | "sourceName" | "primaryKey">,
    rowRef: number,
  ): TableSchema {
    const row = resolve({ kind: "ref", ref: rowRef }, this.#types) as ProductType;
    const keyName = primaryKey === undefined ? undefined : row.elements[primaryKey]?.name;
    const codec = compileCodec<ProductValue>(row, this.#types);
    return { name, sourceName, codec, primaryKey: keyName };
  }

  /** A table or a view. Throws LC_TABLE_UNKNOWN. */
  table(name: string): TableSchema {
    const found = this.#tables.find(name);
    if (found !== undefined) return found;
    const { list } = this.#tables;
    throw new LightconeError("LC_TABLE_UNKNOWN", `no table is named ${name}; there are: ${list}`);
  }

  /** Throws LC_VALUE_INVALID. */
  reducer(name: string): ReducerDef {
    return named("reducer", this.#reducers, name);
  }

  /** Throws LC_VALUE_INVALID. */
  procedure(name: string): ProcedureDef {
    return named("procedure", this.#procedures, name);
  }

  /** BSATN of a call's arguments. Throws LC_REDUCER_ARGUMENTS. */
  encodeArguments(
    kind: "reducer" | "procedure",
    callee: ReducerDef | ProcedureDef,
    args: Fields,
  ): Uint8Array {
    const key = `${kind} ${callee.name}`;
    let codec = this.#codecs.get(key);
    if (codec === undefined) {
      codec = new FieldCodec(callee.params, this.#types, key, "LC_REDUCER_ARGUMENTS");
      this.#codecs.set(key, codec);
    }
    return codec.encode(args);
  }

  /** What a procedure returned. */
  returnCodec({ returnType }: ProcedureDef): Codec {
    return compileCodec(clientType(returnType), this.#types);
  }

  /** For rows that a program writes; columns with a sequence may be left out. */
  rowWriter(table: TableDef): FieldCodec {
    const { columns, name, sequences } = table;
    const elements = columns.map((column) => ({ name: column.name, type: column.type }));
    const numbered = sequences.map(({ column }): [string, Value] => {
      const { name: columnName, type } = present(columns[column], `column ${column} of ${name}`);
      return [columnName, isWide(resolve(type, this.#types)) ? 0n : 0];
    });
    const product: ProductType = { kind: "product", elements };
    const fallbacks = new Map(numbered);
    return new FieldCodec(product, this.#types, `row of ${name}`, "LC_VALUE_INVALID", fallbacks);
  }
}

function named<T extends { readonly name: string; readonly sourceName: string }>(
  kind: string,
  table: NameTable<T>,
  name: string,
): T {
  const found = table.find(name);
  if (found !== undefined) return found;
  const text = `the module has no ${kind} ${name}; it has: ${table.list}`;
  throw new LightconeError("LC_VALUE_INVALID", text);
}

function viewRow(returnType: AlgebraicType): number {
  return present(viewRowRef(returnType), "a view whose rows have no type");
}

/** Whether values of an integer type are bigints. */
function isWide({ kind }: AlgebraicType): boolean {
  return /^[iu](?:64|128|256)$/.test(kind);
}
