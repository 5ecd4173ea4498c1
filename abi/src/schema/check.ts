// The rules that a module's definition must keep, all looked at before any answer (module-def.md
// section 7). Tables have their own rules in check-table.ts, functions in check-function.ts.
// References are known to lead somewhere here.
import { type AlgebraicType, type Element, specialKind } from "../sats/type.ts";
import { checkFunctions, checkRoutes } from "./check-function.ts";
import { checkTable } from "./check-table.ts";
import type { ModuleDef } from "./def.ts";
import { duplicates, nameFaults, useFaults } from "./fault.ts";

/** Every fault of a definition, in words that name table and column. */
export function checkModule(def: ModuleDef): string[] {
  return [
    ...checkTypes(def),
    ...def.tables.flatMap((table) => checkTable(table, def)),
    ...checkFunctions(def),
    ...checkRoutes(def),
    ...checkNamespace(def),
  ];
}

function checkTypes(def: ModuleDef): string[] {
  const faults: string[] = [];
  const fullNames = def.types.map(({ scope, name }) => [...scope, name].join("."));
  for (const name of duplicates(fullNames)) faults.push(`type \`${name}\`: it is exported twice`);
  for (const { scope, name } of def.types) {
    for (const part of [...scope, name]) faults.push(...nameFaults(`type \`${name}\``, part));
  }
  const names = new Map(def.types.map(({ ref, name }) => [ref, `type \`${name}\``]));
  for (const [index, type] of def.typespace.entries()) {
    const what = names.get(index) ?? `type ${index}`;
    faults.push(...checkDefinition(what, type));
  }
  return faults;
}

// A product or sum may stand in the typespace by itself; what it is made of is under the rules for
// uses.
function checkDefinition(what: string, type: AlgebraicType): string[] {
  if (specialKind(type) !== undefined) return useFaults(what, type);
  if (type.kind === "product") return elementFaults(what, "field", type.elements);
  if (type.kind === "sum") return elementFaults(what, "variant", type.variants);
  return useFaults(what, type);
}

function elementFaults(what: string, part: string, elements: readonly Element[]): string[] {
  const faults: string[] = [];
  const names = elements.flatMap(({ name }) => name ?? []);
  for (const name of duplicates(names)) faults.push(`${what}: it has two ${part}s \`${name}\``);
  for (const [i, { name, type }] of elements.entries()) {
    const label = `${what}, ${part} \`${name ?? i}\``;
    if (name !== undefined) faults.push(...nameFaults(label, name));
    faults.push(...useFaults(label, type));
  }
  return faults;
}

/**
 * Names that share one namespace: a name and its alias may be the same, two objects' names may not.
 */
function checkNamespace(def: ModuleDef): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  function claim(what: string, ...names: readonly string[]): void {
    for (const name of new Set(names)) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, what);
      else faults.push(`${what}: its name \`${name}\` is also that of ${owner}`);
    }
  }
  for (const table of def.tables) {
    const what = `table \`${table.sourceName}\``;
    claim(what, table.name, table.sourceName);
    for (const { name, sourceName } of table.indexes) {
      claim(`${what}, index \`${sourceName}\``, name, sourceName);
    }
    for (const { name } of table.constraints) claim(`${what}, constraint \`${name}\``, name);
    for (const { name } of table.sequences) claim(`${what}, sequence \`${name}\``, name);
    if (table.schedule !== undefined) {
      claim(`${what}, schedule \`${table.schedule.name}\``, table.schedule.name);
    }
  }
  for (const { name, sourceName } of def.views) claim(`view \`${sourceName}\``, name, sourceName);
  return faults;
}
