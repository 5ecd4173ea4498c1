// A new program over data that stays: what clients see of it, and what a failure leaves (module-def.md section 9).
import {
  LightconeError,
  option,
  primitive,
  type ProductValue,
  scheduleAtType,
  sum,
  unitType,
} from "@lightcone/abi";
import { test, type Test } from "tap";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { systemTableId } from "../../src/datastore/system-tables.ts";
import type { Table } from "../../src/datastore/table.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { contents } from "../datastore/replay-feed.ts";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { insertRows, tableOf as tableIn, type Row, tableRows } from "../rows.ts";
import { type Evolving, evolvingGuest, type EvolvingTable } from "./evolving.ts";

const [u8, u32, u64, text] = (["u8", "u32", "u64", "string"] as const).map(primitive) as [
  ReturnType<typeof primitive>,
  ReturnType<typeof primitive>,
  ReturnType<typeof primitive>,
  ReturnType<typeof primitive>,
];

const item: EvolvingTable = {
  name: "item",
  columns: [
    { name: "id", type: u64 },
    { name: "owner", type: u32 },
    { name: "label", type: text },
  ],
  primaryKey: 0,
  indexes: [["BTree", 0]],
  unique: [[0]],
  sequences: [0],
};

async function openWith(definition: Evolving, disk = new MemoryDisk()): Promise<TestHost> {
  const host = new TestHost(disk);
  await host.open();
  await host.service.publish(await evolvingGuest(definition), owner);
  return host;
}

function tableOf(host: TestHost, name: string): Table {
  return tableIn(host.database, name);
}

/** Inserts rows as a reducer would, told to subscribers and logged. */
function insert(host: TestHost, name: string, ...rows: ProductValue[]): void {
  insertRows(host.database, tableOf(host, name), rows);
  host.service.endTurn();
}

async function refusal(run: Promise<unknown>): Promise<LightconeError> {
  try {
    await run;
  } catch (thrown) {
    if (thrown instanceof LightconeError) return thrown;
    throw thrown;
  }
  throw new Error("it was not refused");
}

/** All that is stored, but for who is connected. */
function lasting({ database }: TestHost): unknown {
  const clientTables: readonly unknown[] = [
    systemTableId.client,
    systemTableId.connectionCredentials,
  ];
  const tables = contents(database.parts.datastore) as readonly (readonly unknown[])[];
  return tables.filter(([id]) => !clientTables.includes(id));
}

/** The same disk, opened again: nothing may be different. */
async function checkReopened(t: Test, host: TestHost): Promise<TestHost> {
  await host.database.log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(7)));
  await again.open();
  t.same(lasting(again), lasting(host), "the log tells the same");
  return again;
}

const added = { name: "note", type: text, defaultValue: Uint8Array.of(2, 0, 0, 0, 104, 105) };

void test("[scenario 12] a column with a default value: clients leave, rows and numbering stay", async (t) => {
  const host = await openWith({ tables: [item] });
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, "SELECT * FROM item");
  insert(host, "item", { id: 0n, owner: 1, label: "a" }, { id: 0n, owner: 2, label: "b" });
  const before = tableOf(host, "item").schema;
  const wider = { ...item, columns: [...item.columns, added] };
  const next: Evolving = { tables: [wider], reducers: ["leave"], onDisconnect: "leave" };
  const program = await evolvingGuest(next);
  const compatible = await refusal(host.service.publish(program, owner));
  t.match(compatible, { code: "LC_PUBLISH_BREAKS_CLIENTS", message: /client-breaking change/ });
  const plan = host.service.planPublish(program);
  t.match(plan, { kind: "possible", breaksClients: true, text: /Added columns to table item/ });
  if (plan.kind !== "possible") return;
  const wrong = await refusal(
    host.service.publish(program, owner, { kind: "breakClients", token: "00" }),
  );
  t.match(wrong, { code: "LC_REQUEST_INVALID" });
  t.same(host.closed, [], "nothing has happened yet");
  const policy = { kind: "breakClients", token: plan.token } as const;
  t.equal(await host.service.publish(program, owner, policy), "updated");
  t.same(host.closed, [{ socket: 1, code: 1001, reason: "module exited" }]);
  t.same(tableRows(host.database, "st_client"), []);
  t.same(tableRows(host.database, "item"), [
    { id: 1n, owner: 1, label: "a", note: "hi" },
    { id: 2n, owner: 2, label: "b", note: "hi" },
  ]);
  const after = tableOf(host, "item").schema;
  t.ok(after.id > before.id, "the table has a new id");
  t.equal(host.database.parts.datastore.tableById(before.id), undefined);
  insert(host, "item", { id: 0n, owner: 3, label: "c", note: "x" });
  t.equal(tableRows(host.database, "item")[2]?.["id"], 3n, "numbering goes on");
  const again = await checkReopened(t, host);
  insert(again, "item", { id: 0n, owner: 3, label: "d", note: "y" });
  t.equal(tableRows(again.database, "item")[3]?.["id"], 4097n);
  const logged = await host.database.parts.moduleLog.read(10);
  t.match(logged, /Disconnecting all users/);
});

