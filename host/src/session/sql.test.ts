// Joins, row rules and statements that change rows, as clients of a whole database see them.
import { setImmediate as nextTurn } from "node:timers/promises";
import { ConnectionId, type ServerMessage } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { encodeSystemRow } from "../datastore/catalog.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import { commit } from "../database/call.ts";
import { owner, TestClient, TestHost } from "./test-client.ts";

interface World {
  readonly host: TestHost;
  readonly alice: TestClient;
  /** The answer to a statement of the owner: its rows and stats, or the code of its refusal. */
  readonly sql: (text: string) => Promise<unknown>;
}

async function open(host: TestHost = new TestHost()): Promise<World> {
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const alice = new TestClient(host, 1, "alice");
  host.take(1);
  let connections = 9000n;
  const sql = async (text: string): Promise<unknown> => {
    const connectionId = new ConnectionId(connections++);
    const caller = {
      identity: owner,
      connectionId,
      jwtPayload: `{"iss":"localhost","sub":"owner"}`,
    };
    try {
      const answer = await service.sql(text, caller, true);
      if ("kind" in answer) return answer;
      const [result] = JSON.parse(Buffer.concat(answer.pieces).toString()) as Record<
        string,
        unknown
      >[];
      const { rows, stats, schema } = result ?? {};
      return { rows, schema, changed: Object.values(stats as object) };
    } catch (thrown) {
      return (thrown as { code?: string }).code;
    }
  };
  return { host, alice, sql };
}

/** Rows gained and lost of a table in what a client was told. */
function changes({ alice }: World, messages: readonly ServerMessage[], table: string): unknown[] {
  const sets = messages.flatMap((message) =>
    message.kind === "transactionUpdate"
      ? message.querySets
      : message.kind === "reducerResult" && message.outcome.kind === "ok"
        ? message.outcome.querySets
        : [],
  );
  const parts = sets.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows));
  return parts.map((part) =>
    part.kind === "event"
      ? alice.rows(table, part.events)
      : [alice.rows(table, part.inserts), alice.rows(table, part.deletes)],
  );
}

void test("a statement is a transaction: counted, logged, and told to those who watch", async (t) => {
  const world = await open();
  const { host, alice, sql } = world;
  alice.subscribe(1, "SELECT * FROM item");
  const none = { rows: [], schema: { elements: [] } };
  t.same(await sql("INSERT INTO item (id, text) VALUES (1, 'a'), (2, 'b')"), {
    ...none,
    changed: [2, 0, 0],
  });
  const [a, b] = [
    { id: 1, text: "a" },
    { id: 2, text: "b" },
  ];
  t.same(changes(world, host.take(1), "item"), [[[a, b], []]]);
  t.equal(await sql("INSERT INTO item (id, text) VALUES (3, 'c'), (1, 'x')"), "LC_SQL_CONSTRAINT");
  t.same(host.take(1), [], "nothing of a statement that failed");
  t.same(await sql("UPDATE item SET text = 'x' WHERE id = 2"), { ...none, changed: [0, 0, 1] });
  t.same(changes(world, host.take(1), "item"), [[[{ id: 2, text: "x" }], [b]]]);
  t.same(await sql("DELETE FROM item WHERE text = 'a'"), { ...none, changed: [0, 1, 0] });
  t.same(changes(world, host.take(1), "item"), [[[], [a]]]);
  t.same(await sql("DELETE FROM item WHERE text = 'a'"), { ...none, changed: [0, 0, 0] });
  t.same(host.take(1), []);
  t.match(await sql("SELECT * FROM item"), { rows: [[2, "x"]], changed: [0, 0, 0] });
  t.same(host.failures, []);
  await host.service.close("");
  const again = await open(new TestHost(host.disk));
  t.match(await again.sql("SELECT * FROM item"), { rows: [[2, "x"]] }, "after a restart");
});

