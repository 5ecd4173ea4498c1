// Answers of many rows: others go on meanwhile, and the client gets the state at one commit and every later one after it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { ConnectionId, rowCount, type ServerMessage } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { type Test, test } from "tap";
import { Mirror } from "../../test/session/mirror.ts";
import { limit } from "../base/limit.ts";
import { owner, TestClient, TestHost } from "./test-client.ts";

const many = 5 * limit.readSliceRows;

interface World {
  readonly host: TestHost;
  readonly reader: TestClient;
  readonly writer: TestClient;
}

/** Rows of one size in `account`. */
async function openBank(): Promise<World> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("bank"), owner);
  const [reader, writer] = [new TestClient(host, 1, "reader"), new TestClient(host, 2, "writer")];
  writer.call("seed", { n: many, balance: 1000n });
  host.take(1);
  return { host, reader, writer };
}

/** Rows of many sizes in `item`. */
async function openProbe(): Promise<World> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const [reader, writer] = [new TestClient(host, 1, "reader"), new TestClient(host, 2, "writer")];
  writer.call("insert_many", { start: 0, n: many });
  host.take(1);
  return { host, reader, writer };
}

function pay(writer: TestClient, i: number): string | undefined {
  return writer.call("transfer", { from: i, to: many - 1 - i, amount: 1n })[0]?.kind;
}

/** Waits until the reader has got so many messages. */
async function receive(
  host: TestHost,
  count: number,
  between?: () => void,
): Promise<ServerMessage[]> {
  const messages: ServerMessage[] = [];
  for (let turn = 0; messages.length < count && turn < 10_000; turn++) {
    between?.();
    await nextTurn();
    messages.push(...host.take(1));
  }
  return messages;
}

/** The rows of a table as a fresh subscription sees them. */
async function rowsNow(t: Test, host: TestHost, query: string): Promise<Mirror> {
  const fresh = new TestClient(host, 99, "fresh");
  host.take(99);
  const mirror = new Mirror();
  mirror.take(fresh.subscribe(1, query));
  for (let turn = 0; !mirror.sets.has(1) && turn < 10_000; turn++) {
    await nextTurn();
    mirror.take(host.take(99));
  }
  host.service.disconnect(99);
  t.same(mirror.faults, []);
  return mirror;
}

for (const [title, query] of [
  ["all rows", "SELECT * FROM account"],
  ["rows that a condition chooses", "SELECT * FROM account WHERE balance <> 999"],
] as const) {
  void test(`a subscription to ${title} is read while others write`, async (t) => {
    const { host, reader, writer } = await openBank();
    t.same(reader.subscribe(1, query), [], "the answer is not there at once");
    let calls = 0;
    const messages = await receive(host, 1, () => {
      if (pay(writer, calls) === "reducerResult") calls++;
    });
    t.ok(calls > 2, `${calls} calls were answered meanwhile`);
    t.equal(messages[0]?.kind, "subscribeApplied", "the rows come first");
    t.equal(messages.length, 1 + calls, "then every update that was made meanwhile");
    for (let i = 0; i < 20; i++) pay(writer, calls + i);
    messages.push(...(await receive(host, 20)));
    const mirror = new Mirror();
    mirror.take(messages);
    t.same(mirror.faults, []);
    t.same(mirror.sets.get(1), (await rowsNow(t, host, query)).sets.get(1));
  });
}

void test("rows of many sizes, some of which go and come meanwhile", async (t) => {
  const { host, reader, writer } = await openProbe();
  reader.subscribe(1, "SELECT * FROM item");
  let next = many;
  const messages = await receive(host, 1, () => {
    writer.call("insert_many", { start: next, n: 2 });
    next += 2;
  });
  const mirror = new Mirror();
  mirror.take(messages);
  t.same(mirror.faults, []);
  t.same(mirror.sets.get(1), (await rowsNow(t, host, "SELECT * FROM item")).sets.get(1));
  t.equal(mirror.sets.get(1)?.get("item")?.size, next);
});

