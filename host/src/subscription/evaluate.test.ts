// What a transaction means for those who watch joins and events, and which queries are looked at for it.
import {
  identityType,
  numberToBytes,
  primitive,
  Reader,
  readRowList,
  type RowListView,
  rowCount,
  rowStart,
  type Value,
} from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import { compileQueries } from "../sql/table-query.ts";
import { insertRows, makeTable, sender } from "../sql/test-tables.ts";
import type { SqlCaller } from "../sql/bind/visibility.ts";
import { Evaluator } from "./evaluate.ts";
import { Subscriber, SubscriptionRegistry } from "./registry.ts";

const caller: SqlCaller = {
  identity: sender,
  isOwner: false,
  view: (name) => (name === "w" ? { isPublic: true, argHash: numberToBytes(1n, 32) } : undefined),
};

class World {
  readonly datastore = new Datastore();
  readonly registry = new SubscriptionRegistry();
  readonly evaluator = new Evaluator(this.registry);
  readonly tables: Readonly<Record<string, Table>>;

  constructor() {
    const u32 = primitive("u32");
    const tx = this.datastore.begin();
    const table = (
      name: string,
      columns: Parameters<typeof makeTable>[2]["columns"],
      indexes: number[][],
      isEvent = false,
    ): Table =>
      makeTable(this.datastore, tx, { name, columns, indexes, isEvent, isUnique: !isEvent });
    this.tables = {
      player: table("player", { id: u32, who: identityType, hp: u32 }, [[0]]),
      item: table("item", { id: u32, player: u32 }, [[0], [1]]),
      hit: table("hit", { player: u32, by: u32 }, [[0]], true),
      w: table("w", { arg_hash: primitive("u256"), id: u32 }, [[0, 1], [0]]),
    };
    this.datastore.commit(tx);
    this.datastore.release(tx);
  }

  watch(id: number, ...texts: string[]): Subscriber {
    const subscriber = new Subscriber(id);
    const queries = texts.flatMap((text) =>
      compileQueries(text, this.datastore, caller, "subscription"),
    );
    this.registry.add(subscriber, 1, queries);
    return subscriber;
  }

  /** First cells of what a subscriber gains and loses: "+1 +1 -2", with "!" before events. */
  run(subscriber: Subscriber, change: (tx: Transaction) => void): string {
    const tx = this.datastore.begin();
    change(tx);
    const delta = this.datastore.commit(tx);
    const told: string[] = [];
    if (delta !== undefined) {
      this.evaluator.evaluate(delta);
      for (const { query } of subscriber.parts) {
        const reader = new Reader(this.evaluator.bytes, query.partStart, query.partEnd);
        const isEvent = reader.u8() === 1;
        told.push(...cells(isEvent ? "!" : "+", readRowList(reader)));
        if (!isEvent) told.push(...cells("-", readRowList(reader)));
      }
    }
    this.datastore.release(tx);
    return told.join(" ");
  }

  add(tx: Transaction, name: string, ...row: Value[]): void {
    insertRows(tx, this.tables[name] as Table, [row]);
  }

  remove(tx: Transaction, name: string, position: number): void {
    const table = this.tables[name] as Table;
    let row = table.nextRow(-1);
    for (let i = 0; i < position; i++) row = table.nextRow(row);
    tx.delete(table, row);
  }
}

function cells(sign: string, list: RowListView): string[] {
  return Array.from({ length: rowCount(list) }, (_, i) => {
    const reader = new Reader(list.data, rowStart(list, i));
    return `${sign}${reader.u32()}`;
  });
}

void test("[SQL17] both sides of a join change at once", async (t) => {
  const world = new World();
  const text = "SELECT player.* FROM item JOIN player ON item.player = player.id";
  const subscriber = world.watch(1, text);
  const told = (change: (tx: Transaction) => void): string => world.run(subscriber, change);
  t.equal(
    told((tx) => world.add(tx, "player", 1, sender, 9)),
    "",
  );
  const item = (id: number, player: number) => (tx: Transaction) => {
    world.add(tx, "item", id, player);
  };
  t.equal(told(item(1, 1)), "+1");
  t.equal(told(item(2, 1)), "+1");
  t.equal(
    told((tx) => {
      world.add(tx, "player", 2, sender, 9);
      world.add(tx, "item", 3, 2);
      world.add(tx, "item", 4, 2);
    }),
    "+2 +2",
  );
  t.equal(
    told((tx) => {
      world.remove(tx, "item", 0);
      world.add(tx, "item", 5, 1);
    }),
    "",
    "one match goes, another comes",
  );
  t.equal(
    told((tx) => world.remove(tx, "player", 0)),
    "-1 -1",
  );
});

