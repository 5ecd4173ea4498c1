// What each import answers to a guest (abi.md section 5), call by call.
import { test, type Test } from "tap";
import { Errno, exhausted, type Value } from "@lightcone/abi";
import { bytesAt, Script, type ScriptResult, wordAt } from "./script.ts";
import { openWorld, relation, rowBytes, type TableName, u32Bytes, type World } from "./world.ts";

const ok = 0;

/** Runs a script and checks what its calls returned. */
function run(
  t: Test,
  world: World,
  script: Script,
  expected: readonly number[],
  { code = 0, title = "" } = {},
): ScriptResult {
  const result = world.scripts.run(script, code);
  t.same(result.kind === "ran" ? result.statuses : result, expected, title);
  return result;
}

/** Adds an insert of a row; returns the addresses of row and length. */
function insert(world: World, script: Script, table: TableName, row: Value): [number, number] {
  const bytes = rowBytes(table, row);
  const at = script.place(bytes);
  const length = script.word(bytes.length);
  script.call("datastore_insert_bsatn", world.table(table), at, length);
  return [at, length];
}

void test("names lead to ids, aliases as well", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const out = script.word();
  script.call("table_id_from_name", ...script.text("item"), out);
  script.call("table_id_from_name", ...script.text("Item"), script.word());
  const indexOut = script.word();
  script.call("index_id_from_name", ...script.text("place_slot"), indexOut);
  script.call("index_id_from_name", ...script.text("item"), script.word());
  const result = run(t, world, script, [ok, Errno.noSuchTable, ok, Errno.noSuchIndex]);
  t.equal(wordAt(result, out), world.table("item"));
  t.equal(wordAt(result, indexOut), world.index("place_slot"));
});

