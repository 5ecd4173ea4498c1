// From a module's definition to what its bindings will hold: which tables, reducers and types, under which names, in an
// order that depends on names alone, so that the same module always gives the same text.
import {
  type AlgebraicType,
  assert,
  type Element,
  type ModuleDef,
  type ProductType,
  resolve,
  specialKind,
  type TableDef,
  type ViewDef,
} from "@lightcone/abi";
import {
  type ColumnModel,
  columnModels,
  type IndexModel,
  indexModels,
  joinableFields,
} from "./columns.ts";
import { elementName, memberName, NameClaims, typeName } from "./name.ts";

export interface TypeModel {
  readonly name: string;
  /** With TypeScript's names of fields and variants; references are positions in the list of types. */
  readonly type: AlgebraicType;
  readonly docs: string;
  /** By field; fields without anything to say are left out. */
  readonly fieldDocs: ReadonlyMap<string, string>;
}

export interface TableModel {
  readonly accessor: string;
  /** As on the server. */
  readonly name: string;
  readonly kind: "table" | "view";
  /** Position in the list of types. */
  readonly row: number;
  readonly rowName: string;
  readonly primaryKey: string | undefined;
  readonly uniques: readonly (readonly string[])[];
  readonly isEvent: boolean;
  readonly columns: readonly ColumnModel[];
  readonly indexes: readonly IndexModel[];
  readonly joinableFields: readonly string[];
}

export interface ReducerModel {
  readonly accessor: string;
  /** As on the server. */
  readonly name: string;
  /** Name of the type of its arguments; undefined where it has none. */
  readonly argsName: string | undefined;
  readonly params: ProductType;
}

export interface ProcedureModel extends ReducerModel {
  readonly returns: AlgebraicType;
}

export interface BindingsModel {
  readonly types: readonly TypeModel[];
  readonly tables: readonly TableModel[];
  readonly reducers: readonly ReducerModel[];
  readonly procedures: readonly ProcedureModel[];
}

export interface ModelOptions {
  /** Whether private tables and reducers are included, which only the owner of a database may use. */
  readonly includePrivate: boolean;
}

/** Names that generated files use for themselves. */
const ownNames = [
  "DbConnection",
  "DbModule",
  "DbProcedures",
  "DbQueries",
  "DbReducers",
  "DbRows",
  "DbTables",
  "Uint8Array",
];

/** A table or view before its row type has a position. */
type Source =
  | { readonly kind: "table"; readonly def: TableDef; readonly rowRef: number }
  | { readonly kind: "view"; readonly def: ViewDef; readonly rowRef: number };

/** Throws LC_MODULE_INVALID where two things would have one name in TypeScript. */
export function modelOf(def: ModuleDef, { includePrivate }: ModelOptions): BindingsModel {
  return new Modeller(def, includePrivate).run();
}

class Modeller {
  readonly #def: ModuleDef;
  readonly #claims = new NameClaims();
  readonly #sources: readonly Source[];
  readonly #reducers: ModuleDef["reducers"];
  readonly #procedures: ModuleDef["procedures"];
  /** Names of the reachable entries of the typespace, and their positions in the list of types. */
  readonly #typeNames = new Map<number, string>();
  readonly #positions = new Map<number, number>();

  constructor(def: ModuleDef, includePrivate: boolean) {
    this.#def = def;
    const tables = def.tables.filter(({ access }) => includePrivate || access === "public");
    const views = def.views.filter(({ isPublic }) => includePrivate || isPublic);
    this.#sources = [
      ...tables.map((each): Source => ({ kind: "table", def: each, rowRef: each.productTypeRef })),
      ...views.flatMap((each) => this.#viewSource(each)),
    ].toSorted(byName(({ def: each }) => each.name));
    // Lifecycle reducers are called by the host alone.
    this.#reducers = def.reducers
      .filter(
        ({ lifecycle, isPrivate }) => lifecycle === undefined && (includePrivate || !isPrivate),
      )
      .toSorted(byName(({ name }) => name));
    this.#procedures = def.procedures
      .filter(({ isPrivate }) => includePrivate || !isPrivate)
      .toSorted(byName(({ name }) => name));
  }

