// Guests that mean harm or are broken: their calls end, their database lives on.
import { test } from "tap";
import type { ServerMessage } from "@lightcone/abi";
import { limit } from "../../src/base/limit.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest, type GuestParts } from "./guest.ts";
import { memoryBytes, Script } from "./script.ts";
import { openWorld, rowBytes } from "./world.ts";

const fatal = "The instance encountered a fatal error.";

/** Parameters that are good, of which those at `pointers` are addresses of that many bytes. */
interface Good {
  readonly name: string;
  readonly args: readonly number[];
  readonly pointers: Readonly<Record<number, number>>;
}

void test("every pointer of every import may be bad", async (t) => {
  const world = await openWorld();
  const [item, index] = [world.table("item"), world.index("item_id")];
  const base = new Script();
  const row = rowBytes("item", { id: 1, text: "x" });
  const at = base.place(new Uint8Array(64));
  const four = base.word(4);
  const name = [...base.text("item")];
  const rowAt = base.place(row);
  const rowLength = base.word(row.length);
  const all = base.place([2]);
  const range = [index, 0, 0, 0, all, 1, all, 1, at];
  const goods: readonly Good[] = [
    { name: "table_id_from_name", args: [...name, at], pointers: { 0: 4, 2: 4 } },
    { name: "index_id_from_name", args: [...base.text("item_id"), at], pointers: { 0: 7, 2: 4 } },
    { name: "datastore_table_row_count", args: [item, at], pointers: { 1: 8 } },
    { name: "datastore_table_scan_bsatn", args: [item, at], pointers: { 1: 4 } },
    { name: "datastore_index_scan_range_bsatn", args: range, pointers: { 4: 1, 6: 1, 8: 4 } },
    {
      name: "datastore_delete_by_index_scan_range_bsatn",
      args: range,
      pointers: { 4: 1, 6: 1, 8: 4 },
    },
    {
      name: "datastore_index_scan_point_bsatn",
      args: [index, at, 4, at],
      pointers: { 1: 4, 3: 4 },
    },
    {
      name: "datastore_delete_by_index_scan_point_bsatn",
      args: [index, at, 4, at],
      pointers: { 1: 4, 3: 4 },
    },
    {
      name: "datastore_insert_bsatn",
      args: [item, rowAt, rowLength],
      pointers: { 1: row.length, 2: 4 },
    },
    {
      name: "datastore_update_bsatn",
      args: [item, index, rowAt, rowLength],
      pointers: { 2: row.length, 3: 4 },
    },
    {
      name: "datastore_delete_all_by_eq_bsatn",
      args: [item, at, 4, at],
      pointers: { 1: 4, 3: 4 },
    },
    { name: "datastore_clear", args: [item, at], pointers: { 1: 8 } },
    { name: "bytes_sink_write", args: [1, at, four], pointers: { 1: 4, 2: 4 } },
    { name: "identity", args: [at], pointers: { 0: 32 } },
    { name: "get_jwt", args: [at, at], pointers: { 0: 16, 1: 4 } },
  ];
  const kept = { id: 9, text: "kept" };
  const insert = (script: Script, value: { id: number; text: string }): void => {
    const bytes = rowBytes("item", value);
    script.call("datastore_insert_bsatn", item, script.place(bytes), script.word(bytes.length));
  };
  const first = new Script();
  insert(first, kept);
  t.match(world.scripts.run(first), { statuses: [0] });
  for (const good of goods) {
    for (const [position, size] of Object.entries(good.pointers)) {
      for (const bad of [0, memoryBytes - size + 1, memoryBytes, 0x8000_0000, 0xffff_ffff]) {
        const script = new Script();
        script.place(base.image());
        insert(script, { id: 10, text: "lost" });
        const args = good.args.map((arg, i) => (i === Number(position) ? bad : arg));
        script.call(good.name, ...args);
        const expected = bad === 0 ? /null pointer/ : /pointer outside its memory/;
        const title = `${good.name} ${position} ${bad}`;
        t.match(world.scripts.run(script), { kind: "trapped", message: expected }, title);
        t.same(world.rows("item"), [kept], title);
      }
    }
    // And with none of them bad.
    const script = new Script();
    script.place(base.image());
    script.call(good.name, ...good.args);
    t.match(world.scripts.run(script, 1), { kind: "ran", statuses: [Number] }, good.name);
  }
  t.same(world.scripts.host.failures, []);
});