void test("rows are inserted, counted and read; equal rows are one", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const count = script.place(new Uint8Array(8));
  const item = { id: 1, text: "one" };
  insert(world, script, "item", item);
  insert(world, script, "item", item);
  insert(world, script, "item", { id: 1, text: "other" });
  insert(world, script, "pair", { left: 1, right: 2 });
  insert(world, script, "pair", { left: 1, right: 2 });
  script.call("datastore_table_row_count", world.table("item"), count);
  const handle = script.word();
  const [buffer, length] = [script.place(new Uint8Array(64)), script.word(64)];
  script.call("datastore_table_scan_bsatn", world.table("item"), handle);
  script.call("row_iter_bsatn_advance", 1, buffer, length);
  script.call("row_iter_bsatn_advance", 1, buffer, length);
  const duplicate = Errno.uniqueAlreadyExists;
  const expected = [ok, ok, duplicate, ok, ok, ok, ok, exhausted, Errno.noSuchIter];
  const result = run(t, world, script, expected);
  t.same(bytesAt(result, count, 8), [1, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(wordAt(result, handle), 1, "the first handle is not 0");
  t.same(bytesAt(result, buffer, wordAt(result, length)), rowBytes("item", item));
  t.same(world.rows("item"), [item]);
  t.same(world.rows("pair"), [{ left: 1, right: 2 }]);
});

void test("writes that are refused change nothing", async (t) => {
  const world = await openWorld();
  const [item, place] = [world.table("item"), world.table("place")];
  const cases: [string, (script: Script) => void, number][] = [
    ["unknown table", (s) => s.call("datastore_insert_bsatn", 9999, s.word(), s.word(4)), 4],
    ["a system table", (s) => s.call("datastore_insert_bsatn", 1, s.word(), s.word(4)), 4],
    ["too few bytes", (s) => s.call("datastore_insert_bsatn", item, s.word(), s.word(4)), 3],
    ["no bytes", (s) => s.call("datastore_insert_bsatn", item, s.word(), s.word(0)), 3],
    [
      "a length beyond the row",
      (s) =>
        s.call("datastore_insert_bsatn", item, s.place([1, 0, 0, 0, 9, 0, 0, 0, 65]), s.word(9)),
      3,
    ],
    [
      "not UTF-8",
      (s) =>
        s.call("datastore_insert_bsatn", item, s.place([1, 0, 0, 0, 1, 0, 0, 0, 0xff]), s.word(9)),
      3,
    ],
    [
      "update: unknown table",
      (s) => s.call("datastore_update_bsatn", 9999, 1, s.word(), s.word(4)),
      4,
    ],
    [
      "update: too few bytes",
      (s) => s.call("datastore_update_bsatn", item, world.index("item_id"), s.word(), s.word(4)),
      3,
    ],
    [
      "update: unknown index",
      (s) => s.call("datastore_update_bsatn", item, 9999, s.place(new Uint8Array(8)), s.word(8)),
      5,
    ],
    [
      "update: another table's index",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          item,
          world.index("place_id"),
          s.place(new Uint8Array(8)),
          s.word(8),
        ),
      5,
    ],
    [
      "update: an index that is not unique",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          place,
          world.index("place_zone"),
          s.place(new Uint8Array(15)),
          s.word(15),
        ),
      14,
    ],
    [
      "update: no such row",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          item,
          world.index("item_id"),
          s.place(new Uint8Array(8)),
          s.word(8),
        ),
      15,
    ],
    ["clear: unknown table", (s) => s.call("datastore_clear", 9999, s.place(new Uint8Array(8))), 4],
    ["clear: a system table", (s) => s.call("datastore_clear", 1, s.place(new Uint8Array(8))), 4],
    [
      "count: unknown table",
      (s) => s.call("datastore_table_row_count", 0, s.place(new Uint8Array(8))),
      4,
    ],
    ["scan: unknown table", (s) => s.call("datastore_table_scan_bsatn", 0, s.word()), 4],
    [
      "delete by rows: unknown table",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", 9999, s.word(), 4, s.word()),
      4,
    ],
    [
      "delete by rows: a count without rows",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", item, s.word(7), 4, s.word()),
      3,
    ],
    [
      "delete by rows: no count",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", item, s.word(7), 3, s.word()),
      3,
    ],
    [
      "delete by key: unknown index",
      (s) => s.call("datastore_delete_by_index_scan_point_bsatn", 9999, s.word(), 4, s.word()),
      5,
    ],
    [
      "delete by key: an index of a system table",
      (s) => s.call("datastore_delete_by_index_scan_point_bsatn", 1, s.word(), 4, s.word()),
      5,
    ],
    [
      "delete by key: too few bytes",
      (s) =>
        s.call(
          "datastore_delete_by_index_scan_point_bsatn",
          world.index("item_id"),
          s.word(),
          3,
          s.word(),
        ),
      3,
    ],
    [
      "point: unknown index",
      (s) => s.call("datastore_index_scan_point_bsatn", 0, s.word(), 4, s.word()),
      5,
    ],
    [
      "point: part of a key",
      (s) =>
        s.call(
          "datastore_index_scan_point_bsatn",
          world.index("place_zone"),
          s.place([1]),
          1,
          s.word(),
        ),
      3,
    ],
  ];
  for (const [title, build, status] of cases) {
    const script = new Script();
    insert(world, script, "item", { id: 1, text: "kept" });
    build(script);
    run(t, world, script, [ok, status], { title });
    t.same(world.rows("item"), [{ id: 1, text: "kept" }], title);
  }
});