  run(): BindingsModel {
    for (const name of ownNames) this.#claims.claim("types", name, "the bindings' own type");
    this.#nameTypes();
    const types = [...this.#typeNames].map(([ref]) => this.#typeModel(ref));
    const tables = this.#sources.map((source) => this.#tableModel(source));
    const reducers = this.#reducers.map((each) => this.#callModel("reducer", each));
    const procedures = this.#procedures.map((each) => ({
      ...this.#callModel("procedure", each),
      returns: this.#renamed(each.returnType, `the procedure ${each.name}`),
    }));
    this.#claims.finish();
    return { types, tables, reducers, procedures };
  }

  #viewSource(view: ViewDef): Source[] {
    const { returnType } = view;
    // An array of rows, an option of one, or a query for rows.
    const inner =
      returnType.kind === "array" ? returnType.element : elementsOf(returnType)[0]?.type;
    if (inner?.kind === "ref") return [{ kind: "view", def: view, rowRef: inner.ref }];
    this.#claims.fault(`the view ${view.name} does not return rows of a named type`);
    return [];
  }

  #nameTypes(): void {
    const reached = new Set<number>();
    for (const { rowRef } of this.#sources) this.#reach({ kind: "ref", ref: rowRef }, reached);
    for (const { params } of this.#reducers) this.#reach(params, reached);
    for (const { params, returnType } of this.#procedures) {
      this.#reach(params, reached);
      this.#reach(returnType, reached);
    }
    const given = new Map(
      this.#def.types.map(({ scope, name, ref }) => [ref, { scope, name }] as const),
    );
    const named = Array.from(reached, (ref) => {
      const known = given.get(ref);
      const owner = known === undefined ? `type ${ref}` : [...known.scope, known.name].join(".");
      const name =
        known === undefined ? this.#nameOfNameless(ref) : typeName(known.scope, known.name);
      return { ref, name, owner: `the type ${owner}` };
    }).toSorted(byName(({ name }) => name));
    for (const [position, { ref, name, owner }] of named.entries()) {
      this.#claims.claim("types", name, owner);
      this.#typeNames.set(ref, name);
      this.#positions.set(ref, position);
    }
  }

  /** A row type that the module does not export is called after its table. */
  #nameOfNameless(ref: number): string {
    const table = this.#sources.find(({ rowRef }) => rowRef === ref);
    return table === undefined ? `Type${ref}` : typeName([], table.def.name);
  }

  #reach(type: AlgebraicType, reached: Set<number>): void {
    if (type.kind === "ref") {
      if (reached.has(type.ref)) return;
      reached.add(type.ref);
      this.#reach(this.#target(type.ref), reached);
    } else if (type.kind === "array") {
      this.#reach(type.element, reached);
    } else {
      for (const element of elementsOf(type)) this.#reach(element.type, reached);
    }
  }

  /** One step only: of references to references each has its own name. */
  #target(ref: number): AlgebraicType {
    return this.#def.typespace[ref] ?? resolve({ kind: "ref", ref }, this.#def.typespace);
  }

  #typeModel(ref: number): TypeModel {
    const name = this.#typeNames.get(ref) ?? "";
    const target = this.#target(ref);
    const type = this.#renamed(target, `the type ${name}`);
    const sources = this.#sources.filter(({ rowRef }) => rowRef === ref);
    const [only] = sources;
    const tableDef = sources.length === 1 && only?.kind === "table" ? only.def : undefined;
    const docs =
      sources.length === 0 ? "" : `A row of ${sources.map((each) => quoted(each)).join(", ")}.`;
    const fieldDocs =
      sources.length === 0 ? new Map<string, string>() : fieldDocsOf(target, tableDef);
    return { name, type, docs, fieldDocs };
  }

  #renamed(type: AlgebraicType, owner: string): AlgebraicType {
    switch (type.kind) {
      case "ref":
        return { kind: "ref", ref: this.#positions.get(type.ref) ?? 0 };
      case "array":
        return { kind: "array", element: this.#renamed(type.element, owner) };
      case "product":
        return { kind: "product", elements: this.#renamedAll(type, type.elements, owner) };
      case "sum":
        return { kind: "sum", variants: this.#renamedAll(type, type.variants, owner) };
      default:
        return type;
    }
  }

  #renamedAll(type: AlgebraicType, elements: readonly Element[], owner: string): Element[] {
    const isSpecial = specialKind(type) !== undefined;
    const space = Symbol(owner);
    return elements.map((element, i) => {
      const name = isSpecial ? element.name : elementName(element.name, i);
      if (name !== undefined) {
        this.#claims.claim(space, name, `${element.name ?? `position ${i}`} of ${owner}`);
      }
      return { name, type: this.#renamed(element.type, owner) };
    });
  }

  #tableModel({ kind, def, rowRef }: Source): TableModel {
    const accessor = memberName(def.name);
    this.#claims.claim("tables", accessor, `the ${kind} ${def.name}`);
    const { typespace } = this.#def;
    const row = resolve({ kind: "ref", ref: rowRef }, typespace);
    assert(row.kind === "product", `the row type of ${def.name} is no product`);
    const fields = elementsOf(row).map(({ name }, i) => elementName(name, i));
    const fieldAt = (column: number): string => fields[column] ?? "";
    const primaryKey = def.primaryKey === undefined ? undefined : fieldAt(def.primaryKey);
    const uniques =
      "constraints" in def ? def.constraints.map((each) => each.columns.map(fieldAt)) : [];
    // A view's key is unique among the rows that one client sees.
    if (kind === "view" && primaryKey !== undefined) uniques.push([primaryKey]);
    const columns = columnModels(row, typespace);
    const indexes = indexModels(def, row, typespace);
    for (const index of indexes) {
      const owner = `the index on ${index.fields.join(", ")} of the table ${def.name}`;
      this.#claims.claim(`indexes of ${def.name}`, index.accessor, owner);
    }
    return {
      accessor,
      name: def.name,
      kind,
      row: this.#positions.get(rowRef) ?? 0,
      rowName: this.#typeNames.get(rowRef) ?? "",
      primaryKey,
      uniques: uniques.toSorted(byName((each) => each.join())),
      isEvent: "isEvent" in def && def.isEvent,
      columns,
      indexes,
      joinableFields: joinableFields(columns, indexes),
    };
  }

  #callModel(
    kind: "reducer" | "procedure",
    { name, params }: { readonly name: string; readonly params: ProductType },
  ): ReducerModel {
    const accessor = memberName(name);
    this.#claims.claim(`${kind}s`, accessor, `the ${kind} ${name}`);
    const hasParams = params.elements.length > 0;
    const argsName = hasParams ? typeName([], `${name}_args`) : undefined;
    if (argsName !== undefined) {
      this.#claims.claim("types", argsName, `the arguments of the ${kind} ${name}`);
    }
    const renamed = this.#renamedAll(params, params.elements, `the ${kind} ${name}`);
    return { accessor, name, argsName, params: { kind: "product", elements: renamed } };
  }
}

