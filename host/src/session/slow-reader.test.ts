// A client that takes a long answer slowly: it is sent no more than it takes, and nobody else notices.
import { setImmediate as nextTurn } from "node:timers/promises";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { Mirror } from "../../test/session/mirror.ts";
import { limit } from "../base/limit.ts";
import { owner, TestClient, TestHost } from "./test-client.ts";

const rowBytes = 12;
const accountCount = Math.ceil((limit.longAnswerBytesMax * 1.5) / rowBytes);
const query = "SELECT * FROM account";

interface World {
  readonly host: TestHost;
  readonly pay: () => string | undefined;
}

/** Somebody has asked for more accounts than may be under way. */
async function open(): Promise<World> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("bank"), owner);
  const [reader, writer] = [new TestClient(host, 1, "reader"), new TestClient(host, 2, "writer")];
  writer.call("seed", { n: accountCount, balance: 1_000_000n });
  const pay = (): string | undefined =>
    writer.call("transfer", { from: 1, to: accountCount - 1, amount: 1n })[0]?.kind;
  host.take(1);
  reader.subscribe(1, query);
  // The messages are fetched no more, so that nothing is said to have left.
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  return { host, pay };
}

void test("[SUB5] no more of it is under way than may be; the rest follows when it was taken", async (t) => {
  const { host, pay } = await open();
  const held = host.receipts.reduce((sum, { byteCount }) => sum + byteCount, 0);
  t.ok(held >= limit.longAnswerBytesMax && held < limit.longAnswerBytesMax * 1.2, `${held} bytes`);
  for (let i = 0; i < 10; i++) t.equal(pay(), "reducerResult", "others go on");
  const messages = [];
  for (let turn = 0; messages.length < 11 && turn < 1000; turn++) {
    await nextTurn();
    messages.push(...host.take(1));
  }
  const mirror = new Mirror();
  mirror.take(messages);
  t.same(mirror.faults, []);
  t.equal(messages.length, 11);
  t.equal(mirror.sets.get(1)?.get("account")?.size, accountCount);
});

void test("[SUB6] who takes nothing while too much waits is cut off", async (t) => {
  const { host, pay } = await open();
  for (let i = 0; i <= limit.outgoingFrameCountMax; i++) pay();
  t.same(host.dropped, [1]);
  t.equal(pay(), "reducerResult");
  const before = host.frameBytes;
  host.service.disconnect(1);
  host.take(1);
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  t.equal(host.frameBytes, before, "nothing is read for it any more");
  t.equal(pay(), "reducerResult");
  t.same(host.failures, []);
});

void test("[SUB6] who asks for one long answer after another and takes none is cut off", async (t) => {
  const { host, pay } = await open();
  const reader = new TestClient(host, 3, "asker");
  const most = limit.outgoingBytesMax / limit.waitingAnswerBytes;
  // The first is under way, the others wait.
  for (let i = 0; i <= most; i++) reader.query(query);
  t.same(host.dropped, []);
  reader.query(query);
  t.same(host.dropped, [3]);
  t.equal(pay(), "reducerResult", "others go on");
});

void test("[SUB5] long answers that have waited do not count once they are begun", async (t) => {
  const { host } = await open();
  const reader = new TestClient(host, 3, "asker");
  const count = 3;
  for (let i = 0; i < count; i++) reader.query(query);
  let answered = 0;
  for (let turn = 0; answered < count && turn < 2000; turn++) {
    await nextTurn();
    answered += host.take(3).length;
  }
  t.equal(answered, count);
  const most = limit.outgoingBytesMax / limit.waitingAnswerBytes;
  for (let i = 0; i <= most; i++) reader.query(query);
  t.same(host.dropped, [], "as many may wait as before");
});