void test("updates replace by key and keep every unique column unique", async (t) => {
  const world = await openWorld();
  const [table, byId, bySlot] = [
    world.table("place"),
    world.index("place_id"),
    world.index("place_slot"),
  ];
  const place = (id: number, slot: number, name: string): Value => ({
    id,
    slot,
    zone: 1,
    row: -1,
    name,
  });
  const script = new Script();
  insert(world, script, "place", place(1, 10, "a"));
  insert(world, script, "place", place(2, 20, "b"));
  const update = (index: number, row: Value): void => {
    const bytes = rowBytes("place", row);
    script.call(
      "datastore_update_bsatn",
      table,
      index,
      script.place(bytes),
      script.word(bytes.length),
    );
  };
  update(byId, place(1, 20, "taken"));
  update(byId, place(1, 11, "moved"));
  update(byId, place(1, 11, "moved"));
  update(bySlot, place(3, 20, "new id by slot"));
  update(bySlot, place(1, 20, "id taken"));
  const taken = Errno.uniqueAlreadyExists;
  run(t, world, script, [ok, ok, taken, ok, ok, ok, taken]);
  t.same(world.rows("place"), [place(1, 11, "moved"), place(3, 20, "new id by slot")]);
});

void test("generated values come back in column order, over the start of the row", async (t) => {
  const world = await openWorld();
  const both = new Script();
  const [at, length] = insert(world, both, "ticket", { id: 0n, note: "both", number: 0 });
  const [asGivenAt, asGivenLength] = insert(world, both, "ticket", {
    id: 900n,
    note: "",
    number: 901,
  });
  const result = run(t, world, both, [ok, ok]);
  t.equal(wordAt(result, length), 12);
  t.same(bytesAt(result, at, 12), [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  t.equal(wordAt(result, asGivenLength), 0, "nothing was generated");
  t.same(bytesAt(result, asGivenAt, 4), u32Bytes(900));

  const second = new Script();
  const [oneAt, oneLength] = insert(world, second, "ticket", { id: 7n, note: "", number: 0 });
  const row = rowBytes("ticket", { id: 0n, note: "no such row", number: 0 });
  second.call(
    "datastore_update_bsatn",
    world.table("ticket"),
    world.index("ticket_id"),
    second.place(row),
    second.word(row.length),
  );
  const renewed = run(t, world, second, [ok, Errno.noSuchRow], { title: "the key is drawn first" });
  t.equal(wordAt(renewed, oneLength), 4);
  t.same(bytesAt(renewed, oneAt, 4), u32Bytes(2));
});

void test("deletes count what they delete", async (t) => {
  const world = await openWorld();
  const script = new Script();
  for (let id = 1; id <= 4; id++) insert(world, script, "item", { id, text: "x" });
  const counts = [script.word(), script.word(), script.word(), script.place(new Uint8Array(8))];
  const [byKey, byRange, byRows, byClear] = counts as [number, number, number, number];
  const byId = world.index("item_id");
  const key = script.word(1);
  script.call("datastore_delete_by_index_scan_point_bsatn", byId, key, 4, byKey);
  script.call("datastore_delete_by_index_scan_point_bsatn", byId, key, 4, script.word());
  const rows = relation("item", [
    { id: 2, text: "x" },
    { id: 2, text: "x" },
    { id: 3, text: "other" },
  ]);
  const item = world.table("item");
  script.call("datastore_delete_all_by_eq_bsatn", item, script.place(rows), rows.length, byRows);
  const three = script.place([0, ...u32Bytes(3)]);
  const all = script.place([2]);
  const range = [byId, 0, 0, 0, three, 5, all, 1] as const;
  script.call("datastore_delete_by_index_scan_range_bsatn", ...range, byRange);
  insert(world, script, "item", { id: 5, text: "last" });
  script.call("datastore_clear", item, byClear);
  const expected = [ok, ok, ok, ok, ok, ok, ok, ok, ok, ok];
  const result = run(t, world, script, expected);
  t.same(
    [byKey, byRows, byRange, byClear].map((at) => wordAt(result, at)),
    [1, 1, 2, 1],
  );
  t.same(world.rows("item"), []);
});

void test("a scan is a copy: later writes do not show", async (t) => {
  const world = await openWorld();
  const script = new Script();
  insert(world, script, "item", { id: 1, text: "before" });
  script.call("datastore_table_scan_bsatn", world.table("item"), script.word());
  insert(world, script, "item", { id: 2, text: "after" });
  script.call("datastore_clear", world.table("item"), script.place(new Uint8Array(8)));
  const [buffer, length] = [script.place(new Uint8Array(64)), script.word(64)];
  script.call("row_iter_bsatn_advance", 1, buffer, length);
  const result = run(t, world, script, [ok, ok, ok, ok, exhausted]);
  const bytes = rowBytes("item", { id: 1, text: "before" });
  t.same(bytesAt(result, buffer, wordAt(result, length)), bytes);
});

void test("iterators hand over whole chunks and say what they need", async (t) => {
  const world = await openWorld();
  const text = "x".repeat(20_000);
  const rowLength = 8 + text.length;
  const script = new Script();
  for (let id = 1; id <= 3; id++) insert(world, script, "item", { id, text });
  const scan = (): void => {
    script.call("datastore_table_scan_bsatn", world.table("item"), script.word());
  };
  const lengths = [100, 2 * rowLength, 3 * rowLength, 3 * rowLength, 4].map((room) =>
    script.word(room),
  );
  const buffer = script.place(new Uint8Array(3 * rowLength));
  const advance = (handle: number, i: number): void => {
    script.call("row_iter_bsatn_advance", handle, buffer, lengths[i] as number);
  };
  scan();
  advance(1, 0);
  advance(1, 1);
  advance(1, 2);
  advance(1, 4);
  scan();
  advance(1, 3);
  scan();
  script.call("row_iter_bsatn_close", 1);
  script.call("row_iter_bsatn_close", 1);
  script.call("row_iter_bsatn_close", 0);
  const { bufferTooSmall, noSuchIter } = Errno;
  const result = run(t, world, script, [
    ok,
    ok,
    ok,
    ok,
    bufferTooSmall,
    ok,
    exhausted,
    noSuchIter,
    ok,
    exhausted,
    ok,
    ok,
    noSuchIter,
    noSuchIter,
  ]);
  const sizes = lengths.map((at) => wordAt(result, at));
  t.same(sizes, [2 * rowLength, 2 * rowLength, rowLength, 3 * rowLength, 4]);
});

void test("an empty scan yields an iterator that is at its end", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const length = script.word(16);
  script.call("datastore_table_scan_bsatn", world.table("item"), script.word());
  script.call("row_iter_bsatn_advance", 1, script.place(new Uint8Array(16)), length);
  script.call("row_iter_bsatn_advance", 1, script.place(new Uint8Array(16)), length);
  const result = run(t, world, script, [ok, exhausted, Errno.noSuchIter]);
  t.equal(wordAt(result, length), 0);
});

void test("no handle outlives its call", async (t) => {
  const world = await openWorld();
  const first = new Script();
  first.call("datastore_table_scan_bsatn", world.table("item"), first.word());
  run(t, world, first, [ok]);
  const second = new Script();
  second.call("row_iter_bsatn_close", 1);
  second.call("bytes_source_remaining_length", 2, second.word());
  run(t, world, second, [Errno.noSuchIter, Errno.noSuchBytes]);
});

void test("a claim is read bit by bit, once", async (t) => {
  const world = await openWorld();
  const payload = `{"iss":"localhost","sub":"somebody"}`;
  const script = new Script();
  const connection = script.place([...u32Bytes(1001), ...new Uint8Array(12)]);
  const [handle, none, left, untouched] = [1, 2, 3, 4].map((n) => script.word(n)) as [
    number,
    number,
    number,
    number,
  ];
  const [part, rest] = [script.word(5), script.word(1000)];
  const buffer = script.place(new Uint8Array(64));
  script.call("get_jwt", connection, handle);
  script.call("get_jwt", script.place(new Uint8Array(16)), none);
  script.call("bytes_source_read", 2, buffer, part);
  script.call("bytes_source_remaining_length", 2, left);
  script.call("bytes_source_read", 2, buffer + 5, script.word(10));
  script.call("bytes_source_read", 2, buffer + 15, rest);
  script.call("bytes_source_read", 2, buffer, rest);
  script.call("bytes_source_remaining_length", 2, untouched);
  script.call("bytes_source_read", 0, buffer, rest);
  // The room of a thousand bytes has to be there, although fewer are copied.
  script.place(new Uint8Array(1000));
  const gone = Errno.noSuchBytes;
  const result = run(t, world, script, [ok, ok, ok, ok, ok, exhausted, gone, gone, gone]);
  t.same(
    [handle, none, part, left, untouched].map((at) => wordAt(result, at)),
    [2, 0, 5, payload.length - 5, 4],
  );
  t.equal(new TextDecoder().decode(bytesAt(result, buffer, payload.length)), payload);
});

void test("the sink takes everything, and its text is the error", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const [first, firstLength] = script.text("not ");
  const [second, secondLength] = script.text("today \u{1f30d}");
  const lengths = [script.word(firstLength), script.word(secondLength)] as const;
  script.call("bytes_sink_write", 1, first, lengths[0]);
  script.call("bytes_sink_write", 1, second, lengths[1]);
  script.call("bytes_sink_write", 0, second, lengths[1]);
  script.call("bytes_sink_write", 2, second, lengths[1]);
  const messages = world.scripts.client.callRaw("run", script.encode(1));
  t.match(messages, [{ outcome: { kind: "err" } }]);
  const result = run(t, world, script, [ok, ok, Errno.noSuchBytes, Errno.noSuchBytes], { code: 1 });
  t.same(
    lengths.map((at) => wordAt(result, at)),
    [firstLength, secondLength],
    "all bytes were taken",
  );
});

