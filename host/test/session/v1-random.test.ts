// Random calls and subscriptions of clients of protocol v1: after each step every client holds what its distinct queries find,
// whichever of its ids hold them.
import { compileJsonWriter, present, Reader } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { owner, TestHost } from "../../src/session/test-client.ts";
import { V1TestClient } from "../../src/session/v1/test-client.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { foundRows, makeCall, makeQuery, type Query } from "./probe-steps.ts";
import { unnamed, V1Mirror } from "./v1-mirror.ts";

class Watcher {
  readonly client: V1TestClient;
  readonly mirror: V1Mirror = new V1Mirror();
  readonly isJson: boolean;
  /** It asks by the legacy message alone, which has no ids. */
  readonly isLegacy: boolean;
  readonly sets: Map<number, readonly Query[]> = new Map();

  constructor(host: TestHost, socket: number, rng: Rng) {
    this.isJson = socket % 3 === 0;
    this.isLegacy = socket % 4 === 0;
    this.client = new V1TestClient(host, socket, `client ${socket % 3}`, {
      protocol: this.isJson ? "v1.json.spacetimedb" : "v1.bsatn.spacetimedb",
      compression: rng.nextBelow(2) === 0 ? "Gzip" : "None",
      isConfirmed: rng.nextBelow(2) === 0,
    });
  }

  take(): void {
    if (this.isJson) this.mirror.takeJson(this.client.takeJson());
    else this.mirror.take(this.client.take());
  }
}

class World {
  readonly host: TestHost = new TestHost();
  readonly #rng: Rng;
  readonly #watchers = new Map<number, Watcher>();
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

  /** One random thing; returns what it was. */
  step(): string {
    const rng = this.#rng;
    const watcher = [...this.#watchers.values()][rng.nextBelow(this.#watchers.size + 1)];
    if (watcher === undefined) {
      if (this.#watchers.size < 6) {
        const socket = ++this.#lastSocket;
        this.#watchers.set(socket, new Watcher(this.host, socket, rng));
      }
      return "connect";
    }
    const dice = rng.nextBelow(20);
    if (dice === 0) {
      const { socket } = watcher.client;
      this.#watchers.delete(socket);
      this.host.service.disconnect(socket);
      this.host.service.endTurn();
      return "disconnect";
    }
    if (dice < 7) return this.#resubscribe(watcher, dice < 4);
    const [reducer, args] = makeCall(rng);
    const isSilent = rng.nextBelow(3) === 0;
    const places = { argsStart: 0, argsEnd: 0, argsJson: undefined };
    // As BSATN, which every connection takes.
    watcher.client.post(
      { kind: "callReducer", requestId: 1, name: reducer, ...places, isSilent },
      watcher.client.argumentsOf(reducer, args),
    );
    return `call ${reducer}`;
  }

  #resubscribe(watcher: Watcher, adds: boolean): string {
    const rng = this.#rng;
    const { client, sets, isLegacy } = watcher;
    const queries = Array.from({ length: rng.nextBelow(4) }, () => makeQuery(rng));
    const texts = queries.map(({ text }) => text);
    const id = rng.nextBelow(4);
    if (isLegacy) {
      sets.set(0, queries);
      client.post({ kind: "subscribe", requestId: 1, queries: texts });
      return `legacy ${texts.join("; ")}`;
    }
    if (adds) {
      if (!sets.has(id)) sets.set(id, queries);
      client.post({ kind: "subscribeMulti", requestId: 1, queryId: id, queries: texts });
      return `subscribe ${id} ${texts.join("; ")}`;
    }
    sets.delete(id);
    client.post({ kind: "unsubscribeMulti", requestId: 1, queryId: id });
    return `unsubscribe ${id}`;
  }

  /** Hands every client what it was sent, and returns what is wrong with what it holds. */
  async faults(wasCall: boolean): Promise<string[]> {
    await this.host.database.log.flush();
    const faults = [...this.host.failures];
    for (const watcher of this.#watchers.values()) {
      const { client, mirror, sets } = watcher;
      if (this.#losesUpdates && wasCall) client.payloads();
      else watcher.take();
      faults.push(...mirror.faults);
      const held = show(mirror.tables);
      const expected = show(this.#expected(watcher, [...sets.values()].flat()));
      if (held !== expected) faults.push(`${client.socket}: ${held}, not ${expected}`);
    }
    return faults;
  }

  #expected(
    { client, isJson }: Watcher,
    queries: readonly Query[],
  ): Map<string, Map<string, number>> {
    const tables = new Map<string, Map<string, number>>();
    for (const [table, rows] of foundRows(this.host.database, client, queries)) {
      const { schema } = present(this.host.database.parts.datastore.tableByName(table), table);
      const elements = schema.columns.map(({ name, type }) => ({ name, type }));
      const write = compileJsonWriter({ kind: "product", elements }, [], "positional");
      const counts = new Map<string, number>();
      tables.set(table, counts);
      for (const row of rows) {
        const key = isJson ? unnamed(write(new Reader(row))) : Buffer.from(row).toString("hex");
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return tables;
  }
}

function show(tables: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const filled = [...tables].filter(([, held]) => held.size > 0);
  const lines = filled.map(([table, held]) => {
    const rows = [...held].map(([row, count]) => `${row} x ${count}`);
    return `${table}: ${rows.toSorted().join()}`;
  });
  return lines.toSorted().join("\n");
}

/** Runs a world and returns the first step after which something was wrong, with what that was. */
async function firstFault(world: World): Promise<string[]> {
  await world.open();
  for (let step = 0; step < 150; step++) {
    const what = world.step();
    const faults = await world.faults(what.startsWith("call"));
    if (faults.length > 0) return [`step ${step}: ${what}`, ...faults];
  }
  return [];
}

void test("what clients of v1 hold is what their queries find", async (t) => {
  for (const seed of testSeeds(6)) t.same(await firstFault(new World(seed)), [], `seed ${seed}`);
});

void test("a lost update would be noticed", async (t) => {
  for (const seed of testSeeds(2)) t.not((await firstFault(new World(seed, true))).length, 0);
});