void test("a join over the wire: rows as often as they match, and only what changed", async (t) => {
  const world = await open();
  const { host, alice } = world;
  const bob = new TestClient(host, 2, "bob");
  host.take(1);
  bob.call("insert_many", { start: 0, n: 3 });
  bob.call("insert_pair", { left: 1, right: 1 });
  bob.call("insert_pair", { left: 1, right: 2 });
  const text = "SELECT i.* FROM pair p JOIN item i ON p.left = i.id WHERE p.right < 9";
  const [applied] = alice.subscribe(1, text);
  const item = { id: 1, text: "item 1" };
  t.match(applied, { kind: "subscribeApplied", tables: [{ table: "item" }] });
  if (applied?.kind === "subscribeApplied") {
    t.same(
      applied.tables.flatMap(({ rows }) => alice.rows("item", rows)),
      [item, item],
    );
  }
  bob.call("insert_pair", { left: 1, right: 9 });
  t.same(host.take(1), [], "it does not match");
  bob.call("delete_pair", { left: 1, right: 2 });
  t.same(changes(world, host.take(1), "item"), [[[], [item]]]);
  bob.call("upsert", { id: 1, text: "new" });
  t.same(changes(world, host.take(1), "item"), [[[{ id: 1, text: "new" }], [item]]]);
  t.same(changes(world, alice.call("insert_pair", { left: 2, right: 0 }), "item"), [
    [[{ id: 2, text: "item 2" }], []],
  ]);
  alice.unsubscribe(1);
  t.ok(host.database.parts.registry.isEmpty);
  bob.call("insert_pair", { left: 0, right: 0 });
  t.same(host.take(1), []);
});

void test("row rules over the wire: one table for a one-off query, a list for each rule else", async (t) => {
  const world = await open();
  const { host, alice } = world;
  const { parts } = host.database;
  const tx = parts.datastore.begin();
  const tableId = parts.datastore.tableByName("item")?.schema.id ?? 0;
  for (const where of ["id < 3", "id > 1"]) {
    const rule = { table_id: tableId, sql: `SELECT * FROM item WHERE ${where}` };
    const bytes = encodeSystemRow(systemTableId.rowLevelSecurity, rule);
    const rules = parts.datastore.catalog.table(systemTableId.rowLevelSecurity);
    tx.insertAsIs(rules, bytes, 0, bytes.length);
  }
  t.equal(commit(parts, tx, undefined, undefined), undefined);
  alice.call("insert_many", { start: 0, n: 5 });
  const ids = (tables: readonly { rows: Parameters<TestClient["rows"]>[1] }[]): unknown =>
    tables.map(({ rows }) => alice.rows("item", rows).map((row) => (row as { id: number }).id));
  const [answer] = alice.query("SELECT * FROM item");
  t.ok(answer?.kind === "oneOffQueryResult" && answer.result.kind === "ok");
  if (answer?.kind === "oneOffQueryResult" && answer.result.kind === "ok") {
    t.same(ids(answer.result.tables), [[0, 1, 2, 2, 3, 4]]);
  }
  const [applied] = alice.subscribe(1, "SELECT * FROM item");
  if (applied?.kind === "subscribeApplied")
    t.same(ids(applied.tables), [
      [0, 1, 2],
      [2, 3, 4],
    ]);
  const row = { id: 2, text: "new" };
  const both = [[row], [{ id: 2, text: "item 2" }]];
  t.same(changes(world, alice.call("upsert", row), "item"), [both, both]);
  const own = new TestClient(host, 3, "owner");
  host.take(3);
  const [all] = own.subscribe(1, "SELECT * FROM item");
  if (all?.kind === "subscribeApplied") t.same(ids(all.tables), [[0, 1, 2, 3, 4]]);
});

void test("[SQL5] a long answer of several row rules is of one moment", async (t) => {
  const { host, alice, sql } = await open();
  alice.call("insert_many", { start: 0, n: limit.readSliceRows * 2 });
  alice.call("insert_pair", { left: 6, right: 6 });
  const { parts } = host.database;
  const tx = parts.datastore.begin();
  const tableId = parts.datastore.tableByName("item")?.schema.id ?? 0;
  for (const rest of ["WHERE id < 9", "WHERE id = 5", "JOIN pair ON item.id = pair.left"]) {
    const rule = { table_id: tableId, sql: `SELECT item.* FROM item ${rest}` };
    const bytes = encodeSystemRow(systemTableId.rowLevelSecurity, rule);
    const rules = parts.datastore.catalog.table(systemTableId.rowLevelSecurity);
    tx.insertAsIs(rules, bytes, 0, bytes.length);
  }
  t.equal(commit(parts, tx, undefined, undefined), undefined);
  const jwtPayload = `{"iss":"localhost","sub":"alice"}`;
  const caller = { identity: alice.identity, connectionId: new ConnectionId(7n), jwtPayload };
  const ids = async (text: string): Promise<unknown> => {
    const asked = host.service.sql(text, caller, true);
    await sql("UPDATE item SET text = 'changed' WHERE id < 9");
    await sql("DELETE FROM item WHERE id = 5");
    await sql("DELETE FROM pair");
    const answer = await asked;
    if ("kind" in answer) return answer;
    const [{ rows }] = JSON.parse(Buffer.concat(answer.pieces).toString()) as [
      { rows: [number, string][] },
    ];
    return rows.map((row) => row.join()).sort();
  };
  const first = [0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 8];
  t.same(
    await ids("SELECT * FROM item"),
    first.map((id) => `${id},item ${id}`),
  );
  t.same(await ids("SELECT COUNT(*) AS n FROM item"), ["8"]);
});

