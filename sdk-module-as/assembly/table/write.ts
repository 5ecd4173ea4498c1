// Changes of tables. The row, the key or the bounds lie in `scratch`.
import * as sys from "../sys";
import { check, Errno, errnoText, refused } from "./errno";
import { generated, out, scratch } from "./scratch";

/** Inserts the row; the status. The columns that the host filled in are in `generated` then. */
export function tryInsertRow(table: u32): i32 {
  store<u32>(out, scratch.length);
  const at = scratch.pointer;
  const status = sys.datastore_insert_bsatn(table, <u32>at, <u32>out);
  generated.reset(at, status == 0 ? load<u32>(out) : 0);
  return status;
}

/** Inserts the row; what the host refuses ends the call. */
export function insertRow(table: u32, name: string): void {
  const status = tryInsertRow(table);
  if (status != 0) refused("inserting into", name, status);
}

/** Replaces the row with the same key in a unique index; the status. */
export function tryUpdateRow(table: u32, index: u32): i32 {
  store<u32>(out, scratch.length);
  const at = scratch.pointer;
  const status = sys.datastore_update_bsatn(table, index, <u32>at, <u32>out);
  generated.reset(at, status == 0 ? load<u32>(out) : 0);
  return status;
}

/** Replaces the row with the same key; what the host refuses ends the call. */
export function updateRow(table: u32, index: u32, name: string): void {
  const status = tryUpdateRow(table, index);
  if (status != 0) refused("updating", name, status);
}

/** Deletes the rows that are equal to the one in `scratch`, behind the count of one. */
export function deleteRow(table: u32): bool {
  const status = sys.datastore_delete_all_by_eq_bsatn(
    table,
    <u32>scratch.pointer,
    scratch.length,
    <u32>out,
  );
  check(status, "deleting a row");
  return load<u32>(out) != 0;
}

/** Deletes the rows with the key; how many there were. */
export function deleteByKey(index: u32): u32 {
  const status = sys.datastore_delete_by_index_scan_point_bsatn(
    index,
    <u32>scratch.pointer,
    scratch.length,
    <u32>out,
  );
  check(status, "deleting by key");
  return load<u32>(out);
}

/** Deletes the rows in a range; the parts of `scratch` are as for `scanRange`. */
export function deleteByRange(index: u32, columns: u32, from: u32, to: u32): u32 {
  const at = <u32>scratch.pointer;
  const length = <u32>scratch.length;
  const status = sys.datastore_delete_by_index_scan_range_bsatn(
    index,
    at,
    from,
    columns,
    at + from,
    to == from ? length - from : to - from,
    at + to,
    length - to,
    <u32>out,
  );
  check(status, "deleting a range");
  return load<u32>(out);
}

export function clearRows(table: u32): u64 {
  check(sys.datastore_clear(table, <u32>out), "clearing a table");
  return load<u64>(out);
}

export function countRows(table: u32): u64 {
  check(sys.datastore_table_row_count(table, <u32>out), "counting rows");
  return load<u64>(out);
}

/** Why a row was not inserted or updated. */
export class InsertError {
  constructor(
    /** The host's status. */
    readonly errno: i32,
  ) {}

  /** Another row has the same value in a unique column. */
  get isUniqueViolation(): bool {
    return this.errno == Errno.UniqueAlreadyExists;
  }

  /** The row of a scheduled table lies too far ahead. */
  get isDelayTooLong(): bool {
    return this.errno == Errno.ScheduleDelayTooLong;
  }

  /** An update found no row with the key. */
  get isNoSuchRow(): bool {
    return this.errno == Errno.NoSuchRow;
  }

  toString(): string {
    return errnoText(this.errno);
  }
}
