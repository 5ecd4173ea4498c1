// The import object of one instance: every function of the ABI's table, from the groups beside this file.
import { assert, moduleImports } from "@lightcone/abi";
import type { CallContext } from "../context.ts";
import { bytesImports } from "./bytes.ts";
import { callerImports } from "./caller.ts";
import { consoleImports } from "./console.ts";
import { datastoreReadImports } from "./datastore-read.ts";
import { datastoreWriteImports } from "./datastore-write.ts";
import { procedureImports } from "./procedure.ts";

/** Implementations by name; their parameters are those of the table in `@lightcone/abi`. */
export type ImportFunctions = Readonly<
  Record<string, (...args: never[]) => number | bigint | void>
>;

/** Makes a group of imports for one instance. */
export type MakeImports = (context: CallContext) => ImportFunctions;

/** Links an instance's imports to its call context; `procedures` are those that only procedures can use. */
export function linkImports(
  context: CallContext,
  procedures: MakeImports = procedureImports,
): WebAssembly.Imports {
  const functions: ImportFunctions = {
    ...datastoreReadImports(context),
    ...datastoreWriteImports(context),
    ...bytesImports(context),
    ...consoleImports(context),
    ...callerImports(context),
    ...procedures(context),
  };
  const linked: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module, name } of moduleImports) {
    const implementation = functions[name];
    assert(implementation !== undefined, `import ${name} has no implementation`);
    (linked[module] ??= {})[name] = implementation as WebAssembly.ImportValue;
  }
  return linked;
}
