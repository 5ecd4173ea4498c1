// A reducer that never ends is stopped; nobody else notices (design decision 8).
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { ChildHost } from "./child-host.ts";
import type { RemoteHost } from "./remote-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

const callTimeLimitMs = 1000;

/** The longest that another database took to answer while `work` went on. */
async function slowestAnswer(
  host: RemoteHost,
  database: string,
  work: Promise<unknown>,
): Promise<number> {
  let slowest = 0;
  let isOver = false;
  void work.finally(() => (isOver = true));
  const client = await SocketClient.open(host, database);
  while (!isOver) {
    const start = Date.now();
    if ((await client.call("whoami")) !== "ok") return Infinity;
    slowest = Math.max(slowest, Date.now() - start);
    await pause(10);
  }
  await client.close();
  return slowest;
}

void test("an endless reducer is stopped, its database goes on, the others never stop", async (t) => {
  const host = await ChildHost.start(t, { callTimeLimitMs });
  for (const name of ["stuck", "busy"]) t.equal((await host.publish(name, "probe")).status, 200);
  const client = await SocketClient.open(host, "stuck");
  const watcher = await SocketClient.open(host, "stuck");
  const text = (writer: { u32(n: number): void; string(text: string): void }): void => {
    writer.u32(1);
    writer.string("kept");
  };
  t.equal(await client.call("insert_unique", text), "ok");
  const stopped = client.call("loop_forever");
  const others = slowestAnswer(host, "busy", stopped);
  const expected = {
    code: 1011,
    reason: "reducer loop_forever ran longer than 1 s (--call-time-limit) and was stopped",
  };
  t.equal(await stopped, `ended ${JSON.stringify(expected)}`);
  t.same(await watcher.ended, expected, "everybody there is told");
  t.ok((await others) < callTimeLimitMs, `the slowest answer took ${await others} ms`);

  await host.untilOpen("stuck");
  t.same(
    await host.sql("stuck", "SELECT id, text FROM item"),
    [[1, "kept"]],
    "and nothing of the loop",
  );
  const again = await SocketClient.open(host, "stuck");
  t.equal(await again.call("whoami"), "ok");

  const answer = await host.call("stuck", "loop_forever");
  t.match(answer, { status: 530, text: /^reducer loop_forever ran longer than 1 s/ });
  await host.untilOpen("stuck");
  t.equal((await host.call("stuck", "whoami")).status, 200);
  const events = await host.sql("stuck", "SELECT event FROM caller WHERE event = 'disconnected'");
  t.ok((events as unknown[]).length >= 3, "those who were cut off are disconnected");
  const logs = await host.send("GET", "database/stuck/logs");
  t.match(logs.text, /ran longer than 1 s/, "the module's log tells why");
});

/** A guest in which the named function never ends. */
function endless(where: "preinit" | "init" | "disconnect" | "nowhere"): Promise<Uint8Array> {
  const forever = "(loop $again (br $again))";
  const lifecycles = { init: 0, disconnect: 2, preinit: -1, nowhere: -1 };
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write"]),
    definition: {
      reducers: [
        { name: "init", lifecycle: "Init" },
        { name: "client_connected", lifecycle: "OnConnect" },
        { name: "client_disconnected", lifecycle: "OnDisconnect" },
        { name: "good" },
      ],
    },
    reducer: `(if (i32.eq (local.get $id) (i32.const ${lifecycles[where]})) (then ${forever})) (i32.const 0)`,
    ...(where === "preinit" ? { more: `(func (export "__preinit__0") ${forever})` } : {}),
  });
}

void test("a program whose start never ends is refused, and its name stays free", async (t) => {
  const host = await ChildHost.start(t, { callTimeLimitMs });
  for (const [where, text] of [
    ["preinit", /^loading the module ran longer/],
    ["init", /^the init reducer ran longer/],
  ] as const) {
    t.match(await host.publish("endless", await endless(where)), { status: 500, text }, where);
    t.equal((await host.send("GET", "database/endless")).status, 404, where);
  }
  t.equal((await host.publish("endless", "bank")).status, 200);
  t.match(await host.publish("endless", await endless("preinit")), { status: 500 });
  await host.untilOpen("endless");
  t.equal((await host.call("endless", "seed", 3, 5)).status, 200, "the old program serves on");
});

void test("a client that cannot be disconnected does not keep its database shut", async (t) => {
  const host = await ChildHost.start(t, { callTimeLimitMs });
  t.equal((await host.publish("sticky", await endless("disconnect"))).status, 200);
  const client = await SocketClient.open(host, "sticky");
  const other = await SocketClient.open(host, "sticky");
  await client.close();
  t.match(await other.ended, {
    code: 1011,
    reason: /^the reducer for clients that disconnect ran longer/,
  });
  // Opening it disconnects whom it finds, which does not end either; the next time that is left out.
  await host.untilOpen("sticky");
  t.equal(
    (await host.publish("sticky", await endless("nowhere"))).status,
    200,
    "a cure can be published",
  );
  t.same(await host.sql("sticky", "SELECT COUNT(*) AS n FROM st_client"), [[1]], "only who asks");
});
