// The transform as the AssemblyScript compiler loads it: `asc --transform @lightcone/sdk-module-as/transform`.
import type { Parser } from "../compiler.ts";
import { transformModule } from "./transform.ts";

/** Called by the compiler when it has parsed everything that the module imports. */
export function afterParse(parser: Parser): void {
  transformModule(parser);
}
