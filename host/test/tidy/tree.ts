// The repository on disk, as the tidy rules read it.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RawFile } from "./shape.ts";
import { type Source, makeSource } from "./source.ts";

/** From host/dist/test/tidy. */
export const root: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** What is made, fetched or run here, and so is not part of the repository. */
const outside = new Set([
  ".git",
  ".tap",
  ".tools",
  ".cache",
  "coverage",
  "data",
  "dist",
  "node_modules",
]);
const alsoOutside = new Set(["screenshots", "target"]);

/** Every file of the repository, in a stable order. Folders that do not exist yet are no fault. */
export function listFiles(folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (outside.has(entry.name) || alsoOutside.has(entry.name)) return [];
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    });
}

const sourcePath =
  /^(?:[^/]+\/(?:src|test|bin)|abi\/conformance|scripts|types)\/.*\.(?:ts|mts|mjs|js)$/;

export function readSources(paths: readonly string[]): Source[] {
  return paths
    .filter((path) => sourcePath.test(path))
    .map((path) => makeSource(path, readFileSync(join(root, path), "utf8")));
}

export function readRaw(path: string): RawFile {
  return { path, bytes: readFileSync(join(root, path), "latin1") };
}
