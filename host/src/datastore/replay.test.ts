import { primitive, type ProductValue } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { contents, feed, type LoggedRows } from "../../test/datastore/replay-feed.ts";
import { testSeeds } from "../../test/datastore/seeds.ts";
import { newTable, rowEncoder, tableRows, type TableSketch } from "../../test/datastore/tables.ts";
import { keep, type KeptDelta, randomTables, World } from "../../test/datastore/world.ts";
import { createTable } from "./create-table.ts";
import { encodeSystemRow } from "./catalog.ts";
import { Datastore } from "./datastore.ts";
import { Replay } from "./replay.ts";
import { type SystemRow, systemTableId } from "./system-tables.ts";
import type { Transaction } from "./tx.ts";

const u8 = primitive("u8");

/** A datastore whose transactions are kept, as a log would. */
class Source {
  readonly datastore = new Datastore();
  readonly log: KeptDelta[][] = [];

  commit<T>(work: (tx: Transaction) => T): T {
    const tx = this.datastore.begin();
    const result = work(tx);
    this.log.push(keep(this.datastore.commit(tx)));
    this.datastore.release(tx);
    return result;
  }

  create(sketch: TableSketch): number {
    return this.commit((tx) => createTable(this.datastore, tx, newTable(sketch)).schema.id);
  }

  replayed(): Datastore {
    return replayed(this.log);
  }
}

function replayed(log: readonly (readonly LoggedRows[])[], into = new Datastore()): Datastore {
  const replay = new Replay(into);
  log.forEach((tables, offset) => feed(replay, offset, tables));
  replay.finish();
  return into;
}

const pair: TableSketch = {
  name: "pair",
  columns: { id: u8, x: u8 },
  indexes: [["btree", 0]],
  unique: [[0]],
};

const rows = (tableId: number, inserts: number[], deletes: number[] = []): LoggedRows => ({
  tableId,
  inserts: Uint8Array.from(inserts),
  deletes: Uint8Array.from(deletes),
  isTruncated: false,
});

const truncate = (tableId: number): LoggedRows => ({ ...rows(tableId, []), isTruncated: true });

void test("random histories come back whole, tables made in between included", async (t) => {
  for (const seed of testSeeds(4)) {
    const [first, ...later] = randomTables;
    const world = new World([first!], new Rng(seed));
    for (let i = 0; i < 300; i++) {
      if (i % 20 === 19 && later.length > 0) world.create(later.shift()!);
      t.same(world.transaction(), [], `seed ${seed} transaction ${i}`);
    }
    t.same(contents(replayed(world.log)), contents(world.datastore), `seed ${seed}`);
  }
});

void test("a datastore that was replayed goes on as the one before", async (t) => {
  const source = new Source();
  const id = source.create({ ...pair, sequences: { 0: {} } });
  const insert = (datastore: Datastore): Uint8Array => {
    const tx = datastore.begin();
    tx.insert(datastore.tableById(id)!, Uint8Array.of(0, 7), 0, 2);
    const generated = tx.generated.slice(0, tx.generatedLength);
    source.log.push(keep(datastore.commit(tx)));
    datastore.release(tx);
    return generated;
  };
  t.same(insert(source.datastore), [1]);
  t.same(insert(source.datastore), [2]);
  const copy = source.replayed();
  t.same(insert(copy), [1], "4097, cut to a byte: the block before is used up");
  t.same(tableRows(copy.tableById(id)!), ["0107", "0207"], "as 1 is there with the same bytes");
  t.equal(
    createTable(copy, copy.begin(), newTable({ ...pair, name: "next" })).schema.id,
    4096 + 4096,
    "so are ids of tables",
  );
});

