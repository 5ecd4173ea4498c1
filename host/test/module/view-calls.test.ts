// What views read counts, what they write traps, what they return is told apart (abi.md sections 6 and 7.4).
import { Errno, present } from "@lightcone/abi";
import { test } from "tap";
import type { Database } from "../../src/database/database.ts";
import { createTable } from "../../src/datastore/create-table.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import { CallContext } from "../../src/module/context.ts";
import { ReadSet } from "../../src/module/read-set.ts";
import type { ViewResult } from "../../src/module/view-call.ts";
import { newTable } from "../datastore/tables.ts";
import { Script } from "./script.ts";
import { openViewHost, returning } from "./view-script.ts";
import { definition, relation, rowBytes, u32Bytes } from "./world.ts";

/** Runs the script of view `all` in a transaction that is rolled back. */
function runView(
  database: Database,
  reads: ReadSet = new ReadSet(),
  index = 0,
): ViewResult & { copy?: Uint8Array } {
  const { datastore } = database.parts;
  database.module.revive();
  const tx = datastore.begin();
  const view = { name: "all", index, isAnonymous: true };
  const result = database.module.instance.callView(view, [0n, 0n, 0n, 0n], reads, tx);
  const told =
    result.kind === "rows"
      ? { ...result, copy: result.bytes.slice(result.start, result.end) }
      : result;
  datastore.rollBack(tx);
  return told;
}

/** A read set as text: tables, `index=key`, `index lower..upper` with brackets that tell the sides of the cuts. */
function show(database: Database, reads: ReadSet): string[] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const name = (handle: ReadSet["points"][number]["handle"]): string =>
    present(handle.table.schema.indexes[handle.table.indexes.indexOf(handle.index)], "index").name;
  return [
    ...[...reads.tables].map(({ schema }) => schema.name),
    ...reads.points.map(({ handle, key }) => `${name(handle)}=${hex(key)}`),
    ...reads.ranges.map(
      ({ handle, lower, upper }) =>
        `${name(handle)} ${lower.side === "before" ? "[" : "("}${hex(lower.bytes)}..${hex(upper.bytes)}${upper.side === "after" ? "]" : ")"}`,
    ),
  ];
}

const included = (value: number): Uint8Array => Uint8Array.of(0, ...u32Bytes(value));
const excluded = (value: number): Uint8Array => Uint8Array.of(1, ...u32Bytes(value));
const unbounded = Uint8Array.of(2);

void test("each import that reads says what of", async (t) => {
  const { host, client } = await openViewHost(definition);
  const { database } = host;
  const { datastore } = database.parts;
  const table = (name: string): number => present(datastore.tableByName(name), name).schema.id;
  const index = (name: string): number => present(datastore.catalog.indexIdByName(name), name);
  const bytes = (script: Script, part: Uint8Array): [number, number] => [
    script.place(part),
    part.length,
  ];
  const range =
    (name: string, from: Uint8Array, to: Uint8Array, old = false) =>
    (s: Script) => {
      const ends = [...bytes(s, from), ...bytes(s, to)];
      const import_ = old ? "datastore_btree_scan_bsatn" : "datastore_index_scan_range_bsatn";
      s.call(import_, index(name), 0, 0, 0, ...ends, s.word());
    };
  const point = (name: string, key: Uint8Array) => (s: Script) =>
    s.call("datastore_index_scan_point_bsatn", index(name), ...bytes(s, key), s.word());
  const key = u32Bytes(7);
  const cases: [title: string, add: (script: Script) => unknown, expected: string[]][] = [
    ["a scan", (s) => s.call("datastore_table_scan_bsatn", table("item"), s.word()), ["item"]],
    [
      "a count",
      (s) => s.call("datastore_table_row_count", table("pair"), s.place(new Uint8Array(8))),
      ["pair"],
    ],
    ["a key that is absent", point("item_id", key), ["item_id=07000000"]],
    ["a key of a hash index", point("place_zone_hash", Uint8Array.of(3)), ["place_zone_hash=03"]],
    ["a range that is a point", range("item_id", included(7), included(7)), ["item_id=07000000"]],
    ["a range", range("item_id", included(2), excluded(9)), ["item_id [02000000..09000000)"]],
    ["the older import", range("item_id", excluded(2), unbounded, true), ["item_id (02000000..]"]],
    ["a range without ends", range("item_id", unbounded, unbounded), ["item"]],
    [
      "a prefix of columns",
      (s) => {
        const all = [...bytes(s, Uint8Array.of(3)), 1, ...bytes(s, unbounded)];
        const [at, length] = bytes(s, Uint8Array.of(0, 5, 0));
        s.call(
          "datastore_index_scan_range_bsatn",
          index("place_zone"),
          ...all,
          at,
          length,
          s.word(),
        );
      },
      ["place_zone [03..030500]"],
    ],
    ["a key that is none", point("item_id", Uint8Array.of(1)), []],
    ["a range of a hash index", range("place_zone_hash", unbounded, unbounded), []],
    [
      "names",
      (s) => {
        s.call("table_id_from_name", ...s.text("item"), s.word());
        s.call("index_id_from_name", ...s.text("item_id"), s.word());
      },
      [],
    ],
    [
      "a token",
      (s) => s.call("get_jwt", s.place(new Uint8Array(16).fill(1)), s.word()),
      [`st_connection_credentials_connection_id_idx_btree=${"01".repeat(16)}`],
    ],
  ];
  for (const [title, add, expected] of cases) {
    const script = new Script();
    add(script);
    returning(script, relation("item", []));
    client.callRaw("remember", script.encode(0));
    const reads = new ReadSet();
    t.equal(runView(database, reads).kind, "rows", title);
    t.same(show(database, reads), expected, title);
  }
});

