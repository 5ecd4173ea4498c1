// A new program where tables have views, schedules, rules and watchers on them: what the one part knows of a table must follow
// when the other changes it.
import {
  primitive,
  type ProductValue,
  rowCount,
  scheduleAtType,
  TimeDuration,
} from "@lightcone/abi";
import { test, type Test } from "tap";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { limit } from "../../src/base/limit.ts";
import { systemPause } from "../../src/base/pause.ts";
import { commit } from "../../src/database/call.ts";
import type { Table } from "../../src/datastore/table.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { insertRows, tableOf as tableIn, tableRows } from "../rows.ts";
import { type Evolving, evolvingGuest, type EvolvingTable } from "./evolving.ts";

const u32 = primitive("u32");
const u64 = primitive("u64");

const item: EvolvingTable = {
  name: "item",
  columns: [
    { name: "id", type: u32 },
    { name: "owner", type: u32 },
  ],
  primaryKey: 0,
  indexes: [["BTree", 0]],
  unique: [[0]],
};
const added = { name: "more", type: u32, defaultValue: Uint8Array.of(9, 0, 0, 0) };
const widened: EvolvingTable = { ...item, columns: [...item.columns, added] };

async function openWith(...guest: Parameters<typeof evolvingGuest>): Promise<TestHost> {
  const host = new TestHost(new MemoryDisk());
  await host.open();
  await host.service.publish(await evolvingGuest(...guest), owner);
  return host;
}

/** Publishes with the token of the plan. */
async function update(host: TestHost, ...guest: Parameters<typeof evolvingGuest>): Promise<string> {
  const program = await evolvingGuest(...guest);
  const plan = host.service.planPublish(program);
  if (plan.kind === "impossible") return plan.reason;
  return host.service.publish(program, owner, { kind: "breakClients", token: plan.token });
}

function tableOf(host: TestHost, name: string): Table {
  return tableIn(host.database, name);
}

function insert(host: TestHost, name: string, ...rows: ProductValue[]): string {
  const outcome = insertRows(host.database, tableOf(host, name), rows);
  host.service.endTurn();
  return outcome;
}

async function reopen(host: TestHost): Promise<TestHost> {
  await host.database.log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(7)));
  again.clock.set(host.clock.nowMicros());
  await again.open();
  return again;
}

const timer: EvolvingTable = {
  name: "timer",
  columns: [
    { name: "id", type: u64 },
    { name: "at", type: scheduleAtType },
  ],
  primaryKey: 0,
  indexes: [["BTree", 0]],
  unique: [[0]],
  scheduleColumn: 1,
};

void test("[SCHED6] an interval keeps its phase when its table gets columns", async (t) => {
  const host = await openWith({ tables: [timer] });
  const second = 1_000_000n;
  insert(host, "timer", { id: 1n, at: { tag: "Interval", value: new TimeDuration(10n * second) } });
  const { schedules } = host.database.parts;
  const due = schedules.first?.dueMicros;
  host.timers.advance(3n * second);
  const before = tableOf(host, "timer").schema.id;
  const wider = { ...timer, columns: [...timer.columns, added] };
  t.equal(await update(host, { tables: [wider] }), "updated");
  const { id } = tableOf(host, "timer").schema;
  t.not(id, before);
  t.equal(schedules.first?.dueMicros, due);
  t.match(tableRows(host.database, "st_lightcone_schedule"), [{ table_id: id, row_key: 1n }]);
  const again = await reopen(host);
  t.equal(again.database.parts.schedules.first?.dueMicros, due);
});

void test("[SCHED6] a refused update leaves anchors where they were", async (t) => {
  const views = ["all"];
  const host = await openWith({ tables: [item, timer], views }, undefined, "SELECT * FROM item");
  insert(host, "timer", { id: 1n, at: { tag: "Interval", value: new TimeDuration(10n) } });
  const client = new TestClient(host, 1, "alice");
  client.subscribe(1, "SELECT * FROM all");
  const anchors = tableRows(host.database, "st_lightcone_schedule");
  const wider = { ...timer, columns: [...timer.columns, added] };
  await t.rejects(update(host, { tables: [item, wider], views }), { code: "LC_VIEW" });
  t.same(tableRows(host.database, "st_lightcone_schedule"), anchors);
  t.equal(host.database.parts.schedules.count, 1);
});

/** `leave` inserts a row with the id 77 into the table with that id. */
function leaving(tableId: number): string {
  return `(i64.store (i32.const 50000) (i64.const 77))
    (i32.store (i32.const 50008) (i32.const 9))
    (i32.store (i32.const 50016) (i32.const ${tableId === 0 ? 0 : 8}))
    (drop (call $datastore_insert_bsatn
      (i32.const ${tableId}) (i32.const 50000) (i32.const 50016)))
    (i32.const 0)`;
}

