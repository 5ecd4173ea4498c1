import { decodeType, primitive, typesEqual } from "@lightcone/abi";
import { test } from "tap";
import { openTable, type TableSketch } from "../../test/datastore/tables.ts";
import { Datastore } from "./datastore.ts";
import { systemTableId } from "./system-tables.ts";

const { catalog } = new Datastore();

void test("the rows of system tables describe system tables", async (t) => {
  for (const { schema } of catalog.tables) {
    t.same(catalog.readTableSchema(schema.id), schema, schema.name);
  }
});

void test("their columns are rows too", async (t) => {
  const rows = catalog.rows(systemTableId.column);
  for (const { schema } of catalog.tables) {
    const own = rows.filter((row) => row["table_id"] === schema.id);
    t.same(
      own.map((row) => [row["col_pos"], row["col_name"]]),
      schema.columns.map(({ name }, position) => [position, name]),
    );
    own.forEach((row, position) => {
      const type = decodeType(row["col_type"] as Uint8Array);
      t.ok(typesEqual(type, schema.columns[position]!.type), `${schema.name}, column ${position}`);
    });
  }
});

void test("a new datastore has the rows that the reference has", async (t) => {
  const counts = catalog.tables.map(({ schema, rowCount }) => [schema.name, rowCount] as const);
  const filled = Object.fromEntries(counts.filter(([, count]) => count > 0));
  const { length: columnCount } = catalog.tables.flatMap(({ schema }) => schema.columns);
  t.same(filled, {
    st_table: 20,
    st_column: columnCount,
    st_sequence: 7,
    st_index: 29,
    st_constraint: 25,
  });
});

void test("there is no schema for what is not there", async (t) => {
  t.equal(catalog.readTableSchema(4096), undefined);
  t.throws(() => catalog.table(21), /broken invariant/);
});

const sketch: TableSketch = {
  name: "person",
  columns: { id: primitive("u32"), full_name: primitive("string") },
  indexes: [
    ["btree", 0],
    ["hash", 1, 0],
  ],
  unique: [[0]],
};

void test("names lead to ids, and aliases to names", async (t) => {
  const datastore = new Datastore();
  const { schema } = openTable(datastore, sketch);
  const names = datastore.catalog;
  const [first, second] = schema.indexes.map(({ id }) => id);
  t.same(
    ["person", "PERSON", "Person", "st_client"].map((name) => names.tableIdByName(name)),
    [schema.id, schema.id, undefined, systemTableId.client],
  );
  t.same(
    ["person_id_idx_btree", "PERSON_FULL_NAME_ID_IDX_HASH", "nothing"].map((name) =>
      names.indexIdByName(name),
    ),
    [first, second, undefined],
  );
  t.equal(names.indexIdByName("st_table_table_name_idx_btree"), 2);
  t.equal(names.columnByAlias("person", "FULL_NAME"), "full_name");
  t.equal(names.columnByAlias("PERSON", "FULL_NAME"), undefined);
});
