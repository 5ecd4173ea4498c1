// A module's compiled program: the file that is named, or the one that a module's folder has after its build.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { messageOf } from "@lightcone/abi";
import { CommandError } from "./exit.ts";

export interface ModuleChoice {
  /** --bin-path. */
  readonly binPath: string | undefined;
  /** --module-path. */
  readonly modulePath: string | undefined;
}

export interface ModuleFile {
  /** As it is called in messages, relative to the working folder. */
  readonly path: string;
  readonly program: Uint8Array;
}

/** Where builds leave the program, by the file that tells which kind of project it is. */
const builds = [
  {
    manifest: "Cargo.toml",
    folder: join("target", "wasm32-unknown-unknown", "release"),
    command: "cargo build --release --target wasm32-unknown-unknown",
  },
  { manifest: "package.json", folder: "build", command: "npm run build" },
] as const;

/** Reads the program. Throws a CommandError that says how to name or build one. */
export function readModule(workingFolder: string, choice: ModuleChoice): ModuleFile {
  const { binPath, modulePath } = choice;
  if (binPath !== undefined && modulePath !== undefined) {
    throw new CommandError(
      "usage",
      "--bin-path and --module-path exclude each other",
      "Give one of them.",
    );
  }
  const absolute =
    binPath === undefined
      ? findProgram(resolve(workingFolder, modulePath ?? "."), workingFolder)
      : resolve(workingFolder, binPath);
  const path = relative(workingFolder, absolute) || absolute;
  return { path, program: readProgram(absolute, path) };
}

function findProgram(folder: string, workingFolder: string): string {
  const shown = relative(workingFolder, folder) || ".";
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CommandError(
      "usage",
      `${shown} is no folder`,
      "Name the module's folder, or its .wasm file with --bin-path.",
    );
  }
  for (const build of builds) {
    const found = programsIn(join(folder, build.folder));
    const [only, ...others] = found;
    if (only === undefined) continue;
    if (others.length === 0) return join(folder, build.folder, only);
    const list = found.map((name) => join(shown, build.folder, name)).join("\n");
    throw new CommandError(
      "usage",
      `${shown} has more than one program`,
      `Choose one with --bin-path:\n${list}`,
    );
  }
  throw new CommandError("usage", `${shown} has no compiled module`, buildAdvice(folder, shown));
}

function programsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  // AssemblyScript builds both; the other one is for debugging.
  return found.includes("release.wasm") ? ["release.wasm"] : found.sort();
}

function buildAdvice(folder: string, shown: string): string {
  const build = builds.find(({ manifest }) => existsSync(join(folder, manifest)));
  const before = shown === "." ? "" : `in ${shown} `;
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