void test("who is disconnected by an update hears nothing of the others' leaving", async (t) => {
  const other: EvolvingTable = { ...item, name: "other" };
  const leaves = { reducers: ["leave"], onDisconnect: "leave" };
  const cases: [string, Evolving][] = [
    [
      "private",
      {
        ...leaves,
        tables: [
          { ...item, isPrivate: true },
          { ...other, columns: widened.columns },
        ],
      },
    ],
    [
      "ruled",
      { ...leaves, tables: [item, other], rowRules: ["SELECT * FROM item WHERE owner = 5"] },
    ],
  ];
  for (const [title, next] of cases) {
    const host = await openWith({ ...leaves, tables: [item, other] });
    const clients = [1, 2, 3].map((socket) => new TestClient(host, socket, `client ${socket}`));
    for (const client of clients) client.subscribe(1, "SELECT * FROM item");
    for (const { socket } of clients) host.take(socket);
    t.equal(await update(host, next, leaving(tableOf(host, "item").schema.id)), "updated");
    t.equal(tableRows(host.database, "item").length, 1, `${title}: the first to leave wrote a row`);
    for (const { socket } of clients) t.same(host.take(socket), [], title);
    t.ok(host.database.parts.registry.isEmpty);
    t.equal(host.closed.length, 3);
    t.same(host.failures, []);
  }
});

void test("a view's name may pass to a table, and a table's to a view", async (t) => {
  const all: EvolvingTable = { ...item, name: "all" };
  const query = "SELECT * FROM item";
  const host = await openWith({ tables: [item], views: ["all"] }, undefined, query);
  const client = new TestClient(host, 1, "alice");
  client.subscribe(1, "SELECT * FROM all");
  insert(host, "item", { id: 1, owner: 1 });
  t.equal(await update(host, { tables: [item, all] }), "updated");
  t.notOk(tableOf(host, "all").schema.isEphemeral);
  t.equal(insert(host, "all", { id: 2, owner: 2 }), "ok");
  const again = await reopen(host);
  t.match(tableRows(again.database, "all"), [{ id: 2 }]);
  t.match(await update(again, { tables: [item], views: ["all"] }), /holds 1 row/);
  const { parts } = again.database;
  const tx = parts.datastore.begin();
  tx.clear(tableOf(again, "all"));
  commit(parts, tx, undefined, undefined);
  t.equal(await update(again, { tables: [item], views: ["all"] }, undefined, query), "updated");
  const bob = new TestClient(again, 1, "bob");
  again.take(1);
  t.match(bob.subscribe(1, "SELECT * FROM all"), [{ kind: "subscribeApplied", tables: [{}] }]);
  t.ok((await reopen(again)).database.parts.datastore.tableByName("all")?.schema.isEphemeral);
});

/** Whether a client that watches the view `all` and the table hears of the next row in both. */
function checkLive(t: Test, host: TestHost, socket: number, row: ProductValue): void {
  host.take(socket);
  t.equal(insert(host, "item", row), "ok");
  const tables = host
    .take(socket)
    .flatMap((message) => (message.kind === "transactionUpdate" ? message.querySets : []))
    .flatMap((set) => set.tables.map(({ table }) => table));
  t.same(tables, ["all", "item"]);
}

void test("views and watchers of a table outlive an update that fails in the view stage, and one that does not", async (t) => {
  const views = ["all"];
  const query = "SELECT * FROM item WHERE owner = 1";
  const host = await openWith({ tables: [item], views }, undefined, query);
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, "SELECT * FROM all", "SELECT * FROM item");
  checkLive(t, host, 1, { id: 1, owner: 1 });
  const indexed: EvolvingTable = {
    ...item,
    indexes: [
      ["Hash", 0],
      ["BTree", 1],
    ],
  };
  for (const table of [widened, indexed, { ...widened, indexes: indexed.indexes ?? [] }]) {
    const before = tableOf(host, "item");
    await t.rejects(update(host, { tables: [table], views }), { code: "LC_VIEW", message: /all/ });
    t.equal(tableOf(host, "item"), before);
    checkLive(t, host, 1, { id: tableRows(host.database, "item").length + 1, owner: 1 });
  }
  t.equal(await update(host, { tables: [indexed], views }, undefined, query), "updated");
  t.same(host.closed, []);
  checkLive(t, host, 1, { id: 20, owner: 1 });
  const wide = { ...widened, indexes: indexed.indexes ?? [] };
  t.equal(await update(host, { tables: [wide], views }, undefined, query), "updated");
  const bob = new TestClient(host, 2, "bob");
  bob.subscribe(1, "SELECT * FROM all", "SELECT * FROM item");
  checkLive(t, host, 2, { id: 21, owner: 1, more: 1 });
  t.equal(tableRows(host.database, "all").length, tableRows(host.database, "item").length);
  await host.database.snapshot();
  checkLive(t, host, 2, { id: 22, owner: 1, more: 1 });
  t.same(host.failures, []);
  const again = await reopen(host);
  t.same(tableRows(again.database, "item"), tableRows(host.database, "item"));
  const carol = new TestClient(again, 3, "carol");
  carol.subscribe(1, "SELECT * FROM all", "SELECT * FROM item");
  t.equal(tableRows(again.database, "all").length, tableRows(host.database, "item").length);
  checkLive(t, again, 3, { id: 23, owner: 1, more: 1 });
});

