// The tables of script tests, their ids, and rows of them as bytes.
import { compileCodec, encode, present, product, type Value, Writer } from "@lightcone/abi";
import type { Test } from "tap";
import { type Row, tableRows } from "../rows.ts";
import type { TestDefinition } from "./definition.ts";
import { type Script, ScriptHost, type ScriptResult } from "./script.ts";

const u32 = { kind: "u32" } as const;
const text = { kind: "string" } as const;
const btree = (...columns: number[]): Value => ({ tag: "BTree", value: columns });

const item = { id: u32, text };
const place = {
  id: u32,
  slot: u32,
  zone: { kind: "u8" },
  row: { kind: "i16" },
  name: text,
} as const;
const pair = { left: u32, right: u32 };
const ticket = { id: { kind: "u64" }, note: text, number: u32 } as const;

/** A table with a key, one with every kind of index, one without a key, one with two generated columns. */
export const definition: TestDefinition = {
  tables: [
    {
      name: "item",
      columns: item,
      primaryKey: 0,
      indexes: [{ name: "item_id", algorithm: btree(0) }],
      unique: [[0]],
    },
    {
      name: "place",
      columns: place,
      primaryKey: 0,
      indexes: [
        { name: "place_id", algorithm: btree(0) },
        { name: "place_slot", algorithm: { tag: "Direct", value: 1 } },
        { name: "place_zone", algorithm: btree(2, 3, 4) },
        { name: "place_zone_hash", algorithm: { tag: "Hash", value: [2] } },
      ],
      unique: [[0], [1]],
    },
    { name: "pair", columns: pair },
    {
      name: "ticket",
      columns: ticket,
      primaryKey: 0,
      indexes: [
        { name: "ticket_id", algorithm: btree(0) },
        { name: "ticket_number", algorithm: btree(2) },
      ],
      unique: [[0], [2]],
      sequences: [0, 2],
    },
  ],
};

const codecs = {
  item: compileCodec(product(item)),
  place: compileCodec(product(place)),
  pair: compileCodec(product(pair)),
  ticket: compileCodec(product(ticket)),
};

export type TableName = "item" | "place" | "pair" | "ticket";

export function rowBytes(table: TableName, row: Value): Uint8Array {
  return encode(codecs[table], row);
}

/** A relation: count, then rows. */
export function relation(table: TableName, rows: readonly Value[]): Uint8Array {
  const writer = new Writer();
  writer.u32(rows.length);
  for (const row of rows) writer.raw(rowBytes(table, row));
  return writer.finish();
}

/** The little-endian bytes of a number. */
export function u32Bytes(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export interface World {
  readonly scripts: ScriptHost;
  readonly table: (name: string) => number;
  readonly index: (name: string) => number;
  /** The rows that are committed, as values. */
  readonly rows: (table: TableName) => Row[];
}

export async function openWorld(): Promise<World> {
  const scripts = await ScriptHost.open(definition);
  const { datastore } = scripts.host.database.parts;
  const named = (name: string) => present(datastore.tableByName(name), name);
  return {
    scripts,
    table: (name) => named(name).schema.id,
    index: (name) => present(datastore.catalog.indexIdByName(name), name),
    rows: (name) => tableRows(scripts.host.database, name),
  };
}

/** Runs a script and checks what its calls returned. */
export function run(
  t: Test,
  world: World,
  script: Script,
  expected: readonly number[],
  { code = 0, title = "" }: { readonly code?: number; readonly title?: string } = {},
): ScriptResult {
  const result = world.scripts.run(script, code);
  t.same(result.kind === "ran" ? result.statuses : result, expected, title);
  return result;
}

/** Adds an insert of a row; returns the addresses of row and length. */
export function insert(
  world: World,
  script: Script,
  table: TableName,
  row: Value,
): [number, number] {
  const bytes = rowBytes(table, row);
  const at = script.place(bytes);
  const length = script.word(bytes.length);
  script.call("datastore_insert_bsatn", world.table(table), at, length);
  return [at, length];
}
