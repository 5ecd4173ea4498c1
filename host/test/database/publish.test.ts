// Publishing, first and again: all of it happens, or nothing does (runtime.md sections 11 and 19).
import { test, type Test } from "tap";
import { LightconeError, type ServerMessage, Timestamp } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest, type GuestParts, importDeclarations } from "../module/guest.ts";
import { ending } from "../module/probe.ts";
import { tableRows } from "../rows.ts";

async function openEmpty(disk = new MemoryDisk()): Promise<TestHost> {
  const host = new TestHost(disk);
  await host.open();
  return host;
}

async function openWith(program: Uint8Array): Promise<TestHost> {
  const host = await openEmpty();
  await host.service.publish(program, owner);
  return host;
}

/** The database that another start finds on the same disk. */
async function reopened(host: TestHost): Promise<TestHost> {
  return openEmpty((host.disk as MemoryDisk).crash(seededRandom(11)));
}

function userTables(host: TestHost): string[] {
  return host.database.parts.datastore
    .userTables()
    .map(({ schema }) => schema.name)
    .sort();
}

async function refusal(host: TestHost, program: Uint8Array): Promise<LightconeError | undefined> {
  try {
    await host.service.publish(program, owner);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof LightconeError) return thrown;
    throw thrown;
  }
}

function isNothingThere(t: Test, host: TestHost, title: string): void {
  t.notOk(host.database.isPublished, title);
  t.same(userTables(host), [], title);
  t.same(tableRows(host.database, "st_module"), [], title);
  t.equal(host.database.log.nextOffset, 0, `${title}: nothing is logged`);
}

const item = { name: "item", columns: { id: { kind: "u32" } } } as const;

/** A guest whose `init` ends as the body says, after it has written a row. */
function initGuest(body: string, more: Partial<GuestParts> = {}): Promise<Uint8Array> {
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write", "datastore_insert_bsatn"]),
    definition: { tables: [item], reducers: [{ name: "init", lifecycle: "Init" }] },
    reducer: `(i32.store (i32.const 648) (i32.const 4))
      (drop (call $datastore_insert_bsatn (i32.const 4096) (i32.const 640) (i32.const 648)))
      ${body}`,
    ...more,
  });
}

void test("a first publish that fails leaves nothing, and the next one succeeds", async (t) => {
  const host = await openEmpty();
  const sayNo = `(i32.store (i32.const 656) (i32.const 2)) (i32.store (i32.const 660) (i32.const 28526))
    (drop (call $bytes_sink_write (local.get $sink) (i32.const 660) (i32.const 656))) (i32.const 1)`;
  const invalid = { tables: [{ ...item, primaryKey: 9 }] };
  const rules = { tables: [item], rowLevelSecurity: ["SELECT * FROM nothing"] };
  const cases: [title: string, program: Uint8Array, expected: object][] = [
    ["garbage", new Uint8Array([1, 2, 3]), { code: "LC_MODULE_LOAD" }],
    ["truncated", readWasm("chat").subarray(0, 5000), { code: "LC_MODULE_LOAD" }],
    ["init fails", await initGuest(sayNo), { code: "LC_REDUCER_FAILED", message: /: no$/ }],
    [
      "init traps",
      await initGuest("unreachable"),
      { code: "LC_REDUCER_FAILED", message: /fatal error\. unreachable/ },
    ],
    [
      "invalid",
      await initGuest("", { definition: invalid, reducer: "(i32.const 0)" }),
      { code: "LC_MODULE_INVALID" },
    ],
    [
      "a row rule on a table that is not there",
      await initGuest("", { definition: rules, reducer: "(i32.const 0)" }),
      { code: "LC_MODULE_INVALID", reasons: [/^row rule .*no such table/s] },
    ],
  ];
  for (const [title, program, expected] of cases) {
    t.match(await refusal(host, program), expected, title);
    isNothingThere(t, host, title);
    isNothingThere(t, await reopened(host), title);
  }
  t.equal(await host.service.publish(readWasm("bank"), owner), "created");
  t.ok((await reopened(host)).database.isOwner(owner));
  t.same(host.failures, []);
});

void test("what init wrote is there, also after a crash", async (t) => {
  const host = await openWith(await initGuest("(i32.const 0)"));
  t.same(tableRows(host.database, "item"), [{ id: 0 }]);
  t.same(tableRows((await reopened(host)).database, "item"), [{ id: 0 }]);
});

void test("[scenario 14] the same bytes again change nothing", async (t) => {
  const host = await openWith(readWasm("chat"));
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, "SELECT * FROM user");
  const offset = host.database.log.nextOffset;
  t.equal(await host.service.publish(readWasm("chat"), owner), "unchanged");
  t.equal(host.database.log.nextOffset, offset);
  t.same(host.closed, []);
  t.equal(ending(alice.call("set_name", { name: "Alice" })), "ok");
});