void test("an open iterator and an open source meet bad pointers, too", async (t) => {
  const world = await openWorld();
  const bad = [0, memoryBytes - 3, 0xffff_fffe];
  const uses: [string, (pointer: number, script: Script) => number[]][] = [
    ["row_iter_bsatn_advance", (pointer, s) => [1, pointer, s.word(4)]],
    ["row_iter_bsatn_advance", (pointer, s) => [1, s.word(), pointer]],
    ["bytes_source_read", (pointer, s) => [2, pointer, s.word(4)]],
    ["bytes_source_read", (pointer, s) => [2, s.word(), pointer]],
    ["bytes_source_remaining_length", (pointer) => [2, pointer]],
  ];
  for (const [name, args] of uses) {
    for (const pointer of bad) {
      const script = new Script();
      script.call("datastore_table_scan_bsatn", world.table("item"), script.word());
      const connection = script.place([0xe9, 3, ...new Uint8Array(14)]);
      script.call("get_jwt", connection, script.word());
      script.call(name, ...args(pointer, script));
      t.match(world.scripts.run(script), { kind: "trapped" }, `${name} ${pointer}`);
    }
  }
});

void test("lengths beyond all bounds", async (t) => {
  const world = await openWorld();
  const item = world.table("item");
  const cases: [string, (script: Script) => readonly number[], RegExp][] = [
    ["datastore_insert_bsatn", (s) => [item, s.word(), s.word(0xffff_ffff)], /outside its memory/],
    ["bytes_sink_write", (s) => [1, s.word(), s.word(0xffff_fff0)], /outside its memory/],
    ["table_id_from_name", (s) => [s.word(), 0xffff_ffff, s.word()], /outside its memory/],
    ["table_id_from_name", (s) => [s.place([0xc3, 0x28]), 2, s.word()], /not valid UTF-8/],
    [
      "datastore_delete_all_by_eq_bsatn",
      (s) => [item, s.word(), 0xffff_ffff, s.word()],
      /outside its memory/,
    ],
    ["procedure_sleep_until", () => [5], /may not sleep/],
    ["procedure_http_request", (s) => [s.word(), 0, s.word(), 0, s.word()], /may not send HTTP/],
  ];
  for (const [name, args, message] of cases) {
    const script = new Script();
    script.call(name, ...args(script));
    t.match(world.scripts.run(script), { kind: "trapped", message }, name);
  }
});

void test("[SCHED4] immediate calls: a name that is no text, and more of them than are kept", async (t) => {
  const world = await openWorld();
  const { scripts } = world;
  const ask = (name: readonly number[], argsLength: number): ReturnType<typeof scripts.run> => {
    const script = new Script();
    const at = script.place(name);
    const args = script.word();
    script.call("volatile_nonatomic_schedule_immediate", at, name.length, args, argsLength);
    return scripts.run(script);
  };
  t.match(ask([0xff], 0), { kind: "trapped", message: /not valid UTF-8/ });
  t.match(ask([0x61], 0x7fff_ffff), { kind: "trapped", message: /outside its memory/ });
  const megabyte = 1024 * 1024;
  let askedCount = 0;
  while (ask([0x61], megabyte).kind === "ran") askedCount++;
  t.equal(askedCount, limit.immediateCallBytesMax / megabyte - 1, "the names count, too");
  scripts.host.timers.advance(0n);
  t.match(ask([0x61], megabyte), { kind: "ran" }, "there is room again");
  t.same(scripts.host.failures, []);
});

