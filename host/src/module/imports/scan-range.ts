// Arguments of range scans turned into two cuts of an index (abi.md section 5.3).
import { Errno } from "@lightcone/abi";
import type { IndexHandle } from "../../datastore/datastore.ts";
import type { Cut } from "../../datastore/index/contract.ts";
import { bytesEqual } from "../../datastore/key.ts";
import type { CallContext } from "../context.ts";

/** The arguments as the guest passes them. */
export interface ScanRange {
  readonly indexId: number;
  readonly prefix: number;
  readonly prefixLength: number;
  readonly prefixElements: number;
  readonly start: number;
  readonly startLength: number;
  readonly end: number;
  readonly endLength: number;
}

export interface DecodedRange {
  readonly lower: Cut;
  readonly upper: Cut;
  /** Both ends are the same whole key: any index can answer. */
  readonly isPoint: boolean;
  /** Where the key of a point ends; it starts at `lower.start`. */
  readonly pointEnd: number;
}

const included = 0;
const excluded = 1;
const unbounded = 2;

const prefixElementsMax = 0xffff;

interface Bound {
  readonly kind: number;
  /** The bounding value, without its tag. */
  readonly start: number;
  readonly end: number;
}

function decodeBound(
  context: CallContext,
  handle: IndexHandle,
  column: number,
  pointer: number,
  length: number,
): Bound | undefined {
  const at = context.memory.range(pointer, length);
  const end = at + (length >>> 0);
  const bytes = context.memory.bytes();
  const kind = at < end ? (bytes[at] as number) : -1;
  if (kind === unbounded) return { kind, start: at + 1, end: at + 1 };
  if (kind !== included && kind !== excluded) return undefined;
  const valueEnd = handle.index.key.columnsEnd(column, 1, bytes, at + 1, end);
  return valueEnd < 0 ? undefined : { kind, start: at + 1, end: valueEnd };
}

/** A cut after `prefix` and the bound's value. The two are joined where the prefix is not empty. */
function makeCut(
  bytes: Uint8Array,
  prefixStart: number,
  prefixEnd: number,
  columnCount: number,
  bound: Bound,
  side: Cut["side"],
): Cut {
  if (bound.kind === unbounded) return { bytes, start: prefixStart, columnCount, side };
  const columns = columnCount + 1;
  if (prefixStart === prefixEnd) return { bytes, start: bound.start, columnCount: columns, side };
  const joined = new Uint8Array(prefixEnd - prefixStart + bound.end - bound.start);
  joined.set(bytes.subarray(prefixStart, prefixEnd));
  joined.set(bytes.subarray(bound.start, bound.end), prefixEnd - prefixStart);
  return { bytes: joined, start: 0, columnCount: columns, side };
}

/** The range, or the errno that answers the guest. */
export function decodeRange(
  context: CallContext,
  handle: IndexHandle,
  scan: ScanRange,
): DecodedRange | Errno {
  const elements = scan.prefixElements >>> 0;
  if (elements > prefixElementsMax) context.trap("the module passed a prefix of too many columns");
  const { key } = handle.index;
  if (elements >= key.columns.length) return Errno.bsatnDecodeError;
  let prefixStart = 0;
  let prefixEnd = 0;
  if (elements > 0) {
    prefixStart = context.memory.range(scan.prefix, scan.prefixLength);
    const limit = prefixStart + (scan.prefixLength >>> 0);
    prefixEnd = key.columnsEnd(0, elements, context.memory.bytes(), prefixStart, limit);
    if (prefixEnd < 0) return Errno.bsatnDecodeError;
  }
  const start = decodeBound(context, handle, elements, scan.start, scan.startLength);
  const end = decodeBound(context, handle, elements, scan.end, scan.endLength);
  if (start === undefined || end === undefined) return Errno.bsatnDecodeError;
  const bytes = context.memory.bytes();
  const lowerSide = start.kind === excluded ? "after" : "before";
  const upperSide = end.kind === excluded ? "before" : "after";
  const lower = makeCut(bytes, prefixStart, prefixEnd, elements, start, lowerSide);
  const isPoint =
    elements === key.columns.length - 1 &&
    start.kind === included &&
    end.kind === included &&
    bytesEqual(bytes, start.start, start.end, bytes, end.start, end.end);
  return {
    lower,
    upper: makeCut(bytes, prefixStart, prefixEnd, elements, end, upperSide),
    isPoint,
    pointEnd: lower.start + prefixEnd - prefixStart + start.end - start.start,
  };
}
