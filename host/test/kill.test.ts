// A host that is killed at any moment: every call that was acknowledged is there exactly once, and no half transaction is.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Test, t, test } from "tap";
import { Writer } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { testSeeds } from "./datastore/seeds.ts";
import { ChildHost } from "./server/child-host.ts";
import type { RemoteHost } from "./server/remote-host.ts";
import { SocketClient } from "./server/socket-client.ts";

const clientCount = 5;
const inFlightMax = 10;

// Ten starts of a host take their time on a busy machine.
t.setTimeout(180_000);

/** What one client asked for, and what it was told has been done. */
class Ledger {
  readonly sent: Set<number> = new Set();
  readonly acknowledged: Set<number> = new Set();
  /** Ids that one call inserts together with the id before them. */
  readonly seconds: Set<number> = new Set();
  #lastId = 0;

  /** A call that inserts one or two new rows. */
  next(isPair: boolean): {
    readonly ids: number[];
    readonly reducer: string;
    readonly args: Uint8Array;
  } {
    const args = new Writer();
    const ids = isPair ? [++this.#lastId, ++this.#lastId] : [++this.#lastId];
    for (const id of ids) {
      args.u32(id);
      this.sent.add(id);
    }
    if (isPair) this.seconds.add(this.#lastId);
    else args.string("one");
    return { ids, reducer: isPair ? "insert_both" : "insert_unique", args: args.finish() };
  }
}

/** Calls as fast as answers come, with some in flight, until the socket ends. */
async function load(host: RemoteHost, ledger: Ledger): Promise<void> {
  const client = new SocketClient(host, "probe");
  const inFlight = new Map<number, readonly number[]>();
  let requestId = 0;
  const fill = (): void => {
    while (inFlight.size < inFlightMax) {
      const { ids, reducer, args } = ledger.next(requestId % 3 === 0);
      inFlight.set(++requestId, ids);
      client.sendCall(reducer, args, requestId);
    }
  };
  for (;;) {
    const message = await client.next();
    if (message === undefined) return;
    if (message.kind === "reducerResult" && message.outcome.kind === "ok") {
      for (const id of inFlight.get(message.requestId) ?? []) ledger.acknowledged.add(id);
      inFlight.delete(message.requestId);
    }
    fill();
  }
}

/** Transfers of 1 from account 0 to account 1; how many were sent and acknowledged. */
async function transfer(
  host: RemoteHost,
  count: { sent: number; acknowledged: number },
): Promise<void> {
  const client = new SocketClient(host, "bank");
  const args = new Writer();
  args.u32(0);
  args.u32(1);
  args.i64(1n);
  const call = (): void => {
    client.sendCall("transfer", args.finish());
    count.sent++;
  };
  for (;;) {
    const message = await client.next();
    if (message === undefined) return;
    if (message.kind === "initialConnection") for (let i = 0; i < inFlightMax; i++) call();
    if (message.kind !== "reducerResult") continue;
    if (message.outcome.kind === "ok") count.acknowledged++;
    call();
  }
}

/** Kills a host `killCount` times, and checks after each start what is there. */
async function killUnderLoad(t: Test, host: ChildHost, killCount: number): Promise<void> {
  const [seed = 1] = testSeeds(1);
  const rng = new Rng(seed);
  t.equal((await host.publish("probe", "probe")).status, 200);
  t.equal((await host.publish("bank", "bank")).status, 200);
  t.equal((await host.call("bank", "seed", 2, 1_000_000)).status, 200);
  const ledger = new Ledger();
  const count = { sent: 0, acknowledged: 0 };
  for (let kill = 1; kill <= killCount; kill++) {
    const before = ledger.acknowledged.size;
    const clients = Array.from({ length: clientCount }, () => load(host, ledger));
    clients.push(transfer(host, count));
    // Not before there is something to lose.
    while (ledger.acknowledged.size === before) await pause(5);
    await pause(rng.nextBelow(300));
    await host.kill();
    await Promise.all(clients);
    await host.start();

    const [items, accounts] = await Promise.all([
      host.sql("probe", "SELECT id FROM item"),
      host.sql("bank", "SELECT id, balance FROM account"),
    ]);
    const rows = items as [number][];
    const ids = new Set(rows.map(([id]) => id));
    const title = `kill ${kill}, ${ledger.acknowledged.size} acknowledged, ${ids.size} there`;
    t.equal(ids.size, rows.length, `${title}: none twice`);
    t.same(
      [...ledger.acknowledged].filter((id) => !ids.has(id)),
      [],
      `${title}: none lost`,
    );
    t.same(
      [...ids].filter((id) => !ledger.sent.has(id)),
      [],
      `${title}: none that nobody sent`,
    );
    const halves = [...ledger.seconds].filter((id) => ids.has(id) !== ids.has(id - 1));
    t.same(halves, [], `${title}: no half transaction`);
    const balances = new Map(accounts as [number, number][]);
    const moved = 1_000_000 - (balances.get(0) ?? NaN);
    t.equal(balances.get(1), 1_000_000 + moved, "the sum is what it was");
    t.ok(
      count.acknowledged <= moved && moved <= count.sent,
      `${moved} of ${count.acknowledged} to ${count.sent} transfers`,
    );
    const connected = await host.sql("probe", "SELECT COUNT(*) AS n FROM st_client");
    t.same(connected, [[1]], "nobody is left behind but who asks");
  }
}

void test("killed ten times under load", async (t) => {
  await killUnderLoad(t, await ChildHost.start(t), 10);
});

void test("[SNAP8] [SNAP12] killed while snapshots are taken and the log behind them is deleted", async (t) => {
  const host = await ChildHost.start(t, { snapshotEvery: 50 });
  await killUnderLoad(t, host, 5);
  // A slow machine may have done too little for a snapshot by then.
  for (let i = 0; i < 60; i++) await host.call("bank", "transfer", 0, 1, 1);
  const deadline = Date.now() + 60_000;
  while (snapshotCount(host) < 2 && Date.now() < deadline) await pause(50);
  t.ok(snapshotCount(host) >= 2, `${snapshotCount(host)} snapshots are there`);
});

function snapshotCount(host: ChildHost): number {
  const names = readdirSync(join(host.dataDir, "replicas"), { recursive: true });
  return names.filter((name) => String(name).endsWith(".snapshot")).length;
}