void test("identity, timers and what procedures alone may do", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const identity = script.place(new Uint8Array(32));
  script.call("identity", identity);
  script.call("console_timer_start", ...script.text("a"));
  script.call("console_timer_start", ...script.text("b"));
  script.call("console_timer_end", 1);
  script.call("console_timer_end", 1);
  script.call("console_timer_end", 0);
  script.call("procedure_start_mut_tx", script.place(new Uint8Array(8)));
  script.call("procedure_commit_mut_tx");
  script.call("procedure_abort_mut_tx");
  const { noSuchConsoleTimer, wouldBlockTransaction, transactionNotAnonymous } = Errno;
  const result = run(t, world, script, [
    ok,
    1,
    2,
    ok,
    noSuchConsoleTimer,
    noSuchConsoleTimer,
    wouldBlockTransaction,
    transactionNotAnonymous,
    transactionNotAnonymous,
  ]);
  const { identity: expected } = world.scripts.host.database.parts;
  t.same(bytesAt(result, identity, 32), expected.toBytes());
});

void test("a log line with bad pointers is dropped, and nothing else happens", async (t) => {
  const world = await openWorld();
  const script = new Script();
  const [text, length] = script.text("said");
  script.call("console_log", 1, 0, 0, 0, 0, -1, 0, 4);
  script.call("console_log", 1, 0, 0, 0, 0, -1, 0xffff_fff0, 100);
  script.call("console_log", 1, 0, 0, 0, 0, -1, text, 0xffff_ffff);
  script.call("console_log", 1, 0xffff_ffff, 9, 0xffff_fff0, 99, 7, text, length);
  script.call("console_timer_start", 0xffff_ffff, 5);
  let logged = "";
  const stop = world.scripts.host.database.parts.moduleLog.follow((line) => (logged += line));
  run(t, world, script, [ok, ok, ok, ok, 1]);
  stop();
  const records = logged.split("\n").filter((line) => line.includes("Warn"));
  t.equal(records.length, 1);
  t.match(JSON.parse(records[0] ?? ""), { level: "Warn", message: "said", line_number: 7 });
  t.notMatch(records[0], /target|filename/);
});