void test("[SQL23] events: told at the commit, with what was there before it", async (t) => {
  const world = new World();
  const plain = world.watch(1, "SELECT * FROM hit WHERE by = 7");
  const joined = world.watch(
    2,
    "SELECT hit.* FROM hit JOIN player ON hit.player = player.id WHERE hit.by = 7 AND player.who = :sender",
  );
  world.run(plain, (tx) => world.add(tx, "player", 1, sender, 9));
  const hit =
    (...players: number[]) =>
    (tx: Transaction) => {
      for (const player of players) world.add(tx, "hit", player, 7);
    };
  t.equal(world.run(plain, hit(1, 2)), "!1 !2");
  t.equal(world.run(joined, hit(1, 2)), "!1", "only those of a player that there is");
  t.equal(
    world.run(joined, (tx) => {
      hit(1)(tx);
      const bytes = numberToBytes(BigInt(sender.value), 32);
      const row = Buffer.concat([numberToBytes(1n, 4), bytes, numberToBytes(5n, 4)]);
      const { player } = world.tables;
      if (player !== undefined)
        tx.update(player, player.indexes[0] as Table["indexes"][number], row, 0, row.length);
    }),
    "!1",
    "a player that changes was there",
  );
  t.equal(
    world.run(joined, (tx) => {
      world.add(tx, "player", 3, sender, 1);
      hit(3)(tx);
    }),
    "",
    "a player that comes with the event was not",
  );
  t.equal(
    world.run(plain, () => undefined),
    "",
  );
  t.equal(world.tables["hit"]?.rowCount, 0);
});

void test("[SQL19] of a view a client sees its own rows, without the column that tells whose they are", async (t) => {
  const world = new World();
  const subscriber = world.watch(1, "SELECT * FROM w");
  const joined = world.watch(2, "SELECT w.* FROM player JOIN w ON player.id = w.id");
  const change = (tx: Transaction): void => {
    world.add(tx, "w", 1n, 5);
    world.add(tx, "w", 2n, 6);
  };
  t.equal(world.run(subscriber, change), "+5");
  t.equal(
    world.run(joined, (tx) => world.add(tx, "player", 5, sender, 0)),
    "+5",
  );
  t.equal(
    world.run(joined, (tx) => world.remove(tx, "w", 0)),
    "-5",
  );
});

void test("[SQL14] a changed row costs what it concerns, not what is watched", async (t) => {
  const world = new World();
  const text = (hp: number): string =>
    `SELECT item.* FROM player JOIN item ON item.player = player.id WHERE player.hp = ${hp}`;
  const subscribers = Array.from({ length: 200 }, (_, hp) => world.watch(hp + 1, text(hp)));
  const [first] = subscribers as [Subscriber];
  world.run(first, (tx) => {
    for (let id = 0; id < 50; id++) world.add(tx, "player", id, sender, id);
  });
  const affected = (change: (tx: Transaction) => void): number[] => {
    world.run(first, change);
    return subscribers.filter(({ parts }) => parts.length > 0).map(({ id }) => id - 1);
  };
  t.same(
    affected((tx) => world.add(tx, "item", 1, 7)),
    [7],
  );
  t.same(
    affected((tx) => world.add(tx, "item", 2, 60)),
    [],
  );
  t.same(
    affected((tx) => world.remove(tx, "player", 7)),
    [7],
  );
  const group = world.registry.queriesOn(world.tables["item"] as Table)?.joins;
  t.equal(group?.length, 1, "one group serves all");
  for (const subscriber of subscribers) world.registry.removeAll(subscriber);
  t.equal(group?.length, 0);
  t.ok(world.registry.isEmpty);
});

