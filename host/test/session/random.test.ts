// Random calls of several clients with random subscriptions: after each step every client holds what a plain evaluation of its
// queries finds.
import { test } from "tap";
import { compileCodec, encode, present, product, type Value } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { type Row, tableRows } from "../rows.ts";
import { type HeldRows, Mirror } from "./mirror.ts";

interface Query {
  readonly text: string;
  readonly table: string;
  readonly wants: (row: Row, client: TestClient) => boolean;
}

function makeQuery(rng: Rng): Query {
  const n = rng.nextBelow(8);
  const number = (row: Row, column: string): number => Number(row[column]);
  const queries: readonly Query[] = [
    { text: "SELECT * FROM item", table: "item", wants: () => true },
    { text: "SELECT * FROM pair", table: "pair", wants: () => true },
    { text: `SELECT * FROM item WHERE id = ${n}`, table: "item", wants: (row) => row["id"] === n },
    {
      text: `SELECT * FROM item WHERE id >= ${n} AND text <> 'b'`,
      table: "item",
      wants: (row) => number(row, "id") >= n && row["text"] !== "b",
    },
    {
      text: "SELECT * FROM item WHERE text = 'a'",
      table: "item",
      wants: (row) => row["text"] === "a",
    },
    {
      text: `SELECT * FROM pair WHERE left = ${n} OR right = ${n}`,
      table: "pair",
      wants: (row) => row["left"] === n || row["right"] === n,
    },
    {
      text: `SELECT * FROM place WHERE slot = ${n}`,
      table: "place",
      wants: (row) => row["slot"] === n,
    },
    {
      text: `SELECT * FROM place WHERE height < ${n - 50} AND zone <> 1`,
      table: "place",
      wants: (row) => number(row, "height") < n - 50 && row["zone"] !== 1,
    },
    {
      text: "SELECT * FROM caller WHERE sender = :sender",
      table: "caller",
      wants: (row, client) =>
        client.identity.equals(row["sender"] as unknown as typeof client.identity),
    },
    {
      text: "SELECT * FROM caller WHERE event = 'disconnected'",
      table: "caller",
      wants: (row) => row["event"] === "disconnected",
    },
  ];
  return present(queries[rng.nextBelow(queries.length)], "a query");
}

type Call = readonly [reducer: string, args: Readonly<Record<string, Value>>];

function makeCall(rng: Rng): Call {
  const [id, other] = [rng.nextBelow(8), rng.nextBelow(8)];
  const text = present(["a", "b", "c"][rng.nextBelow(3)], "a text");
  const pair = { left: id, right: other };
  const calls: readonly Call[] = [
    ["upsert", { id, text }],
    ["upsert", { id, text }],
    ["insert_unique", { id, text }],
    ["insert_both", { first: id, second: other }],
    ["delete_item", { id }],
    ["delete_where", { text }],
    ["delete_and_insert", { id }],
    ["insert_and_delete", { id: id + 100 }],
    ["clear_items", {}],
    ["insert_pair", pair],
    ["insert_pair", pair],
    ["delete_pair", pair],
    ["add_place", { id, slot: other, label: `${id}` }],
    ["move_place", { id, slot: other, rank: other }],
    ["delete_slot", { slot: id }],
    ["fail", { message: text }],
    ["panic_now", { message: text }],
    ["whoami", {}],
  ];
  return present(calls[rng.nextBelow(calls.length)], "a call");
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
    const client = new TestClient(this.host, socket, `client ${socket % 3}`, socket % 2 === 0);
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
    const distinct = new Map(queries.map((query) => [query.text, query]));
    for (const { table, wants } of distinct.values()) {
      const held: HeldRows = tables.get(table) ?? new Map<string, number>();
      tables.set(table, held);
      const { schema } = present(this.host.database.parts.datastore.tableByName(table), table);
      const codec = compileCodec(
        product(Object.fromEntries(schema.columns.map((one) => [one.name, one.type]))),
      );
      for (const row of tableRows(this.host.database, table)) {
        if (!wants(row, client)) continue;
        const hex = Buffer.from(encode(codec, row)).toString("hex");
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
