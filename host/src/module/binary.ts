// A position in the binary form of a module that the engine has found valid: numbers, names and types as they are encoded.
import { LightconeError } from "@lightcone/abi";

/** Value types that are followed by the heap type they refer to. */
export const referenceForms: readonly number[] = [0x63, 0x64];

const functionForm = 0x60;

export class BinaryReader {
  readonly bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.#at++] ?? 0;
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

  /** Passes over a number in LEB128, signed or not. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  skip(byteCount: number): void {
    this.#at += byteCount;
  }

  /** The first byte of a value type; what may follow it is passed over. */
  valueType(): number {
    const code = this.byte();
    if (referenceForms.includes(code)) this.skipNumber();
    return code;
  }

  /** Enters a type of the type section. LC_MODULE_LOAD for one that is not a function's. */
  functionType(): void {
    if (this.byte() === functionForm) return;
    throw new LightconeError(
      "LC_MODULE_LOAD",
      "the module declares types other than those of functions, which this version does not read",
    );
  }

  /** Passes over what a function declares of local variables. Answers their number. */
  skipLocals(): number {
    let count = 0;
    for (let groups = this.number(); groups > 0; groups--) {
      count += this.number();
      this.valueType();
    }
    return count;
  }

  name(): string {
    const length = this.number();
    const bytes = this.bytes.subarray(this.#at, this.#at + length);
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

/** Length of the magic number and the version before the first section. */
export const headerBytes = 8;

/** A section: `bytes[start, end)` is its content. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The sections of a module, in its order. */
export function readSections(bytes: Uint8Array): Section[] {
  const reader = new BinaryReader(bytes, headerBytes);
  const sections: Section[] = [];
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const length = reader.number();
    const start = reader.at;
    sections.push({ id, start, end: start + length });
    reader.moveTo(start + length);
  }
  return sections;
}
