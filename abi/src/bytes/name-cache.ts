// Names that come again and again as bytes (reducers in calls, tables in updates) become the same
// string without being decoded each time.
import { LightconeError } from "../error.ts";
import type { Reader } from "./reader.ts";

const slotCount = 1024;
/** Longer strings are no names: they are decoded and not remembered. */
const nameLengthMax = 128;

interface Slot {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * A fixed number of remembered strings: a hostile peer can only push others out. One slot for each
 * hash, the last one wins.
 */
export class NameCache {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(slotCount).fill(undefined);

  /** Reads a string (u32 length, UTF-8), as `reader.string()` does. */
  read(reader: Reader): string {
    const start = reader.position;
    const length = reader.u32("length of a string");
    if (length > nameLengthMax) return decode(reader.raw(length, "string"));
    reader.skip(length, "string");
    const { source } = reader;
    const from = start + 4;
    const slotAt = hash(source, from, from + length) & (slotCount - 1);
    const slot = this.#slots[slotAt];
    if (slot !== undefined && isSame(slot.bytes, source, from, length)) return slot.text;
    // A copy, which slice() of a Buffer would not be.
    const bytes = new Uint8Array(source.subarray(from, from + length));
    const text = decode(bytes);
    this.#slots[slotAt] = { bytes, text };
    return text;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new LightconeError("LC_BSATN_DECODE", "a string is not valid UTF-8");
  }
}

// FNV-1a, folded so that the low bits depend on all of it.
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ (bytes[i] as number), 0x01000193);
  return value ^ (value >>> 15);
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (known[i] !== bytes[start + i]) return false;
  }
  return true;
}
