// From a module's definition to tables of the datastore.
import {
  type AlgebraicType,
  assert,
  LightconeError,
  type ModuleDef,
  resolve,
  type TableDef,
  type Typespace,
} from "@lightcone/abi";
import type { NewTable } from "../datastore/create-table.ts";

const depthMax = 32;
/** Elements of one column's type once its references are resolved: a few nested references can be billions. */
const elementCountMax = 100_000;

/** `type` without references, as the system tables keep it. A type that contains itself cannot be a column's. */
function inlineType(type: AlgebraicType, types: Typespace, what: string): AlgebraicType {
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
    })),
    primaryKey: table.primaryKey,
    indexes: table.indexes.map((index) => ({
      name: index.name,
      alias: index.sourceName,
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
  assert(module.rowLevelSecurity.length === 0, "a module with row rules passed the gate");
  return module.tables
    .map((table) => planTable(table, module))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