function elementsOf(type: AlgebraicType): readonly Element[] {
  if (type.kind === "product") return type.elements;
  return type.kind === "sum" ? type.variants : [];
}

function quoted({ kind, def }: Source): string {
  return `the ${kind} \`${def.name}\``;
}

/** What a row's columns are called in SQL and, where the row is of one table alone, what that says of them. */
function fieldDocsOf(
  type: AlgebraicType,
  table: TableDef | undefined,
): ReadonlyMap<string, string> {
  const docs = new Map<string, string>();
  for (const [i, { name }] of elementsOf(type).entries()) {
    const field = elementName(name, i);
    const sentences = [
      ...(field === name ? [] : [`Column \`${name ?? i}\`.`]),
      ...(table === undefined ? [] : columnDocs(table, i)),
    ];
    if (sentences.length > 0) docs.set(field, sentences.join(" "));
  }
  return docs;
}

function columnDocs({ primaryKey, constraints, sequences }: TableDef, column: number): string[] {
  const isUnique = constraints.some(({ columns }) => columns.length === 1 && columns[0] === column);
  const key = primaryKey === column ? "Primary key." : isUnique ? "Unique." : undefined;
  const isNumbered = sequences.some((sequence) => sequence.column === column);
  return [
    ...(key === undefined ? [] : [key]),
    ...(isNumbered ? ["Numbered by the database where a reducer inserts 0."] : []),
  ];
}

// By code units, so that the order does not depend on anybody's language.
function byName<T>(nameOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0);
}
