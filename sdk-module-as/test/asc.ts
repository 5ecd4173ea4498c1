// Compiles AssemblyScript for tests: files of this package, without its transform.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

/** This package's folder, seen from dist/test. */
const folder = fileURLToPath(new URL("../../", import.meta.url));

/** Compiles the file at `entry`, a path within this package. Throws what the compiler printed. */
export async function compileEntry(
  entry: string,
  options: readonly string[] = [],
): Promise<WebAssembly.Module> {
  let binary: Uint8Array | undefined;
  const printed: string[] = [];
  const print = { write: (text: string): boolean => printed.push(text) > 0 };
  const result = await main(
    [
      entry,
      // The one of this package is for modules and would bring the transform in.
      "--config",
      "without-config.json",
      "--outFile",
      "module.wasm",
      "--runtime",
      "minimal",
      "--exportRuntime",
      "--use",
      "abort=assembly/panic/panic",
      ...options,
    ],
    {
      stdout: print,
      stderr: print,
      readFile: (name, base) => readText(name, base),
      writeFile: (name, contents) => {
        if (name === "module.wasm") binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (result.error !== null || binary === undefined) throw new Error(printed.join(""));
  return new WebAssembly.Module(binary);
}

function readText(name: string, base: string): string | null {
  try {
    return readFileSync(`${folder}${base === "." ? "" : `${base}/`}${name}`, "utf8");
  } catch {
    return null;
  }
}
