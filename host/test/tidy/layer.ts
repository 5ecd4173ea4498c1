// Who may import whom: the ranks inside the host, the order of the workspaces, outside packages.

import { breach } from "./breach.ts";
import { importsOf, packageOf, targetOf } from "./import.ts";
import { type Source, isTest } from "./source.ts";

const hostRanks: ReadonlyMap<string, number> = new Map([
  ["base", 0],
  ["datastore", 1],
  ["log", 2],
  ["sql", 2],
  ["module", 2],
  ["subscription", 3],
  ["database", 4],
  ["session", 5],
  ["server", 6],
  ["embedded", 7],
  ["testing", 8],
]);

/** What other packages see: above all folders. */
const hostFaces: ReadonlySet<string> = new Set(
  ["index", "engine", "embedded", "testing"].map((name) => `host/src/${name}.ts`),
);

/** A folder of the host imports itself and lower ranks, never an equal one; the package's faces top all. */
export function rankBreaches(source: Source): string[] {
  if (!source.path.startsWith("host/src/") || hostFaces.has(source.path)) return [];
  const folder = folderOf(source.path);
  const rank = hostRanks.get(folder);
  if (rank === undefined) return [breach(source, 0, `host/src/${folder} has no rank in layer.ts`)];
  return importsOf(source).flatMap((each) => {
    const target = targetOf(source, each);
    if (target === undefined || !target.startsWith("host/src/")) return [];
    const targetFolder = folderOf(target);
    const targetRank = hostRanks.get(targetFolder) ?? Infinity;
    if (targetFolder === folder || targetRank < rank) return [];
    const rule = `${folder} (rank ${rank}) must not import ${targetFolder} (rank ${targetRank})`;
    return [breach(source, each.offset, rule)];
  });
}

function folderOf(path: string): string {
  return path.split("/")[2] ?? "";
}

/** What each workspace may import of the others; its tests may use fixtures besides. */
const workspaceUses: Readonly<Record<string, readonly string[]>> = {
  abi: [],
  host: ["abi"],
  "sdk-client": ["abi"],
  cli: ["abi", "host", "sdk-client"],
  // Modules are compiled without a host; its tests run what was compiled in one.
  "sdk-module-as": ["abi", "host"],
  fixtures: ["abi"],
  bench: ["abi", "host", "sdk-client", "cli", "fixtures"],
};

/** The demo, and the tests that use modules as their authors and clients do, stand above all. */
const topFolder = /^fixtures\/src\/(?:client|demo|features|kitchen)\//;
const topUses = ["abi", "host", "sdk-client", "cli", "fixtures"];

/** Workspaces import one way, by package name, never by a path into another's folder. */
export function workspaceBreaches(source: Source): string[] {
  const workspace = workspaceOf(source.path);
  const isLibrary = source.path.startsWith("abi/src/");
  const uses = topFolder.test(source.path)
    ? topUses
    : [...(workspaceUses[workspace] ?? []), ...(isTest(source) ? ["fixtures"] : [])];
  return importsOf(source).flatMap((each) => {
    const target = targetOf(source, each);
    if (target !== undefined && workspaceOf(target) !== workspace) {
      return [breach(source, each.offset, `${each.specifier} leaves the workspace: use its name`)];
    }
    if (isLibrary && target?.startsWith("abi/conformance/") === true) {
      return [breach(source, each.offset, "the suite is no part of the library")];
    }
    const named = packageOf(each);
    if (named === undefined || !named.startsWith("@lightcone/")) return [];
    const other = named.slice("@lightcone/".length);
    if (uses.includes(other) || other === workspace) return [];
    return [breach(source, each.offset, `${workspace} must not import ${named}`)];
  });
}

function workspaceOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** Packages that have one home; everything else in that workspace goes through it. */
const packageHomes: Readonly<Record<string, string>> = {
  "host ws": "host/src/server/",
  "host jose": "host/src/server/",
  "abi wabt": "abi/conformance/",
};

/** The one package that the workspace all others stand on may use. */
const abiPackages = ["@noble/hashes"];

/** An outside package is imported by one file of a workspace, so that it can be exchanged there. */
export function packageBreaches(sources: readonly Source[]): string[] {
  const importers = new Map<string, string>();
  const found: string[] = [];
  for (const source of sources) {
    if (isTest(source)) continue;
    const workspace = workspaceOf(source.path);
    for (const each of importsOf(source)) {
      const named = packageOf(each);
      if (named === undefined || named.startsWith("@lightcone/")) continue;
      const key = `${workspace} ${named}`;
      const first = importers.get(key) ?? source.path;
      importers.set(key, first);
      if (first !== source.path) {
        found.push(breach(source, each.offset, `${named} is imported by ${first} already`));
      }
      const home = packageHomes[key];
      if (home !== undefined && !source.path.startsWith(home)) {
        found.push(breach(source, each.offset, `${named} belongs in ${home}`));
      }
      if (source.path.startsWith("abi/src/") && !abiPackages.includes(named)) {
        found.push(breach(source, each.offset, `abi depends on ${abiPackages.join()} alone`));
      }
    }
  }
  return found;
}