void test("keys that change hands in one transaction", async (t) => {
  const keys: TableSketch = {
    name: "keys",
    columns: { a: u8, b: u8, c: u8 },
    indexes: [
      ["btree", 0],
      ["hash", 1],
    ],
    unique: [[0], [1]],
  };
  const cases: Record<string, readonly [before: number[], inserts: number[], deletes: number[]]> = {
    "one row": [
      [1, 1, 1],
      [1, 1, 2],
      [1, 1, 1],
    ],
    "two rows that swap": [
      [1, 1, 1, 2, 2, 2],
      [1, 2, 1, 2, 1, 2],
      [2, 2, 2, 1, 1, 1],
    ],
    "a row in the way of two": [
      [1, 2, 1],
      [1, 1, 1, 2, 2, 1],
      [1, 2, 1],
    ],
    "two rows in the way of one": [
      [1, 1, 1, 2, 2, 2],
      [1, 2, 1],
      [1, 1, 1, 2, 2, 2],
    ],
  };
  for (const [title, [before, inserts, deletes]] of Object.entries(cases)) {
    const source = new Source();
    const id = source.create(keys);
    const copy = replayed([...source.log, [rows(id, before)], [rows(id, inserts, deletes)]]);
    const expected = Buffer.from(inserts).toString("hex").match(/.{6}/g);
    t.same(tableRows(copy.tableById(id)!), expected?.sort(), title);
    t.equal(copy.tableById(id)!.indexes[1]!.find(Uint8Array.of(9), 0, 1), -1);
  }
});

const refused: Record<string, readonly [log: LoggedRows[][], message: RegExp]> = {
  "a table that no row describes": [[[rows(5000, [1, 1])]], /table 5000, which no row describes/],
  "a delete of nothing": [[[rows(4096, [], [1, 1])]], /deletes a row of table pair/],
  "a delete of a row with another's key": [
    [[rows(4096, [1, 1])], [rows(4096, [], [1, 2])]],
    /deletes a row of table pair/,
  ],
  "a key that is taken and stays so": [
    [[rows(4096, [1, 1])], [rows(4096, [1, 2])]],
    /into table pair whose unique key is taken/,
  ],
  "a key that is taken, while another row goes": [
    [[rows(4096, [1, 1, 2, 2])], [rows(4096, [1, 2], [2, 2])]],
    /into table pair whose unique key is taken/,
  ],
  "a key that one transaction takes twice": [
    [[rows(4096, [1, 1, 1, 2])]],
    /into table pair whose unique key is taken/,
  ],
};

void test("a log that does not fit the state is refused", async (t) => {
  for (const [title, [log, message]] of Object.entries(refused)) {
    const source = new Source();
    source.create(pair);
    t.throws(() => replayed([...source.log, ...log]), { code: "LC_LOG_REPLAY", message }, title);
  }
});

void test("truncates empty a table, and of one that is gone mean nothing", async (t) => {
  const source = new Source();
  const id = source.create(pair);
  const log = [...source.log, [rows(id, [1, 1, 2, 2])], [truncate(id)], [truncate(6000)]];
  t.same(tableRows(replayed(log).tableById(id)!), []);
});

void test("a dropped table is gone, though rows of it are deleted after its schema", async (t) => {
  const source = new Source();
  const id = source.create(pair);
  const created = source.log[0]!;
  const dropped = created.map(({ tableId, inserts }) => ({
    ...rows(tableId, []),
    deletes: inserts,
  }));
  // Numbering goes on: what the log says of sequences stays.
  const schemaRows = dropped.filter(({ tableId }) => tableId !== systemTableId.sequence);
  const log = [created, [rows(id, [1, 1])], [...schemaRows, rows(id, [], [1, 1])]];
  const copy = replayed(log);
  t.equal(copy.tableById(id), undefined);
  t.equal(copy.tableByName("pair"), undefined);
  t.same(copy.userTables(), []);
});

function systemRow(tableId: number, row: SystemRow): LoggedRows {
  return rows(tableId, Array.from(encodeSystemRow(tableId, row)));
}

