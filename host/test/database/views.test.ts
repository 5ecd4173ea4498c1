// Views of a real database: computed for who uses them, kept up to date inside every transaction, gone after a start
// (sql-and-subscriptions.md section 9, runtime.md section 19).
import { present } from "@lightcone/abi";
import { test, type Test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { limit } from "../../src/base/limit.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type Client, makeClient } from "../../src/database/client.ts";
import { prepareViews, viewsIn } from "../../src/database/views/use.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { ending } from "../module/probe.ts";
import { assembleGuest } from "../module/guest.ts";
import { Script } from "../module/script.ts";
import { assembleViewGuest, openViewHost, returning, withViews } from "../module/view-script.ts";
import { definition, insert, relation, rowBytes, u32Bytes, type World } from "../module/world.ts";
import { type Row, tableRows } from "../rows.ts";

/** Another client of the database than the one on a socket, with the same identity. */
function clientOf(client: TestClient): Client {
  const { identity, connectionId, host } = client;
  return makeClient(client.socket, identity, connectionId, "", host.database.isOwner(identity));
}

/** Uses the views that a query reads, or those of the names that are given in its place. */
function use(client: TestClient, text: string): number {
  const { database } = client.host;
  const { parts, module } = database;
  const one = clientOf(client);
  const texts = text.startsWith("SELECT")
    ? [text]
    : text.split(" ").map((name) => `SELECT * FROM ${name}`);
  const wanted = viewsIn(texts, parts, module, one, database.sqlCaller(one));
  return prepareViews(parts, module, one, wanted).length;
}

/** The rows of a backing table without the hash. */
function viewRows(host: TestHost, name: string): Row[] {
  return tableRows(host.database, name).map(({ arg_hash: _hash, ...row }) => row);
}

async function openProbe(): Promise<{ host: TestHost; alice: TestClient; bob: TestClient }> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe-views"), owner);
  const [alice, bob] = [new TestClient(host, 1, "alice"), new TestClient(host, 2, "bob")];
  host.take(1);
  host.take(2);
  return { host, alice, bob };
}

function addNote(t: Test, client: TestClient, text: string, stars: number): void {
  t.equal(ending(client.call("add_note", { text, stars })), "ok", text);
}

void test("a publish creates backing tables and registers them", async (t) => {
  const { host } = await openProbe();
  const { datastore } = host.database.parts;
  const registered = tableRows(host.database, "st_view");
  t.equal(registered.length, 3);
  for (const [name, isAnonymous] of [
    ["best_notes", true],
    ["my_notes", false],
    ["note_count", true],
  ] as const) {
    const { id } = present(datastore.tableByName(name), name).schema;
    const expected = { table_id: id, is_public: true, is_anonymous: isAnonymous };
    t.match(
      registered.find((row) => row["view_name"] === name),
      expected,
      name,
    );
  }
  const columns = tableRows(host.database, "st_view_column").map(
    (row) => row["col_name"] as string,
  );
  t.same(
    columns.sort((a, b) => (a < b ? -1 : 1)),
    ["author", "author", "count", "id", "id", "stars", "stars", "text", "text"],
  );
  t.same(tableRows(host.database, "st_view_param"), []);
  const { schema } = present(datastore.tableByName("my_notes"), "my_notes");
  t.same(
    schema.columns.map(({ name, type }) => [name, type.kind]),
    [
      ["arg_hash", "u256"],
      ["id", "u64"],
      ["author", "product"],
      ["stars", "u32"],
      ["text", "string"],
    ],
  );
  t.match(schema, { kind: "user", access: "public", isEphemeral: true, primaryKey: undefined });
  t.equal(schema.indexes[0]?.name, "my_notes_arg_hash_idx_btree");
  t.notOk(schema.indexes[0]?.isUnique);
});

