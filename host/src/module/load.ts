// From the bytes of a `.wasm` to metered code, compiled, whose borders have been checked (abi.md sections 4, 7, 8 and 12).
//
//   file in the cache   Keccak-256 of the published bytes (32) | the metered code
import { keccak256, LightconeError, messageOf, toHex } from "@lightcone/abi";
import { digest, sameDigest } from "../base/digest.ts";
import { limit } from "../base/limit.ts";
import { checkExports, checkImports, checkSignatures } from "./borders.ts";
import { type CodeCache, keepCode, readCode } from "./code-cache.ts";
import { meterModule } from "./meter/meter.ts";
import { readSignatures } from "./signature.ts";

/** Compiled code that may be instantiated. */
export interface LoadedModule {
  readonly compiled: WebAssembly.Module;
  /** Exports with the preinit prefix, in the order they run. */
  readonly preinits: readonly string[];
  /** Keccak-256 of the bytes that were published. */
  readonly programHash: () => Uint8Array;
}

const magic = [0x00, 0x61, 0x73, 0x6d];

/** Changes whenever the same bytes are metered otherwise, or are not taken any more. */
const preparedVersion = 2;
const hashBytes = 32;

/** What a module is prepared with. */
export interface LoadOptions {
  /** What its memory may grow to. */
  readonly memoryBytesMax: number;
  /** False for comparisons alone: an endless loop is stopped by nothing then. */
  readonly isMetered: boolean;
}

/** What a module is prepared with if nothing is said. */
export const defaultLoad: LoadOptions = {
  memoryBytesMax: limit.moduleMemoryBytesMax,
  isMetered: true,
};

interface Prepared {
  readonly digest: Uint8Array;
  readonly options: LoadOptions;
  readonly module: LoadedModule;
}

/** Modules that this thread has prepared, the latest first: a publish needs the same one for its plan and for itself. */
const prepared: Prepared[] = [];

function findPrepared(name: Uint8Array, options: LoadOptions): LoadedModule | undefined {
  const { memoryBytesMax, isMetered } = options;
  return prepared.find(
    (one) =>
      sameDigest(one.digest, name) &&
      one.options.memoryBytesMax === memoryBytesMax &&
      one.options.isMetered === isMetered,
  )?.module;
}

function addPrepared(name: Uint8Array, options: LoadOptions, module: LoadedModule): void {
  prepared.unshift({ digest: name, options, module });
  prepared.length = Math.min(prepared.length, limit.preparedModuleCountMax);
}

/**
 * Compiles, checks and puts the meter in, unless these very bytes are still there from the last time. Faults: LC_MODULE_LOAD (not
 * WebAssembly, exports, too much memory), LC_MODULE_IMPORT (imports, ABI version).
 */
export function loadModule(bytes: Uint8Array, options: LoadOptions = defaultLoad): LoadedModule {
  const name = digest(bytes);
  const found = findPrepared(name, options);
  if (found !== undefined) return found;
  const { module } = prepare(bytes, options);
  addPrepared(name, options, module);
  return module;
}

/**
 * Makes `loadModule` find these bytes prepared: by the cache if any database has had them prepared, else now, and for the cache.
 * Faults as those of `loadModule`.
 */
export async function prepareModule(
  bytes: Uint8Array,
  options: LoadOptions,
  cache: CodeCache,
): Promise<void> {
  const name = digest(bytes);
  if (!options.isMetered || findPrepared(name, options) !== undefined) return;
  const path = `${toHex(name)}-metered-${preparedVersion}-${options.memoryBytesMax}.wasm`;
  const kept = await readCode(cache, path);
  if (kept !== undefined) {
    addPrepared(name, options, openKept(kept));
    return;
  }
  const { module, code } = prepare(bytes, options);
  addPrepared(name, options, module);
  await keepCode(cache, path, [module.programHash(), code]);
}

function openKept(kept: Uint8Array): LoadedModule {
  const hash = kept.slice(0, hashBytes);
  const compiled = compile(kept.subarray(hashBytes), "the module in the cache does not compile");
  const preinits = checkExports(WebAssembly.Module.exports(compiled));
  return { compiled, preinits, programHash: () => hash };
}

function prepare(
  bytes: Uint8Array,
  options: LoadOptions,
): { readonly module: LoadedModule; readonly code: Uint8Array } {
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new LightconeError(
      "LC_MODULE_LOAD",
      "the module is not WebAssembly: it does not start with the bytes 00 61 73 6d",
    );
  }
  // The meter works on valid code only.
  const original = compile(bytes, "the module does not compile");
  checkImports(WebAssembly.Module.imports(original));
  const preinits = checkExports(WebAssembly.Module.exports(original));
  checkSignatures(readSignatures(bytes));
  const programHash = hashOnce(bytes);
  if (!options.isMetered) {
    return { module: { compiled: original, preinits, programHash }, code: bytes };
  }
  const code = meterModule(bytes, options.memoryBytesMax);
  const compiled = compile(code, "the module does not compile with its meter");
  return { module: { compiled, preinits, programHash }, code };
}

/** The hash is computed when it is asked for: it takes longer than all the rest, and who only describes a module needs none. */
function hashOnce(bytes: Uint8Array): () => Uint8Array {
  let hash: Uint8Array | undefined;
  return () => (hash ??= keccak256(bytes));
}

/** Compiles what the engine takes; functions themselves are compiled when they are first called. LC_MODULE_LOAD with `fault`. */
function compile(bytes: Uint8Array, fault: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (thrown) {
    throw new LightconeError("LC_MODULE_LOAD", `${fault}: ${messageOf(thrown)}`);
  }
}
