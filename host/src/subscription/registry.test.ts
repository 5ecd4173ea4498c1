// Who is told of what while many watch the same, leave in any order, and tables change beneath them.
import { primitive } from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import { compileQueries, type TableQuery } from "../sql/table-query.ts";
import { insertRows, makeTable, sender } from "../sql/test-tables.ts";
import { Evaluator } from "./evaluate.ts";
import { Subscriber, SubscriptionRegistry } from "./registry.ts";

class World {
  readonly datastore = new Datastore();
  readonly registry = new SubscriptionRegistry();
  readonly item: Table;
  readonly #evaluator = new Evaluator(this.registry);

  constructor() {
    const tx = this.datastore.begin();
    const columns = { id: primitive("u32"), player: primitive("u32") };
    this.item = makeTable(this.datastore, tx, { name: "item", columns, indexes: [[0]] });
    this.datastore.commit(tx);
    this.datastore.release(tx);
  }

  compile(text: string): TableQuery {
    const caller = { identity: sender, isOwner: false, view: () => undefined };
    const [query] = compileQueries(text, this.datastore, caller, "subscription");
    return query;
  }

  /** A query that asks for what `next` asks for once its table has changed. */
  changing(text: string, next: string): TableQuery {
    return { ...this.compile(text), recompile: () => this.compile(next) };
  }

  /** Adds a row; returns which sets of which subscribers are told, sorted: "1/2" is set 2 of subscriber 1. */
  add(id: number, player: number): string[] {
    const tx = this.datastore.begin();
    insertRows(tx, this.item, [[id, player]]);
    const delta = this.datastore.commit(tx);
    const affected = delta === undefined ? [] : this.#evaluator.evaluate(delta);
    const told = affected.flatMap((subscriber) =>
      subscriber.parts.map(({ querySetId }) => `${subscriber.id}/${querySetId}`),
    );
    this.datastore.release(tx);
    return told.sort();
  }
}

void test("[SUB1] who leaves among many that watch the same is told no more, the others are", async (t) => {
  const world = new World();
  const { registry } = world;
  const query = world.compile("SELECT * FROM item WHERE player = 1");
  const subscribers = [new Subscriber(0), new Subscriber(1), new Subscriber(2)];
  const left = new Set<string>();
  for (let set = 0; set < 40; set++) {
    for (const subscriber of subscribers) {
      registry.add(subscriber, set, [query]);
      left.add(`${subscriber.id}/${set}`);
    }
  }
  // First, last and between, in an order that is neither that of coming nor its reverse.
  for (let i = 0; i < 100; i++) {
    const number = (i * 77) % 120;
    const subscriber = subscribers[number % 3] as Subscriber;
    const set = Math.floor(number / 3);
    registry.remove(subscriber, set);
    left.delete(`${subscriber.id}/${set}`);
    if (i % 10 === 0) t.same(world.add(i, 1), [...left].sort());
  }
  for (const subscriber of subscribers) registry.removeAll(subscriber);
  t.ok(registry.isEmpty);
  t.same(world.add(1000, 1), []);
});

void test("a hundred thousand sets of one client come and go in no more than linear time", async (t) => {
  const world = new World();
  const { registry } = world;
  const same = world.compile("SELECT * FROM item WHERE player = 1");
  const one = new Subscriber(1);
  const start = process.cpuUsage();
  for (let set = 0; set < 100_000; set++) registry.add(one, set, [same]);
  registry.removeAll(one);
  const { user } = process.cpuUsage(start);
  t.ok(registry.isEmpty);
  // It takes a tenth of a second; a search for each would take many.
  t.ok(user < 2e6, `${user} us`);
});

void test("texts that ask for the same, and no longer do once a table has changed, go on apart", async (t) => {
  const world = new World();
  const { registry } = world;
  const text = "SELECT * FROM item WHERE player = 1";
  const [one, two] = [new Subscriber(1), new Subscriber(2)];
  registry.add(one, 1, [world.compile(text)]);
  registry.add(two, 1, [world.changing(`${text};`, "SELECT * FROM item WHERE player = 2")]);
  t.same(world.add(1, 1), ["1/1", "2/1"]);
  t.same([...registry.recompile([world.item], new Set())], []);
  t.same(world.add(2, 1), ["1/1"]);
  t.same(world.add(3, 2), ["2/1"]);
  registry.removeAll(one);
  t.same(world.add(4, 2), ["2/1"]);
  registry.removeAll(two);
  t.ok(registry.isEmpty);
});

void test("queries that ask for the same once a table has changed become one", async (t) => {
  const world = new World();
  const { registry } = world;
  const text = "SELECT * FROM item WHERE player = 1";
  const [one, two] = [new Subscriber(1), new Subscriber(2)];
  registry.add(one, 1, [world.compile(text)]);
  registry.add(two, 7, [world.changing("SELECT * FROM item WHERE player = 2", text)]);
  t.same(world.add(1, 2), ["2/7"]);
  t.same([...registry.recompile([world.item], new Set())], []);
  t.same(world.add(2, 1), ["1/1", "2/7"]);
  t.equal(one.sets.get(1)?.[0]?.query, two.sets.get(7)?.[0]?.query);
  registry.removeAll(one);
  t.same(world.add(3, 1), ["2/7"]);
  registry.removeAll(two);
  t.ok(registry.isEmpty);
});

void test("who is lost to a change of one table watches nothing any more, whatever else it watched", async (t) => {
  const world = new World();
  const { registry } = world;
  const [one, two] = [new Subscriber(1), new Subscriber(2)];
  const gone: TableQuery = world.changing(
    "SELECT * FROM item WHERE player = 1",
    "SELECT * FROM gone",
  );
  registry.add(one, 1, [gone]);
  registry.add(one, 2, [world.compile("SELECT * FROM item")]);
  registry.add(two, 1, [world.compile("SELECT * FROM item")]);
  t.same([...registry.recompile([world.item], new Set())], [one]);
  t.same(world.add(1, 1), ["2/1"]);
  registry.removeAll(one);
  registry.removeAll(two);
  t.ok(registry.isEmpty);
});
