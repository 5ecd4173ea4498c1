// What imports that read and tell answer to a guest, call by call (abi.md sections 5.1, 5.2 and 5.5 to 5.9).
import { test } from "tap";
import { Errno, exhausted } from "@lightcone/abi";
import { bytesAt, Script, wordAt } from "./script.ts";
import { insert, openWorld, rowBytes, run, u32Bytes } from "./world.ts";

const ok = 0;

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