void test("the row limit refuses subscriptions and one-off queries that nobody watches yet", async (t) => {
  const { host, alice, sql } = await open();
  alice.call("insert_many", { start: 0, n: 5 });
  await sql("SET row_limit = 4");
  const refusal = /^Estimated cardinality \(5 rows\) exceeds limit \(4 rows\)/;
  t.match(alice.subscribe(1, "SELECT * FROM item"), [
    { kind: "subscriptionError", error: refusal },
  ]);
  t.match(alice.query("SELECT * FROM item"), [{ result: { kind: "err", error: refusal } }]);
  const own = new TestClient(host, 3, "owner");
  host.take(3);
  t.match(own.subscribe(1, "SELECT * FROM item"), [{ kind: "subscribeApplied" }]);
  t.match(alice.subscribe(1, "SELECT * FROM item"), [{ kind: "subscribeApplied" }], "shared");
});

void test("a join that takes too long is refused, and its set is free again", async (t) => {
  const { host, alice, sql } = await open();
  const { parts } = host.database;
  const table = parts.datastore.tableByName("player_state");
  const tx = parts.datastore.begin();
  const row = new DataView(new ArrayBuffer(13));
  const count = Math.ceil(Math.sqrt(limit.joinRowCountMax));
  for (let id = 0; id < count && table !== undefined; id++) {
    row.setUint32(0, id, true);
    tx.insert(table, new Uint8Array(row.buffer), 0, row.byteLength);
  }
  t.equal(commit(parts, tx, undefined, undefined), undefined);
  const text = "SELECT a.* FROM player_state a JOIN player_state b ON a.level2 = b.level2";
  const error = /^the join has to try more than \d+ rows/;
  let answers = alice.query(text);
  for (let turn = 0; answers.length === 0 && turn < 10_000; turn++) {
    await nextTurn();
    answers = host.take(1);
  }
  t.match(answers, [{ result: { kind: "err", error } }]);
  t.match(alice.subscribe(1, text), [{ kind: "subscriptionError", querySetId: 1, error }]);
  t.ok(parts.registry.isEmpty);
  t.equal(await sql(text.replace("a.*", "COUNT(*) AS n")), "LC_LIMIT");
  t.same(host.failures, []);
  t.match(alice.subscribe(1, "SELECT * FROM item"), [{ kind: "subscribeApplied" }]);
});

void test("[SQL29] the reference's dialect alone, if the host is told so", async (t) => {
  const insert = "INSERT INTO item (text, id) VALUES ('a', 1)";
  const select = "SELECT id, COUNT(*) FROM item GROUP BY id ORDER BY id";
  const byDefault = await open();
  t.match(await byDefault.sql(insert), { changed: [1, 0, 0] });
  t.match(await byDefault.sql(select), { rows: [[1, 1]] });
  t.match(await byDefault.sql(`EXPLAIN ${select}`), {
    schema: { elements: [{ name: { some: "plan" } }] },
  });
  const host = new TestHost();
  host.strictSql = true;
  const strict = await open(host);
  t.equal(await strict.sql(insert), "LC_SQL_TYPE");
  t.equal(await strict.sql(select), "LC_SQL_UNSUPPORTED");
  t.equal(await strict.sql(`EXPLAIN ${select}`), "LC_SQL_UNSUPPORTED");
});

void test("[SQL30] a column that is left out gets the default that the module declares", async (t) => {
  const { sql } = await open();
  t.equal(await sql("INSERT INTO item (id) VALUES (1)"), "LC_SQL_TYPE", "text has none");
  const insert = "INSERT INTO player_state (http_kind, playerId, level_2) VALUES ('ok2', 1, 3)";
  t.match(await sql(insert), { changed: [1, 0, 0] });
  t.match(await sql("SELECT * FROM player_state WHERE http_kind = 'ok2'"), {
    rows: [[1, 3, [1, []], 7]],
  });
});
