// Generated from abi/src/imports.ts by `npm run sys --workspace sdk-module-as`; do not edit.
// The module ABI: what a host provides. Pointers, lengths and handles are u32.

/** Writes the u32 id of the table with that name or alias. */
// @ts-ignore: decorator
@external("spacetime_10.0", "table_id_from_name")
export declare function table_id_from_name(name: u32, nameLen: u32, out: u32): i32;

/** Writes the u32 id of the index with that name or alias. */
// @ts-ignore: decorator
@external("spacetime_10.0", "index_id_from_name")
export declare function index_id_from_name(name: u32, nameLen: u32, out: u32): i32;

/** Writes the u64 number of rows the transaction sees. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_table_row_count")
export declare function datastore_table_row_count(tableId: u32, out: u32): i32;

/** Writes the iterator over all rows. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_table_scan_bsatn")
export declare function datastore_table_scan_bsatn(tableId: u32, out: u32): i32;

/** Writes the iterator over the rows whose key lies in a range. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_index_scan_range_bsatn")
export declare function datastore_index_scan_range_bsatn(indexId: u32, prefix: u32, prefixLen: u32, prefixElems: u32, rstart: u32, rstartLen: u32, rend: u32, rendLen: u32, out: u32): i32;

/** Old name of datastore_index_scan_range_bsatn. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_btree_scan_bsatn")
export declare function datastore_btree_scan_bsatn(indexId: u32, prefix: u32, prefixLen: u32, prefixElems: u32, rstart: u32, rstartLen: u32, rend: u32, rendLen: u32, out: u32): i32;

/** Writes the iterator over the rows with a key. */
// @ts-ignore: decorator
@external("spacetime_10.4", "datastore_index_scan_point_bsatn")
export declare function datastore_index_scan_point_bsatn(indexId: u32, point: u32, pointLen: u32, out: u32): i32;

/** Copies whole chunks of rows; -1 comes with the last ones. */
// @ts-ignore: decorator
@external("spacetime_10.0", "row_iter_bsatn_advance")
export declare function row_iter_bsatn_advance(iter: u32, buffer: u32, bufferLenPtr: u32): i32;

/** Forgets an iterator. */
// @ts-ignore: decorator
@external("spacetime_10.0", "row_iter_bsatn_close")
export declare function row_iter_bsatn_close(iter: u32): i32;

/** Inserts a row and writes generated column values back over its start. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_insert_bsatn")
export declare function datastore_insert_bsatn(tableId: u32, row: u32, rowLenPtr: u32): i32;

/** Replaces the row with the same key in a unique index. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_update_bsatn")
export declare function datastore_update_bsatn(tableId: u32, indexId: u32, row: u32, rowLenPtr: u32): i32;

/** Deletes the rows with a key and writes their u32 number. */
// @ts-ignore: decorator
@external("spacetime_10.4", "datastore_delete_by_index_scan_point_bsatn")
export declare function datastore_delete_by_index_scan_point_bsatn(indexId: u32, point: u32, pointLen: u32, out: u32): i32;

/** Deletes the rows in a range and writes their u32 number. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_delete_by_index_scan_range_bsatn")
export declare function datastore_delete_by_index_scan_range_bsatn(indexId: u32, prefix: u32, prefixLen: u32, prefixElems: u32, rstart: u32, rstartLen: u32, rend: u32, rendLen: u32, out: u32): i32;

/** Old name of datastore_delete_by_index_scan_range_bsatn. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_delete_by_btree_scan_bsatn")
export declare function datastore_delete_by_btree_scan_bsatn(indexId: u32, prefix: u32, prefixLen: u32, prefixElems: u32, rstart: u32, rstartLen: u32, rend: u32, rendLen: u32, out: u32): i32;

/** Deletes the rows equal to listed ones and writes their u32 number. */
// @ts-ignore: decorator
@external("spacetime_10.0", "datastore_delete_all_by_eq_bsatn")
export declare function datastore_delete_all_by_eq_bsatn(tableId: u32, relation: u32, relationLen: u32, out: u32): i32;

/** Deletes every row and writes their u64 number. */
// @ts-ignore: decorator
@external("spacetime_10.5", "datastore_clear")
export declare function datastore_clear(tableId: u32, out: u32): i32;

/** Copies the next bytes of a source; -1 comes with the last ones. */
// @ts-ignore: decorator
@external("spacetime_10.0", "bytes_source_read")
export declare function bytes_source_read(source: u32, buffer: u32, bufferLenPtr: u32): i32;

/** Writes the u32 number of bytes left in a source. */
// @ts-ignore: decorator
@external("spacetime_10.1", "bytes_source_remaining_length")
export declare function bytes_source_remaining_length(source: u32, out: u32): i32;

/** Appends bytes to a sink and writes back how many it took. */
// @ts-ignore: decorator
@external("spacetime_10.0", "bytes_sink_write")
export declare function bytes_sink_write(sink: u32, buffer: u32, bufferLenPtr: u32): i32;

/** Writes a record to the module's log; never fails. */
// @ts-ignore: decorator
@external("spacetime_10.0", "console_log")
export declare function console_log(level: u32, target: u32, targetLen: u32, filename: u32, filenameLen: u32, line: u32, message: u32, messageLen: u32): void;

/** Starts a timer; its id. */
// @ts-ignore: decorator
@external("spacetime_10.0", "console_timer_start")
export declare function console_timer_start(name: u32, nameLen: u32): i32;

/** Logs the span of a timer. */
// @ts-ignore: decorator
@external("spacetime_10.0", "console_timer_end")
export declare function console_timer_end(timerId: u32): i32;

/** Writes the 32 bytes of the database's identity. */
// @ts-ignore: decorator
@external("spacetime_10.0", "identity")
export declare function identity(out: u32): void;

/** Writes the source of a connection's token payload, or 0. */
// @ts-ignore: decorator
@external("spacetime_10.2", "get_jwt")
export declare function get_jwt(connectionIdPtr: u32, out: u32): i32;

/** Queues a call that neither a rollback undoes nor a crash survives. */
// @ts-ignore: decorator
@external("spacetime_10.0", "volatile_nonatomic_schedule_immediate")
export declare function volatile_nonatomic_schedule_immediate(name: u32, nameLen: u32, args: u32, argsLen: u32): void;

/** Suspends a procedure; the time after it in microseconds. */
// @ts-ignore: decorator
@external("spacetime_10.3", "procedure_sleep_until")
export declare function procedure_sleep_until(wakeAtMicros: i64): i64;

/** Opens a transaction and writes its i64 timestamp. */
// @ts-ignore: decorator
@external("spacetime_10.3", "procedure_start_mut_tx")
export declare function procedure_start_mut_tx(out: u32): i32;

/** Commits the procedure's own transaction. */
// @ts-ignore: decorator
@external("spacetime_10.3", "procedure_commit_mut_tx")
export declare function procedure_commit_mut_tx(): i32;

/** Rolls the procedure's own transaction back. */
// @ts-ignore: decorator
@external("spacetime_10.3", "procedure_abort_mut_tx")
export declare function procedure_abort_mut_tx(): i32;

/** Sends an HTTP request and writes the sources of response and body. */
// @ts-ignore: decorator
@external("spacetime_10.3", "procedure_http_request")
export declare function procedure_http_request(request: u32, requestLen: u32, body: u32, bodyLen: u32, out: u32): i32;
