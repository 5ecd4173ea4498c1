// The module ABI as data: what a host provides to a module and what it expects of one (abi.md
// sections 4 and 7). The host links from this table, checks modules against it, and the guest SDK's
// declarations are generated from it.

export type WasmType = "i32" | "i64";

export interface ImportFunction {
  /** The import module, e.g. `spacetime_10.0`. */
  readonly module: string;
  readonly name: string;
  readonly params: readonly WasmType[];
  readonly paramNames: readonly string[];
  readonly result: WasmType | undefined;
  /** Answers NOT_IN_TRANSACTION where no transaction is open. */
  readonly needsTransaction: boolean;
  /** The ABI version that brought the function. */
  readonly since: string;
  readonly doc: string;
}

/** The ABI that this host provides: any module of the same major and at most this minor runs. */
export const abiVersion = { major: 10, minor: 5 } as const;

/** How every import module of the ABI starts; `major.minor` follows. */
export const importModulePrefix = "spacetime_";

interface ImportOptions {
  readonly result?: WasmType | "none";
  readonly needsTransaction?: boolean;
}

// A signature is written as one line of parameter names; `name:i64` marks what is not an i32.
function imported(
  since: string,
  name: string,
  signature: string,
  options: ImportOptions,
  doc: string,
): ImportFunction {
  const params = signature === "" ? [] : signature.split(" ").map((param) => param.split(":"));
  const result = options.result ?? "i32";
  return {
    module: importModulePrefix + since,
    name,
    params: params.map(([, type]) => (type === "i64" ? "i64" : "i32")),
    paramNames: params.map(([paramName]) => paramName as string),
    result: result === "none" ? undefined : result,
    needsTransaction: options.needsTransaction ?? false,
    since,
    doc,
  };
}

const inTransaction: ImportOptions = { needsTransaction: true };
const anywhere: ImportOptions = {};
const noResult: ImportOptions = { result: "none" };

const rangeParams = "index_id prefix prefix_len prefix_elems rstart rstart_len rend rend_len out";

const nameImports: readonly ImportFunction[] = [
  imported(
    "10.0",
    "table_id_from_name",
    "name name_len out",
    inTransaction,
    "Writes the u32 id of the table with that name or alias.",
  ),
  imported(
    "10.0",
    "index_id_from_name",
    "name name_len out",
    inTransaction,
    "Writes the u32 id of the index with that name or alias.",
  ),
];

const readImports: readonly ImportFunction[] = [
  imported(
    "10.0",
    "datastore_table_row_count",
    "table_id out",
    inTransaction,
    "Writes the u64 number of rows the transaction sees.",
  ),
  imported(
    "10.0",
    "datastore_table_scan_bsatn",
    "table_id out",
    inTransaction,
    "Writes the iterator over all rows.",
  ),
  imported(
    "10.0",
    "datastore_index_scan_range_bsatn",
    rangeParams,
    inTransaction,
    "Writes the iterator over the rows whose key lies in a range.",
  ),
  imported(
    "10.0",
    "datastore_btree_scan_bsatn",
    rangeParams,
    inTransaction,
    "Old name of datastore_index_scan_range_bsatn.",
  ),
  imported(
    "10.4",
    "datastore_index_scan_point_bsatn",
    "index_id point point_len out",
    inTransaction,
    "Writes the iterator over the rows with a key.",
  ),
  imported(
    "10.0",
    "row_iter_bsatn_advance",
    "iter buffer buffer_len_ptr",
    anywhere,
    "Copies whole chunks of rows; -1 comes with the last ones.",
  ),
  imported("10.0", "row_iter_bsatn_close", "iter", anywhere, "Forgets an iterator."),
];

const writeImports: readonly ImportFunction[] = [
  imported(
    "10.0",
    "datastore_insert_bsatn",
    "table_id row row_len_ptr",
    inTransaction,
    "Inserts a row and writes generated column values back over its start.",
  ),
  imported(
    "10.0",
    "datastore_update_bsatn",
    "table_id index_id row row_len_ptr",
    inTransaction,
    "Replaces the row with the same key in a unique index.",
  ),
  imported(
    "10.4",
    "datastore_delete_by_index_scan_point_bsatn",
    "index_id point point_len out",
    inTransaction,
    "Deletes the rows with a key and writes their u32 number.",
  ),
  imported(
    "10.0",
    "datastore_delete_by_index_scan_range_bsatn",
    rangeParams,
    inTransaction,
    "Deletes the rows in a range and writes their u32 number.",
  ),
  imported(
    "10.0",
    "datastore_delete_by_btree_scan_bsatn",
    rangeParams,
    inTransaction,
    "Old name of datastore_delete_by_index_scan_range_bsatn.",
  ),
  imported(
    "10.0",
    "datastore_delete_all_by_eq_bsatn",
    "table_id relation relation_len out",
    inTransaction,
    "Deletes the rows equal to listed ones and writes their u32 number.",
  ),
  imported(
    "10.5",
    "datastore_clear",
    "table_id out",
    inTransaction,
    "Deletes every row and writes their u64 number.",
  ),
];

