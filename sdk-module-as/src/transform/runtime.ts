// A function of the compiler's runtime that the library needs: how many bytes its objects take. The
// runtime counts them and tells nobody.
import type { Parser, Source } from "../compiler.ts";
import { generatedFolder } from "./library.ts";

const counters: readonly string[] = ["~lib/rt/tcms", "~lib/rt/itcms"];

const name = "__lightcone_allocated";

/** Adds the function to the runtime that is in use; one without a collector has 0 bytes for ever. */
export function exposeAllocated(parser: Parser): void {
  const runtime = parser.sources.find(({ internalPath }) => counters.includes(internalPath));
  const value = runtime === undefined ? "0" : "total";
  const path = `${generatedFolder}/runtime`;
  const text = `// @ts-ignore\n@global export function ${name}(): usize { return ${value}; }`;
  parser.parseFile(text, `${path}.ts`, false);
  if (runtime === undefined) return;
  // In the runtime's own file the text means the runtime's own counter. The source stays, for the
  // function's place in the text is there.
  const source = parser.sources.find(({ internalPath }) => internalPath === path) as Source;
  runtime.statements.push(...source.statements.splice(0));
}
