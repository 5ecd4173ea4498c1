import { primitive } from "@lightcone/abi";
import { test } from "tap";
import {
  commit,
  openTable,
  rowEncoder,
  tableRows,
  type TableSketch,
} from "../../test/datastore/tables.ts";
import { Datastore } from "./datastore.ts";
import type { DatastoreImage, StoredTable } from "./image.ts";
import { Replay } from "./replay.ts";

const sketches: readonly TableSketch[] = [
  {
    name: "fixed",
    columns: { id: primitive("u64"), x: primitive("u32") },
    indexes: [
      ["btree", 0],
      ["hash", 1],
    ],
    unique: [[0]],
    sequences: { 0: {} },
  },
  { name: "bag", columns: { text: primitive("string") } },
];

const [encodeFixed, encodeBag] = sketches.map((sketch) => rowEncoder(sketch)) as [
  ReturnType<typeof rowEncoder>,
  ReturnType<typeof rowEncoder>,
];

function store(image: DatastoreImage): StoredTable[] {
  return image.tables.map(({ tableId, header, blocks }) => ({
    tableId,
    header: header.slice(),
    blocks: blocks.map(({ bytes }) => bytes.slice()),
  }));
}

function contents(datastore: Datastore): unknown {
  return datastore
    .allTables()
    .toSorted((a, b) => a.schema.id - b.schema.id)
    .map((table) => [table.schema.name, table.rowCount, tableRows(table)]);
}

function insert(datastore: Datastore, name: string, bytes: Uint8Array): void {
  const table = datastore.tableByName(name)!;
  commit(datastore, (tx) => tx.insert(table, bytes, 0, bytes.length));
}

function filled(): Datastore {
  const datastore = new Datastore();
  for (const sketch of sketches) openTable(datastore, sketch);
  for (let i = 0; i < 500; i++) {
    insert(datastore, "fixed", encodeFixed({ id: 0n, x: i % 7 }));
    insert(datastore, "bag", encodeBag({ text: `text ${"x".repeat(i)}` }));
  }
  return datastore;
}

void test("an image stays as it was while transactions go on, and comes back whole", async (t) => {
  const datastore = filled();
  const before = contents(datastore);
  const image = datastore.freeze();
  for (let i = 0; i < 200; i++) {
    const table = datastore.tableByName(i % 2 === 0 ? "fixed" : "bag")!;
    commit(datastore, (tx) => tx.delete(table, table.nextRow(-1)));
    insert(datastore, "fixed", encodeFixed({ id: 0n, x: 99 }));
  }
  t.notSame(contents(datastore), before);
  const restored = new Datastore();
  restored.restore(store(image));
  new Replay(restored).finish();
  t.same(contents(restored), before);
  image.release();
  const table = restored.tableByName("fixed")!;
  const key = new Uint8Array(8);
  key[0] = 17;
  t.ok(table.indexes[0]!.find(key, 0, 8) >= 0, "indexes are there");
  insert(restored, "fixed", encodeFixed({ id: 0n, x: 1 }));
  t.equal(table.rowCount, 501, "numbers are not drawn twice");
});

void test("an image of an unknown table is refused", async (t) => {
  const image = filled().freeze();
  const stored = store(image).filter(({ tableId }) => tableId > 4095);
  t.throws(() => new Datastore().restore(stored), {
    code: "LC_SNAPSHOT",
    message: "the snapshot holds table 4096, which no row describes",
  });
});
