// Imports that change rows (abi.md section 5.4).
import { Errno } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { IndexHandle } from "../../datastore/datastore.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import { delayMicros, readScheduleAt } from "../../datastore/schedule-at.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { CallContext } from "../context.ts";
import { findPoint, findRange } from "./datastore-read.ts";
import type { ImportFunctions } from "./link.ts";

const ok = 0;

/** Modules own their tables; the system's are the host's. */
function userTable(context: CallContext, tableId: number): Table | undefined {
  context.checkMayWrite();
  const table = context.tableById(tableId);
  return table?.schema.kind === "user" ? table : undefined;
}

/** An index of a table that modules own. */
function userIndex(context: CallContext, indexId: number): IndexHandle | undefined {
  context.checkMayWrite();
  const handle = context.indexById(indexId);
  return handle?.table.schema.kind === "user" ? handle : undefined;
}

/** Where the row at a guest's pointer ends, or -1 if it is none of the table's. */
function rowEnd(
  context: CallContext,
  table: Table,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (length > limit.rowBytesMax) {
    context.trap(`a row of table ${table.schema.name} is larger than ${limit.rowBytesMax} bytes`);
  }
  return table.layout.rowEnd(bytes, start, start + length);
}

/** Hands back what sequences generated, over the start of the row. */
function writeBack(context: CallContext, tx: Transaction, at: number, lengthPointer: number): void {
  if (tx.generatedLength > 0) {
    const generated = new DataView(tx.generated.buffer);
    context.memory.write(at, generated, 0, tx.generatedLength);
  }
  context.memory.setU32(lengthPointer, tx.generatedLength);
}

const scheduleDelayMicrosMax = BigInt(limit.scheduleDelayMillisMax) * 1000n;

/** Whether the row just written asks for a call that lies too far ahead. It stays written (abi.md section 5.4). */
function isTooFarAhead(context: CallContext, table: Table): boolean {
  if (table.schema.schedule === undefined) return false;
  const at = readScheduleAt(table, table.lastRow);
  return delayMicros(at, context.environment.clock.nowMicros()) >= scheduleDelayMicrosMax;
}

function insertImports(context: CallContext): ImportFunctions {
  return {
    datastore_insert_bsatn(tableId: number, row: number, lengthPointer: number): number {
      const { tx, memory } = context;
      if (tx === undefined) return Errno.notInTransaction;
      const length = memory.u32(lengthPointer);
      const start = memory.range(row, length);
      const table = userTable(context, tableId);
      if (table === undefined) return Errno.noSuchTable;
      const bytes = memory.bytes();
      const end = rowEnd(context, table, bytes, start, length);
      if (end < 0) return Errno.bsatnDecodeError;
      context.worked(0, length);
      context.isWriting = true;
      const outcome = tx.insert(table, bytes, start, end);
      context.isWriting = false;
      if (outcome === "duplicate") return Errno.uniqueAlreadyExists;
      if (outcome === "done" && isTooFarAhead(context, table)) {
        return Errno.scheduleAtDelayTooLong;
      }
      writeBack(context, tx, start, lengthPointer);
      return ok;
    },
    datastore_update_bsatn(
      tableId: number,
      indexId: number,
      row: number,
      lengthPointer: number,
    ): number {
      const { tx, memory } = context;
      if (tx === undefined) return Errno.notInTransaction;
      const length = memory.u32(lengthPointer);
      const start = memory.range(row, length);
      const table = userTable(context, tableId);
      if (table === undefined) return Errno.noSuchTable;
      const bytes = memory.bytes();
      const end = rowEnd(context, table, bytes, start, length);
      if (end < 0) return Errno.bsatnDecodeError;
      const handle = context.datastore.indexById(indexId >>> 0);
      if (handle?.table !== table) return Errno.noSuchIndex;
      if (!handle.isUnique) return Errno.indexNotUnique;
      context.worked(0, length);
      context.isWriting = true;
      const outcome = tx.update(table, handle.index, bytes, start, end);
      context.isWriting = false;
      if (outcome === "absent") return Errno.noSuchRow;
      if (outcome === "duplicate") return Errno.uniqueAlreadyExists;
      if (outcome === "done" && isTooFarAhead(context, table)) {
        return Errno.scheduleAtDelayTooLong;
      }
      writeBack(context, tx, start, lengthPointer);
      return ok;
    },
  };
}

