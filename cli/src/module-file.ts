// A module's compiled program: the file that is named, or the one that a module's folder has after
// its build.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "@lightcone/abi";
import { findFolder } from "./build/project.ts";
import { CommandError } from "./exit.ts";

export interface ModuleChoice {
  /** --bin-path. */
  readonly binPath: string | undefined;
  /** --module-path. */
  readonly modulePath: string | undefined;
}

export interface ModuleFile {
  /** As the user would write it. */
  readonly path: string;
  readonly program: Uint8Array;
}

/** Where builds leave the program, by the file that tells which kind of project it is. */
const builds = [
  {
    manifest: "Cargo.toml",
    folder: join("target", "wasm32-unknown-unknown", "release"),
    command: "lightcone build",
  },
  { manifest: "package.json", folder: "build", command: "npm run build" },
] as const;

/** Reads the program. Throws a CommandError that says how to name or build one. */
export function readModule(workingFolder: string, choice: ModuleChoice): ModuleFile {
  const { binPath, modulePath } = choice;
  checkChoice(choice);
  const path = binPath ?? findProgram(workingFolder, modulePath ?? ".");
  return { path, program: readProgram(resolve(workingFolder, path), path) };
}

/** Refuses both flags at once. Throws a CommandError. */
export function checkChoice({ binPath, modulePath }: ModuleChoice): void {
  if (binPath === undefined || modulePath === undefined) return;
  throw new CommandError(
    "usage",
    "--bin-path and --module-path exclude each other",
    "Give one of them.",
  );
}

/** The one program built in the module's folder, as a path that begins like that of the folder. */
function findProgram(workingFolder: string, modulePath: string): string {
  const folder = findFolder(workingFolder, modulePath);
  for (const build of builds) {
    const found = programsIn(join(folder, build.folder));
    const [only, ...others] = found;
    if (only === undefined) continue;
    if (others.length === 0) return join(modulePath, build.folder, only);
    const list = found.map((name) => join(modulePath, build.folder, name)).join("\n");
    throw new CommandError(
      "usage",
      `${modulePath} has more than one program`,
      `Choose one with --bin-path:\n${list}`,
    );
  }
  throw new CommandError(
    "usage",
    `${modulePath} has no compiled module`,
    buildAdvice(folder, modulePath),
  );
}

function programsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  // AssemblyScript builds both; the other one is for debugging.
  return found.includes("release.wasm") ? ["release.wasm"] : found.sort();
}

function buildAdvice(folder: string, modulePath: string): string {
  const build = builds.find(({ manifest }) => existsSync(join(folder, manifest)));
  const before = modulePath === "." ? "" : `in ${modulePath} `;
  return build === undefined
    ? "Name the .wasm file with --bin-path, or the module's folder with --module-path."
    : `Build it first, ${before}with \`${build.command}\`; or name a .wasm file with --bin-path.`;
}

function readProgram(absolute: string, path: string): Uint8Array {
  let program: Uint8Array;
  try {
    program = readFileSync(absolute);
  } catch (thrown) {
    throw new CommandError(
      "usage",
      `cannot read ${path}: ${messageOf(thrown)}`,
      "Check the path given with --bin-path.",
    );
  }
  // "\0asm", how every WebAssembly binary begins.
  if (program.length >= 8 && [0x00, 0x61, 0x73, 0x6d].every((byte, i) => program[i] === byte))
    return program;
  throw new CommandError(
    "usage",
    `${path} is no WebAssembly module`,
    "Name the compiled .wasm file, not its source or its text form.",
  );
}