void test("a text names what it names now, whatever it named when others asked it", async (t) => {
  const a = { ...item, name: "a", sourceName: "First" };
  const b = { ...item, name: "b", sourceName: "Second" };
  const host = await openWith({ tables: [a, b] });
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, `SELECT * FROM "First"`);
  alice.subscribe(2, `SELECT * FROM a`);
  const swapped = [
    { ...a, sourceName: "Second" },
    { ...b, sourceName: "First" },
  ];
  t.equal(await update(host, { tables: swapped }), "updated");
  t.same(host.closed, []);
  const bob = new TestClient(host, 2, "bob");
  bob.subscribe(1, `SELECT * FROM "First"`);
  host.take(1);
  insert(host, "b", { id: 1, owner: 1 });
  t.equal(host.take(1).length, 0, "who asked before goes on with the table that was meant");
  t.match(host.take(2), [{ querySets: [{ tables: [{ table: "b" }] }] }]);
  const indexed = swapped.map((table): EvolvingTable => ({ ...table, indexes: [["Hash", 0]] }));
  t.equal(await update(host, { tables: indexed }), "updated");
  t.match(host.closed, [{ socket: 1, reason: "module exited" }], "it cannot be asked again");
});

void test("where names of the source pass from one table to another, row rules are others", async (t) => {
  const a = { ...item, name: "a", sourceName: "First" };
  const b = { ...item, name: "b", sourceName: "Second" };
  const rowRules = [`SELECT * FROM "First" WHERE owner = 5`];
  const host = await openWith({ tables: [a, b], rowRules });
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, "SELECT * FROM b");
  host.take(1);
  const swapped = [
    { ...a, sourceName: "Second" },
    { ...b, sourceName: "First" },
  ];
  t.equal(await update(host, { tables: swapped, rowRules }), "updated");
  t.match(tableRows(host.database, "st_row_level_security"), [
    { table_id: tableOf(host, "b").schema.id },
  ]);
  insert(host, "b", { id: 1, owner: 1 });
  t.same(host.take(1), [], "what the rule hides is not told to those who asked before");
  t.match(host.closed, [{ socket: 1, reason: "module exited" }]);
});

const many = Array.from({ length: limit.readSliceRows * 2 }, (_, id) => ({ id, owner: 1 }));

void test("a long answer under way outlives an update, unless its client does not", async (t) => {
  const indexed: EvolvingTable = {
    ...item,
    indexes: [
      ["BTree", 0],
      ["BTree", 1],
    ],
  };
  for (const [title, next, appliedCount] of [
    ["an index", indexed, 1],
    ["private", { ...item, isPrivate: true }, 0],
    ["columns", widened, 0],
  ] as const) {
    const host = await openWith({ tables: [item] });
    insert(host, "item", ...many);
    const alice = new TestClient(host, 1, "alice");
    host.take(1);
    t.same(alice.subscribe(1, "SELECT * FROM item"), [], `${title}: it takes more than a turn`);
    t.equal(await update(host, { tables: [next] }), "updated");
    const more = title === "columns" ? { more: 1 } : {};
    insert(host, "item", { id: many.length, owner: 1, ...more });
    for (let turn = 0; turn < 20; turn++) await systemPause();
    host.service.endTurn();
    const messages = host.take(1);
    const applied = messages.filter(({ kind }) => kind === "subscribeApplied");
    t.equal(applied.length, appliedCount, title);
    t.equal(messages.length, appliedCount * 2, `${title}: the row that came meanwhile`);
    const rows = applied.flatMap((message) =>
      message.kind === "subscribeApplied" ? message.tables.map((one) => rowCount(one.rows)) : [],
    );
    t.same(rows, appliedCount === 0 ? [] : [many.length], title);
    t.same(host.failures, []);
  }
});