const level = sum({ low: unitType, word: u32 });
const levelMore = sum({ low: unitType, word: u32, half: u8 });
const unit = { tag: "low", value: undefined };

function withLevel(type: typeof level, over: Partial<EvolvingTable> = {}): EvolvingTable {
  const columns = [
    { name: "id", type: u32 },
    { name: "level", type },
    { name: "owner", type: u32 },
  ];
  return { name: "thing", columns, ...over };
}

void test("clients of an update that breaks nothing stay, and their queries go on over changed tables", async (t) => {
  const bytes = sum({ a: u32, b: u32 });
  const wider = sum({ a: u32, b: u32, c: u8 });
  const host = await openWith({
    tables: [withLevel(bytes, { unique: [[0]], indexes: [["BTree", 0]] })],
  });
  const alice = new TestClient(host, 1, "alice");
  alice.subscribe(1, "SELECT * FROM thing WHERE owner = 7");
  alice.subscribe(2, "SELECT * FROM thing WHERE owner > 7");
  insert(host, "thing", { id: 1, level: { tag: "a", value: 1 }, owner: 7 });
  t.match(host.take(1), [{ kind: "transactionUpdate" }]);
  const table = tableOf(host, "thing");
  t.ok(table.layout.rowSize > 0);
  const next = withLevel(wider, {
    indexes: [
      ["Hash", 2],
      ["BTree", 1, 2],
    ],
    isPrivate: false,
  });
  t.equal(await host.service.publish(await evolvingGuest({ tables: [next] }), owner), "updated");
  t.same([host.closed, host.take(1)], [[], []]);
  t.equal(tableOf(host, "thing"), table, "it is the same table");
  t.equal(table.layout.rowSize, -1, "whose rows differ in length now");
  insert(host, "thing", { id: 1, level: { tag: "c", value: 1 }, owner: 7 });
  insert(host, "thing", { id: 2, level: { tag: "c", value: 1 }, owner: 9 });
  insert(host, "thing", { id: 3, level: { tag: "a", value: 1 }, owner: 1 });
  const updates = host.take(1);
  t.match(
    updates.map((message) =>
      message.kind === "transactionUpdate"
        ? message.querySets.map(({ querySetId }) => querySetId)
        : [],
    ),
    [[1], [2]],
    "each query sees its rows alone",
  );
  const bob = new TestClient(host, 2, "bob");
  host.take(2);
  const [applied] = bob.subscribe(1, "SELECT * FROM thing WHERE owner = 7");
  t.match(applied, { kind: "subscribeApplied", tables: [{ table: "thing" }] });
  await checkReopened(t, host);
});

void test("a table that becomes private ends those who watch it, and nobody else", async (t) => {
  const other = { ...item, name: "other" };
  const host = await openWith({ tables: [item, other] });
  const alice = new TestClient(host, 1, "alice");
  const bob = new TestClient(host, 2, "bob");
  alice.subscribe(1, "SELECT * FROM item");
  bob.subscribe(1, "SELECT * FROM other");
  const next = { tables: [{ ...item, isPrivate: true }, other] };
  await host.service.publish(await evolvingGuest(next), owner);
  t.same(
    host.closed.map(({ socket, code }) => [socket, code]),
    [[1, 1001]],
  );
  t.equal(tableOf(host, "item").schema.access, "private");
  await checkReopened(t, host);
});

