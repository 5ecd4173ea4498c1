// A host that is told to end under load: its clients are told, and what it acknowledged is there afterwards.
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { Writer } from "@lightcone/abi";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

t.setTimeout(300_000);

const clientCount = 4;
const inFlightMax = 20;

function insertArgs(id: number): Uint8Array {
  const writer = new Writer();
  writer.u32(id);
  writer.string("x");
  return writer.finish();
}

/** Calls of one client until its socket ends; `begun` has all that were sent. */
async function load(
  host: ChildHost,
  acknowledged: Set<number>,
  nextId: () => number,
): Promise<{
  readonly code: number;
  readonly reason: string;
}> {
  const client = await SocketClient.open(host, "probe");
  const send = (): void => {
    const id = nextId();
    client.sendCall("insert_unique", insertArgs(id), id);
  };
  for (let i = 0; i < inFlightMax; i++) send();
  for (;;) {
    const message = await client.next();
    if (message === undefined) return client.ended;
    if (message.kind !== "reducerResult" || message.outcome.kind !== "ok") continue;
    acknowledged.add(message.requestId);
    if (client.ws.readyState === client.ws.OPEN) send();
  }
}

void test("SIGTERM under load: clean closes, nothing lost, clients come back", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("probe", "probe")).status, 200);
  const acknowledged = new Set<number>();
  let lastId = 0;
  const nextId = (): number => ++lastId;
  for (let round = 1; round <= 2; round++) {
    const before = acknowledged.size;
    const clients = Array.from({ length: clientCount }, () => load(host, acknowledged, nextId));
    const calls = callOverHttp(host, t);
    while (acknowledged.size < before + 200) await pause(5);
    const { address } = host;
    const start = process.hrtime.bigint();
    await host.stop();
    const millis = Number((process.hrtime.bigint() - start) / 1_000_000n);
    t.comment(
      `round ${round}: stopped in ${millis} ms with ${acknowledged.size} calls acknowledged`,
    );
    for (const end of await Promise.all(clients)) {
      t.same(end, { code: 1001, reason: "the host is stopping" });
    }
    await calls();
    await t.rejects(fetch(`http://${address}/v1/ping`), "nobody listens any more");
    await host.start();
    const rows = (await host.sql("probe", "SELECT id FROM item")) as [number][];
    const ids = new Set(rows.map(([id]) => id));
    t.equal(ids.size, rows.length, "none twice");
    t.same(
      [...acknowledged].filter((id) => !ids.has(id)),
      [],
      `${acknowledged.size} acknowledged, ${ids.size} there`,
    );
  }
  const logs = await host.send("GET", "database/probe/logs");
  t.notMatch(logs.text, /connected when the host stopped/, "everybody was disconnected before");
});

/** Calls one after another until the host is gone; each is answered, or its connection is refused or cut. */
function callOverHttp(
  host: ChildHost,
  t: { match(found: unknown, wanted: unknown): unknown },
): () => Promise<void> {
  let isOver = false;
  const running = (async (): Promise<void> => {
    while (!isOver) {
      try {
        const { status } = await host.call("probe", "whoami");
        t.match(String(status), /^(?:200|503)$/);
        isOver ||= status === 503;
      } catch {
        // The connection is refused or cut: the host is gone.
        return;
      }
    }
  })();
  return () => {
    isOver = true;
    return running;
  };
}

void test("a call that does not end is no reason to go on", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("probe", "probe")).status, 200);
  const client = await SocketClient.open(host, "probe");
  client.sendCall("loop_forever", new Uint8Array(0));
  await pause(200);
  await host.stop();
  t.match(await client.ended, { code: 1001, reason: "the host is stopping" });
  await host.start();
  t.equal((await host.call("probe", "whoami")).status, 200);
});
