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

void test("with an offline queue a loss delays calls, and repeats only those that may be", async (t) => {
  const sent: string[] = [];
  const requests = new Requests(
    (write) => {
      const writer = new Writer();
      write(writer);
      sent.push(Buffer.from(writer.finish()).toString());
    },
    { max: 3, retry: ["again"] },
  );
  const call = (accessor: string): Promise<unknown> =>
    requests.call(accessor, accessor, (writer) => writer.raw(Buffer.from(accessor)));
  const gone = new LightconeError("LC_CONNECTION", "gone");
  requests.open();
  const once = call("once");
  const again = call("again");
  const query = requests.query((writer) => writer.raw(Buffer.from("query")));
  requests.pause(gone);
  await t.rejects(once, { code: "LC_OUTCOME_UNKNOWN", message: /whether once ran is not known/ });
  const late = call("late");
  await t.rejects(call("more"), { code: "LC_LIMIT" }, "those to be repeated count as well");
  t.same(sent.splice(0), ["once", "again", "query"]);
  requests.open();
  t.same(sent.splice(0), ["again", "query", "late"], "in their order");
  requests.take("call", 4).result.resolve({ timestamp: new Timestamp(0n) });
  requests.take("query", 5).result.resolve([]);
  await Promise.all([again, query]);
  requests.pause(gone);
  await t.rejects(late, { code: "LC_OUTCOME_UNKNOWN" });

  requests.open();
  const sentOnce = call("again");
  requests.pause(gone);
  const unsent = call("once");
  requests.shut(gone);
  await t.rejects(sentOnce, { code: "LC_OUTCOME_UNKNOWN" }, "it may have run");
  await t.rejects(unsent, { code: "LC_CONNECTION" }, "it has not");
});

void test("an offline queue over a connection", async (t) => {
  const host = await startHost(t);
  const said: string[] = [];
  host.reducers.set("say_it", (args) => {
    said.push(Buffer.from(args.subarray(4)).toString());
    return {};
  });
  host.reducers.set("clear", () => {
    said.push("clear");
    return {};
  });
  const client = await connectClient(t, host, (builder) =>
    builder.withOfflineQueue({ max: 10, retry: ["clear"] }),
  );
  const { reducers } = client.connection;
  host.override = () => true; // Silence.
  const unknown = reducers.say({ text: "unanswered" });
  const repeated = reducers.clear();
  await host.heard(2);
  host.drop();
  await t.rejects(unknown, { code: "LC_OUTCOME_UNKNOWN" });
  host.override = () => false;
  const first = reducers.say({ text: "first" });
  const second = reducers.say({ text: "second" });
  await Promise.all([repeated, first, second]);
  t.same(said, ["clear", "first", "second"]);
  t.same(client.taken(), ["disconnect LC_CONNECTION again"]);
});

void test("procedures", async (t) => {
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  host.procedures.set("double_it", (args) => {
    const answer = Buffer.alloc(8);
    answer.writeBigUInt64LE(BigInt(Buffer.from(args).readUInt32LE()) * 2n);
    return answer;
  });
  host.procedures.set("forget", () => new Uint8Array(0));
  const { procedures } = connection;
  t.equal(await procedures.double({ n: 21 }), 42n);
  t.same(await procedures.forget(), {});
  host.procedures.clear();
  await t.rejects(procedures.double({ n: 1 }), {
    code: "LC_PROCEDURE_FAILED",
    message: "double_it: No such procedure",
  });
  host.procedures.set("double_it", () => new Uint8Array(3));
  await t.rejects(procedures.double({ n: 1 }), { code: "LC_BSATN_DECODE" });
  await t.rejects(procedures.double({ n: -1 }), {
    code: "LC_VALUE_INVALID",
    message: /arguments of double_it/,
  });
  t.equal(connection.status.kind, "connected");
  host.override = () => true;
  const lost = procedures.forget();
  await host.heard(5);
  host.drop();
  await t.rejects(lost, { code: "LC_OUTCOME_UNKNOWN" });
});