void test("equal joins of several clients are one", async (t) => {
  const world = new World();
  const text = "SELECT item.* FROM player JOIN item ON item.player = player.id";
  const [one, two] = [world.watch(1, text), world.watch(2, text)];
  world.run(one, (tx) => world.add(tx, "player", 1, sender, 0));
  world.run(one, (tx) => world.add(tx, "item", 1, 1));
  t.equal(one.parts[0]?.query, two.parts[0]?.query);
  t.equal(one.parts.length, 1);
  world.registry.removeAll(one);
  t.equal(
    world.run(two, (tx) => world.add(tx, "item", 2, 1)),
    "+2",
  );
});

void test("[SUB2] what is asked in other words is evaluated once, and told once for each of the texts", async (t) => {
  const world = new World();
  const text = "SELECT * FROM item WHERE player = 1 AND id > 0";
  const other = "select i.* from item as i where (0 < i.id) and i.player = 1e0;";
  const [one, two] = [world.watch(1, text, other, text), world.watch(2, other)];
  const told = world.run(one, (tx) => world.add(tx, "item", 1, 1));
  t.equal(told, "+1 +1", "two texts, one of them given twice");
  t.equal(two.parts.length, 1);
  t.equal(new Set([...one.parts, ...two.parts].map(({ query }) => query)).size, 1);
  const shared = two.parts[0]?.query;
  t.equal(shared?.texts.size, 2);
  world.registry.remove(one, 1);
  t.same([...(shared?.texts.keys() ?? [])], [`0 ${other}`], "texts go with those who gave them");
  t.equal(
    world.run(two, (tx) => world.add(tx, "item", 2, 1)),
    "+2",
  );
  world.registry.removeAll(two);
  t.ok(world.registry.isEmpty);
});

void test("[SUB3] a changed row costs what its ranges concern", async (t) => {
  const world = new World();
  const count = 100;
  const single = (i: number): string => `SELECT * FROM item WHERE id >= ${i} AND id < ${i + 1}`;
  const joined = (i: number): string =>
    `SELECT item.* FROM player JOIN item ON item.player = player.id WHERE player.hp > ${i} AND player.hp <= ${i + 1}`;
  const singles = Array.from({ length: count }, (_, i) => world.watch(i, single(i)));
  const joins = Array.from({ length: count }, (_, i) => world.watch(count + i, joined(i)));
  const [first] = singles as [Subscriber];
  world.run(first, (tx) => {
    for (let id = 0; id < count; id++) world.add(tx, "player", id, sender, id + 1);
  });
  const affected = (change: (tx: Transaction) => void): number[] => {
    world.run(first, change);
    return [...singles, ...joins].filter(({ parts }) => parts.length > 0).map(({ id }) => id);
  };
  t.same(
    affected((tx) => world.add(tx, "item", 7, 30)),
    [7, count + 30],
  );
  t.same(
    affected((tx) => world.add(tx, "item", 1000, 31)),
    [count + 31],
  );
  t.same(
    affected((tx) => world.remove(tx, "player", 30)),
    [count + 30],
  );
  const queries = world.registry.queriesOn(world.tables["item"] as Table);
  t.equal(queries?.scanning.size, 0, "no query looks at every row");
  for (const subscriber of [...singles, ...joins]) world.registry.removeAll(subscriber);
  t.ok(world.registry.isEmpty);
  t.ok(queries?.byColumn.every(({ isEmpty }) => isEmpty));
});

void test("queries go on when their tables change, unless they may not be asked any more", async (t) => {
  const world = new World();
  const { player, item } = world.tables as { readonly player: Table; readonly item: Table };
  const one = world.watch(1, "SELECT * FROM item WHERE player = 1");
  const two = world.watch(2, "SELECT item.* FROM player JOIN item ON item.player = player.id");
  t.same([...world.registry.recompile([player, item], new Set())], []);
  world.run(one, (tx) => world.add(tx, "player", 1, sender, 0));
  t.equal(
    world.run(one, (tx) => world.add(tx, "item", 1, 1)),
    "+1",
  );
  t.equal(
    world.run(two, (tx) => world.add(tx, "item", 2, 1)),
    "+2",
  );
  t.same([...world.registry.recompile([player], new Set([player]))], [two]);
  t.equal(
    world.run(two, (tx) => world.add(tx, "item", 3, 1)),
    "",
  );
  t.equal(
    world.run(one, (tx) => world.add(tx, "item", 4, 1)),
    "+4",
  );
  world.registry.removeAll(two);
  world.registry.removeAll(one);
  t.ok(world.registry.isEmpty);
});
