import { LightconeError, Timestamp, Writer } from "@lightcone/abi";
import { type Test, test } from "tap";
import { connectClient, startHost } from "../test/client.ts";
import { limit } from "./limit.ts";
import { Requests } from "./request.ts";

function lowerLimits(t: Test, lower: Partial<typeof limit>): void {
  const before = { ...limit };
  t.teardown(() => Object.assign(limit, before));
  Object.assign(limit, lower);
}

/** Requests whose messages are just their numbers. */
function makeRequests(): { readonly requests: Requests; readonly sent: number[] } {
  const sent: number[] = [];
  const requests = new Requests((write) => {
    const writer = new Writer();
    write(writer);
    sent.push(...writer.finish());
  });
  return { requests, sent };
}

const writeId = (writer: Writer, id: number): void => writer.u8(id);

void test("requests wait for the first connection, then go in their order", async (t) => {
  const { requests, sent } = makeRequests();
  const call = requests.call("r", "r", writeId);
  const query = requests.query(writeId);
  t.same(sent, []);
  requests.open();
  t.same(sent, [1, 2]);
  void requests.query(writeId);
  t.same(sent, [1, 2, 3]);
  t.throws(() => requests.take("query", 1), { code: "LC_FRAME_INVALID" });
  requests.take("call", 1).result.resolve({ timestamp: new Timestamp(5n) });
  t.throws(() => requests.take("call", 1), { code: "LC_FRAME_INVALID" }, "one answer each");
  requests.take("query", 2).result.resolve([]);
  t.equal((await call).timestamp.micros, 5n);
  t.same(await query, []);
});

void test("a loss between sending and answering", async (t) => {
  const { requests, sent } = makeRequests();
  requests.open();
  const call = requests.call("r", "r", writeId);
  const query = requests.query(writeId);
  requests.shut(new LightconeError("LC_CONNECTION", "gone"));
  await t.rejects(call, {
    code: "LC_OUTCOME_UNKNOWN",
    message: "whether r ran is not known: gone",
  });
  await t.rejects(query, { code: "LC_CONNECTION", message: "gone" });
  await t.rejects(requests.call("r", "r", writeId), { code: "LC_CONNECTION", message: "gone" });
  t.same(sent, [1, 2]);
  requests.open();
  void requests.call("r", "r", writeId);
  t.same(sent, [1, 2, 3], "numbers go on: a late answer fits nothing");
});

void test("[limit] requests at one time", async (t) => {
  lowerLimits(t, { requestsMax: 2 });
  const { requests } = makeRequests();
  void requests.call("r", "r", writeId);
  void requests.call("r", "r", writeId);
  await t.rejects(requests.call("r", "r", writeId), { code: "LC_LIMIT" }, "in the queue");
  requests.open();
  await t.rejects(requests.query(writeId), { code: "LC_LIMIT" }, "in flight");
  requests.take("call", 1);
  void requests.query(writeId);
  t.equal(requests.take("query", 3).kind, "query");
});

void test("[limit] subscriptions at one time", async (t) => {
  lowerLimits(t, { subscriptionsMax: 1 });
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  const first = connection.subscribe("SELECT * FROM user");
  t.throws(() => connection.subscribe("SELECT * FROM user"), { code: "LC_LIMIT" });
  await first.unsubscribe();
  await connection.subscribe("SELECT * FROM user").applied;
});
