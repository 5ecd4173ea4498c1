// What a module imports and exports, checked against the ABI's tables (abi.md sections 4, 7 and 8).
import {
  abiVersion,
  compareUtf8,
  importModulePrefix,
  LightconeError,
  memoryExport,
  moduleExports,
  moduleImports,
  type WasmType,
} from "@lightcone/abi";
import { type ModuleSignatures, showSignature, type Signature } from "./signature.ts";

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

/** Checks that this host provides what is imported, and that it knows the ABI's version. LC_MODULE_IMPORT. */
export function checkImports(imports: readonly WebAssembly.ModuleImportDescriptor[]): void {
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

/** Checks that what is required is there; returns the preinits in the order of the bytes of their names. LC_MODULE_LOAD. */
export function checkExports(exports: readonly WebAssembly.ModuleExportDescriptor[]): string[] {
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
  return preinits.sort(compareUtf8);
}

/** Checks the types of functions on either border, which the engine does not. LC_MODULE_IMPORT, LC_MODULE_LOAD. */
export function checkSignatures({ imports, exports, hasOddMemory }: ModuleSignatures): void {
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
