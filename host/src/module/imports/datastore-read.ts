// Imports that look up names and read rows (abi.md sections 5.1, 5.2, 5.3, 5.5).
import { Errno, exhausted } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { IndexHandle } from "../../datastore/datastore.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import type { CallContext } from "../context.ts";
import type { ImportFunctions } from "./link.ts";
import { decodeRange, type ScanRange } from "./scan-range.ts";

const ok = 0;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A name in guest memory, or a trap. */
export function readName(context: CallContext, pointer: number, length: number): string {
  const at = context.memory.range(pointer, length);
  if (length >>> 0 > limit.passedNameBytesMax) {
    context.trap(`the module passed a name of ${length >>> 0} bytes`);
  }
  context.worked(0, length >>> 0);
  try {
    return utf8.decode(context.memory.bytes().subarray(at, at + (length >>> 0)));
  } catch {
    return context.trap("the module passed a name that is not valid UTF-8");
  }
}

/** The rows of a point scan, by a key in guest memory. Returns an errno, or 0 with the rows in `found`. */
export function findPoint(
  context: CallContext,
  handle: IndexHandle,
  pointer: number,
  length: number,
  found: RowIds,
): number {
  const start = context.memory.range(pointer, length);
  const bytes = context.memory.bytes();
  const { key } = handle.index;
  const end = key.columnsEnd(0, key.columns.length, bytes, start, start + (length >>> 0));
  if (end < 0) return Errno.bsatnDecodeError;
  context.reads?.point(handle, bytes, start, end);
  found.clear();
  if (handle.isUnique) {
    const row = handle.index.find(bytes, start, end);
    if (row >= 0) found.push(row);
  } else {
    handle.index.scanPoint(bytes, start, end, found);
  }
  return ok;
}

/** The rows of a range scan, as `findPoint`. */
export function findRange(
  context: CallContext,
  handle: IndexHandle,
  scan: ScanRange,
  found: RowIds,
): number {
  const range = decodeRange(context, handle, scan);
  if (typeof range === "number") return range;
  found.clear();
  if (range.isPoint) {
    const { bytes, start } = range.lower;
    context.reads?.point(handle, bytes, start, range.pointEnd);
    handle.index.scanPoint(bytes, start, range.pointEnd, found);
  } else if (handle.index.isOrdered) {
    context.reads?.range(handle, range.lower, range.upper);
    handle.index.scanRange(range.lower, range.upper, found);
  } else {
    return Errno.wrongIndexAlgo;
  }
  return ok;
}

function nameImports(context: CallContext): ImportFunctions {
  return {
    table_id_from_name(name: number, nameLength: number, out: number): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const id = context.datastore.catalog.tableIdByName(readName(context, name, nameLength));
      if (id === undefined || context.tableById(id) === undefined) return Errno.noSuchTable;
      context.memory.setU32(out, id);
      return ok;
    },
    index_id_from_name(name: number, nameLength: number, out: number): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const id = context.datastore.catalog.indexIdByName(readName(context, name, nameLength));
      if (id === undefined || context.indexById(id) === undefined) return Errno.noSuchIndex;
      context.memory.setU32(out, id);
      return ok;
    },
    datastore_table_row_count(tableId: number, out: number): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const table = context.tableById(tableId);
      if (table === undefined) return Errno.noSuchTable;
      context.reads?.wholeTable(table);
      context.memory.setU64(out, table.rowCount);
      return ok;
    },
  };
}

function scanImports(context: CallContext): ImportFunctions {
  const found = new RowIds();

  function openRows(handle: IndexHandle, out: number): number {
    const iterator = context.iterators.open();
    iterator.addRows(handle.table, found);
    iterator.finish();
    context.worked(found.count, 0);
    context.memory.setU32(out, context.iterators.lastHandle);
    return ok;
  }

  function scanRange(scan: ScanRange, out: number): number {
    if (context.tx === undefined) return Errno.notInTransaction;
    const handle = context.indexById(scan.indexId);
    if (handle === undefined) return Errno.noSuchIndex;
    return findRange(context, handle, scan, found) || openRows(handle, out);
  }

  function rangeImport(
    indexId: number,
    prefix: number,
    prefixLength: number,
    prefixElements: number,
    start: number,
    startLength: number,
    end: number,
    endLength: number,
    out: number,
  ): number {
    const range = { prefix, prefixLength, prefixElements, start, startLength, end, endLength };
    return scanRange({ indexId, ...range }, out);
  }

  return {
    datastore_table_scan_bsatn(tableId: number, out: number): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const table = context.tableById(tableId);
      if (table === undefined) return Errno.noSuchTable;
      context.reads?.wholeTable(table);
      const iterator = context.iterators.open();
      iterator.addTable(table);
      iterator.finish();
      context.memory.setU32(out, context.iterators.lastHandle);
      return ok;
    },
    datastore_index_scan_point_bsatn(
      indexId: number,
      point: number,
      pointLength: number,
      out: number,
    ): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const handle = context.indexById(indexId);
      if (handle === undefined) return Errno.noSuchIndex;
      return findPoint(context, handle, point, pointLength, found) || openRows(handle, out);
    },
    datastore_index_scan_range_bsatn: rangeImport,
    datastore_btree_scan_bsatn: rangeImport,
  };
}

function iteratorImports(context: CallContext): ImportFunctions {
  return {
    row_iter_bsatn_advance(handle: number, buffer: number, lengthPointer: number): number {
      const iterator = context.iterators.get(handle);
      if (iterator === undefined) return Errno.noSuchIter;
      const { memory } = context;
      const room = memory.u32(lengthPointer);
      if (!iterator.isDone && iterator.nextChunkSize > room) {
        memory.setU32(lengthPointer, iterator.nextChunkSize);
        return Errno.bufferTooSmall;
      }
      const at = memory.range(buffer, room);
      const count = iterator.copyChunks(memory, at, room);
      memory.setU32(lengthPointer, count);
      context.worked(0, count);
      if (!iterator.isDone) return ok;
      iterator.close();
      return exhausted;
    },
    row_iter_bsatn_close(handle: number): number {
      const iterator = context.iterators.get(handle);
      if (iterator === undefined) return Errno.noSuchIter;
      iterator.close();
      return ok;
    },
  };
}

/** Name look-ups, counts, scans and iterators. */
export function datastoreReadImports(context: CallContext): ImportFunctions {
  return { ...nameImports(context), ...scanImports(context), ...iteratorImports(context) };
}
