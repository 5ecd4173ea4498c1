import { bytesType, option, primitive } from "@lightcone/abi";
import { test } from "tap";
import { commit, newTable, openTable, type TableSketch } from "../../test/datastore/tables.ts";
import { createTable } from "./create-table.ts";
import { Datastore } from "./datastore.ts";
import { BTreeIndex } from "./index/btree.ts";
import { DirectIndex } from "./index/direct.ts";
import { HashIndex } from "./index/hash.ts";
import { systemTableId } from "./system-tables.ts";

const u32 = primitive("u32");

const sketch: TableSketch = {
  name: "t",
  columns: { id: u32, name: primitive("string"), size: primitive("f32"), data: option(bytesType) },
  indexes: [
    ["btree", 0],
    ["hash", 1],
    ["hash", 2],
    ["direct", 0],
  ],
  unique: [[0], [1]],
  primaryKey: 0,
  sequences: { 0: {} },
};

void test("the first ids of a user are 4096", async (t) => {
  const { schema } = openTable(new Datastore(), sketch);
  t.same(
    [schema.id, schema.indexes[0]?.id, schema.constraints[0]?.id, schema.sequences[0]?.id],
    [4096, 4096, 4096, 4096],
  );
});

void test("ids go on from table to table", async (t) => {
  const datastore = new Datastore();
  openTable(datastore, sketch);
  const { schema } = openTable(datastore, { ...sketch, name: "u" });
  t.same(
    [
      schema.id,
      schema.indexes.map(({ id }) => id),
      schema.constraints.map(({ id }) => id),
      schema.sequences.map(({ id }) => id),
    ],
    [4097, [4100, 4101, 4102, 4103], [4098, 4099], [4097]],
  );
});

void test("a schema is what was asked for", async (t) => {
  const { schema } = openTable(new Datastore(), sketch);
  t.match(schema, {
    name: "t",
    kind: "user",
    access: "public",
    primaryKey: 0,
    isEvent: false,
    schedule: undefined,
    isEphemeral: false,
  });
  t.same(
    schema.columns,
    Object.entries(sketch.columns).map(([name, type]) => ({ name, type })),
  );
  t.same(
    schema.indexes.map(({ kind, columns, isUnique }) => [kind, columns, isUnique]),
    [
      ["btree", [0], true],
      ["hash", [1], true],
      ["hash", [2], false],
      ["direct", [0], true],
    ],
  );
});

void test("what serves an index", async (t) => {
  const { indexes } = openTable(new Datastore(), sketch);
  const expected = [BTreeIndex, HashIndex, BTreeIndex, DirectIndex];
  indexes.forEach((index, i) => t.ok(index instanceof expected[i]!, `index ${i}`));
  t.same(
    indexes.map(({ isOrdered }) => isOrdered),
    [true, false, false, true],
    "a hash index over floats is a tree that answers no ranges",
  );
});

void test("an index is unique if a constraint has its columns, in any order", async (t) => {
  const { schema } = openTable(new Datastore(), {
    name: "t",
    columns: { a: u32, b: u32 },
    indexes: [
      ["btree", 1, 0],
      ["btree", 0],
      ["hash", 0, 1],
    ],
    unique: [[0, 1]],
  });
  t.same(
    schema.indexes.map(({ isUnique }) => isUnique),
    [true, false, true],
  );
});

void test("a table is rows of the system tables", async (t) => {
  const datastore = new Datastore();
  const counts = (): number[] => datastore.catalog.tables.map(({ rowCount }) => rowCount);
  const before = counts();
  const added = (): Record<string, number> =>
    Object.fromEntries(
      counts().flatMap((count, i) =>
        count === before[i] ? [] : [[datastore.catalog.tables[i]!.schema.name, count - before[i]!]],
      ),
    );
  commit(datastore, (tx) => {
    createTable(datastore, tx, {
      ...newTable({ ...sketch, isEvent: true }),
      schedule: { name: "t_sched", functionName: "tick", atColumn: 1 },
    });
  });
  t.same(added(), {
    st_table: 1,
    st_column: 4,
    st_sequence: 1,
    st_index: 4,
    st_constraint: 2,
    st_scheduled: 1,
    st_event_table: 1,
    st_table_accessor: 1,
    st_index_accessor: 4,
    st_column_accessor: 4,
  });
  t.match(datastore.tableByName("t")?.schema, {
    isEvent: true,
    schedule: { functionName: "tick", atColumn: 1 },
  });
  t.same(datastore.catalog.rows(systemTableId.scheduled), [
    {
      schedule_id: 4096,
      table_id: 4096,
      reducer_name: "tick",
      schedule_name: "t_sched",
      at_column: 1,
    },
  ]);
});

void test("indexes keep their order, wherever their rows lie", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  createTable(datastore, tx, newTable(sketch));
  // The rows of the next table's indexes take the places of these, last first.
  datastore.rollBack(tx);
  const { schema } = openTable(datastore, sketch);
  t.same(
    schema.indexes.map(({ kind, columns }) => [kind, ...columns]),
    sketch.indexes,
  );
});

void test("a name that is taken breaks an invariant: definitions are checked before", async (t) => {
  const datastore = new Datastore();
  openTable(datastore, sketch);
  const tx = datastore.begin();
  t.throws(() => createTable(datastore, tx, newTable(sketch)), /broken invariant/);
  datastore.rollBack(tx);
  t.equal(datastore.userTables().length, 1);
});