void test("a larger schema takes over: clients, subscriptions and rows stay", async (t) => {
  const host = await openWith(readWasm("chat"));
  const alice = new TestClient(host, 1, "alice");
  const bob = new TestClient(host, 2, "bob");
  alice.call("send_message", { text: "before" });
  bob.subscribe(7, "SELECT * FROM message");
  host.take(2);
  t.equal(ending(alice.callRaw("create_room", new Uint8Array([0, 0, 0, 0]))), "no such reducer");
  t.match(host.service.planPublish(readWasm("chat-v2")), {
    kind: "possible",
    text: /Created user table: room \(public\)/,
  });
  t.same(userTables(host), ["message", "session", "user"], "a plan changes nothing");
  t.equal(await host.service.publish(readWasm("chat-v2"), owner), "updated");
  t.same(userTables(host), ["message", "room", "session", "user"]);
  t.same(
    [host.closed, host.dropped, host.take(1), host.take(2)],
    [[], [], [], []],
    "nobody notices",
  );
  t.equal(ending(alice.call("send_message", { text: "after" })), "ok");
  t.match(host.take(2), [{ kind: "transactionUpdate" }], "the old subscription goes on");
  alice.subscribe(3, "SELECT * FROM room");
  t.equal(ending(alice.call("create_room", { name: "hall" })), "ok");
  t.equal(ending(alice.call("create_room", { name: "hall" })), "a room is already named hall");
  const check = (one: TestHost): void => {
    t.same(
      tableRows(one.database, "message").map((row) => row["text"]),
      ["before", "after"],
    );
    t.match(tableRows(one.database, "room"), [{ name: "hall" }]);
    t.equal(tableRows(one.database, "user").length, 2);
  };
  check(host);
  await host.database.log.flush();
  const again = await reopened(host);
  check(again);
  const carol = new TestClient(again, 1, "carol");
  again.take(1);
  t.equal(ending(carol.call("create_room", { name: "attic" })), "ok");
});

void test("[scenario 13] a schema that would lose data is refused with its reasons, and the old one serves on", async (t) => {
  const host = await openWith(readWasm("chat"));
  const alice = new TestClient(host, 1, "alice");
  host.take(1);
  const offset = host.database.log.nextOffset;
  const thrown = await refusal(host, readWasm("chat-bad"));
  t.match(thrown, {
    code: "LC_PUBLISH_REFUSED",
    reasons: ["table session: column connected_at is removed"],
  });
  t.match(host.service.planPublish(readWasm("chat-bad")), {
    kind: "impossible",
    reason: /connected_at/,
  });
  const bank = await refusal(host, readWasm("bank"));
  const held = ["session", "user"].map((table) => `table ${table} is removed, but holds 1 row`);
  t.same(bank?.reasons, held, "all of them");
  t.match(await refusal(host, readWasm("chat").subarray(0, 3000)), { code: "LC_MODULE_LOAD" });
  t.equal(host.database.log.nextOffset, offset);
  t.equal(ending(alice.call("send_message", { text: "still here" })), "ok");
  t.same(userTables(host), ["message", "session", "user"]);
  t.equal((await reopened(host)).database.module.programHash, host.database.module.programHash);
});

void test("private reducers and tables are the owner's", async (t) => {
  const host = await openWith(readWasm("probe"));
  const stranger = new TestClient(host, 1, "stranger");
  const own = new TestClient(host, 2, "owner");
  host.take(1);
  host.take(2);
  t.equal(
    ending(stranger.call("keep_secret", { id: 1, text: "hush" })),
    "ok",
    "the module decides who writes",
  );
  const told = (messages: readonly ServerMessage[]): unknown =>
    messages.map((message) => ("error" in message ? message.error : message.kind));
  const text = "no such table: `secret`. If the table exists, it may be marked private.";
  t.match(told(stranger.subscribe(1, "SELECT * FROM secret")), [text]);
  t.match(stranger.query("SELECT * FROM secret"), [
    { result: { kind: "err", error: new RegExp(text.slice(0, 20)) } },
  ]);
  t.same(told(own.subscribe(1, "SELECT * FROM secret")), ["subscribeApplied"]);
  const all = (client: TestClient): string[] =>
    client
      .subscribe(9, "SELECT * FROM *")
      .flatMap((message) =>
        message.kind === "subscribeApplied" ? message.tables.map(({ table }) => table) : [],
      );
  t.notOk(all(stranger).includes("secret"));
  t.ok(all(own).includes("secret"));
});

void test("[scenario 10] schedules of a compiled module; only the owner may call what they call", async (t) => {
  const host = await openWith(readWasm("probe-views"));
  const alice = new TestClient(host, 1, "alice");
  host.take(1);
  t.equal(ending(alice.call("remind_once", { micros: 5n, text: "once" })), "ok");
  t.equal(ending(alice.call("remind_often", { micros: 1_000n, text: "often" })), "ok");
  t.equal(ending(alice.call("remind_at_once", { text: "now" })), "ok");
  const row = { scheduled_id: 1n, scheduled_at: { tag: "Time", value: new Timestamp(0n) } };
  const reminder = { reminder: { ...row, text: "by hand" } };
  t.equal(ending(alice.call("remind", reminder)), "no such reducer");
  host.timers.advance(2_500n);
  const texts = (): unknown[] => tableRows(host.database, "note").map(({ text }) => text);
  t.same(texts(), ["now", "once", "often", "often"]);
  t.same(
    tableRows(host.database, "reminder").map(({ text }) => text),
    ["often"],
  );
  const own = new TestClient(host, 2, "owner");
  host.take(2);
  t.equal(ending(own.call("remind", reminder)), "ok");
  t.same(texts().slice(4), ["by hand"]);
  t.same(host.failures, []);
});
