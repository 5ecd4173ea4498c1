// What clients of random runs ask and call, of the module `probe`, and what its queries should find.
import { compileCodec, encode, type Identity, present, product, type Value } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import type { Database } from "../../src/database/database.ts";
import { type Row, tableRows } from "../rows.ts";

export interface Query {
  readonly text: string;
  readonly table: string;
  readonly wants: (row: Row, client: { readonly identity: Identity }) => boolean;
}

export function makeQuery(rng: Rng): Query {
  const n = rng.nextBelow(8);
  const number = (row: Row, column: string): number => Number(row[column]);
  const queries: readonly Query[] = [
    { text: "SELECT * FROM item", table: "item", wants: () => true },
    { text: "SELECT * FROM pair", table: "pair", wants: () => true },
    { text: `SELECT * FROM item WHERE id = ${n}`, table: "item", wants: (row) => row["id"] === n },
    {
      text: `SELECT * FROM item WHERE id >= ${n} AND text <> 'b'`,
      table: "item",
      wants: (row) => number(row, "id") >= n && row["text"] !== "b",
    },
    {
      text: "SELECT * FROM item WHERE text = 'a'",
      table: "item",
      wants: (row) => row["text"] === "a",
    },
    {
      text: `SELECT * FROM pair WHERE left = ${n} OR right = ${n}`,
      table: "pair",
      wants: (row) => row["left"] === n || row["right"] === n,
    },
    {
      text: `SELECT * FROM place WHERE slot = ${n}`,
      table: "place",
      wants: (row) => row["slot"] === n,
    },
    {
      text: `SELECT * FROM place WHERE height < ${n - 50} AND zone <> 1`,
      table: "place",
      wants: (row) => number(row, "height") < n - 50 && row["zone"] !== 1,
    },
    {
      text: "SELECT * FROM caller WHERE sender = :sender",
      table: "caller",
      wants: (row, client) => client.identity.equals(row["sender"] as unknown as Identity),
    },
    {
      text: "SELECT * FROM caller WHERE event = 'disconnected'",
      table: "caller",
      wants: (row) => row["event"] === "disconnected",
    },
  ];
  return present(queries[rng.nextBelow(queries.length)], "a query");
}

export type Call = readonly [reducer: string, args: Readonly<Record<string, Value>>];

export function makeCall(rng: Rng): Call {
  const [id, other] = [rng.nextBelow(8), rng.nextBelow(8)];
  const text = present(["a", "b", "c"][rng.nextBelow(3)], "a text");
  const pair = { left: id, right: other };
  const calls: readonly Call[] = [
    ["upsert", { id, text }],
    ["upsert", { id, text }],
    ["insert_unique", { id, text }],
    ["insert_both", { first: id, second: other }],
    ["delete_item", { id }],
    ["delete_where", { text }],
    ["delete_and_insert", { id }],
    ["insert_and_delete", { id: id + 100 }],
    ["clear_items", {}],
    ["insert_pair", pair],
    ["insert_pair", pair],
    ["delete_pair", pair],
    ["add_place", { id, slot: other, label: `${id}` }],
    ["move_place", { id, slot: other, rank: other }],
    ["delete_slot", { slot: id }],
    ["fail", { message: text }],
    ["panic_now", { message: text }],
    ["whoami", {}],
  ];
  return present(calls[rng.nextBelow(calls.length)], "a call");
}

/** The rows that distinct queries find for a client, as BSATN, by table, each as often as a query finds it. */
export function foundRows(
  database: Database,
  client: { readonly identity: Identity },
  queries: readonly Query[],
): Map<string, Uint8Array[]> {
  const tables = new Map<string, Uint8Array[]>();
  const distinct = new Map(queries.map((query) => [query.text, query]));
  for (const { table, wants } of distinct.values()) {
    const found = tables.get(table) ?? [];
    tables.set(table, found);
    const { schema } = present(database.parts.datastore.tableByName(table), table);
    const codec = compileCodec(
      product(Object.fromEntries(schema.columns.map((one) => [one.name, one.type]))),
    );
    for (const row of tableRows(database, table)) {
      if (wants(row, client)) found.push(encode(codec, row));
    }
  }
  return tables;
}
