// Builds an AssemblyScript module with the SDK that its own folder has installed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "@lightcone/abi";
import { CommandError } from "../exit.ts";
import type { Output } from "../output.ts";
import { entryOf, type Project } from "./project.ts";
import { embedSourceMap } from "./source-map.ts";

/** The part of `@lightcone/sdk-module-as` that builds. */
interface ModuleSdk {
  readonly compileModule: (options: CompileOptions) => Promise<CompileResult>;
}

interface CompileOptions {
  readonly folder: string;
  /** From the folder. */
  readonly entry: string;
  readonly mode: "release" | "debug";
  readonly sourceMap: boolean;
}

interface CompileResult {
  /** Undefined if there are errors. */
  readonly wasm: Uint8Array | undefined;
  /** A source map as compilers write it. */
  readonly sourceMap: string | undefined;
  /** The generated tables as a declaration file, for editors. */
  readonly declarations?: string | undefined;
  /** As the compiler prints them. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Lies beside the entry, where editors read it with the module. */
const declarationsFile = "lightcone.d.ts";

const sdkName = "@lightcone/sdk-module-as";

export interface AssemblyScriptOptions {
  readonly isDebug: boolean;
  readonly hasSourceMap: boolean;
}

/** Returns the program's path, from the module's folder. Throws a CommandError. */
export async function buildAssemblyScript(
  project: Project,
  { isDebug, hasSourceMap }: AssemblyScriptOptions,
  output: Output,
): Promise<string> {
  const entry = entryOf(project);
  const { compileModule } = await loadSdk(project);
  const outFile = join("build", isDebug ? "debug.wasm" : "release.wasm");
  const { wasm, sourceMap, declarations, errors, warnings } = await compileModule({
    folder: project.folder,
    entry,
    mode: isDebug ? "debug" : "release",
    sourceMap: hasSourceMap,
  });
  // Also of a module that does not compile: with them an editor shows more of what is wrong.
  if (declarations !== undefined) {
    const file = join(project.folder, dirname(entry), declarationsFile);
    writeIfChanged(file, declarations);
  }
  for (const message of [...warnings, ...errors]) output.note(`${message.trimEnd()}\n`);
  if (wasm === undefined) {
    throw new CommandError(
      "module",
      "the module does not compile",
      "The compiler says why, above.",
    );
  }
  const path = join(project.folder, outFile);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hasSourceMap ? withMap(wasm, sourceMap, output) : wasm);
  return outFile;
}

function writeIfChanged(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  writeFileSync(file, text);
}

function withMap(wasm: Uint8Array, map: string | undefined, output: Output): Uint8Array {
  const mapped = map === undefined ? undefined : embedSourceMap(wasm, map);
  if (mapped !== undefined) return mapped;
  output.note("The compiler gave no source map: traps will name functions, but no lines.");
  return wasm;
}

async function loadSdk({ folder, shownFolder }: Project): Promise<ModuleSdk> {
  let path: string;
  try {
    path = createRequire(join(folder, "package.json")).resolve(sdkName);
  } catch {
    const where = shownFolder === "." ? "" : ` in ${shownFolder}`;
    throw new CommandError(
      "refused",
      `${sdkName} is not installed${where}, which compiles modules in AssemblyScript`,
      `Run \`npm install\`${where}; if package.json does not name it, \`npm install ${sdkName}\`.`,
    );
  }
  try {
    const sdk = (await import(pathToFileURL(path).href)) as Partial<ModuleSdk>;
    if (sdk.compileModule !== undefined) return { compileModule: sdk.compileModule };
  } catch (thrown) {
    throw new CommandError(
      "refused",
      `${sdkName} cannot be loaded: ${messageOf(thrown)}`,
      "Install it again: `npm ci`.",
    );
  }
  throw new CommandError(
    "refused",
    `the ${sdkName} that is installed does not compile modules for this version`,
    "Install the version of this command (`lightcone --version`).",
  );
}
