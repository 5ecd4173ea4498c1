// The types of a module's imports and exports, from its binary: the engine tells names and kinds alone, links functions of any
// type, and fails in the middle of a call where a type was not the one meant.
import { LightconeError } from "@lightcone/abi";

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

const sectionId = { type: 1, import: 2, function: 3, memory: 5, export: 7 } as const;
const functionForm = 0x60;
const functionKind = 0;
/** Types that are followed by the type they refer to. */
const referenceForms = [0x63, 0x64];
const valueTypes: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
};
const limitsHasMaximum = 1;

/** A position in a binary that the engine has found valid. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** A number in LEB128, of which the low 32 bits are wanted. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  name(): string {
    const length = this.number();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return new TextDecoder().decode(bytes);
  }

  moveTo(at: number): void {
    this.#at = at;
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }
}

function readValueType(cursor: Cursor): string {
  const code = cursor.byte();
  if (referenceForms.includes(code)) cursor.number();
  return valueTypes[code] ?? `0x${code.toString(16)}`;
}

function readType(cursor: Cursor): Signature {
  if (cursor.byte() !== functionForm) {
    throw new LightconeError(
      "LC_MODULE_LOAD",
      "the module declares types other than those of functions, which this version does not read",
    );
  }
  const params = cursor.list(() => readValueType(cursor));
  return { params, results: cursor.list(() => readValueType(cursor)) };
}

function readMemoryFlags(cursor: Cursor): number {
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
  const header = 8;
  const cursor = new Cursor(bytes, header);
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
  while (!cursor.isAtEnd) {
    const id = cursor.byte();
    const length = cursor.number();
    const end = cursor.at + length;
    if (id === sectionId.type) cursor.list(() => types.push(readType(cursor)));
    if (id === sectionId.import) cursor.list(readImport);
    if (id === sectionId.function) cursor.list(nextFunction);
    if (id === sectionId.memory) {
      const flags = cursor.list(() => readMemoryFlags(cursor));
      hasOddMemory = flags.some((one) => one > limitsHasMaximum);
    }
    if (id === sectionId.export) cursor.list(readExport);
    cursor.moveTo(end);
  }
  return { imports, exports, hasOddMemory };
}

/** A signature as errors show it: `(i32, i64) -> i32`. */
export function showSignature({ params, results }: Signature): string {
  return `(${params.join(", ")}) -> ${results.length === 0 ? "nothing" : results.join(", ")}`;
}
