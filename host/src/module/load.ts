// From the bytes of a `.wasm` to metered code, compiled, whose borders have been checked (abi.md sections 4, 7, 8 and 12).
import {
  abiVersion,
  importModulePrefix,
  LightconeError,
  memoryExport,
  messageOf,
  moduleExports,
  moduleImports,
  type WasmType,
} from "@lightcone/abi";
import { digest, sameDigest } from "../base/digest.ts";
import { limit } from "../base/limit.ts";
import { meterModule } from "./meter/meter.ts";
import {
  type ModuleSignatures,
  readSignatures,
  showSignature,
  type Signature,
} from "./signature.ts";

/** Compiled code that may be instantiated. */
export interface LoadedModule {
  readonly compiled: WebAssembly.Module;
  /** Exports with the preinit prefix, in the order they run. */
  readonly preinits: readonly string[];
}

const magic = [0x00, 0x61, 0x73, 0x6d];

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

/**
 * Compiles, checks and puts the meter in, unless these very bytes are still there from the last time. Faults: LC_MODULE_LOAD (not
 * WebAssembly, exports, too much memory), LC_MODULE_IMPORT (imports, ABI version).
 */
export function loadModule(bytes: Uint8Array, options: LoadOptions = defaultLoad): LoadedModule {
  const name = digest(bytes);
  const found = prepared.find(
    (one) =>
      sameDigest(one.digest, name) &&
      one.options.memoryBytesMax === options.memoryBytesMax &&
      one.options.isMetered === options.isMetered,
  );
  if (found !== undefined) return found.module;
  const module = prepare(bytes, options);
  prepared.unshift({ digest: name, options, module });
  prepared.length = Math.min(prepared.length, limit.preparedModuleCountMax);
  return module;
}

function prepare(bytes: Uint8Array, options: LoadOptions): LoadedModule {
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new LightconeError(
      "LC_MODULE_LOAD",
      "the module is not WebAssembly: it does not start with the bytes 00 61 73 6d",
    );
  }
  // The meter works on valid code only; functions themselves are compiled when they are first called.
  const original = compile(bytes, "the module does not compile");
  checkImports(WebAssembly.Module.imports(original));
  const preinits = checkExports(WebAssembly.Module.exports(original));
  checkSignatures(readSignatures(bytes));
  if (!options.isMetered) return { compiled: original, preinits };
  const metered = meterModule(bytes, options.memoryBytesMax);
  return { compiled: compile(metered, "the module does not compile with its meter"), preinits };
}

function compile(bytes: Uint8Array, fault: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (thrown) {
    throw new LightconeError("LC_MODULE_LOAD", `${fault}: ${messageOf(thrown)}`);
  }
}

function checkVersion(modules: ReadonlySet<string>): void {
  let highest = -1;
  for (const module of modules) {
    const match = /^(\d+)\.(\d+)$/.exec(module.slice(importModulePrefix.length));
    if (match === null || Number(match[1]) !== abiVersion.major) {
      throw new LightconeError(
        "LC_MODULE_IMPORT",
        `the module wants ABI ${module}; this host provides ${abiVersion.major}.0 to ${abiVersion.major}.${abiVersion.minor}`,
      );
    }
    highest = Math.max(highest, Number(match[2]));
  }
  if (highest < 0) {
    throw new LightconeError(
      "LC_MODULE_IMPORT",
      `the module imports nothing from ${importModulePrefix}${abiVersion.major}.*: it was not built for this ABI`,
    );
  }
  if (highest > abiVersion.minor) {
    throw new LightconeError(
      "LC_MODULE_IMPORT",
      `the module wants ABI ${abiVersion.major}.${highest}; this host provides up to ${abiVersion.major}.${abiVersion.minor}`,
    );
  }
}

function checkImports(imports: readonly WebAssembly.ModuleImportDescriptor[]): void {
  const known = new Set(moduleImports.map(({ module, name }) => `${module} ${name}`));
  const unknown = imports
    .filter(({ module, name, kind }) => kind !== "function" || !known.has(`${module} ${name}`))
    .map(({ module, name, kind }) => `${kind} ${module}.${name}`);
  checkVersion(
    new Set(
      imports.map(({ module }) => module).filter((name) => name.startsWith(importModulePrefix)),
    ),
  );
  if (unknown.length > 0) {
    throw new LightconeError(
      "LC_MODULE_IMPORT",
      `the module imports what this host does not provide: ${unknown.join(", ")}`,
    );
  }
}

const utf8 = new TextEncoder();

function compareBytes(a: string, b: string): number {
  const left = utf8.encode(a);
  const right = utf8.encode(b);
  const common = Math.min(left.length, right.length);
  for (let i = 0; i < common; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Checks that what is required is there; returns the preinits in the order of the bytes of their names. */
function checkExports(exports: readonly WebAssembly.ModuleExportDescriptor[]): string[] {
  const kinds = new Map(exports.map(({ name, kind }) => [name, kind]));
  const faults: string[] = [];
  if (kinds.get(memoryExport) !== "memory") faults.push(`no memory named ${memoryExport}`);
  const preinits: string[] = [];
  for (const expected of moduleExports) {
    const names = expected.isPrefix
      ? [...kinds.keys()].filter((name) => name.startsWith(expected.name))
      : [expected.name].filter((name) => kinds.has(name));
    if (expected.required && names.length === 0) faults.push(`no function named ${expected.name}`);
    for (const name of names) {
      if (kinds.get(name) !== "function") faults.push(`${name} is not a function`);
      if (expected.isPrefix) preinits.push(name);
    }
  }
  if (faults.length > 0) {
    throw new LightconeError("LC_MODULE_LOAD", `the module's exports: ${faults.join("; ")}`);
  }
  return preinits.sort(compareBytes);
}

/** Checks the types of functions on either border, which the engine does not. */
function checkSignatures({ imports, exports, hasOddMemory }: ModuleSignatures): void {
  const importFaults = moduleImports.flatMap(({ module, name, params, result }) =>
    signatureFault(`${module}.${name}`, imports.get(`${module} ${name}`), params, result),
  );
  if (importFaults.length > 0) {
    throw new LightconeError(
      "LC_MODULE_IMPORT",
      `the module's imports: ${importFaults.join("; ")}`,
    );
  }
  const faults = moduleExports.flatMap(({ name, isPrefix, params, result }) => {
    const names = isPrefix ? [...exports.keys()].filter((one) => one.startsWith(name)) : [name];
    return names.flatMap((one) => signatureFault(one, exports.get(one), params, result));
  });
  if (hasOddMemory) faults.push("the memory is shared or has 64-bit addresses");
  if (faults.length > 0) {
    throw new LightconeError("LC_MODULE_LOAD", `the module's exports: ${faults.join("; ")}`);
  }
}

function signatureFault(
  name: string,
  given: Signature | undefined,
  params: readonly WasmType[],
  result: WasmType | undefined,
): string[] {
  if (given === undefined) return [];
  const wanted = showSignature({ params, results: result === undefined ? [] : [result] });
  const shown = showSignature(given);
  return shown === wanted ? [] : [`${name} is ${shown}, not ${wanted}`];
}
