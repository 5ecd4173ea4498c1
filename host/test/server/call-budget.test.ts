// A call that does not end is stopped by its fuel: its transaction is rolled back, and nobody else notices (docs/metering.md).
import { t, test } from "tap";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

const callBudgetMs = 1000;
/** How much later than its budget a call may end; more than the 100 ms promised, since other tests run at the same time. */
const latenessMs = 1500;

void test("an endless reducer is rolled back, and its database goes on", async (t) => {
  const host = await ChildHost.start(t, { callBudgetMs });
  t.equal((await host.publish("stuck", "probe")).status, 200);
  const client = await SocketClient.open(host, "stuck");
  const kept = (writer: { u32(n: number): void; string(text: string): void }): void => {
    writer.u32(1);
    writer.string("kept");
  };
  t.equal(await client.call("insert_unique", kept), "ok");
  const start = Date.now();
  t.equal(await client.call("loop_forever"), "reducer ran out of energy");
  const took = Date.now() - start;
  t.ok(took >= callBudgetMs - 50 && took < callBudgetMs + latenessMs, `it took ${took} ms`);
  t.equal(await client.call("whoami"), "ok", "the same socket goes on");

  const answer = await host.call("stuck", "loop_forever");
  t.match(answer, { status: 402, text: "Module energy budget exhausted." });
  t.ok(Number(answer.headers.get("spacetime-energy-used")) > 1_000_000);
  const quick = await host.call("stuck", "whoami");
  t.equal(quick.status, 200);
  const used = Number(quick.headers.get("spacetime-energy-used"));
  t.ok(used > 0 && used < 1_000_000, `${used} units`);
  t.same(await host.sql("stuck", "SELECT id, text FROM item"), [[1, "kept"]]);
  const logs = await host.send("GET", "database/stuck/logs");
  t.match(logs.text, /reducer loop_forever was stopped: it used up its energy budget, \d+ units/);
  await client.close();
});

/** A guest in which the named function never ends. */
function endless(
  where: "start" | "preinit" | "describe" | "init" | "connect",
): Promise<Uint8Array> {
  const forever = "(loop $again (br $again))";
  const lifecycle = { init: 0, connect: 1, start: -1, preinit: -1, describe: -1 }[where];
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write"]),
    definition: {
      reducers: [
        { name: "init", lifecycle: "Init" },
        { name: "client_connected", lifecycle: "OnConnect" },
        { name: "good" },
      ],
    },
    reducer: `(if (i32.eq (local.get $id) (i32.const ${lifecycle})) (then ${forever})) (i32.const 0)`,
    ...(where === "preinit" ? { more: `(func (export "__preinit__0") ${forever})` } : {}),
    ...(where === "start" ? { more: `(func $start ${forever}) (start $start)` } : {}),
    ...(where === "describe"
      ? { describe: `(func (export "__describe_module__") (param i32) ${forever})` }
      : {}),
  });
}

void test("a program that does not start is refused; the old one does not notice", async (t) => {
  const host = await ChildHost.start(t, { callBudgetMs: 200 });
  t.equal((await host.publish("running", "bank")).status, 200);
  const client = await SocketClient.open(host, "running");
  const refusals = {
    start: /trapped in instantiation: it used up its energy budget/,
    preinit: /trapped in __preinit__0: it used up its energy budget/,
    describe: /trapped in __describe_module__: it used up its energy budget/,
  };
  for (const [where, text] of Object.entries(refusals)) {
    const program = await endless(where as keyof typeof refusals);
    const onto = await host.publish("running", program);
    t.match(onto, { text }, `${where}, over another`);
    t.ok(onto.status >= 400, where);
    t.match(await host.publish("fresh", program), { text }, where);
    t.equal((await host.send("GET", "database/fresh")).status, 404, "the name stays free");
  }
  t.match(await host.publish("fresh", await endless("init")), { text: /energy budget/ });
  t.equal((await host.send("GET", "database/fresh")).status, 404, "init");
  t.equal(client.ws.readyState, client.ws.OPEN, "its socket was not closed");
  t.equal((await host.call("running", "seed", 3, 5)).status, 200);
  await client.close();
});

void test("a client whose connection does not end is refused", async (t) => {
  const host = await ChildHost.start(t, { callBudgetMs: 200 });
  t.equal((await host.publish("closed", await endless("connect"))).status, 200);
  t.match(await host.call("closed", "good"), { status: 503, text: "reducer ran out of energy" });
});
