// Writing generated files: only what changed, so that watchers stay calm, and without leftovers of
// earlier runs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { messageOf } from "@lightcone/abi";
import { CommandError } from "./exit.ts";

export interface Written {
  readonly changedCount: number;
  readonly removedCount: number;
}

/**
 * Makes `folder` hold `files`, by name with `/`. Other files there stay, unless their first line
 * says they are generated.
 */
export function writeGenerated(folder: string, files: ReadonlyMap<string, string>): Written {
  try {
    const changed = [...files].filter(([name, text]) => readIfThere(join(folder, name)) !== text);
    for (const [name, text] of changed) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const stale = staleFiles(folder, files);
    for (const name of stale) rmSync(join(folder, name));
    return { changedCount: changed.length, removedCount: stale.length };
  } catch (thrown) {
    throw new CommandError(
      "refused",
      `cannot write to ${folder}: ${messageOf(thrown)}`,
      "Make the folder writable, or name another one with --out-dir.",
    );
  }
}

function staleFiles(folder: string, files: ReadonlyMap<string, string>): string[] {
  const headers = new Set([...files.values()].map(firstLine));
  // Only beside generated files: the folder may be that of a whole project.
  const subfolders = new Set([...files.keys()].map((name) => posix.dirname(name)));
  return [...subfolders]
    .flatMap((sub) => readdirSync(join(folder, sub)).map((name) => posix.join(sub, name)))
    .filter((name) => name.endsWith(".ts") && !files.has(name))
    .filter((name) => {
      const text = readIfThere(join(folder, name));
      return text !== undefined && headers.has(firstLine(text));
    });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR") return undefined;
    throw thrown;
  }
}
