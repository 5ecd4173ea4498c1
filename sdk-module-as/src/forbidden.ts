// Imports that no host provides: parts of AssemblyScript's library that need a browser or Node.
import { importModulePrefix } from "@lightcone/abi";

const instead: Readonly<Record<string, string>> = {
  seed: "Math.random needs chance from outside: use ctx.random",
  "Date.now": "Date.now needs a clock: use ctx.timestamp",
  "performance.now": "performance.now needs a clock: use log.timer",
  "process.hrtime": "process.hrtime needs a clock: use log.timer",
  trace: "trace() needs a console: use log.debug",
  abort: "abort needs a handler: compile with compileModule or the asconfig.json of the SDK",
};

/** A message for each function that the compiled module imports and no host has. */
export function forbiddenImports(wasm: Uint8Array): string[] {
  const module = new WebAssembly.Module(wasm);
  return WebAssembly.Module.imports(module)
    .filter((each) => !each.module.startsWith(importModulePrefix))
    .map(({ module: from, name }) => {
      const known =
        instead[name] ?? (name.startsWith("console.") ? "use log.info and its kin" : "");
      const fix = known === "" ? "a module imports the functions of the host alone" : known;
      return `ERROR: the module uses '${from}.${name}', which no host provides. ${fix}.`;
    });
}
