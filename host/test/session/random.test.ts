// Random calls of several clients with random subscriptions: after each step every client holds what a plain evaluation of its
// queries finds.
import { test } from "tap";
import { type Compression, present, type Subprotocol } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { WireChoice } from "../../src/session/frame-style.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { type HeldRows, Mirror } from "./mirror.ts";
import { foundRows, makeCall, makeQuery, type Query } from "./probe-steps.ts";

/** Protocols with the same messages: clients speak them in turns. */
const wires: readonly WireChoice[] = [
  wire("v2.bsatn.spacetimedb", "None"),
  wire("v3.bsatn.spacetimedb", "Gzip"),
  wire("v2.bsatn.spacetimedb", "Brotli"),
  wire("v3.bsatn.spacetimedb", "None"),
];

function wire(protocol: Subprotocol, compression: Compression): WireChoice {
  return { protocol, compression, light: false };
}

class World {
  readonly host: TestHost = new TestHost();
  readonly #rng: Rng;
  readonly #clients = new Map<
    number,
    { client: TestClient; mirror: Mirror; sets: Map<number, Query[]> }
  >();
  readonly #losesUpdates: boolean;
  #lastSocket = 0;

  /** With `losesUpdates` clients miss what they were not waiting for: the rig has to notice. */
  constructor(seed: number, losesUpdates = false) {
    this.#rng = new Rng(seed);
    this.#losesUpdates = losesUpdates;
  }

  async open(): Promise<void> {
    const service = await this.host.open();
    await service.publish(readWasm("probe"), owner);
  }

  #connect(): void {
    const socket = ++this.#lastSocket;
    const choice = present(wires[socket % wires.length], "a wire");
    const subject = `client ${socket % 3}`;
    const client = new TestClient(this.host, socket, subject, this.#rng.nextBelow(2) === 0, choice);
    this.#clients.set(socket, { client, mirror: new Mirror(), sets: new Map() });
  }

  /** One random thing; returns what it was. */
  step(): string {
    const rng = this.#rng;
    const chosen = [...this.#clients.values()][rng.nextBelow(this.#clients.size + 1)];
    if (chosen === undefined) {
      if (this.#clients.size < 5) this.#connect();
      return "connect";
    }
    const { client, mirror, sets } = chosen;
    const dice = rng.nextBelow(20);
    if (dice === 0) {
      this.#clients.delete(client.socket);
      this.host.service.disconnect(client.socket);
      this.host.service.endTurn();
      return "disconnect";
    }
    const setId = rng.nextBelow(4);
    if (dice < 4) {
      const queries = Array.from({ length: rng.nextBelow(4) }, () => makeQuery(rng));
      if (!sets.has(setId)) sets.set(setId, queries);
      mirror.take(client.subscribe(setId, ...queries.map(({ text }) => text)));
      return `subscribe ${setId} ${queries.map(({ text }) => text).join("; ")}`;
    }
    if (dice < 6) {
      sets.delete(setId);
      mirror.take(client.unsubscribe(setId));
      return `unsubscribe ${setId}`;
    }
    const [reducer, args] = makeCall(rng);
    mirror.take(client.call(reducer, args));
    return `call ${reducer}`;
  }

  /** Hands every client what it was sent, and returns what is wrong with what it holds. */
  async faults(): Promise<string[]> {
    await this.host.database.log.flush();
    const faults = [...this.host.failures];
    for (const { client, mirror, sets } of this.#clients.values()) {
      const messages = this.host.take(client.socket);
      if (!this.#losesUpdates) mirror.take(messages);
      faults.push(...mirror.faults);
      for (const [setId, queries] of sets) {
        const expected = show(this.#evaluate(client, queries));
        const held = show(mirror.sets.get(setId) ?? new Map());
        if (held !== expected) faults.push(`${client.socket} ${setId}: ${held}, not ${expected}`);
      }
      if (mirror.sets.size !== sets.size) faults.push("a set too many");
    }
    return faults;
  }

  #evaluate(client: TestClient, queries: readonly Query[]): Map<string, HeldRows> {
    const tables = new Map<string, HeldRows>();
    for (const [table, rows] of foundRows(this.host.database, client, queries)) {
      const held: HeldRows = new Map<string, number>();
      tables.set(table, held);
      for (const row of rows) {
        const hex = Buffer.from(row).toString("hex");
        held.set(hex, (held.get(hex) ?? 0) + 1);
      }
    }
    return tables;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function show(tables: ReadonlyMap<string, HeldRows>): string {
  const filled = [...tables].filter(([, held]) => held.size > 0);
  const lines = filled.map(([table, held]) => {
    const rows = [...held].map(([row, count]) => `${row} x ${count}`);
    return `${table}: ${rows.sort(compareText).join()}`;
  });
  return lines.sort(compareText).join("\n");
}

/** Runs a world and returns the first step after which something was wrong, with what that was. */
async function firstFault(world: World): Promise<string[]> {
  await world.open();
  for (let step = 0; step < 150; step++) {
    const what = world.step();
    const faults = await world.faults();
    if (faults.length > 0) return [`step ${step}: ${what}`, ...faults];
  }
  return [];
}

void test("what clients hold is what their queries find", async (t) => {
  for (const seed of testSeeds(6)) t.same(await firstFault(new World(seed)), [], `seed ${seed}`);
});

void test("a lost update would be noticed", async (t) => {
  for (const seed of testSeeds(2)) t.not((await firstFault(new World(seed, true))).length, 0);
});