void test("each caller has rows of its own, kept up to date in the transactions that concern them", async (t) => {
  const { host, alice, bob } = await openProbe();
  addNote(t, alice, "first", 1);
  const offset = host.database.log.nextOffset;
  t.equal(use(alice, "my_notes"), 1);
  t.equal(use(bob, 'SELECT * FROM "my_notes" WHERE stars = 1'), 1);
  t.equal(use(bob, "SELECT n.* FROM note_count n JOIN best_notes b"), 2);
  t.equal(use(bob, "note"), 0, "a table is no view");
  t.equal(host.database.log.nextOffset, offset, "computing a view takes no offset");
  t.equal(host.database.parts.views.count, 4);
  t.match(viewRows(host, "my_notes"), [{ text: "first" }]);
  t.same(viewRows(host, "note_count"), [{ count: 1n }]);
  t.same(viewRows(host, "best_notes"), []);
  addNote(t, bob, "second", 5);
  t.same(
    viewRows(host, "my_notes").map(({ text }) => text),
    ["first", "second"],
  );
  t.same(viewRows(host, "note_count"), [{ count: 2n }]);
  t.match(viewRows(host, "best_notes"), [{ text: "second", stars: 5 }]);
  t.equal(use(alice, "my_notes"), 1);
  t.equal(host.database.parts.views.count, 4, "nothing is computed twice");
  const hashes = tableRows(host.database, "my_notes").map((row) => row["arg_hash"]);
  t.equal(new Set(hashes).size, 2);
});

void test("clients subscribe to views, hear of changes and are not told of hashes", async (t) => {
  const { host, alice, bob } = await openProbe();
  addNote(t, alice, "mine", 1);
  const rowsOf = (client: TestClient, table: string): unknown[] =>
    client
      .query(`SELECT * FROM ${table}`)
      .flatMap((message) =>
        message.kind === "oneOffQueryResult" && message.result.kind === "ok"
          ? message.result.tables.flatMap(({ rows }) => client.rows("note", rows))
          : [JSON.stringify(message, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v))],
      );
  t.match(rowsOf(alice, "my_notes"), [{ text: "mine", stars: 1 }]);
  t.same(rowsOf(bob, "my_notes"), []);
  t.match(alice.subscribe(1, "SELECT * FROM my_notes"), [{ kind: "subscribeApplied" }]);
  t.match(bob.subscribe(1, "SELECT * FROM my_notes", "SELECT * FROM note_count"), [
    { kind: "subscribeApplied" },
  ]);
  addNote(t, bob, "of bob", 5);
  t.same(host.take(1), [], "nothing of alice's has changed");
  addNote(t, alice, "another", 5);
  t.match(host.take(2), [{ kind: "transactionUpdate" }], "the count is bob's, too");
  t.match(rowsOf(alice, "best_notes"), [{ text: "of bob" }, { text: "another" }]);
  alice.unsubscribe(1);
  host.service.disconnect(2);
  host.clock.advance(BigInt(limit.viewIdleMillisMax + limit.viewSweepMillis) * 1000n);
  host.service.endTurn();
  t.equal(host.database.parts.views.count, 0);
  t.same(host.failures, []);
});

void test("neither log nor snapshot holds rows of views; a start finds none", async (t) => {
  const { host, alice } = await openProbe();
  addNote(t, alice, "kept", 4);
  use(alice, "my_notes note_count best_notes");
  addNote(t, alice, "kept as well", 5);
  t.equal(viewRows(host, "my_notes").length, 2);
  await host.database.snapshot();
  addNote(t, alice, "behind the snapshot", 5);
  await host.database.log.flush();
  const disk = host.disk as MemoryDisk;
  const logOnly = disk.crash(seededRandom(1));
  await logOnly.remove("snapshots");
  for (const one of [disk.crash(seededRandom(1)), logOnly]) {
    const again = new TestHost(one);
    await again.open();
    for (const name of ["my_notes", "note_count", "best_notes"]) {
      t.same(tableRows(again.database, name), [], name);
      const { schema } = present(again.database.parts.datastore.tableByName(name), name);
      t.ok(schema.isEphemeral, name);
    }
    t.equal(tableRows(again.database, "note").length, 3);
    t.notOk(again.database.parts.views.isActive);
    const client = new TestClient(again, 1, "alice");
    again.take(1);
    use(client, "my_notes");
    addNote(t, client, "afterwards", 1);
    t.equal(viewRows(again, "my_notes").length, 4);
  }
});

/** Inserts an item by the reducer `run`. */
function insertItem({ host, client }: Scripted, id: number): string | undefined {
  const script = new Script();
  const { datastore } = host.database.parts;
  const table = (name: string): number => present(datastore.tableByName(name), name).schema.id;
  insert({ table } as World, script, "item", { id, text: "" });
  return ending(client.callRaw("run", script.encode(0)));
}

interface Scripted {
  readonly host: TestHost;
  readonly client: TestClient;
}

/** What the views of a scripted guest do from now on. */
function remember({ client }: Scripted, script: Script, code: number): void {
  client.callRaw("remember", script.encode(code));
}