void test("what the data says against an update, with all reasons and values", async (t) => {
  const loose: EvolvingTable = { name: "item", columns: item.columns };
  const host = await openWith({ tables: [loose, { ...item, name: "full" }] });
  insert(
    host,
    "item",
    { id: 5n, owner: 1, label: "a" },
    { id: 6n, owner: 1, label: "a" },
    { id: 7n, owner: 2, label: "b" },
  );
  insert(host, "full", { id: 1n, owner: 1, label: "a" });
  const state = contents(host.database.parts.datastore);
  const offset = host.database.log.nextOffset;
  const next: EvolvingTable = {
    ...loose,
    indexes: [
      ["BTree", 1, 2],
      ["Hash", 1],
      ["BTree", 0],
    ],
    unique: [[1, 2], [1], [0]],
    sequences: [0],
  };
  const program = await evolvingGuest({ tables: [next] });
  const reasons = [
    "table full is removed, but holds 1 row",
    `table item: unique constraint item_owner_label_key: two rows have owner = 1, label = "a"`,
    "table item: unique constraint item_owner_key: two rows have owner = 1",
    "table item: column id has the value 5, which sequence item_id_seq would give again",
  ];
  const refused = await refusal(host.service.publish(program, owner));
  t.match(refused, { code: "LC_PUBLISH_REFUSED" });
  t.same(refused.reasons, reasons);
  const plan = host.service.planPublish(program);
  t.match(plan, { kind: "impossible", reason: /owner = 1, label = "a"/ }, "a plan says so as well");
  t.same(contents(host.database.parts.datastore), state);
  t.equal(host.database.log.nextOffset, offset);
  const emptied = await openWith({ tables: [loose, { ...item, name: "full" }] });
  const possible = emptied.service.planPublish(program);
  if (possible.kind !== "possible") throw new Error(possible.reason);
  await emptied.service.publish(program, owner, { kind: "breakClients", token: possible.token });
  t.same(
    emptied.database.parts.datastore.userTables().map(({ schema }) => schema.name),
    ["item"],
    "without rows all of that is possible",
  );
  await checkReopened(t, emptied);
});

void test("names of the source change, also from one table to another", async (t) => {
  const a = { ...item, name: "a", sourceName: "First" };
  const b = { ...item, name: "b", sourceName: "Second" };
  const host = await openWith({ tables: [a, b] });
  const { datastore } = host.database.parts;
  const idOf = (name: string): number | undefined => datastore.tableByName(name)?.schema.id;
  const [first, second] = [idOf("First"), idOf("Second")];
  const swapped = [
    { ...a, sourceName: "Second" },
    { ...b, sourceName: "First" },
  ];
  await host.service.publish(await evolvingGuest({ tables: swapped }), owner);
  t.same([idOf("Second"), idOf("First")], [first, second]);
  t.equal(
    datastore.catalog.indexIdByName("Second_by_BTree_0"),
    tableOf(host, "a").schema.indexes[0]?.id,
  );
  await checkReopened(t, host);
});

void test("an event table gets other columns", async (t) => {
  const event: EvolvingTable = {
    name: "happened",
    columns: [
      { name: "what", type: text },
      { name: "size", type: u32 },
    ],
    isEvent: true,
  };
  const host = await openWith({ tables: [event] });
  insert(host, "happened", { what: "a", size: 1 });
  const next = {
    ...event,
    columns: [
      { name: "size", type: option(u32) },
      { name: "why", type: u8 },
    ],
  };
  const program = await evolvingGuest({ tables: [next] });
  const plan = host.service.planPublish(program);
  t.match(plan, { kind: "possible", breaksClients: true });
  if (plan.kind !== "possible") return;
  await host.service.publish(program, owner, { kind: "breakClients", token: plan.token });
  insert(host, "happened", { size: 3, why: 1 });
  t.match(tableOf(host, "happened").schema, {
    isEvent: true,
    columns: [{ name: "size" }, { name: "why" }],
  });
  await checkReopened(t, host);
});

