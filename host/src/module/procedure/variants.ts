// The variant of a module whose procedures can wait: made once for each program, in a process of its own, one at a time for
// the whole host, and kept by content (design decision 5). A damaged or foreign file in the cache is made anew.
import { messageOf, toHex } from "@lightcone/abi";
import { digest } from "../../base/digest.ts";
import { runJob } from "../../base/job.ts";
import { endJobTurn, takeJobTurn } from "../../base/job-turn.ts";
import { limit } from "../../base/limit.ts";
import { type CodeCache, keepCode, readCode } from "../code-cache.ts";
import type { LoadedModule, LoadOptions } from "../load.ts";

/** Changes whenever the same bytes are turned into others. */
const transformVersion = 3;

/** From the bytes of a module to those of its variant, metered as `load` says. */
export type Transform = (program: Uint8Array, load: LoadOptions) => Promise<Uint8Array>;

const asyncify: Transform = (program, load) =>
  runJob(new URL("./asyncify.js", import.meta.url), program, limit.variantMillisMax, load);

/** Makes the variant of a loaded module from the bytes that were published. Rejects with why it cannot be made. */
export async function makeVariant(
  plain: LoadedModule,
  program: Uint8Array,
  load: LoadOptions,
  cache: CodeCache | undefined,
  transform: Transform = asyncify,
): Promise<LoadedModule> {
  const { memoryBytesMax, isMetered } = load;
  const kind = `asyncify-${transformVersion}-${isMetered ? "metered" : "plain"}-${memoryBytesMax}`;
  const name = `${toHex(digest(program))}-${kind}.wasm`;
  const found = await readKept(cache, name);
  if (found !== undefined) return { ...plain, compiled: found };
  await takeJobTurn();
  try {
    // Another database may have made it meanwhile.
    const kept = await readKept(cache, name);
    if (kept !== undefined) return { ...plain, compiled: kept };
    const variant = await transform(program, load);
    const compiled = await WebAssembly.compile(variant);
    if (cache !== undefined) await keepCode(cache, name, [variant]);
    return { ...plain, compiled };
  } finally {
    endJobTurn();
  }
}

async function readKept(
  cache: CodeCache | undefined,
  name: string,
): Promise<WebAssembly.Module | undefined> {
  if (cache === undefined) return undefined;
  const code = await readCode(cache, name);
  if (code === undefined) return undefined;
  try {
    return await WebAssembly.compile(code);
  } catch (thrown) {
    cache.warn(`the cached code ${name} is not used: ${messageOf(thrown)}`);
    return undefined;
  }
}
