// Keys of indexes as bytes: order, equality, hash, and the order-preserving words that B-tree nodes hold beside row ids.
// A key is the BSATN of its columns, one after another. Order: reference abi.md section 5.3.
import { type AlgebraicType, assert, isBytes, resolve, type Typespace } from "@lightcone/abi";

/** Orders two values; where they are equal, `compared.length` says how many bytes of `a` the value took. */
export type Compare = (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number) => number;

/** Length in bytes of the value that was last found equal. Read it at once. */
export const compared: { length: number } = { length: 0 };

/** The first 64 bits of a key as two signed words that order as the keys do; equal words do not mean equal keys. */
export class KeyWords {
  high = 0;
  low = 0;
}

type LoadWords = (bytes: Uint8Array, at: number, words: KeyWords) => void;

/** The four bytes at a position as a signed word, least first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

const signBit = 0x80000000 | 0;
const floatBuffer = new DataView(new ArrayBuffer(8));

/** Little-endian integers of `size` bytes, compared from the last byte on. */
function compareInteger(size: number, isSigned: boolean): Compare {
  return (a, aAt, b, bAt) => {
    let last = size - 1;
    if (isSigned) {
      const difference =
        (((a[aAt + last] as number) << 24) >> 24) - (((b[bAt + last] as number) << 24) >> 24);
      if (difference !== 0) return difference;
      last--;
    }
    for (let i = last; i >= 0; i--) {
      const difference = (a[aAt + i] as number) - (b[bAt + i] as number);
      if (difference !== 0) return difference;
    }
    compared.length = size;
    return 0;
  };
}

function floatAt(bytes: Uint8Array, at: number, size: number): number {
  for (let i = 0; i < size; i++) floatBuffer.setUint8(i, bytes[at + i] as number);
  return size === 4 ? floatBuffer.getFloat32(0, true) : floatBuffer.getFloat64(0, true);
}

/** Total order: all NaN are equal and greatest, -0 equals +0. */
function compareFloat(size: number): Compare {
  return (a, aAt, b, bAt) => {
    const x = floatAt(a, aAt, size);
    const y = floatAt(b, bAt, size);
    compared.length = size;
    if (x < y) return -1;
    if (x > y) return 1;
    return x === y ? 0 : Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  };
}

const compareText: Compare = (a, aAt, b, bAt) => {
  const aLength = wordAt(a, aAt) >>> 0;
  const bLength = wordAt(b, bAt) >>> 0;
  const common = Math.min(aLength, bLength);
  for (let i = 4; i < 4 + common; i++) {
    const difference = (a[aAt + i] as number) - (b[bAt + i] as number);
    if (difference !== 0) return difference;
  }
  compared.length = 4 + aLength;
  return aLength - bLength;
};

function compareArray(element: Compare): Compare {
  return (a, aAt, b, bAt) => {
    const aCount = wordAt(a, aAt) >>> 0;
    const bCount = wordAt(b, bAt) >>> 0;
    let offset = 4;
    for (let i = 0; i < Math.min(aCount, bCount); i++) {
      const order = element(a, aAt + offset, b, bAt + offset);
      if (order !== 0) return order;
      offset += compared.length;
    }
    compared.length = offset;
    return aCount - bCount;
  };
}

function compareSequence(parts: readonly Compare[]): Compare {
  if (parts.length === 1) return parts[0] as Compare;
  return (a, aAt, b, bAt) => {
    let offset = 0;
    for (let i = 0; i < parts.length; i++) {
      const order = (parts[i] as Compare)(a, aAt + offset, b, bAt + offset);
      if (order !== 0) return order;
      offset += compared.length;
    }
    compared.length = offset;
    return 0;
  };
}

function compareSum(variants: readonly Compare[]): Compare {
  return (a, aAt, b, bAt) => {
    const difference = (a[aAt] as number) - (b[bAt] as number);
    if (difference !== 0) return difference;
    const order = (variants[a[aAt] as number] as Compare)(a, aAt + 1, b, bAt + 1);
    compared.length += 1;
    return order;
  };
}

const integerSizes: Readonly<Partial<Record<AlgebraicType["kind"], number>>> = {
  bool: 1,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  u128: 16,
  i128: 16,
  u256: 32,
  i256: 32,
};

/** Compiles the order of `type`. Both operands must be valid values. */
export function compileCompare(type: AlgebraicType, types: Typespace = []): Compare {
  const resolved = resolve(type, types);
  switch (resolved.kind) {
    case "f32":
      return compareFloat(4);
    case "f64":
      return compareFloat(8);
    case "string":
      return compareText;
    case "array":
      return isBytes(resolved)
        ? compareText
        : compareArray(compileCompare(resolved.element, types));
    case "product":
      return compareSequence(
        resolved.elements.map((element) => compileCompare(element.type, types)),
      );
    case "sum":
      return compareSum(resolved.variants.map((variant) => compileCompare(variant.type, types)));
    default: {
      const size = integerSizes[resolved.kind];
      assert(size !== undefined, "a primitive type without an order");
      return compareInteger(size, resolved.kind.startsWith("i"));
    }
  }
}

