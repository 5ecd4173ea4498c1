// A module that can be left in the middle of an import and entered again there: binaryen's pass Asyncify, run on a thread of its
// own (design decision 5). Only the two imports that wait can suspend; all others, and whatever else the bytes import, cannot.
import binaryen from "binaryen";
import type { LoadOptions } from "../load.ts";
import { meterModule } from "../meter/meter.ts";
import { withoutSourceMap } from "../source-map.ts";
import { suspendingImports } from "./suspending-imports.ts";

/** What the modules of every known compiler use. With all that binaryen knows, its output is not valid; with none the pass aborts. */
function features(): binaryen.Features {
  const { Features } = binaryen;
  return (
    Features.MutableGlobals |
    Features.SignExt |
    Features.NontrappingFPToInt |
    Features.BulkMemory |
    Features.BulkMemoryOpt |
    Features.Multivalue |
    Features.ReferenceTypes |
    Features.SIMD128 |
    Features.ExtendedConst
  );
}

/**
 * Transforms a module. The meter comes last: asking for fuel cannot suspend. What a source map said of the code is lost. Throws,
 * or ends its thread, on what binaryen cannot do.
 */
export function job(program: Uint8Array, { isMetered, memoryBytesMax }: LoadOptions): Uint8Array {
  const module = binaryen.readBinary(withoutSourceMap(program));
  module.setFeatures(features());
  binaryen.setOptimizeLevel(0);
  binaryen.setShrinkLevel(0);
  const names = suspendingImports.map(([from, name]) => `${from}.${name}`);
  binaryen.setPassArgument("asyncify-imports", names.join(","));
  module.runPasses(["asyncify"]);
  const variant = module.emitBinary();
  return isMetered ? meterModule(variant, memoryBytesMax) : variant;
}
