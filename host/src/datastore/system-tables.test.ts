import { test } from "tap";
import { systemTableSchemas } from "./system-tables.ts";

const schemas = systemTableSchemas();

const names = `
  st_table st_column st_sequence st_index st_constraint st_module st_client st_var st_scheduled
  st_row_level_security st_connection_credentials st_view st_view_param st_view_column st_view_sub
  st_view_arg st_event_table st_table_accessor st_index_accessor st_column_accessor`;

/** Indexes by id from 1 on; a "*" is unique. */
const indexes = `
  st_table_table_id* st_table_table_name*
  st_column_table_id_col_pos*
  st_sequence_sequence_id* st_index_index_id* st_constraint_constraint_id*
  st_client_identity_connection_id*
  st_var_name*
  st_scheduled_schedule_id* st_scheduled_table_id*
  st_row_level_security_table_id st_row_level_security_sql*
  st_connection_credentials_connection_id*
  st_view_view_id* st_view_view_name*
  st_view_param_view_id_param_pos* st_view_column_view_id_col_pos*
  st_view_sub_identity st_view_sub_has_subscribers st_view_sub_view_id_arg_id_identity
  st_view_arg_id* st_view_arg_bytes*
  st_event_table_table_id*
  st_table_accessor_table_name* st_table_accessor_accessor_name*
  st_index_accessor_index_name* st_index_accessor_accessor_name*
  st_column_accessor_table_name_col_name* st_column_accessor_table_name_accessor_name*`;

const sequences = `
  st_table_table_id_seq st_index_index_id_seq st_constraint_constraint_id_seq
  st_scheduled_schedule_id_seq st_sequence_sequence_id_seq st_view_view_id_seq st_view_arg_id_seq`;

const words = (text: string): string[] => text.trim().split(/\s+/);
const byId = <T extends { readonly id: number }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => a.id - b.id);

function numbered<T extends { readonly id: number }>(
  items: readonly T[],
  show: (item: T) => string,
): string[] {
  return byId(items).map((item) => `${item.id} ${show(item)}`);
}

function expected(text: string, name: (word: string) => string): string[] {
  return words(text).map((word, i) => `${i + 1} ${name(word)}`);
}

void test("system tables have the ids of the reference", async (t) => {
  t.same(
    numbered(schemas, ({ name }) => name),
    expected(names, (name) => name),
  );
  t.same(
    schemas.filter(({ access }) => access === "private").map(({ id }) => id),
    [11],
  );
  t.ok(schemas.every(({ kind }) => kind === "system"));
});

void test("their indexes have the ids of the reference", async (t) => {
  const all = schemas.flatMap((schema) => schema.indexes);
  t.equal(all.length, 29);
  t.same(
    numbered(all, ({ name, isUnique }) => name + (isUnique ? "*" : "")),
    expected(indexes, (word) =>
      word.endsWith("*") ? `${word.slice(0, -1)}_idx_btree*` : `${word}_idx_btree`,
    ),
  );
  t.ok(all.every(({ kind, columns }) => kind === "btree" && !columns.includes(-1)));
});

void test("their constraints have the ids of the reference", async (t) => {
  const all = schemas.flatMap((schema) => schema.constraints);
  t.equal(all.length, 25);
  const unique = words(indexes).filter((word) => word.endsWith("*"));
  t.same(
    numbered(all, ({ name }) => name),
    unique.map((word, i) => `${i + 1} ${word.slice(0, -1)}_key`),
  );
});

void test("their sequences have the ids of the reference and begin where users' ids do", async (t) => {
  const all = schemas.flatMap((schema) => schema.sequences);
  t.same(
    numbered(all, ({ name }) => name),
    expected(sequences, (name) => name),
  );
  t.ok(all.every(({ allocated }) => allocated === 4096n));
});