/** A view that reads all items and returns these rows. */
function reading({ host }: Scripted, ...sink: readonly Uint8Array[]): Script {
  const script = new Script();
  const table = present(host.database.parts.datastore.tableByName("item"), "item").schema.id;
  script.call("datastore_table_scan_bsatn", table, script.word());
  return returning(script, ...sink);
}

const one = { id: 1, text: "one" };

void test("[scenario 20] a view that fails takes the transaction with it, for whoever made it", async (t) => {
  const scripted = await openViewHost(definition);
  const { host } = scripted;
  const good = relation("item", [one]);
  const twice = relation("item", [one, { id: 2, text: "two" }]);
  const unfinished = good.subarray(0, good.length - 1);
  const sql = (text: string): Uint8Array[] => {
    const bytes = new TextEncoder().encode(text);
    return [Uint8Array.of(1), u32Bytes(bytes.length), bytes];
  };
  const row = rowBytes("item", one);
  const cases: [title: string, view: string, script: () => Script, code: number, log: RegExp][] = [
    ["an error", "all", () => reading(scripted, new TextEncoder().encode("no")), 1, /: no$/],
    ["a trap", "own", () => reading(scripted).call("datastore_clear", 0, 0), 0, /may not write/],
    ["another type", "all", () => reading(scripted, unfinished), 0, /row 0 .* not of its row type/],
    ["too short", "all", () => reading(scripted, Uint8Array.of(1)), 0, /no array of rows/],
    ["too long", "all", () => reading(scripted, good, row), 0, /behind its last row/],
    ["more than one", "one", () => reading(scripted, twice), 0, /2 rows where at most one/],
    [
      "a view's query",
      "all",
      () => reading(scripted, ...sql("SELECT * FROM own")),
      2,
      /reads the view own/,
    ],
    ["other rows", "all", () => reading(scripted, ...sql("SELECT * FROM pair")), 2, /row type/],
    ["nonsense", "all", () => reading(scripted, ...sql("SELEC")), 2, /query is refused/],
    [
      "a sender",
      "all",
      () => reading(scripted, ...sql("SELECT * FROM item WHERE text = :sender")),
      2,
      /query/,
    ],
  ];
  let id = 10;
  for (const [title, view, script, code, log] of cases) {
    host.clock.advance(BigInt(limit.viewIdleMillisMax) * 1000n);
    host.service.endTurn();
    t.equal(host.database.parts.views.count, 0, `${title}: nothing is in use`);
    remember(scripted, reading(scripted, relation("item", [])), 0);
    use(scripted.client, view);
    remember(scripted, script(), code);
    const rows = tableRows(host.database, "item");
    let logged = "";
    const stop = host.database.parts.moduleLog.follow((line) => (logged += line));
    const offset = host.database.log.nextOffset;
    t.equal(
      insertItem(scripted, ++id),
      `The view ${view} failed; the transaction was rolled back.`,
    );
    host.service.endTurn();
    stop();
    t.match(
      JSON.parse(logged.trim().split("\n").at(-1) ?? ""),
      { level: "Error", message: log },
      title,
    );
    t.same(tableRows(host.database, "item"), rows, `${title}: nothing is stored`);
    t.equal(host.database.log.nextOffset, offset, `${title}: nothing is logged`);
    remember(scripted, reading(scripted, relation("item", [one])), 0);
    t.equal(insertItem(scripted, ++id), "ok", `${title}: the next one goes through`);
    t.same(viewRows(host, view), [one], title);
  }
  t.same(host.failures, []);
});

void test("a view that cannot be computed is refused to who asks for it", async (t) => {
  const scripted = await openViewHost(definition);
  remember(scripted, reading(scripted, new TextEncoder().encode("not today")), 1);
  t.throws(() => use(scripted.client, "SELECT * FROM all"), {
    code: "LC_VIEW",
    message: /view all/,
  });
  t.notOk(scripted.host.database.parts.datastore.isInTransaction);
  t.notOk(scripted.host.database.parts.views.isActive);
  t.equal(insertItem(scripted, 1), "ok", "nobody else is concerned");
});

void test("a query is answered by a view, too, and sees what the transaction has written", async (t) => {
  const scripted = await openViewHost(definition);
  const { host, client } = scripted;
  const query = (text: string): void => {
    const bytes = new TextEncoder().encode(text);
    const script = returning(new Script(), Uint8Array.of(1), u32Bytes(bytes.length), bytes);
    remember(scripted, script, 2);
  };
  query("SELECT * FROM item WHERE id = 2");
  use(client, "all");
  t.equal(insertItem(scripted, 1), "ok");
  t.same(viewRows(host, "all"), []);
  t.equal(insertItem(scripted, 2), "ok");
  t.same(viewRows(host, "all"), [{ id: 2, text: "" }]);
  query(" ");
  t.equal(insertItem(scripted, 3), "ok");
  t.same(viewRows(host, "all"), [{ id: 2, text: "" }], "another key is not read");
});