/** Compiles the order of several columns, one after another. */
export function compileCompareAll(columns: readonly AlgebraicType[]): Compare {
  return compareSequence(columns.map((type) => compileCompare(type)));
}

/** Words of a key's first column, and whether they say all there is to know of that column. */
export interface WordLoader {
  readonly load: LoadWords;
  readonly isExact: boolean;
  /** Where the words are those of one integer: the word that numbers following one another differ in by one. */
  readonly stepWord?: "high" | "low";
}

function loadSmall(size: 1 | 2 | 4, isSigned: boolean): LoadWords {
  const bias = isSigned ? 0 : signBit;
  if (size === 4) {
    return (bytes, at, words) => {
      words.high = wordAt(bytes, at) ^ bias;
      words.low = 0;
    };
  }
  const shift = isSigned ? 32 - 8 * size : 0;
  return (bytes, at, words) => {
    const value =
      size === 1 ? (bytes[at] as number) : (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    words.high = (value << shift) >> shift;
    words.low = 0;
  };
}

/** The top 64 bits of an integer of `size` bytes, 8 or more. */
function loadWide(size: number, isSigned: boolean): LoadWords {
  const bias = isSigned ? 0 : signBit;
  return (bytes, at, words) => {
    words.high = wordAt(bytes, at + size - 4) ^ bias;
    words.low = wordAt(bytes, at + size - 8) ^ signBit;
  };
}

function loadFloat(size: 4 | 8): LoadWords {
  return (bytes, at, words) => {
    const value = floatAt(bytes, at, size);
    // One bit pattern for every NaN, positive so that it sorts last; adding 0 turns -0 into +0.
    floatBuffer.setFloat64(0, Number.isNaN(value) ? Number.NaN : value + 0);
    const high = Number.isNaN(value) ? 0x7fffffff : floatBuffer.getInt32(0);
    const low = Number.isNaN(value) ? -1 : floatBuffer.getInt32(4);
    // Negative numbers order backwards in their bits.
    words.high = high < 0 ? ~high ^ signBit : high;
    words.low = (high < 0 ? ~low : low) ^ signBit;
  };
}

const loadText: LoadWords = (bytes, at, words) => {
  const length = wordAt(bytes, at) >>> 0;
  let high = 0;
  let low = 0;
  for (let i = 0; i < 4; i++) high = (high << 8) | (i < length ? (bytes[at + 4 + i] as number) : 0);
  for (let i = 4; i < 8; i++) low = (low << 8) | (i < length ? (bytes[at + 4 + i] as number) : 0);
  words.high = high ^ signBit;
  words.low = low ^ signBit;
};

const loadNothing: LoadWords = (_bytes, _at, words) => {
  words.high = 0;
  words.low = 0;
};

/** The words of values of `type`. */
export function compileWords(type: AlgebraicType, types: Typespace = []): WordLoader {
  const resolved = resolve(type, types);
  switch (resolved.kind) {
    case "f32":
      return { load: loadFloat(4), isExact: true };
    case "f64":
      return { load: loadFloat(8), isExact: true };
    case "string":
      return { load: loadText, isExact: false };
    case "array":
      return { load: isBytes(resolved) ? loadText : loadNothing, isExact: false };
    case "product": {
      const [first, ...others] = resolved.elements;
      if (first === undefined) return { load: loadNothing, isExact: true };
      const inner = compileWords(first.type, types);
      return others.length === 0 ? inner : { load: inner.load, isExact: false };
    }
    case "sum": {
      const plain = resolved.variants.every((variant) => {
        const payload = resolve(variant.type, types);
        return payload.kind === "product" && payload.elements.length === 0;
      });
      return { load: loadSmall(1, false), isExact: plain };
    }
    default: {
      const size = integerSizes[resolved.kind] as number;
      const isSigned = resolved.kind.startsWith("i");
      if (size <= 4) {
        return { load: loadSmall(size as 1 | 2 | 4, isSigned), isExact: true, stepWord: "high" };
      }
      if (size > 8) return { load: loadWide(size, isSigned), isExact: false };
      return { load: loadWide(size, isSigned), isExact: true, stepWord: "low" };
    }
  }
}

/** Spreads 32 bits over all others; no two words become the same. */
function mixWord(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A hash of 64 bits. No two values of `high` have the same hash beside one value of `low`, and the other way round. */
export function hashWords(low: number, high: number): number {
  return mixWord(high ^ Math.imul(low, 0x9e3779b1));
}

/** A hash of `bytes[start, end)`: 32 bits, well mixed; not for hostile keys to be trusted across processes. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ wordAt(bytes, at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return mixWord(hash);
}

/** Whether floats occur in `type`: then equal keys may have unequal bytes. */
export function hasFloats(type: AlgebraicType, types: Typespace = []): boolean {
  const resolved = resolve(type, types);
  switch (resolved.kind) {
    case "f32":
    case "f64":
      return true;
    case "array":
      return hasFloats(resolved.element, types);
    case "product":
      return resolved.elements.some((element) => hasFloats(element.type, types));
    case "sum":
      return resolved.variants.some((variant) => hasFloats(variant.type, types));
    default:
      return false;
  }
}

export function bytesEqual(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}
