// Results of views against the rows before them: what is written, and what is refused.
import {
  array,
  blake3Hash,
  compileCodec,
  encode,
  type ModuleDef,
  primitive,
  product,
  ref,
  unitType,
  type ViewDef,
  type Value,
} from "@lightcone/abi";
import { test } from "tap";
import { commit, tableRows } from "../../../test/datastore/tables.ts";
import { limit } from "../../base/limit.ts";
import { systemTableId } from "../../datastore/system-tables.ts";
import { Datastore } from "../../datastore/datastore.ts";
import { createViewTables, dropView, planViewTable } from "./create.ts";
import { callerViews, liveViews } from "./live-view.ts";
import { RowWriter, type RowsTarget } from "./write-rows.ts";

const rowType = product({ id: primitive("u32"), text: primitive("string") });

function definitionOf(row: typeof rowType, primaryKey: number | undefined): ModuleDef {
  const view = {
    name: "v",
    sourceName: "V",
    index: 0,
    isAnonymous: true,
    isPublic: false,
    params: product({}),
    returnType: array(ref(0)),
    primaryKey,
  };
  const none: readonly never[] = [];
  return {
    version: 10,
    typespace: [row],
    types: none,
    tables: none,
    reducers: none,
    procedures: none,
    views: [view],
    rowLevelSecurity: none,
    httpHandlers: none,
    httpRoutes: none,
  };
}

interface World {
  readonly datastore: Datastore;
  readonly write: (hash: number, rows: Value, ...more: number[]) => string | undefined;
  /** Rows that the last write inserted and deleted, and those there are now. */
  readonly told: () => [inserts: number, deletes: number, all: number];
}

function open(row: typeof rowType, primaryKey?: number): World {
  const datastore = new Datastore();
  const definition = definitionOf(row, primaryKey);
  commit(datastore, (tx) => createViewTables(datastore, tx, definition));
  const [view] = liveViews(definition).values();
  const table = datastore.tableByName("v") as RowsTarget["table"];
  const writer = new RowWriter();
  const codec = compileCodec(array(row));
  let counts: [number, number] = [0, 0];
  const write = (hash: number, rows: Value, ...more: number[]): string | undefined => {
    const argHash = new Uint8Array(32).fill(hash);
    const bytes = Buffer.concat([encode(codec, rows), Uint8Array.from(more)]);
    const tx = datastore.begin();
    const fault = writer.write(
      tx,
      { view: view as RowsTarget["view"], table, argHash },
      { bytes, start: 0, end: bytes.length },
    );
    const [delta] = datastore.commit(tx)?.tables ?? [];
    counts = [delta?.insertCount ?? 0, delta?.deleteCount ?? 0];
    datastore.release(tx);
    return fault;
  };
  return { datastore, write, told: () => [...counts, tableRows(table).length] };
}

void test("only differences are written, each caller's rows are its own", async (t) => {
  const { write, told } = open(rowType);
  const row = (id: number, text = ""): Value => ({ id, text });
  const steps: [title: string, hash: number, rows: Value[], expected: number[]][] = [
    ["the first", 1, [row(1), row(2)], [2, 0, 2]],
    ["the same", 1, [row(2), row(1)], [0, 0, 2]],
    ["equal rows are one", 1, [row(1), row(1), row(2)], [0, 0, 2]],
    ["another caller", 2, [row(1)], [1, 0, 3]],
    ["one changes", 1, [row(1, "new"), row(2)], [1, 1, 3]],
    ["one less", 1, [row(2)], [0, 1, 2]],
    ["a longer one", 1, [row(2), row(3, "x".repeat(1000))], [1, 0, 3]],
    ["none", 1, [], [0, 2, 1]],
  ];
  for (const [title, hash, rows, expected] of steps) {
    t.equal(write(hash, rows), undefined, title);
    t.same(told(), expected, title);
  }
  t.match(write(1, [row(1)], 0), /behind its last row/);
  t.match(write(1, [row(1, "x".repeat(limit.rowBytesMax))]), /more than a table takes/);
});

void test("a view's key is unique among its caller's rows; keys move from row to row", async (t) => {
  const { datastore, write, told } = open(rowType, 0);
  const { schema } = datastore.tableByName("v") as RowsTarget["table"];
  t.match(schema.indexes, [
    { name: "v_arg_hash_idx_btree", columns: [0], isUnique: false },
    { name: "v_arg_hash_id_idx_btree", columns: [0, 1], isUnique: true },
  ]);
  t.match(schema.constraints, [{ name: "v_arg_hash_id_key", columns: [0, 1] }]);
  t.equal(schema.access, "private");
  const [view] = liveViews(definitionOf(rowType, 0)).values();
  t.equal(planViewTable(view as RowsTarget["view"]).alias, "V");
  t.equal(
    write(1, [
      { id: 1, text: "a" },
      { id: 2, text: "b" },
    ]),
    undefined,
  );
  t.equal(write(2, [{ id: 1, text: "a" }]), undefined);
  t.equal(
    write(1, [
      { id: 1, text: "b" },
      { id: 2, text: "a" },
    ]),
    undefined,
    "they change places",
  );
  t.same(told(), [2, 2, 3]);
  t.match(
    write(1, [
      { id: 1, text: "a" },
      { id: 1, text: "b" },
    ]),
    /same primary key/,
  );
});

void test("rows of no bytes are one, however many", async (t) => {
  const { write, told } = open(product({ nothing: unitType }));
  t.equal(write(1, [{ nothing: {} }, { nothing: {} }]), undefined);
  t.same(told(), [1, 0, 1]);
});

void test("a dropped view leaves the system tables, its backing table stays for whoever drops that", async (t) => {
  const { datastore, write } = open(rowType);
  const { catalog } = datastore;
  const { view, viewColumn } = systemTableId;
  const definition = definitionOf(rowType, undefined);
  write(1, [{ id: 1, text: "" }]);
  const table = datastore.tableByName("v");
  t.same([catalog.rows(view).length, catalog.rows(viewColumn).length], [1, 2]);
  t.same(
    commit(datastore, (tx) => createViewTables(datastore, tx, definition)),
    [],
    "it is there already",
  );
  t.equal(
    commit(datastore, (tx) => dropView(datastore, tx, "v")),
    table?.schema.id,
  );
  t.same([catalog.rows(view), catalog.rows(viewColumn)], [[], []]);
  t.equal(table?.rowCount, 1);
  t.equal(
    commit(datastore, (tx) => dropView(datastore, tx, "v")),
    undefined,
  );
});

void test("a caller's argument hash is BLAKE3 of a prefix and the identity", async (t) => {
  const definition = definitionOf(rowType, undefined);
  const [anonymous] = definition.views;
  const sender = { ...(anonymous as ViewDef), name: "own", isAnonymous: false };
  const views = liveViews({ ...definition, views: [...definition.views, sender] });
  const identity = new Uint8Array(32).fill(7);
  const find = callerViews(views, identity);
  const text = "spacetimedb::view::args::v1\0";
  const prefix = new TextEncoder().encode(text);
  t.same(find("v"), { isPublic: false, argHash: blake3Hash(prefix) });
  t.same(find("own")?.argHash, blakeOf(prefix, identity));
  t.equal(find("own"), find("own"));
  t.equal(find("other"), undefined);
});

function blakeOf(...parts: readonly Uint8Array[]): Uint8Array {
  return blake3Hash(Buffer.concat(parts));
}
