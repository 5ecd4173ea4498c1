// A module's folder: what it is written in, and where that language's build leaves the program.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandError } from "../exit.ts";

export const languages = ["assemblyscript", "rust"] as const;
export type Language = (typeof languages)[number];

export interface Project {
  readonly language: Language;
  /** Absolute. */
  readonly folder: string;
  /** As the user would write it. */
  readonly shownFolder: string;
}

/** Whether a folder is there at all. Throws a CommandError. */
export function findFolder(workingFolder: string, shownFolder: string): string {
  const folder = resolve(workingFolder, shownFolder);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  throw new CommandError(
    "usage",
    `${shownFolder} is no folder`,
    "Name the module's folder, or its .wasm file with --bin-path.",
  );
}

/** The project in a folder, or undefined if it is none that can be built. Throws a CommandError if there is no such folder. */
export function findProject(workingFolder: string, shownFolder: string): Project | undefined {
  const folder = findFolder(workingFolder, shownFolder);
  const language = languageOf(folder);
  return language === undefined ? undefined : { language, folder, shownFolder };
}

function languageOf(folder: string): Language | undefined {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (has("Cargo.toml")) return "rust";
  return has("asconfig.json") || has(join("assembly", "index.ts")) ? "assemblyscript" : undefined;
}

const usualEntry = "assembly/index.ts";

/** The file that an AssemblyScript module begins with: the one entry that asconfig.json names, or the usual one. */
export function entryOf({ folder, shownFolder }: Project): string {
  const path = join(folder, "asconfig.json");
  if (!existsSync(path)) return usualEntry;
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new CommandError("usage", `${join(shownFolder, "asconfig.json")} is not JSON`);
  }
  const entries: unknown =
    typeof config === "object" && config !== null && "entries" in config ? config.entries : [];
  if (!Array.isArray(entries) || entries.length === 0) return usualEntry;
  if (entries.length === 1 && typeof entries[0] === "string") return entries[0];
  throw new CommandError(
    "usage",
    `${join(shownFolder, "asconfig.json")} names more than one entry`,
    "A module has one: let it import the others.",
  );
}
