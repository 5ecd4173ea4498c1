// The variant of a module whose procedures can wait: made once for each program, on a thread of its own, and kept on disk by
// content (design decision 5). A damaged or foreign file in the cache is made anew.
import { messageOf, toHex } from "@lightcone/abi";
import { digest } from "../../base/digest.ts";
import type { Disk } from "../../base/disk/contract.ts";
import { createFile } from "../../base/disk/create-file.ts";
import { runJob } from "../../base/job.ts";
import { limit } from "../../base/limit.ts";
import type { LoadedModule, LoadOptions } from "../load.ts";

/** Changes whenever the same bytes are turned into others. */
const transformVersion = 1;

/** A directory that several databases may use at once; what is in it can be removed at any time. */
export interface VariantCache {
  readonly disk: Disk;
  /** Tells this writer's files from those of others while they are being written. */
  readonly writer: string;
  /** Told of a cache that cannot be used; the variant is then made again at each start. */
  readonly warn: (text: string) => void;
}

/** From the bytes of a module to those of its variant, metered as `load` says. */
export type Transform = (program: Uint8Array, load: LoadOptions) => Promise<Uint8Array>;

const asyncify: Transform = (program, load) =>
  runJob(new URL("./asyncify.js", import.meta.url), program, limit.variantMillisMax, load);

/** Makes the variant of a loaded module from the bytes that were published. Rejects with why it cannot be made. */
export async function makeVariant(
  plain: LoadedModule,
  program: Uint8Array,
  load: LoadOptions,
  cache: VariantCache | undefined,
  transform: Transform = asyncify,
): Promise<LoadedModule> {
  const { memoryBytesMax, isMetered } = load;
  const kind = `asyncify-${transformVersion}-${isMetered ? "metered" : "plain"}-${memoryBytesMax}`;
  const name = `${toHex(digest(program))}-${kind}.wasm`;
  const kept = cache === undefined ? undefined : await readKept(cache, name);
  if (kept !== undefined) return { ...plain, compiled: kept };
  const variant = await transform(program, load);
  const compiled = await WebAssembly.compile(variant);
  if (cache !== undefined) await keep(cache, name, variant);
  return { ...plain, compiled };
}

async function readKept(
  { disk, warn }: VariantCache,
  name: string,
): Promise<WebAssembly.Module | undefined> {
  try {
    if (!(await disk.exists(name))) return undefined;
    const bytes = await disk.readFile(name);
    const compiled = await WebAssembly.compile(bytes);
    await markUsed(disk, name, bytes);
    return compiled;
  } catch (thrown) {
    warn(`the cached code ${name} is not used: ${messageOf(thrown)}`);
    return undefined;
  }
}

/** The file's first byte is written once more: what was used longest ago is removed first. */
async function markUsed(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(name, "write");
  try {
    file.writeSync(0, bytes, 0, 1);
  } finally {
    await file.close();
  }
}

async function keep(
  { disk, writer, warn }: VariantCache,
  name: string,
  variant: Uint8Array,
): Promise<void> {
  const unfinished = `${name}.${writer}`;
  try {
    await disk.makeDirectory("");
    await disk.remove(unfinished);
    await createFile(disk, unfinished, variant);
    await disk.rename(unfinished, name);
    await disk.syncDirectory("");
  } catch (thrown) {
    warn(`the code of procedures is not cached: ${messageOf(thrown)}`);
  }
}
