// The modules that `lightcone init` begins with: files of this package, with the name filled in.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "@lightcone/abi";
import type { Language } from "./build/project.ts";
import { CommandError } from "./exit.ts";
import { version } from "./version.ts";

// From dist/src, where the compiled file lies.
const templates = fileURLToPath(new URL("../../template/", import.meta.url));

/** Names that would mean something where the templates lie, to git, npm, cargo or who runs tests. */
const realNames: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  "cargo.toml": "Cargo.toml",
  "module-test.js": "module.test.js",
};

/** Writes a module into an empty or new folder; returns the paths of its files in there. Throws a CommandError. */
export function writeTemplate(
  language: Language,
  folder: string,
  shownFolder: string,
  name: string,
): string[] {
  checkEmpty(folder, shownFolder);
  const source = join(templates, language);
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => ({
      from: join(parentPath, file),
      to: join(parentPath.slice(source.length).replace(sep, ""), realNames[file] ?? file),
    }))
    .sort((a, b) => (a.to < b.to ? -1 : 1));
  try {
    for (const { from, to } of files) {
      const text = readFileSync(from, "utf8")
        .replaceAll("{{name}}", name)
        .replaceAll("{{version}}", version);
      mkdirSync(dirname(join(folder, to)), { recursive: true });
      writeFileSync(join(folder, to), text, { flag: "wx" });
    }
  } catch (thrown) {
    throw new CommandError("refused", `cannot write to ${shownFolder}: ${messageOf(thrown)}`);
  }
  return files.map(({ to }) => to);
}

/** A repository that nothing is in yet counts as empty. */
function checkEmpty(folder: string, shownFolder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name !== ".git");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new CommandError("usage", `${shownFolder} is no folder that can be read`);
  }
  if (names.length === 0) return;
  throw new CommandError(
    "usage",
    `${shownFolder === "." ? "this folder" : shownFolder} is not empty`,
    "Name a new folder: `lightcone init my-module --lang assemblyscript`.",
  );
}
