// A transaction as the bytes of its log record, and back. Drawn in docs/log.md, rules LOG4 and
// LOG5; the source is runtime.md section 12.1.
import { assert, LightconeError, type Writer } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { LoggedTable, RecordInputs, ReplayVisitor } from "./contract.ts";

const inputsFlag = 0x80;
const outputsFlag = 0x40;
const mutationsFlag = 0x20;

const callerBytes = 32;
const connectionBytes = 16;
const timestampBytes = 8;
/** What precedes the arguments in the argument blob: caller, connection, timestamp. */
const callBytes = callerBytes + connectionBytes + timestampBytes;

/** Appends the record of one transaction. `tables` ascend by id; nothing is allocated. */
export function encodeRecord(
  writer: Writer,
  inputs: RecordInputs | undefined,
  tables: readonly LoggedTable[],
): void {
  if (inputs === undefined) {
    writer.u8(mutationsFlag);
  } else {
    writer.u8(inputsFlag | mutationsFlag);
    encodeInputs(writer, inputs);
  }
  encodeInserts(writer, tables);
  encodeDeletes(writer, tables);
  encodeTruncates(writer, tables);
}

/** What the record of every call by one client of one reducer has in common, as the log holds it. */
export function makeInputsHead(
  name: Uint8Array,
  caller: Uint8Array,
  connection: Uint8Array,
): DataView {
  assert(name.length <= limit.loggedNameBytesMax, "a reducer's name is too long for the log");
  assert(caller.length === callerBytes, "a caller is 32 bytes");
  assert(connection.length === connectionBytes, "a connection is 16 bytes");
  const head = new Uint8Array(1 + name.length + callerBytes + connectionBytes);
  head[0] = name.length;
  head.set(name, 1);
  head.set(caller, 1 + name.length);
  head.set(connection, 1 + name.length + callerBytes);
  return new DataView(head.buffer);
}

function encodeInputs(writer: Writer, inputs: RecordInputs): void {
  const { argBytes, argStart, argEnd } = inputs;
  const head = inputs.head ?? makeInputsHead(inputs.name, inputs.caller, inputs.connection);
  const argsLength = argEnd - argStart;
  writer.u32(head.byteLength + timestampBytes + argsLength);
  writer.viewRange(head, 0, head.byteLength);
  writer.i64(inputs.timestampMicros);
  writer.rawRange(argBytes, argStart, argEnd);
}

function encodeInserts(writer: Writer, tables: readonly LoggedTable[]): void {
  let tableCount = 0;
  let lastTableId = -1;
  for (const table of tables) {
    assert(table.tableId > lastTableId, "tables of a record ascend by id");
    lastTableId = table.tableId;
    if (table.insertCount > 0) tableCount++;
  }
  writeVarint(writer, tableCount);
  for (const table of tables) {
    if (table.insertCount === 0) continue;
    writer.u32(table.tableId);
    writeVarint(writer, table.insertCount);
    table.writeInserts(writer);
  }
}

function encodeDeletes(writer: Writer, tables: readonly LoggedTable[]): void {
  let tableCount = 0;
  for (const table of tables) if (hasPlainDeletes(table)) tableCount++;
  writeVarint(writer, tableCount);
  for (const table of tables) {
    if (!hasPlainDeletes(table)) continue;
    writer.u32(table.tableId);
    writeVarint(writer, table.deleteCount);
    table.writeDeletes(writer);
  }
}

function encodeTruncates(writer: Writer, tables: readonly LoggedTable[]): void {
  let tableCount = 0;
  for (const table of tables) if (isEmptied(table)) tableCount++;
  writeVarint(writer, tableCount);
  for (const table of tables) if (isEmptied(table)) writer.u32(table.tableId);
}

/**
 * Whether a table is written as a truncate. Not one that rows were inserted into: replay inserts
 * first, so the truncate would take them as well.
 */
function isEmptied(table: LoggedTable): boolean {
  return table.isTruncated && table.deleteCount > 0 && table.insertCount === 0;
}

function hasPlainDeletes(table: LoggedTable): boolean {
  return table.deleteCount > 0 && !isEmptied(table);
}

