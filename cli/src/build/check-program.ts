// Looks at what a build made as a host would: whether it loads, and, if not, what in the source is the reason.
import { importModulePrefix, LightconeError, type ModuleDef } from "@lightcone/abi";
import type { HostPart } from "../context.ts";
import { CommandError } from "../exit.ts";

/** What brings an import of AssemblyScript's `env` about, and what to use instead. */
const assemblyScriptImports: readonly (readonly [name: RegExp, source: string, instead: string])[] =
  [
    [/^abort$/, "assert, throw or abort", "build with the SDK's transform, which logs them"],
    [/^trace$/, "trace()", "log.trace, or log.debug"],
    [/^seed$/, "Math.random()", "ctx.random"],
    [/^Math\.random$/, "Math.random()", "ctx.random"],
    [/^crypto\./, "crypto", "ctx.random, ctx.newUuidV4() or ctx.newUuidV7()"],
    [/^(?:Date\.now|performance\.now)$/, "the clock", "ctx.timestamp"],
    [/^Date\./, "Date of the environment", "Timestamp"],
    [/^console\./, "console", "log.info and the other levels of log"],
    [/^process\./, "process, which modules do not have", "nothing: take it out"],
    [/^memory$/, "the option importMemory", "memory of the module's own: remove that option"],
    [/^table$/, "the option importTable", "a table of the module's own: remove that option"],
  ];

function explainImport({ module, name }: WebAssembly.ModuleImportDescriptor): string {
  const shown = `${module}.${name}`;
  if (module === "env") {
    const found = assemblyScriptImports.find(([pattern]) => pattern.test(name));
    if (found !== undefined) return `${shown} comes of ${found[1]}; instead: ${found[2]}`;
    return `${shown} is a function that is declared and defined nowhere: define it, or remove its use`;
  }
  if (module.startsWith("wasi")) {
    return `${shown} is a system call of WASI, which modules do not have: build for wasm32-unknown-unknown`;
  }
  if (module.includes("wbindgen")) {
    return `${shown} is for browsers: a dependency uses wasm-bindgen; look for it with \`cargo tree -i wasm-bindgen\``;
  }
  return `${shown} is not known to this version`;
}

const refusals: ReadonlySet<string> = new Set([
  "LC_MODULE_IMPORT",
  "LC_MODULE_INVALID",
  "LC_MODULE_LOAD",
]);

/** The definition of a program. Throws a CommandError that explains what is wrong with it. */
export function checkProgram(program: Uint8Array, host: HostPart): ModuleDef {
  try {
    return host.describeModule(program);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || !refusals.has(thrown.code)) throw thrown;
    const foreign = foreignImports(program);
    const reasons =
      foreign.length > 0 ? foreign.map(explainImport) : [thrown.message, ...thrown.reasons];
    throw new CommandError(
      "module",
      ["the program was built, but no host will take it:", ...reasons].join("\n- "),
    );
  }
}

/** Imports of other modules than the ABI's. */
function foreignImports(program: Uint8Array): WebAssembly.ModuleImportDescriptor[] {
  try {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(Uint8Array.from(program)));
    return imports.filter(({ module }) => !module.startsWith(importModulePrefix));
  } catch {
    return [];
  }
}
