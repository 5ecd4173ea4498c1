// A module that can be left in the middle of an import and entered again there: binaryen's pass Asyncify, run in a process of its
// own (design decision 5). Only the two imports that wait can suspend; all others, and whatever else the bytes import, cannot.
import binaryen from "binaryen";
import type { LoadOptions } from "../load.ts";
import { meterModule } from "../meter/meter.ts";
import { withoutSourceMap } from "../source-map.ts";
import { graft } from "./graft.ts";
import { skeletonOf } from "./skeleton.ts";
import { suspendingImports } from "./suspending-imports.ts";
import { findWaitingFunctions } from "./waiting-functions.ts";

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

/** The pass itself, on a module of any size. */
export function asyncify(bytes: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(features());
  binaryen.setOptimizeLevel(0);
  binaryen.setShrinkLevel(0);
  const names = suspendingImports.map(([from, name]) => `${from}.${name}`);
  binaryen.setPassArgument("asyncify-imports", names.join(","));
  module.runPasses(["asyncify"]);
  const transformed = module.emitBinary();
  module.dispose();
  return transformed;
}

/** The pass on those functions alone that can be on the stack while the guest waits, mostly one in forty: the others stay as they are. */
export function asyncifyPart(bytes: Uint8Array): Uint8Array | undefined {
  const waiting = findWaitingFunctions(bytes);
  return waiting && graft(bytes, waiting, asyncify(skeletonOf(bytes, waiting)));
}

/**
 * Transforms a module. The meter comes last: asking for fuel cannot suspend. What a source map said of the code is lost. Throws,
 * or ends its process, on what binaryen cannot do.
 */
export function job(program: Uint8Array, { isMetered, memoryBytesMax }: LoadOptions): Uint8Array {
  const bytes = withoutSourceMap(program);
  const variant = asyncifyPart(bytes) ?? asyncify(bytes);
  return isMetered ? meterModule(variant, memoryBytesMax) : variant;
}