void test("answers come in the order of the questions, however long each takes", async (t) => {
  const { host, reader } = await openBank();
  reader.query("SELECT * FROM account");
  reader.query("SELECT * FROM account WHERE id = 1");
  reader.query("SELECT * FROM account WHERE balance = 1000");
  reader.call("transfer", { from: 1, to: 2, amount: 5n }, 77);
  reader.query("SELECT * FROM account WHERE balance <> 1000");
  const messages = await receive(host, 5);
  const counts = messages.map((message) =>
    message.kind === "oneOffQueryResult" && message.result.kind === "ok"
      ? message.result.tables.map(({ rows }) => rowCount(rows))
      : message.kind,
  );
  t.same(counts, [[many], [1], [many], "reducerResult", [2]]);
});

void test("[SQL20] a join of a one-off query is read in parts, of the state at its start, or refused in one of them", async (t) => {
  const { host, reader, writer } = await openBank();
  reader.query("SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE b.balance = 1000");
  reader.query("SELECT a.* FROM account a JOIN account b ON a.balance = b.balance");
  reader.query("SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE a.id = 7");
  t.same(host.take(1), [], "others had their turn before");
  for (let turn = 0; turn < 20; turn++) {
    t.equal(pay(writer, turn), "reducerResult");
    await nextTurn();
  }
  const outcomes = (await receive(host, 3)).map((message) => {
    if (message.kind !== "oneOffQueryResult") return message.kind;
    const { result } = message;
    return result.kind === "ok"
      ? result.tables.map(({ rows }) => rowCount(rows))
      : result.error.slice(0, 25);
  });
  t.same(outcomes, [[many], "the join has to try more ", [1]]);
  t.same(host.failures, []);
});

void test("who leaves in the middle is read for no more", async (t) => {
  const { host, reader, writer } = await openBank();
  reader.subscribe(1, "SELECT * FROM account");
  reader.query("SELECT * FROM account");
  await nextTurn();
  host.service.disconnect(1);
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  t.same(host.take(1), []);
  t.equal(pay(writer, 3), "reducerResult");
  t.same(host.failures, []);
});

void test("SQL over HTTP answers for the state at its start", async (t) => {
  const { host, writer } = await openBank();
  let connectionCount = 5000n;
  const ask = async (text: string): Promise<unknown> => {
    const connectionId = new ConnectionId(connectionCount++);
    const caller = { identity: owner, connectionId, jwtPayload: "{}" };
    const answer = await host.service.sql(text, caller, false);
    if ("kind" in answer) return answer;
    const [result] = JSON.parse(Buffer.concat(answer.pieces).toString()) as { rows: unknown[] }[];
    return result?.rows;
  };
  const counting = ask("SELECT COUNT(*) AS n FROM account WHERE balance = 1000");
  const listing = ask("SELECT * FROM account WHERE balance = 1000");
  const first = ask(`SELECT id FROM account WHERE balance = 1000 LIMIT ${many - 5}`);
  let calls = 0;
  for (let turn = 0; turn < 20; turn++) {
    if (pay(writer, turn) === "reducerResult") calls++;
    await nextTurn();
  }
  t.equal(calls, 20);
  t.same(await counting, [[many]]);
  t.equal(((await listing) as unknown[]).length, many);
  t.equal(((await first) as unknown[]).length, many - 5);
  t.same(await ask("SELECT COUNT(*) AS n FROM account WHERE balance = 1000"), [[many - 40]]);
});

void test("a database that closes tells those who wait", async (t) => {
  const { host } = await openBank();
  const caller = { identity: owner, connectionId: new ConnectionId(77n), jwtPayload: "{}" };
  const listing = host.service.sql("SELECT * FROM account", caller, false);
  const refusal = t.rejects(listing, { code: "LC_DATABASE_UNAVAILABLE" });
  await host.service.close("the end");
  await refusal;
});