void test("[SCHED4] start-up code schedules nothing", async (t) => {
  const more = `(func (export "_initialize")
    (call $volatile_nonatomic_schedule_immediate
      (i32.const 8) (i32.const 1) (i32.const 8) (i32.const 1)))`;
  const host = new TestHost();
  const service = await host.open();
  await t.rejects(service.publish(await assembleGuest({ more }), owner), {
    code: "LC_MODULE_LOAD",
    message: /start-up code may not schedule calls/,
  });
});

async function openGuest(parts: GuestParts): Promise<{ host: TestHost; client: TestClient }> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(await assembleGuest(parts), owner);
  const client = new TestClient(host, 1, "somebody");
  host.take(1);
  return { host, client };
}

const table = {
  name: "item",
  columns: { id: { kind: "u32" } },
  primaryKey: 0,
  indexes: [{ name: "item_id", algorithm: { tag: "BTree", value: [0] } }],
  unique: [[0]],
} as const;

/** `$insert` inserts the row `id`; table 4096 is the first of a module. */
const insertFunction = `
  (func $insert (param $id i32) (result i32)
    (i32.store (i32.const 640) (local.get $id))
    (i32.store (i32.const 648) (i32.const 4))
    (call $datastore_insert_bsatn (i32.const 4096) (i32.const 640) (i32.const 648)))`;

function rowCount(host: TestHost): number | undefined {
  return host.database.parts.datastore.tableByName("item")?.rowCount;
}

function outcomes(messages: readonly ServerMessage[]): unknown[] {
  return messages.map((message) => {
    if (message.kind !== "reducerResult") return message.kind;
    const { outcome } = message;
    return "error" in outcome ? outcome.error : outcome.kind;
  });
}

void test("what traps is replaced: nothing of its memory remains", async (t) => {
  const reducers = ["count", "trap", "code"].map((name) => ({ name }));
  const { host, client } = await openGuest({
    definition: { tables: [table], reducers },
    // Every call counts; `count` inserts the number, `trap` ends, `code` returns what no reducer may.
    reducer: `
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (drop (call $insert (i32.add (global.get $calls) (i32.mul (local.get $id) (i32.const 100)))))
      (if (i32.eq (local.get $id) (i32.const 1)) (then unreachable))
      (if (i32.eq (local.get $id) (i32.const 2)) (then (return (i32.const -4))))
      (i32.const 0)`,
    more: `(global $calls (mut i32) (i32.const 0)) ${insertFunction}`,
  });
  client.subscribe(1, "SELECT * FROM item");
  const ids = (messages: readonly ServerMessage[]): unknown =>
    messages.map((message) => {
      const outcome = message.kind === "reducerResult" ? message.outcome : undefined;
      if (outcome?.kind !== "ok") return outcome;
      const [part] = outcome.querySets[0]?.tables[0]?.rows ?? [];
      return part?.kind === "persistent" ? client.rows("item", part.inserts) : part;
    });
  t.same(ids(client.call("count")), [[{ id: 1 }]]);
  t.same(ids(client.call("count")), [[{ id: 2 }]]);
  t.same(outcomes(client.call("code")), [fatal], "rolled back");
  t.same(ids(client.call("count")), [[{ id: 4 }]], "but the instance is kept");
  t.same(outcomes(client.call("trap")), [fatal]);
  t.same(rowCount(host), 3);
  t.same(outcomes(client.call("count")), ["ok"]);
  t.equal(rowCount(host), 3, "the count began anew, and id 1 was there");
});