function writeVarint(writer: Writer, value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.u8((rest % 0x80) | 0x80);
  writer.u8(rest);
}

/** Walks records and shows a visitor what they hold. Faults of the bytes are LC_LOG_CORRUPT. */
export class RecordDecoder {
  readonly #visitor: ReplayVisitor;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #offset = 0;

  constructor(visitor: ReplayVisitor) {
    this.#visitor = visitor;
  }

  /**
   * Visits transaction `offset`, whose record starts at `start` and lies within `end`; returns
   * where it ends.
   */
  decode(bytes: Uint8Array, start: number, end: number, offset: number): number {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#offset = offset;
    this.#visitor.onTransaction(offset);
    const flags = this.#u8("the flags");
    if ((flags & ~(inputsFlag | outputsFlag | mutationsFlag)) !== 0) {
      this.#fail(`flags 0x${flags.toString(16)} are unknown`);
    }
    if ((flags & inputsFlag) !== 0) {
      const from = this.#take(this.#u32("the inputs' length"), "the inputs");
      this.#visitor.onInputs(bytes, from, this.#at);
    }
    if ((flags & outputsFlag) !== 0) this.#take(this.#u8("the outputs' length"), "the outputs");
    if ((flags & mutationsFlag) !== 0) {
      this.#visitRows(true);
      this.#visitRows(false);
      this.#visitTruncates();
    }
    this.#visitor.onTransactionEnd(offset);
    return this.#at;
  }

  #visitRows(areInserts: boolean): void {
    const bytes = this.#bytes;
    const end = this.#end;
    const visitor = this.#visitor;
    for (let tables = this.#varint(); tables > 0; tables--) {
      const tableId = this.#u32("a table id");
      const rowCount = this.#varint();
      for (let row = 0; row < rowCount; row++) {
        const start = this.#at;
        const rowEnd = visitor.rowEnd(tableId, bytes, start, end);
        // A table is a set, so of rows without bytes there is one; a damaged count must not keep
        // this loop busy.
        if (!(rowEnd >= start && rowEnd <= end) || (rowEnd === start && rowCount > 1)) {
          this.#fail(`row ${row} of ${rowCount} of table ${tableId} does not fit the record`);
        }
        this.#at = rowEnd;
        if (areInserts) visitor.onInsert(tableId, bytes, start, rowEnd);
        else visitor.onDelete(tableId, bytes, start, rowEnd);
      }
    }
  }

  #visitTruncates(): void {
    for (let tables = this.#varint(); tables > 0; tables--) {
      this.#visitor.onTruncate(this.#u32("a table id"));
    }
  }

  /** Passes `count` bytes and returns where they start. */
  #take(count: number, what: string): number {
    const at = this.#at;
    if (count > this.#end - at) this.#fail(`the record ends within ${what}`);
    this.#at = at + count;
    return at;
  }

  #u8(what: string): number {
    return this.#bytes[this.#take(1, what)] as number;
  }

  #u32(what: string): number {
    return readU32(this.#bytes, this.#take(4, what));
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale <= Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = this.#u8("a count");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return this.#fail("a count has too many bytes");
  }

  #fail(fault: string): never {
    throw new LightconeError("LC_LOG_CORRUPT", `transaction ${this.#offset} of the log: ${fault}`);
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return low + high * 0x1_0000;
}

/** Takes the inputs of a record apart; the result's arrays are views of `bytes`. */
export function decodeInputs(bytes: Uint8Array, start: number, end: number): RecordInputs {
  const nameEnd = start + 1 + (bytes[start] ?? 0);
  const argStart = nameEnd + callBytes;
  if (start >= end || argStart > end) {
    throw new LightconeError("LC_LOG_CORRUPT", "the inputs of a logged call are too short");
  }
  const connectionAt = nameEnd + callerBytes;
  const timestampAt = connectionAt + connectionBytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name: bytes.subarray(start + 1, nameEnd),
    caller: bytes.subarray(nameEnd, connectionAt),
    connection: bytes.subarray(connectionAt, timestampAt),
    timestampMicros: view.getBigInt64(timestampAt, true),
    argBytes: bytes,
    argStart,
    argEnd: end,
  };
}