const bytesImports: readonly ImportFunction[] = [
  imported(
    "10.0",
    "bytes_source_read",
    "source buffer buffer_len_ptr",
    anywhere,
    "Copies the next bytes of a source; -1 comes with the last ones.",
  ),
  imported(
    "10.1",
    "bytes_source_remaining_length",
    "source out",
    anywhere,
    "Writes the u32 number of bytes left in a source.",
  ),
  imported(
    "10.0",
    "bytes_sink_write",
    "sink buffer buffer_len_ptr",
    anywhere,
    "Appends bytes to a sink and writes back how many it took.",
  ),
];

const consoleImports: readonly ImportFunction[] = [
  imported(
    "10.0",
    "console_log",
    "level target target_len filename filename_len line message message_len",
    noResult,
    "Writes a record to the module's log; never fails.",
  ),
  imported("10.0", "console_timer_start", "name name_len", anywhere, "Starts a timer; its id."),
  imported("10.0", "console_timer_end", "timer_id", anywhere, "Logs the span of a timer."),
];

const callerImports: readonly ImportFunction[] = [
  imported("10.0", "identity", "out", noResult, "Writes the 32 bytes of the database's identity."),
  imported(
    "10.2",
    "get_jwt",
    "connection_id_ptr out",
    inTransaction,
    "Writes the source of a connection's token payload, or 0.",
  ),
  imported(
    "10.0",
    "volatile_nonatomic_schedule_immediate",
    "name name_len args args_len",
    noResult,
    "Queues a call that neither a rollback undoes nor a crash survives.",
  ),
];

const procedureImports: readonly ImportFunction[] = [
  imported(
    "10.3",
    "procedure_sleep_until",
    "wake_at_micros:i64",
    { result: "i64" },
    "Suspends a procedure; the time after it in microseconds.",
  ),
  imported(
    "10.3",
    "procedure_start_mut_tx",
    "out",
    anywhere,
    "Opens a transaction and writes its i64 timestamp.",
  ),
  imported(
    "10.3",
    "procedure_commit_mut_tx",
    "",
    anywhere,
    "Commits the procedure's own transaction.",
  ),
  imported(
    "10.3",
    "procedure_abort_mut_tx",
    "",
    anywhere,
    "Rolls the procedure's own transaction back.",
  ),
  imported(
    "10.3",
    "procedure_http_request",
    "request request_len body body_len out",
    anywhere,
    "Sends an HTTP request and writes the sources of response and body.",
  ),
];

/** Every function a module may import, by subject. */
export const moduleImports: readonly ImportFunction[] = [
  ...nameImports,
  ...readImports,
  ...writeImports,
  ...bytesImports,
  ...consoleImports,
  ...callerImports,
  ...procedureImports,
];

export interface ExportFunction {
  readonly name: string;
  /** Every export whose name starts with `name` is meant. */
  readonly isPrefix: boolean;
  readonly params: readonly WasmType[];
  readonly result: WasmType | undefined;
  readonly required: boolean;
  readonly doc: string;
}

/** The memory every module must export. */
export const memoryExport = "memory";

/** Exports with this prefix run once per instance, in the order of the bytes of their names. */
export const preinitPrefix = "__preinit__";

// The sender's four words, the connection's two, the timestamp, then the handles of arguments and
// sink.
const callParams: readonly WasmType[] = [
  "i32",
  "i64",
  "i64",
  "i64",
  "i64",
  "i64",
  "i64",
  "i64",
  "i32",
  "i32",
];

function exported(
  name: string,
  params: readonly WasmType[],
  result: WasmType | undefined,
  doc: string,
  kind: "required" | "optional" | "prefix" = "optional",
): ExportFunction {
  const required = kind === "required";
  return { name, isPrefix: kind === "prefix", params, result, required, doc };
}

/** Every function that a host looks for in a module; a wrong signature refuses the module. */
export const moduleExports: readonly ExportFunction[] = [
  exported(
    "__describe_module__",
    ["i32"],
    undefined,
    "Writes the definition to a sink; called once per instance before any call.",
    "required",
  ),
  exported("__call_reducer__", callParams, "i32", "Runs a reducer.", "required"),
  exported("__setup__", ["i32"], "i32", "Prepares an instance after the preinits."),
  exported(preinitPrefix, [], undefined, "Prepares an instance.", "prefix"),
  exported("_initialize", [], undefined, "Starts a reactor module, before the preinits."),
  exported(
    "__call_view__",
    ["i32", "i64", "i64", "i64", "i64", "i32", "i32"],
    "i32",
    "Runs a view that knows its sender.",
  ),
  exported("__call_view_anon__", ["i32", "i32", "i32"], "i32", "Runs a view without a sender."),
  exported("__call_procedure__", callParams, "i32", "Runs a procedure."),
  exported(
    "__call_http_handler__",
    ["i32", "i64", "i32", "i32", "i32", "i32"],
    "i32",
    "Runs an HTTP handler.",
  ),
];
