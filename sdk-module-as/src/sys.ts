// The text of assembly/sys.ts: every import of the module ABI as an AssemblyScript declaration.
import { type ImportFunction, moduleImports } from "@lightcone/abi";

/** The declarations of `imports`, as assembly/sys.ts has them. */
export function sysSource(imports: readonly ImportFunction[] = moduleImports): string {
  const head = [
    "// Generated from abi/src/imports.ts by `npm run sys --workspace sdk-module-as`; do not edit.",
    "// The module ABI: what a host provides. Pointers, lengths and handles are u32.",
  ].join("\n");
  return [head, ...imports.map(declaration)].join("\n\n") + "\n";
}

function declaration(each: ImportFunction): string {
  const params = each.paramNames.map((name, i) => {
    const type = each.params[i] === "i64" ? "i64" : "u32";
    return `${camel(name)}: ${type}`;
  });
  return [
    `/** ${each.doc} */`,
    "// @ts-ignore: decorator",
    `@external("${each.module}", "${each.name}")`,
    `export declare function ${each.name}(${params.join(", ")}): ${each.result ?? "void"};`,
  ].join("\n");
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