void test("private views are the owner's", async (t) => {
  const scripted = await openViewHost(definition);
  t.equal(use(scripted.client, "SELECT * FROM hidden"), 0);
  t.equal(use(new TestClient(scripted.host, 2, "owner"), "SELECT * FROM hidden"), 1);
  t.equal(use(scripted.client, "SELECT * FROM *"), 3);
});

void test("clients go even if a view objects, which is then empty", async (t) => {
  const scripted = await openViewHost(definition);
  const { host, client } = scripted;
  const clients = present(host.database.parts.datastore.tableByName("st_client"), "st_client");
  const watching = (): Script => {
    const script = new Script();
    return script.call("datastore_table_scan_bsatn", clients.schema.id, script.word());
  };
  remember(scripted, returning(watching(), relation("item", [one])), 0);
  use(client, "all");
  t.same(viewRows(host, "all"), [one]);
  remember(scripted, returning(watching(), new TextEncoder().encode("stay")), 1);
  host.service.disconnect(1);
  t.same(tableRows(host.database, "st_client"), []);
  t.same(viewRows(host, "all"), []);
  t.same(host.failures, []);
});

void test("what nobody has used for ten minutes is given up, in batches", async (t) => {
  const { host, alice, bob } = await openProbe();
  const { parts } = host.database;
  for (let i = 0; i < limit.viewSweepRows + 5; i++) addNote(t, alice, `${i}`, 1);
  const held = prepareViews(parts, host.database.module, clientOf(bob), [
    present(host.database.module.views.get("note_count"), "note_count"),
  ]);
  const watcher = clientOf(bob).subscriber;
  parts.views.holders.add(watcher, 1, held);
  use(alice, "my_notes");
  const pass = (millis: number): number => {
    host.clock.advance(BigInt(millis) * 1000n);
    host.service.endTurn();
    return viewRows(host, "my_notes").length;
  };
  t.equal(pass(limit.viewIdleMillisMax - 1), limit.viewSweepRows + 5);
  use(alice, "my_notes");
  t.equal(pass(limit.viewIdleMillisMax - 1), limit.viewSweepRows + 5, "using it begins anew");
  t.equal(pass(limit.viewSweepMillis), 5);
  t.equal(pass(0), 0);
  t.equal(parts.views.count, 1, "what somebody needs stays");
  parts.views.holders.removeAll(watcher, parts.clock.nowMillis());
  pass(limit.viewIdleMillisMax - 1);
  t.equal(parts.views.count, 1);
  pass(limit.viewSweepMillis);
  t.notOk(parts.views.isActive);
  use(alice, "my_notes");
  t.equal(viewRows(host, "my_notes").length, limit.viewSweepRows + 5);
});

void test("another program computes all views anew; if it cannot, it is refused", async (t) => {
  const scripted = await openViewHost(definition);
  const { host, client } = scripted;
  remember(scripted, reading(scripted, relation("item", [one])), 0);
  use(client, "all own");
  t.same(viewRows(host, "all"), [one]);
  const extra = { name: "extra", columns: { id: { kind: "u32" } } } as const;
  const larger = withViews({ tables: [...(definition.tables ?? []), extra] });
  const failing = await assembleGuest({
    definition: larger,
    more: `
      (func (export "__call_view__") (param i32 i64 i64 i64 i64 i32 i32) (result i32) (i32.const 7))
      (func (export "__call_view_anon__") (param i32 i32 i32) (result i32) (i32.const 7))`,
  });
  await t.rejects(host.service.publish(failing, owner), { code: "LC_VIEW", message: /view all/ });
  t.equal(host.database.parts.datastore.tableByName("extra"), undefined);
  t.same(viewRows(host, "all"), [one], "the old program serves on");
  t.equal(insertItem(scripted, 4), "ok");
  t.equal(await host.service.publish(await assembleViewGuest(larger), owner), "updated");
  t.same(viewRows(host, "all"), [], "the new program's views remember nothing");
  t.equal(host.database.parts.views.count, 2);
  t.equal(insertItem(scripted, 5), "ok");
});