void test("a guest that catches a trap is rolled back all the same", async (t) => {
  const { host, client } = await openGuest({
    definition: { tables: [table], reducers: [{ name: "catch" }, { name: "good" }] },
    reducer: `
      (drop (call $insert (i32.add (local.get $id) (i32.const 7))))
      (if (i32.eqz (local.get $id)) (then
        (block $after (try (do (call $identity (i32.const 0))) (catch_all (br $after))))))
      (i32.const 0)`,
    more: insertFunction,
  });
  t.same(outcomes(client.call("catch")), [fatal]);
  t.equal(rowCount(host), 0);
  t.same(outcomes(client.call("good")), ["ok"]);
  t.equal(rowCount(host), 1);
});

void test("an exception of the guest's own that nobody catches is a trap", async (t) => {
  const { host, client } = await openGuest({
    definition: { tables: [table], reducers: [{ name: "throw" }] },
    reducer: `(drop (call $insert (i32.const 1))) (throw $e)`,
    more: `(tag $e) ${insertFunction}`,
  });
  t.same(outcomes(client.call("throw")), [fatal]);
  t.same(outcomes(client.call("throw")), [fatal]);
  t.equal(rowCount(host), 0);
  t.same(host.failures, []);
});

void test("hundreds of traps do not use up what instances are made of", async (t) => {
  const { host, client } = await openGuest({
    definition: { tables: [table], reducers: [{ name: "trap" }, { name: "good" }] },
    reducer: `(if (i32.eqz (local.get $id)) (then unreachable)) (call $insert (i32.const 1))`,
    more: insertFunction,
  });
  for (let i = 0; i < 300; i++) t.same(outcomes(client.call("trap")), [fatal]);
  t.same(outcomes(client.call("good")), ["ok"]);
  t.same(host.failures, []);
});

void test("memory that grows inside a call is seen at once", async (t) => {
  const { host, client } = await openGuest({
    definition: { tables: [table], reducers: [{ name: "grow" }] },
    // The row lies in the new page, whose address no earlier view has.
    reducer: `(local $at i32)
      (drop (call $insert (i32.const 1)))
      (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
      (i32.store (local.get $at) (i32.const 2))
      (i32.store (i32.const 648) (i32.const 4))
      (call $datastore_insert_bsatn (i32.const 4096) (local.get $at) (i32.const 648))`,
    more: insertFunction,
  });
  t.same(outcomes(client.call("grow")), ["ok"]);
  t.equal(rowCount(host), 2);
});

void test("the stack may end inside an import: no half written row remains", async (t) => {
  // Each level takes stack, then inserts: sooner or later the stack ends where the host is at work.
  const endings = new Set<string>();
  for (let frame = 0; frame < 6; frame++) {
    const locals = Array.from({ length: frame * 3 }, (_, i) => `(local $l${i} i64)`).join(" ");
    const { host, client } = await openGuest({
      definition: { tables: [table], reducers: [{ name: "recurse" }, { name: "one" }] },
      reducer: `(if (local.get $id) (then (return (call $insert (i32.const 1)))))
        (call $recurse (i32.const 10)) (i32.const 0)`,
      more: `${insertFunction} (func $recurse (param $n i32) ${locals}
        (drop (call $insert (local.get $n)))
        (call $recurse (i32.add (local.get $n) (i32.const 1))))`,
    });
    t.same(outcomes(client.call("one")), ["ok"]);
    await host.database.log.flush();
    const told = outcomes(client.call("recurse"));
    if (host.failures.length === 0) {
      endings.add("trap");
      t.same(told, [fatal]);
      t.equal(rowCount(host), 1);
      continue;
    }
    // The write was under way: the state in memory is given up, and read again from the log.
    endings.add("failure");
    t.match(host.failures, [/in the middle of a write$/]);
    t.same(told, []);
    const again = new TestHost(host.disk);
    await again.open();
    t.equal(rowCount(again), 1);
    t.same(outcomes(new TestClient(again, 1, "somebody").call("one")), ["initialConnection", "ok"]);
  }
  t.ok(endings.size > 0, [...endings].join());
});