void test("an index that is added later has the rows before and after", async (t) => {
  const source = new Source();
  const id = source.create(pair);
  const addIndex = systemRow(systemTableId.index, {
    index_id: 5000,
    table_id: id,
    index_name: "pair_x_idx_btree",
    index_algorithm: { tag: "BTree", value: [1] },
  });
  const log = [...source.log, [rows(id, [1, 7])], [addIndex, rows(id, [2, 7])], [rows(id, [3, 7])]];
  const { indexes, schema, rowCount } = replayed(log).tableById(id)!;
  t.same(
    schema.indexes.map((index) => index.id),
    [4096, 5000],
  );
  t.equal(rowCount, 3);
  t.ok(indexes[1]!.find(Uint8Array.of(7), 0, 1) >= 0);
});

void test("an index that is removed does not take rows with it", async (t) => {
  const source = new Source();
  const id = source.create({
    ...pair,
    indexes: [
      ["btree", 0],
      ["hash", 1],
    ],
  });
  const { inserts } = systemRow(systemTableId.index, {
    index_id: 4097,
    table_id: id,
    index_name: "pair_x_idx_hash",
    index_algorithm: { tag: "Hash", value: [1] },
  });
  const removeIndex = rows(systemTableId.index, [], Array.from(inserts));
  const copy = replayed([
    ...source.log,
    [rows(id, [1, 7, 2, 8])],
    [removeIndex, rows(id, [], [1, 7])],
    [rows(id, [3, 9])],
  ]);
  const table = copy.tableById(id)!;
  t.same(
    table.schema.indexes.map(({ kind }) => kind),
    ["btree"],
  );
  t.same(tableRows(table), ["0208", "0309"]);
});

void test("rows that do not fit a changed schema are refused", async (t) => {
  const source = new Source();
  const id = source.create({ ...pair, indexes: [["btree", 0]], unique: [] });
  const addUnique = systemRow(systemTableId.constraint, {
    constraint_id: 5000,
    constraint_name: "pair_id_key",
    table_id: id,
    constraint_data: { tag: "Unique", value: [0] },
  });
  const log = [...source.log, [rows(id, [1, 1, 1, 2])], [addUnique]];
  t.throws(() => replayed(log), { code: "LC_LOG_REPLAY", message: /do not fit the schema/ });
});

void test("numbering that goes on does not make a table anew", async (t) => {
  const source = new Source();
  const id = source.create({
    ...pair,
    columns: { id: primitive("u32"), x: u8 },
    sequences: { 0: {} },
  });
  const encode: (row: ProductValue) => Uint8Array = rowEncoder({
    columns: { id: primitive("u32"), x: u8 },
  });
  const copy = new Datastore();
  const replay = new Replay(copy);
  const table = source.datastore.tableById(id)!;
  for (let block = 0; block < 3; block++) {
    source.commit((tx) => {
      for (let i = 0; i < 4096; i++) tx.insert(table, encode({ id: 0, x: 1 }), 0, 5);
    });
  }
  const [created, ...inserted] = source.log;
  feed(replay, 0, created!);
  const before = copy.tableById(id);
  inserted.forEach((tables, i) => feed(replay, i + 1, tables));
  replay.finish();
  t.equal(copy.tableById(id), before);
  t.equal(before?.rowCount, 3 * 4096);
  t.equal(replay.rowCount > 3 * 4096, true);
});

void test("a sequence of the system may have begun elsewhere", async (t) => {
  const source = new Source();
  const id = source.create(pair);
  const [created] = source.log;
  // The same log of a host whose own sequences stood at 1 before.
  const other = created!.map((delta) => {
    if (delta.tableId !== systemTableId.sequence) return delta;
    const { deletes } = delta;
    return { ...rows(delta.tableId, Array.from(delta.inserts)), deletes: deletes.fill(0, -16) };
  });
  const copy = replayed([other]);
  t.same(contents(copy), contents(source.datastore));
  t.ok(copy.tableById(id));
});

void test("rows of event tables are passed over", async (t) => {
  const source = new Source();
  const id = source.create({ ...pair, isEvent: true });
  const table = replayed([...source.log, [rows(id, [1, 1])], [rows(id, [1, 2])]]).tableById(id);
  t.equal(table?.rowCount, 0);
});
