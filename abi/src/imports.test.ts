import { test } from "tap";
import { Errno, errnos, exhausted } from "./errno.ts";
import { abiVersion, moduleExports, moduleImports } from "./imports.ts";

// abi.md section 4, one line for each function: namespace, name, number of i32 parameters (i64
// where it says so), result.
const reference = `
10.0 table_id_from_name 3 i32 db
10.0 index_id_from_name 3 i32 db
10.0 datastore_table_row_count 2 i32 db
10.0 datastore_table_scan_bsatn 2 i32 db
10.0 datastore_index_scan_range_bsatn 9 i32 db
10.0 datastore_btree_scan_bsatn 9 i32 db
10.0 row_iter_bsatn_advance 3 i32 -
10.0 row_iter_bsatn_close 1 i32 -
10.0 datastore_insert_bsatn 3 i32 db
10.0 datastore_update_bsatn 4 i32 db
10.0 datastore_delete_by_index_scan_range_bsatn 9 i32 db
10.0 datastore_delete_by_btree_scan_bsatn 9 i32 db
10.0 datastore_delete_all_by_eq_bsatn 4 i32 db
10.0 volatile_nonatomic_schedule_immediate 4 none -
10.0 bytes_source_read 3 i32 -
10.0 bytes_sink_write 3 i32 -
10.0 console_log 8 none -
10.0 console_timer_start 2 i32 -
10.0 console_timer_end 1 i32 -
10.0 identity 1 none -
10.1 bytes_source_remaining_length 2 i32 -
10.2 get_jwt 2 i32 db
10.3 procedure_sleep_until i64 i64 -
10.3 procedure_start_mut_tx 1 i32 -
10.3 procedure_commit_mut_tx 0 i32 -
10.3 procedure_abort_mut_tx 0 i32 -
10.3 procedure_http_request 5 i32 -
10.4 datastore_index_scan_point_bsatn 4 i32 db
10.4 datastore_delete_by_index_scan_point_bsatn 4 i32 db
10.5 datastore_clear 2 i32 db
`;

void test("the imports are those of the reference", async (t) => {
  const lines = moduleImports.map(({ since, name, params, result, needsTransaction }) => {
    const arity = params.includes("i64") ? params.join() : String(params.length);
    return `${since} ${name} ${arity} ${result ?? "none"} ${needsTransaction ? "db" : "-"}`;
  });
  t.same(lines.toSorted(), reference.trim().split("\n").toSorted());
});

void test("every import says what it is", async (t) => {
  for (const { module, since, name, params, paramNames, doc } of moduleImports) {
    t.equal(module, `spacetime_${since}`);
    t.equal(paramNames.length, params.length, name);
    t.match(doc, /^[A-Z].*\.$/, name);
    const minor = Number(since.split(".")[1]);
    t.ok(minor <= abiVersion.minor, name);
  }
  t.equal(abiVersion.major, 10);
});

// abi.md section 7
void test("the exports are those of the reference", async (t) => {
  const shown = moduleExports.map(({ name, isPrefix, params, result, required }) => {
    const stars = `${isPrefix ? "*" : ""}${required ? "!" : ""}`;
    return `${name}${stars} (${params.join(" ")}) ${result ?? "none"}`;
  });
  const call = "i32 i64 i64 i64 i64 i64 i64 i64 i32 i32";
  t.same(shown, [
    "__describe_module__! (i32) none",
    `__call_reducer__! (${call}) i32`,
    "__setup__ (i32) i32",
    "__preinit__* () none",
    "_initialize () none",
    "__call_view__ (i32 i64 i64 i64 i64 i32 i32) i32",
    "__call_view_anon__ (i32 i32 i32) i32",
    `__call_procedure__ (${call}) i32`,
    "__call_http_handler__ (i32 i64 i32 i32 i32 i32) i32",
  ]);
});

// abi.md section 3
void test("errnos are numbered from 1 to 21 and told in order", async (t) => {
  t.same(
    errnos.map(({ code }) => code),
    Array.from({ length: 21 }, (_, i) => i + 1),
  );
  t.same(
    errnos.map(({ name }) => name),
    Object.keys(Errno).map((name) => name.replaceAll(/[A-Z]/g, "_$&").toUpperCase()),
    "the two spellings agree",
  );
  t.equal(exhausted, -1);
});