void test("a schedule comes, changes its column and goes", async (t) => {
  const timer: EvolvingTable = {
    name: "timer",
    columns: [
      { name: "id", type: u64 },
      { name: "at", type: scheduleAtType },
      { name: "then", type: scheduleAtType },
    ],
    primaryKey: 0,
    indexes: [["BTree", 0]],
    unique: [[0]],
  };
  const host = await openWith({ tables: [timer] });
  const rows = (): Row[] => tableRows(host.database, "st_scheduled");
  t.same(rows(), []);
  for (const column of [1, 2]) {
    const next = { tables: [{ ...timer, scheduleColumn: column }] };
    await host.service.publish(await evolvingGuest(next), owner);
    t.match(rows(), [{ reducer_name: "tick_timer", at_column: column }]);
    t.equal(tableOf(host, "timer").schema.schedule !== undefined, true);
  }
  await checkReopened(t, host);
  await host.service.publish(await evolvingGuest({ tables: [timer] }), owner);
  t.same(rows(), []);
  t.equal(tableOf(host, "timer").schema.schedule !== undefined, false);
  await checkReopened(t, host);
});

void test("an index gets another algorithm under its name, an old definition becomes V10", async (t) => {
  const columns = { id: u32, level: u32 };
  const indexes = [{ name: "by_level", algorithm: { tag: "BTree", value: [1] } }];
  const imports = importDeclarations(["bytes_sink_write"]);
  const make = (list: typeof indexes): Promise<Uint8Array> =>
    assembleGuest({ imports, definition: { tables: [{ name: "t", columns, indexes: list }] } });
  const host = new TestHost();
  await host.open();
  await host.service.publish(await make(indexes), owner);
  insert(host, "t", { id: 1, level: 5 }, { id: 2, level: 5 });
  const hash = await make([{ name: "by_level", algorithm: { tag: "Hash", value: [1] } }]);
  t.match(host.service.planPublish(hash), { kind: "possible", isMajorUpgrade: false });
  await host.service.publish(hash, owner);
  t.match(tableOf(host, "t").schema.indexes, [{ name: "by_level", kind: "hash" }]);
  const handle = host.database.parts.datastore.indexById(tableOf(host, "t").schema.indexes[0]!.id);
  t.equal(handle?.index, tableOf(host, "t").indexes[0]);
  await checkReopened(t, host);
  const v10 = await evolvingGuest({
    tables: [
      {
        name: "t",
        columns: [
          { name: "id", type: u32 },
          { name: "level", type: u32 },
        ],
      },
    ],
  });
  t.match(host.service.planPublish(v10), { kind: "possible", isMajorUpgrade: true });
});

void test("[runtime 11.1] an update that is too large for the log leaves the old program over tables as they were", async (t) => {
  const host = await openWith({ tables: [withLevel(level)] });
  insert(host, "thing", { id: 1, level: unit, owner: 7 });
  const { parts } = host.database;
  const state = contents(parts.datastore);
  const { log } = parts;
  const failing = Object.create(log) as typeof log;
  failing.append = () => {
    throw new LightconeError("LC_LIMIT", "too large");
  };
  (parts as { log: typeof log }).log = failing;
  const next = withLevel(levelMore, {
    columns: [...withLevel(levelMore).columns, added],
    indexes: [["BTree", 0]],
    unique: [[0]],
    sequences: [2],
  });
  const tables = [next, { ...item, name: "more" }];
  const kept = tables.with(0, withLevel(levelMore, { indexes: [["BTree", 0]], unique: [[0]] }));
  for (const list of [tables, kept]) {
    const program = await evolvingGuest({ tables: list });
    const plan = host.service.planPublish(program);
    if (plan.kind !== "possible") {
      t.match(plan.reason, /sequence/);
      continue;
    }
    const policy = { kind: "breakClients", token: plan.token } as const;
    t.match(await refusal(host.service.publish(program, owner, policy)), { code: "LC_LIMIT" });
    t.same(contents(parts.datastore), state);
  }
  (parts as { log: typeof log }).log = log;
  insert(host, "thing", { id: 2, level: unit, owner: 8 });
  t.equal(tableRows(host.database, "thing").length, 2);
  await checkReopened(t, host);
});
