// How much a definition may hold. The reference knows no such limits; these are far beyond what
// modules have, and keep a hostile definition from costing more time and memory than its bytes are
// worth.
import { productFieldsMax } from "../sats/layout.ts";
import type { ModuleSource } from "./source.ts";

/** Most objects of one kind in a module, indexes of all tables together. */
const objectsMax = 10_000;

/** Most UTF-16 units of an identifier. */
export const nameLengthMax = 255;

/** Most columns of an index or constraint. */
export const keyColumnsMax = 64;

/** Most submodules, nested ones included. */
const submodulesMax = 1000;

/** Most levels of submodules. */
const submoduleDepthMax = 16;

/** Most faults that are told, and most UTF-16 units of one. */
const toldFaultsMax = 100;
const toldFaultLengthMax = 1000;

/** What is too much in one module, its submodules not included. */
export function sizeFaults(source: ModuleSource): string[] {
  const { tables } = source;
  const counts: Readonly<Record<string, number>> = {
    types: source.types.source.length,
    "exported types": source.exportedTypes.length,
    tables: tables.length,
    indexes: total(tables.map(({ indexes }) => indexes.length)),
    constraints: total(tables.map(({ constraints }) => constraints.length)),
    sequences: total(tables.map(({ sequences }) => sequences.length)),
    "default values": total(tables.map(({ defaults }) => defaults.length)),
    reducers: source.reducers.length,
    procedures: source.procedures.length,
    views: source.views.length,
    "row rules": source.rowLevelSecurity.length,
    "HTTP handlers": source.httpHandlers.length,
    "HTTP routes": source.httpRoutes.length,
  };
  const faults = Object.entries(counts)
    .filter(([, count]) => count > objectsMax)
    .map(([what, count]) => `${count} ${what} are more than the limit of ${objectsMax}`);
  for (const { sourceName, params } of [
    ...source.reducers,
    ...source.procedures,
    ...source.views,
  ]) {
    if (params.elements.length > productFieldsMax) {
      faults.push(`\`${sourceName}\`: it has more than ${productFieldsMax} parameters`);
    }
  }
  return faults;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What is too much in the tree of submodules. */
export function submoduleFaults(source: ModuleSource): string[] {
  const faults: string[] = [];
  let count = 0;
  let level = source.submodules;
  for (let depth = 1; level.length > 0; depth++) {
    count += level.length;
    if (depth > submoduleDepthMax) {
      faults.push(`submodules are nested over ${submoduleDepthMax} levels deep`);
      break;
    }
    level = level.flatMap(({ module }) => module.submodules);
  }
  if (count > submodulesMax) faults.push(`there are more than ${submodulesMax} submodules`);
  return faults;
}

/** The faults as they are told: not too many, not too long. */
export function toldFaults(faults: readonly string[]): string[] {
  const told = faults
    .slice(0, toldFaultsMax)
    .map((fault) =>
      fault.length <= toldFaultLengthMax ? fault : `${fault.slice(0, toldFaultLengthMax)}…`,
    );
  const rest = faults.length - told.length;
  return rest === 0 ? told : [...told, `and ${rest} more`];
}
