// Compiles a module: the one place that knows the options of the AssemblyScript compiler that modules
// need.
import { readFile } from "node:fs/promises";
import { basename, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { main, type Parser } from "./compiler.ts";
import { withFix } from "./fix.ts";
import { forbiddenImports } from "./forbidden.ts";
import { declarationText } from "./transform/declarations.ts";
import { type Transformed, transformModule } from "./transform/transform.ts";

export interface CompileOptions {
  /** The module's main file. */
  readonly entry: string;
  /** Paths in messages and panics are relative to this folder; it is the working folder if not given. */
  readonly folder?: string;
  /** Assertions keep their texts either way; debug builds are quick to make, large and slow. */
  readonly mode?: "release" | "debug";
  /** Also makes a source map. */
  readonly sourceMap?: boolean;
  /** "minimal" collects between calls, "incremental" also within them. */
  readonly runtime?: "minimal" | "incremental";
  /** Texts of files that are not on disk, by path below the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further options of the compiler, as on its command line. */
  readonly extra?: readonly string[];
}

export interface Compiled {
  /** Undefined where there are errors. */
  readonly wasm: Uint8Array | undefined;
  /** The WebAssembly text, if `extra` asked for it by `--textFile module.wat`. */
  readonly text: string | undefined;
  readonly sourceMap: string | undefined;
  /**
   * Declarations of the generated tables, for editors: to be kept beside the entry, in a file with the
   * ending .d.ts. Undefined where decorators are used wrongly.
   */
  readonly declarations: string | undefined;
  /** What the compiler has to say, one message each: errors, with file, line and the line's text. */
  readonly errors: readonly string[];
  /** The same of warnings. */
  readonly warnings: readonly string[];
}

/** The function of the library that stands in for the compiler's `abort`. */
const panicFunction = "~lib/@lightcone/sdk-module-as/assembly/panic/panic";

const outFile = "module.wasm";

/** Compiles the module; faults of the module are in `errors`, nothing is thrown for them. */
export async function compileModule(options: CompileOptions): Promise<Compiled> {
  const folder = resolve(options.folder ?? ".");
  const entry = relative(folder, resolve(folder, options.entry)).split(sep).join("/");
  const written = new Map<string, string | Uint8Array>();
  let told = "";
  let transformed: Transformed | undefined;
  const transform = {
    afterParse: (parser: Parser) => {
      transformed = transformModule(parser);
    },
  };
  const { error } = await main(compilerArguments(entry, folder, options), {
    stderr: {
      write: (chunk: string | Uint8Array) => {
        told += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
        return true;
      },
    },
    transforms: [transform as never],
    readFile: (name, base) => readSource(name, base, folder, options.files ?? {}),
    writeFile: (name, contents) => {
      written.set(basename(name), contents);
    },
  });
  // The compiler colors what it says wherever CI is set.
  const messages = splitMessages(stripVTControlCharacters(told));
  const warnings = messages.filter((each) => /^(?:WARNING|INFO|PEDANTIC) /.test(each));
  const errors = messages.filter((each) => !warnings.includes(each)).map(withFix);
  const wasm = written.get(outFile);
  const declarations =
    transformed === undefined
      ? undefined
      : declarationText(transformed.model, transformed.files, posix.dirname(entry));
  const failed = { wasm: undefined, text: undefined, sourceMap: undefined, declarations, warnings };
  if (error !== null || !(wasm instanceof Uint8Array)) {
    const reason = error?.message ?? "the compiler wrote no module";
    return { ...failed, errors: errors.length > 0 ? errors : [`ERROR: ${reason}`] };
  }
  const forbidden = forbiddenImports(wasm);
  if (forbidden.length > 0) return { ...failed, errors: forbidden };
  return {
    wasm,
    text: textOf(written.get("module.wat")),
    sourceMap: textOf(written.get(`${outFile}.map`)),
    declarations,
    errors: [],
    warnings,
  };
}

function compilerArguments(entry: string, folder: string, options: CompileOptions): string[] {
  const isDebug = options.mode === "debug";
  return [
    entry,
    "--baseDir",
    folder,
    // A file of that name would change the options; what modules need is here.
    "--config",
    "lightcone-without-config.json",
    "--outFile",
    outFile,
    "--runtime",
    options.runtime ?? "minimal",
    "--use",
    `abort=${panicFunction}`,
    ...(isDebug ? ["--debug"] : ["--optimizeLevel", "3", "--shrinkLevel", "0"]),
    ...(options.sourceMap === true ? ["--sourceMap"] : []),
    ...(options.extra ?? []),
  ];
}

function textOf(contents: string | Uint8Array | undefined): string | undefined {
  return typeof contents === "string" ? contents : undefined;
}

async function readSource(
  name: string,
  base: string,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<string | null> {
  const path = isAbsolute(name) ? name : join(resolve(folder, base), name);
  const given = files[relative(folder, path).split(sep).join("/")];
  if (given !== undefined) return given;
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}

// Messages are set apart by empty lines; the last one counts the errors.
function splitMessages(text: string): string[] {
  return text
    .split(/\n(?=(?:ERROR|WARNING|INFO|PEDANTIC|FAILURE) )/)
    .map((each) => each.trim())
    .filter((each) => each !== "" && !/^FAILURE \d+ (parse|compile) error/.test(each));
}