void test("a view that writes traps, whatever it writes with", async (t) => {
  const { host, client } = await openViewHost(definition);
  const { datastore } = host.database.parts;
  const item = present(datastore.tableByName("item"), "item");
  const index = present(item.schema.indexes[0], "its index").id;
  const table = item.schema.id;
  const row = rowBytes("item", { id: 1, text: "" });
  const some = new Array<number>(8).fill(0);
  const cases: [name: string, args: (s: Script) => number[]][] = [
    ["datastore_insert_bsatn", (s) => [table, s.place(row), s.word(row.length)]],
    ["datastore_update_bsatn", (s) => [table, index, s.place(row), s.word(row.length)]],
    ["datastore_delete_by_index_scan_point_bsatn", (s) => [index, s.word(), 4, s.word()]],
    ["datastore_delete_by_index_scan_range_bsatn", (s) => [index, ...some.slice(1), s.word()]],
    ["datastore_delete_by_btree_scan_bsatn", (s) => [index, ...some.slice(1), s.word()]],
    ["datastore_delete_all_by_eq_bsatn", (s) => [table, s.word(), 4, s.word()]],
    ["datastore_clear", (s) => [table, s.place(new Uint8Array(8))]],
  ];
  for (const [name, args] of cases) {
    const script = new Script();
    script.call(name, ...args(script));
    client.callRaw("remember", script.encode(0));
    t.match(runView(host.database), { kind: "failed", message: "a view may not write" }, name);
    t.ok(host.database.module.instance.isDead, name);
  }
});

void test("results are rows, queries or failures", async (t) => {
  const { host, client } = await openViewHost(definition);
  const rows = relation("item", [{ id: 1, text: "one" }]);
  const text = new TextEncoder().encode("SELECT * FROM item");
  const cases: [title: string, code: number, sink: Uint8Array[], expected: object][] = [
    ["rows", 2, [Uint8Array.of(0), rows], { kind: "rows", copy: rows }],
    ["the older form", 0, [rows], { kind: "rows", copy: rows }],
    [
      "a query",
      2,
      [Uint8Array.of(1), u32Bytes(text.length), text],
      { kind: "query", text: "SELECT * FROM item" },
    ],
    ["no query", 2, [Uint8Array.of(1), u32Bytes(0)], { kind: "query", text: "" }],
    ["an error", 1, [new TextEncoder().encode("no")], { kind: "failed", message: "no" }],
    ["another code", 7, [], { kind: "failed", message: /returned 7/ }],
    ["a C++ code", -1, [], { kind: "failed", message: /returned -1/ }],
    ["no header", 2, [], { kind: "failed", message: /header/ }],
    ["a wrong tag", 2, [Uint8Array.of(2)], { kind: "failed", message: /header/ }],
    ["a short text", 2, [Uint8Array.of(1), u32Bytes(9), text.subarray(0, 8)], { kind: "failed" }],
    ["a long text", 2, [Uint8Array.of(1), u32Bytes(1), text], { kind: "failed" }],
  ];
  for (const [title, code, sink, expected] of cases) {
    client.callRaw("remember", returning(new Script(), ...sink).encode(code));
    t.match(runView(host.database), expected, title);
    t.notOk(host.database.module.instance.isDead, title);
  }
});

void test("what views return is nobody's to read or write", async (t) => {
  const { host, client } = await openViewHost(definition);
  const { datastore } = host.database.parts;
  const backing = present(datastore.tableByName("all"), "all");
  const index = present(backing.schema.indexes[0], "its index");
  const script = new Script();
  script.call("table_id_from_name", ...script.text("all"), script.word());
  script.call("index_id_from_name", ...script.text(index.name), script.word());
  script.call("datastore_table_scan_bsatn", backing.schema.id, script.word());
  script.call("datastore_index_scan_point_bsatn", index.id, script.word(), 4, script.word());
  script.call("datastore_clear", backing.schema.id, script.place(new Uint8Array(8)));
  let logged = "";
  const stop = host.database.parts.moduleLog.follow((line) => (logged += line));
  client.callRaw("run", script.encode(0));
  stop();
  const told = JSON.parse(logged) as { message: string };
  const statuses = Array.from({ length: 5 }, (_, i) => {
    const stepsAt = 8 + script.length + 8;
    return Buffer.from(told.message, "hex").readInt32LE(stepsAt + i * 40);
  });
  const { noSuchTable, noSuchIndex } = Errno;
  t.same(statuses, [noSuchTable, noSuchIndex, noSuchTable, noSuchIndex, noSuchTable]);
});

void test("event tables are not there for a view", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = createTable(
    datastore,
    tx,
    newTable({
      name: "signal",
      columns: { id: { kind: "u32" } },
      indexes: [["btree", 0]],
      isEvent: true,
    }),
  );
  const context = new CallContext({
    datastore,
    clock: { nowMicros: () => 0n, nowMillis: () => 0 },
    databaseIdentity: new Uint8Array(32),
    log: () => undefined,
    scheduleImmediately: () => true,
  });
  const { id, indexes } = table.schema;
  const indexId = present(indexes[0], "its index").id;
  context.begin("a reducer", tx);
  t.equal(context.tableById(id), table);
  t.equal(context.indexById(indexId)?.table, table);
  context.begin("a view", tx, new ReadSet());
  t.equal(context.tableById(id), undefined);
  t.equal(context.indexById(indexId), undefined);
});
