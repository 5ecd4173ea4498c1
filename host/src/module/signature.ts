// The types of a module's imports and exports, from its binary: the engine tells names and kinds alone, links functions of any
// type, and fails in the middle of a call where a type was not the one meant.
import { LightconeError } from "@lightcone/abi";
import { BinaryReader, readSections, SectionId } from "./binary.ts";

/** A function's type, by the names of the text format; types that no ABI function has are numbers in hex. */
export interface Signature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

export interface ModuleSignatures {
  /** By module and name with a space between. */
  readonly imports: ReadonlyMap<string, Signature>;
  readonly exports: ReadonlyMap<string, Signature>;
  /** Whether its memories can be shared by threads or have 64-bit addresses. */
  readonly hasOddMemory: boolean;
}

const functionForm = 0x60;
const functionKind = 0;
const valueTypes: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
};
const limitsHasMaximum = 1;

function readValueType(cursor: BinaryReader): string {
  const code = cursor.valueType();
  return valueTypes[code] ?? `0x${code.toString(16)}`;
}

function readType(cursor: BinaryReader): Signature {
  if (cursor.byte() !== functionForm) {
    throw new LightconeError(
      "LC_MODULE_LOAD",
      "the module declares types other than those of functions, which this version does not read",
    );
  }
  const params = cursor.list(() => readValueType(cursor));
  return { params, results: cursor.list(() => readValueType(cursor)) };
}

function readMemoryFlags(cursor: BinaryReader): number {
  const flags = cursor.number();
  cursor.number();
  if ((flags & limitsHasMaximum) !== 0) cursor.number();
  return flags;
}

/** Reads a module that compiles and imports nothing but functions. */
export function readSignatures(bytes: Uint8Array): ModuleSignatures {
  const types: Signature[] = [];
  const functions: Signature[] = [];
  const imports = new Map<string, Signature>();
  const exports = new Map<string, Signature>();
  let hasOddMemory = false;
  const cursor = new BinaryReader(bytes, 0);
  const nextFunction = (): Signature => {
    const signature = types[cursor.number()] as Signature;
    functions.push(signature);
    return signature;
  };
  const readImport = (): void => {
    const key = `${cursor.name()} ${cursor.name()}`;
    cursor.byte();
    imports.set(key, nextFunction());
  };
  const readExport = (): void => {
    const name = cursor.name();
    const kind = cursor.byte();
    const index = cursor.number();
    if (kind === functionKind) exports.set(name, functions[index] as Signature);
  };
  for (const { id, start } of readSections(bytes)) {
    cursor.moveTo(start);
    if (id === SectionId.type) cursor.list(() => types.push(readType(cursor)));
    if (id === SectionId.import) cursor.list(readImport);
    if (id === SectionId.function) cursor.list(nextFunction);
    if (id === SectionId.memory) {
      const flags = cursor.list(() => readMemoryFlags(cursor));
      hasOddMemory = flags.some((one) => one > limitsHasMaximum);
    }
    if (id === SectionId.export) cursor.list(readExport);
  }
  return { imports, exports, hasOddMemory };
}

/** A signature as errors show it: `(i32, i64) -> i32`. */
export function showSignature({ params, results }: Signature): string {
  return `(${params.join(", ")}) -> ${results.length === 0 ? "nothing" : results.join(", ")}`;
}
