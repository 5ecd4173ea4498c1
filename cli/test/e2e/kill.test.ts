// The host is killed again and again under load. What clients with confirmed reads were told must be there afterwards, once;
// what they were not told must be there wholly or not at all; and they find back by themselves.
import { setTimeout as pause } from "node:timers/promises";
import { LightconeError } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { DbConnection } from "@lightcone/sdk-client";
import { type Test, t, test } from "tap";
import { connect, type Probe } from "./probe-client.ts";
import { startProcess } from "./rig.ts";

// Long histories take their time on a busy machine.
t.setTimeout(180_000);

const killCount = 10;
const clientCount = 4;
const callsInFlight = 8;
/** Two rows of one call differ by this much. */
const pairOffset = 1_000_000_000;

/** What the clients know of their calls. */
class Ledger {
  readonly acknowledged = new Set<number>();
  readonly unknown = new Set<number>();
  readonly failures: string[] = [];
  isOver = false;
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

/** Calls until the ledger is closed. A call that the broken connection left open may or may not have happened. */
async function load(connection: DbConnection<Probe>, ledger: Ledger): Promise<void> {
  while (!ledger.isOver) {
    const first = ledger.next();
    try {
      await connection.reducers.insertBoth({ first, second: first + pairOffset });
      ledger.acknowledged.add(first);
    } catch (thrown) {
      const code = thrown instanceof LightconeError ? thrown.code : "";
      if (code === "LC_OUTCOME_UNKNOWN") ledger.unknown.add(first);
      else if (code !== "LC_CONNECTION") ledger.failures.push(String(thrown));
      await pause(10);
    }
  }
}

async function readIds(url: string): Promise<Set<number>> {
  const body = "SELECT id FROM item";
  const response = await fetch(`${url}/v1/database/probe/sql`, { method: "POST", body });
  const [result] = (await response.json()) as { rows: [number][] }[];
  const ids = (result?.rows ?? []).map(([id]) => id);
  return new Set(ids);
}

function checkRows(
  t: Test,
  ids: ReadonlySet<number>,
  known: readonly number[],
  ledger: Ledger,
): void {
  const lost = known.filter((id) => !ids.has(id));
  t.same(lost, [], `all ${known.length} acknowledged calls are there`);
  const halves = [...ids].filter(
    (id) => !ids.has(id < pairOffset ? id + pairOffset : id - pairOffset),
  );
  t.same(halves, [], "no half transaction is there");
  const strangers = [...ids].filter(
    (id) => id < pairOffset && !ledger.acknowledged.has(id) && !ledger.unknown.has(id),
  );
  t.same(strangers, [], "nothing is there that nobody asked for");
}

void test("ten kills lose nothing that was confirmed", { timeout: 180_000 }, async (t) => {
  const home = t.testdir();
  const start = (address: string): ReturnType<typeof startProcess> =>
    startProcess(home, ["start", "--data-dir", "data", "--listen-addr", address]);
  let host = start("127.0.0.1:0");
  t.teardown(() => host.child.kill("SIGKILL"));
  const [, url = ""] = await host.said(/^Listening on (\S+)\n/);
  const publish = { method: "PUT", body: readWasm("probe") };
  t.equal((await fetch(`${url}/v1/database/probe`, publish)).status, 200);

  const connections = Array.from({ length: clientCount }, () => connect(url));
  await Promise.all(connections.map((connection) => connection.connected));
  const ledger = new Ledger();
  const loads = connections.flatMap((connection) =>
    Array.from({ length: callsInFlight }, () => load(connection, ledger)),
  );
  const rng = new Rng(20_261_121);
  for (let kill = 0; kill < killCount; kill++) {
    const before = ledger.acknowledged.size;
    // Until every client is at work again: they have found back by themselves.
    while (ledger.acknowledged.size < before + clientCount * callsInFlight) await pause(20);
    await pause(rng.nextBelow(300));
    host.child.kill("SIGKILL");
    await host.ended;
    // What was acknowledged by now was so before the kill: no answer comes from a dead host.
    const known = [...ledger.acknowledged];
    host = start(new URL(url).host);
    await host.said(/^Listening on (\S+)\n/);
    const ids = await readIds(url);
    t.same(
      known.filter((id) => !ids.has(id)),
      [],
      `kill ${kill + 1}: all ${known.length} are there`,
    );
  }
  const [observer] = connections;
  ledger.isOver = true;
  await Promise.all(loads);
  checkRows(t, await readIds(url), [...ledger.acknowledged], ledger);
  t.same(ledger.failures, [], "no call failed otherwise");
  t.ok(ledger.unknown.size > 0, `${ledger.unknown.size} calls were under way at a kill`);
  await observer?.subscribe("SELECT * FROM item").applied;
  t.equal(observer?.db.item.count(), (await readIds(url)).size, "a cache holds the same rows");
  for (const connection of connections) connection.disconnect();
});
