// Transactions through the bytes of the log and back: random ones of our own, and some that the native host wrote.
import { readFileSync } from "node:fs";
import { primitive, type ProductValue, Writer } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { Datastore } from "../../src/datastore/datastore.ts";
import { Replay } from "../../src/datastore/replay.ts";
import { systemTableId } from "../../src/datastore/system-tables.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import { decodeInputs, encodeRecord, RecordDecoder } from "../../src/log/record.ts";
import { contents } from "./replay-feed.ts";
import { testSeeds } from "./seeds.ts";
import { openTable, rowEncoder, tableRows, type TableSketch, toHex } from "./tables.ts";
import { keep, randomTables, World } from "./world.ts";

void test("random histories come back whole through the bytes of the log", async (t) => {
  for (const seed of testSeeds(4)) {
    const world = new World(randomTables, new Rng(seed));
    for (let i = 0; i < 250; i++) t.same(world.transaction(), [], `seed ${seed} transaction ${i}`);
    const writer = new Writer();
    for (const tables of world.log) encodeRecord(writer, undefined, tables);
    const copy = new Datastore();
    const replay = new Replay(copy);
    const decoder = new RecordDecoder(replay);
    const log = writer.written();
    let at = 0;
    for (let offset = 0; at < log.length; offset++) {
      at = decoder.decode(log, at, log.length, offset);
    }
    replay.finish();
    t.same(contents(copy), contents(world.datastore), `seed ${seed}`);
  }
});

const cell: TableSketch = {
  name: "cell",
  columns: { id: primitive("u64"), owner: primitive("u32"), x: primitive("u64") },
  indexes: [["btree", 0]],
  unique: [[0]],
  primaryKey: 0,
};
const encodeCell: (row: ProductValue) => Uint8Array = rowEncoder(cell);

const [framingBytes, checksumBytes] = [22, 4];

/** Commits that the native host wrote, by offset; each holds one transaction. */
const goldenFiles = new Map([
  [1, "01-connect.hex"],
  [2, "02-disconnect.hex"],
  [8, "08-fill.hex"],
  [11, "11-touch.hex"],
  [14, "14-delete-all.hex"],
]);

function goldenRecord(offset: number): Uint8Array {
  const url = new URL(
    `../../../../fixtures/golden/log/${goldenFiles.get(offset)}`,
    import.meta.url,
  );
  const commit = Buffer.from(readFileSync(url, "utf8").replace(/\s/g, ""), "hex");
  return commit.subarray(framingBytes, -checksumBytes);
}

/** A datastore with the native host's table, and all golden records up to `offset` applied. */
function goldenState(offset: number): Datastore {
  const datastore = new Datastore();
  openTable(datastore, cell);
  const replay = new Replay(datastore);
  const decoder = new RecordDecoder(replay);
  for (const each of goldenFiles.keys()) {
    if (each > offset) continue;
    const record = goldenRecord(each);
    decoder.decode(record, 0, record.length, each);
  }
  replay.finish();
  return datastore;
}

const cells = (...rows: readonly [id: bigint, owner: number, x: bigint][]): string[] =>
  rows.map(([id, owner, x]) => toHex(encodeCell({ id, owner, x })));

void test("golden commits apply", async (t) => {
  const rowsAfter = (offset: number, tableId: number): string[] =>
    tableRows(goldenState(offset).tableById(tableId)!);
  t.equal(rowsAfter(1, systemTableId.client).length, 1);
  t.match(rowsAfter(1, systemTableId.connectionCredentials)[0], toHex(Buffer.from('"iss"')));
  t.same(rowsAfter(2, systemTableId.client), []);
  t.same(rowsAfter(2, systemTableId.connectionCredentials), []);
  t.same(rowsAfter(8, 4096), cells([0n, 0, 0n], [1n, 1, 0n], [2n, 2, 0n]));
  t.same(rowsAfter(11, 4096), cells([0n, 0, 0n], [1n, 1, 77n], [2n, 2, 0n]));
  t.same(rowsAfter(14, 4096), []);
});

/** What the calls behind golden commits did, done here. */
const calls: Readonly<Record<number, (tx: Transaction, datastore: Datastore) => void>> = {
  8: (tx, datastore) => {
    const table = datastore.tableById(4096)!;
    for (const id of [0, 1, 2]) {
      const row = encodeCell({ id: BigInt(id), owner: id, x: 0n });
      tx.insert(table, row, 0, row.length);
    }
  },
  11: (tx, datastore) => {
    const table = datastore.tableById(4096)!;
    const row = encodeCell({ id: 1n, owner: 1, x: 77n });
    tx.update(table, table.indexes[0]!, row, 0, row.length);
  },
  14: (tx, datastore) => {
    tx.clear(datastore.tableById(4096)!);
  },
};

void test("the same calls here give the same bytes", async (t) => {
  for (const [offset, call] of Object.entries(calls)) {
    const datastore = goldenState(Number(offset) - 1);
    const golden = goldenRecord(Number(offset));
    const tx = datastore.begin();
    call(tx, datastore);
    const tables = keep(datastore.commit(tx));
    datastore.release(tx);
    const hasInputs = (golden[0]! & 0x80) !== 0;
    const inputsEnd = 5 + Buffer.from(golden).readUInt32LE(1);
    const writer = new Writer();
    encodeRecord(writer, hasInputs ? decodeInputs(golden, 5, inputsEnd) : undefined, tables);
    t.equal(toHex(writer.written()), toHex(golden), `transaction ${offset}`);
  }
});
