// Finding queries by values saves work and changes nothing: the same transactions are evaluated with it and without it.
import {
  Identity,
  identityType,
  primitive,
  Reader,
  readRowList,
  rowCount,
  rowStart,
  toHex,
} from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../test/datastore/seeds.ts";
import { Datastore } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import { compileQueries } from "../sql/table-query.ts";
import { insertRows, makeTable, sender, visitor } from "../sql/test-tables.ts";
import { Evaluator } from "./evaluate.ts";
import { Subscriber, SubscriptionRegistry } from "./registry.ts";

/** Values of each column are few, so that rows and constants meet. */
const valueCount = 6;
const operators = ["=", "<", "<=", ">", ">=", "<>"] as const;

/** Values of rows that no constant is: equal to others with other bytes, or greater than all. */
const oddFloats = [-0, Number.NaN, Infinity, -Infinity] as const;

/** One of the values of wide columns: they differ in their highest bytes, and with `least` below 0 in their sign. */
const wide = (value: number, least: number): bigint => BigInt(value + least) << 200n;

function literalOf(column: string, value: number): string {
  switch (column) {
    case "s":
      return `'${"x".repeat(value)}'`;
    case "w":
      return String(wide(value, -3));
    case "u":
      return String(wide(value, 0));
    default:
      return String(value);
  }
}

function condition(rng: Rng, table: string): string {
  const column = rng.pick(["id", "k", "f", "g", "s", "w", "u"]);
  const literal = literalOf(column, rng.nextBelow(valueCount));
  return `${table}.${column} ${rng.pick(operators)} ${literal}`;
}

function conditions(rng: Rng, table: string): string {
  const parts = Array.from({ length: rng.nextBelow(4) }, () => condition(rng, table));
  if (rng.nextBelow(8) === 0) parts.push(`${table}.who = :sender`);
  if (rng.nextBelow(5) === 0) parts.push(`(${condition(rng, table)} OR ${condition(rng, table)})`);
  return parts.join(" AND ");
}

function randomText(rng: Rng): string {
  const table = rng.pick(["a", "b"]);
  const own = conditions(rng, table);
  if (rng.nextBelow(3) > 0) return `SELECT * FROM ${table}${own === "" ? "" : ` WHERE ${own}`}`;
  const both = [conditions(rng, "a"), conditions(rng, "b")].filter((part) => part !== "");
  const where = both.length === 0 ? "" : ` WHERE ${both.join(" AND ")}`;
  return `SELECT ${table}.* FROM a JOIN b ON a.id = b.k${where}`;
}

/** The same queries twice, over the same tables. */
class Pair {
  readonly #datastore = new Datastore();
  readonly #tables: readonly [Table, Table];
  readonly #worlds = [true, false].map((isPruning) => {
    const registry = new SubscriptionRegistry({ isPruning });
    return { registry, evaluator: new Evaluator(registry), subscribers: [] as Subscriber[] };
  });
  readonly #rng: Rng;
  changeCount = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
    const tx = this.#datastore.begin();
    const [u32, f, g] = [primitive("u32"), primitive("f64"), primitive("f32")];
    const [s, w, u] = [primitive("string"), primitive("i256"), primitive("u256")];
    const columns = { id: u32, k: u32, f, g, s, w, u, who: identityType };
    const make = (name: string): Table =>
      makeTable(this.#datastore, tx, { name, columns, indexes: [[0], [1]] });
    this.#tables = [make("a"), make("b")];
    this.#datastore.commit(tx);
    this.#datastore.release(tx);
  }

  watch(id: number): void {
    const texts = Array.from({ length: 1 + this.#rng.nextBelow(3) }, () => randomText(this.#rng));
    const queries = texts.flatMap((text) =>
      compileQueries(text, this.#datastore, visitor, "subscription"),
    );
    for (const { registry, subscribers } of this.#worlds) {
      const subscriber = new Subscriber(id);
      registry.add(subscriber, 1, queries);
      subscribers.push(subscriber);
    }
  }

  unwatch(): void {
    const position = this.#rng.nextBelow(this.#worlds[0]?.subscribers.length ?? 0);
    for (const { registry, subscribers } of this.#worlds) {
      const [gone] = subscribers.splice(position, 1);
      if (gone !== undefined) registry.removeAll(gone);
    }
  }

  #change(tx: Transaction): void {
    const rng = this.#rng;
    const table = rng.pick(this.#tables);
    const value = (): number => rng.nextBelow(valueCount);
    if (table.rowCount > 20 || (table.rowCount > 0 && rng.nextBelow(3) === 0)) {
      const row = table.nextRow(rng.nextBelow(10) - 1);
      tx.delete(table, row >= 0 ? row : table.nextRow(-1));
      return;
    }
    const float = (): number => (rng.nextBelow(4) === 0 ? rng.pick(oddFloats) : value());
    const who = rng.nextBelow(2) === 0 ? sender : new Identity(1n);
    const wides = [wide(value(), -3), wide(value(), 0)];
    const row = [value(), value(), float(), float(), "x".repeat(value()), ...wides, who];
    insertRows(tx, table, [row]);
  }

  /** One transaction; what each of the two tells each subscriber. */
  transact(): readonly (readonly string[])[] {
    const tx = this.#datastore.begin();
    for (let i = this.#rng.nextBelow(5); i >= 0; i--) this.#change(tx);
    const delta = this.#datastore.commit(tx);
    const told = this.#worlds.map(({ evaluator, subscribers }) => {
      if (delta !== undefined) evaluator.evaluate(delta);
      else evaluator.forget();
      return subscribers.map((subscriber) => this.#shown(subscriber, evaluator.bytes));
    });
    this.#datastore.release(tx);
    return told;
  }

  #shown({ parts }: Subscriber, bytes: Uint8Array): string {
    const lines = parts.map(({ query: { query, partStart, partEnd } }) => {
      const reader = new Reader(bytes, partStart + 1, partEnd);
      const rows = [readRowList(reader), readRowList(reader)].map((list) =>
        Array.from({ length: rowCount(list) }, (_, i) => {
          const end = i + 1 < rowCount(list) ? rowStart(list, i + 1) : list.data.length;
          return toHex(list.data.subarray(rowStart(list, i), end));
        }).sort(),
      );
      this.changeCount += rows.flat().length;
      return `${query.shareKey}: +${rows.join(" -")}`;
    });
    return lines.sort().join("\n");
  }
}

void test("[SUB3] what is told does not depend on how queries are found", async (t) => {
  let changeCount = 0;
  for (const seed of testSeeds(20)) {
    const rng = new Rng(seed);
    const pair = new Pair(rng);
    for (let id = 0; id < 40; id++) pair.watch(id);
    for (let step = 0; step < 60; step++) {
      if (step % 10 === 9) pair.unwatch();
      const [pruned, plain] = pair.transact();
      t.same(pruned, plain, `seed ${seed} step ${step}`);
    }
    changeCount += pair.changeCount;
  }
  t.ok(changeCount > 10_000, `${changeCount} rows were told`);
});