function deleteByIndexImports(context: CallContext): ImportFunctions {
  const found = new RowIds();

  function deleteFound(tx: Transaction, table: Table, out: number): number {
    // The count's place is checked before anything is deleted.
    context.memory.range(out, 4);
    context.isWriting = true;
    for (let i = 0; i < found.count; i++) tx.delete(table, found.at(i));
    context.isWriting = false;
    context.worked(found.count, 0);
    context.memory.setU32(out, found.count);
    return ok;
  }

  function deleteRange(
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
    const { tx } = context;
    if (tx === undefined) return Errno.notInTransaction;
    const handle = userIndex(context, indexId);
    if (handle === undefined) return Errno.noSuchIndex;
    const range = { prefix, prefixLength, prefixElements, start, startLength, end, endLength };
    const errno = findRange(context, handle, { indexId, ...range }, found);
    return errno || deleteFound(tx, handle.table, out);
  }

  return {
    datastore_delete_by_index_scan_point_bsatn(
      indexId: number,
      point: number,
      pointLength: number,
      out: number,
    ): number {
      const { tx } = context;
      if (tx === undefined) return Errno.notInTransaction;
      const handle = userIndex(context, indexId);
      if (handle === undefined) return Errno.noSuchIndex;
      const errno = findPoint(context, handle, point, pointLength, found);
      return errno || deleteFound(tx, handle.table, out);
    },
    datastore_delete_by_index_scan_range_bsatn: deleteRange,
    datastore_delete_by_btree_scan_bsatn: deleteRange,
  };
}

/** A relation (u32 count, rows) in guest memory. */
interface Relation {
  /** How many rows are to be looked at. */
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

/** The relation in `bytes[start, end)`; undefined if it does not decode. */
function readRelation(
  { layout }: Table,
  bytes: Uint8Array,
  start: number,
  end: number,
): Relation | undefined {
  if (end - start < 4) return undefined;
  const given = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  // Rows of no bytes are all the same one: a count of them says nothing more.
  const count = layout.rowSize === 0 ? Math.min(given, 1) : given;
  let at = start + 4;
  for (let i = 0; i < count; i++) {
    at = layout.rowEnd(bytes, at, end);
    if (at < 0) return undefined;
  }
  return { count, start: start + 4, end };
}

function deleteRowsImports(context: CallContext): ImportFunctions {
  return {
    datastore_delete_all_by_eq_bsatn(
      tableId: number,
      rows: number,
      rowsLength: number,
      out: number,
    ): number {
      const { tx, memory } = context;
      if (tx === undefined) return Errno.notInTransaction;
      const start = memory.range(rows, rowsLength);
      const table = userTable(context, tableId);
      if (table === undefined) return Errno.noSuchTable;
      const bytes = memory.bytes();
      const relation = readRelation(table, bytes, start, start + (rowsLength >>> 0));
      if (relation === undefined) return Errno.bsatnDecodeError;
      memory.range(out, 4);
      let count = 0;
      // Once more from the start: a list of where rows begin could be larger than the engine's arrays.
      for (let i = 0, at = relation.start; i < relation.count; i++) {
        const from = at;
        at = table.layout.rowEnd(bytes, from, relation.end);
        const row = table.findRow(bytes, from, at);
        context.worked(1, at - from);
        if (row < 0) continue;
        context.isWriting = true;
        tx.delete(table, row);
        context.isWriting = false;
        count++;
      }
      memory.setU32(out, count);
      return ok;
    },
    datastore_clear(tableId: number, out: number): number {
      const { tx } = context;
      if (tx === undefined) return Errno.notInTransaction;
      const table = userTable(context, tableId);
      if (table === undefined) return Errno.noSuchTable;
      context.memory.range(out, 8);
      context.isWriting = true;
      const count = tx.clear(table);
      context.isWriting = false;
      context.worked(count, 0);
      context.memory.setU64(out, count);
      return ok;
    },
  };
}

/** Inserts, updates, deletes and clear. */
export function datastoreWriteImports(context: CallContext): ImportFunctions {
  return {
    ...insertImports(context),
    ...deleteByIndexImports(context),
    ...deleteRowsImports(context),
  };
}
