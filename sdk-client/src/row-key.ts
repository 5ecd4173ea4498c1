// Where a row's bytes have the key that tells rows apart: the primary key, or all columns of tables that have none.
import {
  type AlgebraicType,
  compileCodec,
  fixedSize,
  isBytes,
  type ProductType,
  type Reader,
  resolve,
  type Typespace,
} from "@lightcone/abi";
import type { RowSpan } from "./row-store.ts";

type Skip = (reader: Reader) => void;

/** Sets where a row has its key. Throws LC_BSATN_DECODE for bytes that are no row. */
export type KeyFinder = (span: RowSpan) => void;

export function compileKeyFinder(
  { elements }: ProductType,
  primaryKey: string | undefined,
  types: Typespace,
): KeyFinder {
  const skips = elements.map(({ type }) => compileSkip(type, types));
  const at = elements.findIndex(({ name }) => name === primaryKey);
  const skipKey = skips[at] ?? ((reader) => reader.skip(reader.remaining));
  skips.length = Math.max(at, 0);
  return (span) => {
    const { reader } = span;
    reader.reset(reader.source, span.start, span.end);
    for (const skip of skips) skip(reader);
    span.keyStart = reader.position;
    skipKey(reader);
    span.keyEnd = reader.position;
  };
}

function compileSkip(type: AlgebraicType, types: Typespace): Skip {
  const size = fixedSize(type, types);
  const resolved = resolve(type, types);
  if (size !== undefined) return (reader) => reader.skip(size, resolved.kind);
  if (resolved.kind === "string" || isBytes(resolved)) return (reader) => reader.skip(reader.u32());
  const codec = compileCodec(type, types);
  return (reader) => void codec.read(reader);
}

/** Keys come from other people: which of them share a bucket is another question each time. */
const seed = Math.trunc(Math.random() * 0xffffffff);

/** A number of 32 bits for the bytes `view[start, end)`. */
export function hashBytes(view: DataView, start: number, end: number): number {
  let hash = seed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b);
  hash ^= hash >>> 13;
  return Math.imul(hash, 0xc2b2ae35) ^ (hash >>> 16);
}
