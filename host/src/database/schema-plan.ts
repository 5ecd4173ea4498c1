// From a module's definition to what the datastore is to hold: tables, views, row rules.
import {
  type AlgebraicType,
  type Element,
  LightconeError,
  type ModuleDef,
  resolve,
  type TableDef,
  type Typespace,
  type ViewDef,
} from "@lightcone/abi";
import type { NewTable } from "../datastore/create-table.ts";

const depthMax = 32;
/** Elements of one column's type once its references are resolved: a few nested references can be billions. */
const elementCountMax = 100_000;

/** `type` without references, as the system tables keep it. A type that contains itself cannot be a column's. */
export function inlineType(type: AlgebraicType, types: Typespace, what: string): AlgebraicType {
  let elementCount = 0;
  const inline = (inner: AlgebraicType, depth: number): AlgebraicType => {
    if (depth > depthMax || ++elementCount > elementCountMax) {
      throw new LightconeError(
        "LC_MODULE_INVALID",
        `${what} has a type that contains itself or is too large to be stored in a table`,
      );
    }
    const resolved = resolve(inner, types);
    const parts = (elements: readonly { name: string | undefined; type: AlgebraicType }[]) =>
      elements.map((element) => ({ name: element.name, type: inline(element.type, depth + 1) }));
    switch (resolved.kind) {
      case "product":
        return { kind: "product", elements: parts(resolved.elements) };
      case "sum":
        return { kind: "sum", variants: parts(resolved.variants) };
      case "array":
        return { kind: "array", element: inline(resolved.element, depth + 1) };
      default:
        return resolved;
    }
  };
  return inline(type, 0);
}

/** What a table of a definition is to be created as. */
function planTable(table: TableDef, module: ModuleDef): NewTable {
  return {
    name: table.name,
    alias: table.sourceName,
    access: table.access,
    columns: table.columns.map((column) => ({
      name: column.name,
      alias: column.sourceName,
      type: inlineType(column.type, module.typespace, `column ${table.name}.${column.name}`),
      defaultValue: column.defaultValue,
    })),
    primaryKey: table.primaryKey,
    indexes: table.indexes.map((index) => ({
      name: index.name,
      alias: index.sourceName,
      accessor: index.accessorName,
      kind: index.algorithm.kind,
      columns: index.algorithm.columns,
    })),
    constraints: table.constraints,
    sequences: table.sequences,
    schedule: table.schedule,
    isEvent: table.isEvent,
  };
}

/** The tables of a definition in the order they are created at the first publish. */
export function planTables(module: ModuleDef): NewTable[] {
  return module.tables
    .map((table) => planTable(table, module))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What clients of a view depend on. */
export interface PlannedView {
  readonly name: string;
  readonly isPublic: boolean;
  readonly isAnonymous: boolean;
  readonly params: readonly Element[];
  readonly columns: readonly Element[];
  readonly primaryKey: number | undefined;
}

/** The type of a view's rows: it returns an option, an array or a query of them. */
function rowTypeOf({ returnType }: ViewDef): AlgebraicType | undefined {
  switch (returnType.kind) {
    case "array":
      return returnType.element;
    case "sum":
      return returnType.variants[0]?.type;
    case "product":
      return returnType.elements[0]?.type;
    default:
      return undefined;
  }
}

function planView(view: ViewDef, { typespace }: ModuleDef): PlannedView {
  const { name, isPublic, isAnonymous, primaryKey } = view;
  const inline = (element: Element): Element => ({
    name: element.name,
    type: inlineType(element.type, typespace, `view ${name}`),
  });
  const rowType = rowTypeOf(view);
  const row = rowType === undefined ? undefined : resolve(rowType, typespace);
  const columns = row?.kind === "product" ? row.elements.map(inline) : [];
  return {
    name,
    isPublic,
    isAnonymous,
    params: view.params.elements.map(inline),
    columns,
    primaryKey,
  };
}

/** All of a definition that a migration compares. */
export interface PlannedSchema {
  readonly tables: readonly NewTable[];
  readonly views: readonly PlannedView[];
  readonly rowRules: readonly string[];
}

export function planSchema(module: ModuleDef): PlannedSchema {
  return {
    tables: planTables(module),
    views: module.views.map((view) => planView(view, module)),
    rowRules: module.rowLevelSecurity,
  };
}
