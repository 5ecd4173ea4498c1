// A module's definition out of the common form of V9 and V10, or all its faults at once
// (module-def.md section 7).
import { LightconeError } from "../error.ts";
import { typespaceFaults } from "../sats/layout.ts";
import { type AlgebraicType, specialKind, type Typespace } from "../sats/type.ts";
import { buildTable } from "./build-table.ts";
import { checkModule } from "./check.ts";
import { viewRowRef } from "./check-function.ts";
import type { ModuleDef, TableDef, ViewDef } from "./def.ts";
import { sizeFaults, submoduleFaults, toldFaults } from "./limit.ts";
import { hasDefaultOrdering } from "./ordering.ts";
import { type ModuleSource, typeUses } from "./source.ts";
import { mergeSubmodule, namespaceFaults } from "./submodule.ts";

/** Puts the definition together. Throws LC_MODULE_INVALID with every fault as a reason. */
export function buildModule(source: ModuleSource): ModuleDef {
  const tooMany = submoduleFaults(source);
  if (tooMany.length > 0) throw invalid(tooMany);
  const { def, faults } = buildWhole(source);
  if (faults.length > 0) throw invalid(faults);
  return def;
}

function invalid(faults: readonly string[]): LightconeError {
  const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
  const told = toldFaults(faults);
  const message = `the module's definition has ${count}: ${told.join("; ")}`;
  return new LightconeError("LC_MODULE_INVALID", message, told);
}

/** A definition, of use only where there are no faults. */
interface Part {
  readonly def: ModuleDef;
  readonly faults: readonly string[];
}

function buildWhole(source: ModuleSource): Part {
  let { def, faults } = buildPart(source);
  faults = [...faults, ...namespaceFaults(source.submodules.map(({ namespace }) => namespace))];
  for (const { namespace, module } of source.submodules) {
    const inner = buildWhole(module);
    const innerFaults = [...inner.faults, ...lifecycleFaults(inner.def)];
    faults = [...faults, ...innerFaults.map((fault) => `submodule \`${namespace}\`, ${fault}`)];
    def = mergeSubmodule(def, namespace, inner.def);
  }
  return { def, faults };
}

function lifecycleFaults(inner: ModuleDef): string[] {
  return inner.reducers
    .filter(({ lifecycle }) => lifecycle !== undefined)
    .map(({ sourceName }) => `reducer \`${sourceName}\`: only the root may have lifecycle events`);
}

/** A module without its submodules. */
function buildPart(source: ModuleSource): Part {
  // Nothing can be said about types that lead nowhere or never end, nor of more than fits, so such
  // faults stand alone.
  const first = [
    ...sizeFaults(source),
    ...danglingReferences(source),
    ...typespaceFaults(source.types.source),
  ];
  if (first.length > 0) return { def: emptyDef(source), faults: [...source.faults, ...first] };
  const built: string[] = [];
  const tables = source.tables.flatMap((table) => buildTable(table, source.types, built) ?? []);
  const def: ModuleDef = {
    version: source.version,
    typespace: source.types.canonical,
    types: source.exportedTypes.map(({ scope, name, ref }) => ({ scope, name, ref })),
    tables,
    reducers: source.reducers,
    procedures: source.procedures,
    views: source.views.map(({ keyColumns, ...view }) => ({
      ...view,
      primaryKey: viewKey(view, keyColumns, source.types.source, tables, built),
    })),
    rowLevelSecurity: source.rowLevelSecurity,
    httpHandlers: source.httpHandlers,
    httpRoutes: source.httpRoutes,
  };
  const faults = [...source.faults, ...built, ...orderingFaults(source), ...checkModule(def)];
  return { def, faults };
}

function emptyDef(source: ModuleSource): ModuleDef {
  return {
    version: source.version,
    typespace: [],
    types: [],
    tables: [],
    reducers: [],
    procedures: [],
    views: [],
    rowLevelSecurity: [],
    httpHandlers: [],
    httpRoutes: [],
  };
}

function danglingReferences(source: ModuleSource): string[] {
  const faults: string[] = [];
  const uses = typeUses(source);
  for (const [index, type] of source.types.source.entries()) uses.push([`type ${index}`, type]);
  for (const [what, type] of uses) {
    for (const ref of danglingRefs(type, source.types.source)) {
      faults.push(`${what}: type reference ${ref} leads nowhere`);
    }
  }
  return faults;
}

function danglingRefs(type: AlgebraicType, types: Typespace): number[] {
  switch (type.kind) {
    case "ref":
      return type.ref < types.length ? [] : [type.ref];
    case "array":
      return danglingRefs(type.element, types);
    case "product":
      return type.elements.flatMap((element) => danglingRefs(element.type, types));
    case "sum":
      return type.variants.flatMap((variant) => danglingRefs(variant.type, types));
    default:
      return [];
  }
}

function orderingFaults(source: ModuleSource): string[] {
  return source.exportedTypes
    .filter(({ hasCustomOrdering }) => !hasCustomOrdering)
    .filter(({ ref }) => !hasDefaultOrdering({ kind: "ref", ref }, source.types.source))
    .map(({ name }) => `type \`${name}\`: its elements are not in the order of their names`);
}

function viewKey(
  view: Omit<ViewDef, "primaryKey">,
  keyColumns: readonly string[] | undefined,
  types: Typespace,
  tables: readonly TableDef[],
  faults: string[],
): number | undefined {
  const ref = viewRowRef(view.returnType);
  if (keyColumns === undefined) {
    // The rows of a query are rows of a table, so they have its key.
    const isQuery = specialKind(view.returnType) === "query";
    return isQuery ? tables.find((table) => table.productTypeRef === ref)?.primaryKey : undefined;
  }
  const [key, ...others] = keyColumns;
  if (key === undefined) return undefined;
  const label = `view \`${view.sourceName}\``;
  if (others.length > 0) {
    faults.push(`${label}: its primary key has ${keyColumns.length} columns, only one is possible`);
    return undefined;
  }
  const row = ref === undefined ? undefined : types[ref];
  const elements = row?.kind === "product" ? row.elements : [];
  const position = elements.findIndex(({ name }) => name === key);
  if (position >= 0) return position;
  faults.push(`${label}: its primary key \`${key}\` is no column of its rows`);
  return undefined;
}
