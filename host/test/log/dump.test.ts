// What a dump says of logs that databases have written: by the schema and the program of each
// moment, and with a reason where it cannot know.
import { LightconeError } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { type Test, test } from "tap";
import { type DescribeModule, dumpLog } from "../../src/log/inspect/dump.ts";
import type { DumpedTransaction } from "../../src/log/inspect/dump.ts";
import { summarizeLog } from "../../src/log/inspect/summary.ts";
import { describeModule } from "../../src/module/describe.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { ScheduleWorld } from "../database/schedule-guest.ts";

/** A log with a publish, a client that comes, calls and goes, and a second program. */
async function written(): Promise<TestHost> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("chat"), owner);
  const client = new TestClient(host, 1, "somebody");
  client.call("send_message", { text: "first" });
  await service.publish(readWasm("chat-v2"), owner);
  client.call("send_message", { text: "second" });
  await service.close("the test is over");
  return host;
}

interface Wishes {
  readonly describe?: DescribeModule;
  readonly from?: number;
  readonly to?: number;
  readonly table?: string;
}

async function dump(host: TestHost, wishes: Wishes = {}): Promise<DumpedTransaction[]> {
  const { describe = describeModule, ...options } = wishes;
  const transactions: DumpedTransaction[] = [];
  const report = await dumpLog({
    ...options,
    disk: host.disk,
    directory: "clog",
    describeModule: describe,
    onTransaction: (transaction) => void transactions.push(transaction),
  });
  if (report.closing !== undefined) throw new Error(report.closing.text);
  return transactions;
}

const reducersOf = (transactions: readonly DumpedTransaction[]): string[] =>
  transactions.map(({ call }) => call?.reducer ?? "-");

const callNamed = (transactions: readonly DumpedTransaction[], name: string): unknown[] =>
  transactions.flatMap(({ call }) => (call?.reducer === name ? [call] : []));

void test("calls, arguments and rows of every transaction", async (t: Test) => {
  const host = await written();
  const all = await dump(host);
  t.same(reducersOf(all), [
    "-",
    "client_connected",
    "send_message",
    "-",
    "send_message",
    "client_disconnected",
  ]);
  t.match(callNamed(all, "send_message"), [
    { args: { json: '{"text":"first"}' }, connection: "000000000000000000000000000003e9" },
    { args: { json: '{"text":"second"}' } },
  ]);
  const messages = await dump(host, { table: "message" });
  t.equal(messages.length, 2);
  t.ok(messages.every(({ changes }) => changes.every(({ table }) => table === "message")));
  t.match(messages[1]?.changes, [{ kind: "insert", rows: [{ json: /"id":2,.*"text":"second"/ }] }]);
  t.same(
    (await dump(host, { from: 2, to: 3 })).map(({ offset }) => offset),
    [2, 3],
  );
});

void test("[SCHED6] anchors of intervals are rows like all others", async (t: Test) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: 1_000_000n });
  world.call("cancel", { at: 0n }, 1n);
  await world.host.service.close("the test is over");
  const changes = (await dump(world.host, { table: "st_lightcone_schedule" })).flatMap((one) => [
    ...one.changes,
  ]);
  const json = `{"table_id":4097,"row_key":1,"anchor":${world.startMicros + 1000n}}`;
  t.match(changes, [{ kind: "insert", rows: [{ json }] }, { kind: /delete|truncate/ }]);
});

void test("each program is asked once, and one that cannot be read is told", async (t: Test) => {
  const host = await written();
  let asked = 0;
  await dump(host, {
    describe: (program) => {
      asked++;
      return describeModule(program);
    },
  });
  t.equal(asked, 2);
  const refused = await dump(host, {
    describe: () => {
      throw new LightconeError("LC_MODULE_LOAD", "it is torn");
    },
  });
  t.match(callNamed(refused, "send_message")[0], {
    args: { hex: /^05000000/, reason: "the module's definition cannot be read: it is torn" },
  });
  t.match(refused[2]?.changes.at(-1)?.rows.length, 1, "rows need the schema alone");
  const [other] = callNamed(
    await dump(host, { describe: () => describeModule(readWasm("bank")) }),
    "send_message",
  );
  t.match(other, { args: { reason: "the module has no reducer send_message" } });
});

void test("a summary counts calls", async (t: Test) => {
  const { calls, report } = await summarizeLog((await written()).disk, "clog");
  t.equal(report.nextOffset, 6);
  t.same(Object.fromEntries(calls[0]?.countByReducer ?? []), {
    "": 2,
    client_connected: 1,
    send_message: 2,
    client_disconnected: 1,
  });
  t.ok((calls[0]?.firstMicros ?? 0n) < (calls[0]?.lastMicros ?? 0n));
});
