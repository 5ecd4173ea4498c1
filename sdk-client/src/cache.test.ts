import { compileCodec, type ProductValue, type RowListView } from "@lightcone/abi";
import fc from "fast-check";
import { type Test, test } from "tap";
import { chat, message, show } from "../test/chat.ts";
import { rowList, rowListOfBytes } from "../test/row-list.ts";
import { RowDecoder, type RowChange, TableCache } from "./cache.ts";
import type { TableSchema } from "./schema.ts";

const { types } = chat;
const keyed = chat.tables.message;
const keyless: TableSchema = { ...keyed, primaryKey: undefined, uniques: [] };
const codec = compileCodec<ProductValue>(keyed.row, types);
const list = (rows: readonly ProductValue[]): RowListView => rowList(codec, rows);

function makeCache(schema: TableSchema): TableCache {
  return new TableCache(schema, types, new RowDecoder(schema, types));
}

function shown(rows: Iterable<object>): string[] {
  return Array.from(rows, show).toSorted();
}

function showChange({ inserted, deleted, updated }: RowChange): string {
  const pairs = updated.map((pair) => pair.map(show).join(">"));
  return [
    ...shown(deleted).map((row) => `-${row}`),
    ...pairs.toSorted().map((pair) => `~${pair}`),
    ...shown(inserted).map((row) => `+${row}`),
  ].join(" ");
}

interface Case {
  readonly title: string;
  readonly schema?: TableSchema;
  /** Rows with a count of copies, then inserted and deleted rows of one message. */
  readonly before: readonly ProductValue[];
  readonly inserts: readonly ProductValue[];
  readonly deletes: readonly ProductValue[];
  readonly expected: string;
}

const a = message(1, "a");
const b = message(1, "b");
const c = message(2, "c");

const cases: readonly Case[] = [
  { title: "an insert", before: [], inserts: [a, c], deletes: [], expected: "+1/a/0 +2/c/0" },
  { title: "a second copy", before: [a], inserts: [a], deletes: [], expected: "" },
  { title: "one copy of two goes", before: [a, a], inserts: [], deletes: [a], expected: "" },
  { title: "both copies go", before: [a, a], inserts: [], deletes: [a, a], expected: "-1/a/0" },
  { title: "an update", before: [a, c], inserts: [b], deletes: [a], expected: "~1/a/0>1/b/0" },
  {
    title: "an update in two queries",
    before: [a, a],
    inserts: [b, b],
    deletes: [a, a],
    expected: "~1/a/0>1/b/0",
  },
  {
    title: "an update that leaves one of two queries",
    before: [a, a],
    inserts: [b],
    deletes: [a, a],
    expected: "~1/a/0>1/b/0",
  },
  { title: "in and out again", before: [], inserts: [a], deletes: [a], expected: "" },
  { title: "out and in again", before: [a], inserts: [a], deletes: [a], expected: "" },
  {
    title: "no primary key, no update",
    schema: keyless,
    before: [a],
    inserts: [b],
    deletes: [a],
    expected: "-1/a/0 +1/b/0",
  },
];

for (const { title, schema = keyed, before, inserts, deletes, expected } of cases) {
  void test(title, (t) => {
    const cache = makeCache(schema);
    cache.insert(list(before));
    cache.settle();
    cache.insert(list(inserts));
    cache.delete(list(deletes));
    cache.check();
    t.equal(showChange(cache.settle()), expected);
    t.end();
  });
}

void test("a message that fails leaves no trace", (t) => {
  const cache = makeCache(keyed);
  cache.insert(list([a, c]));
  cache.settle();
  cache.insert(list([message(3, "new"), a]));
  cache.delete(list([c]));
  t.throws(() => cache.insert(rowListOfBytes([1])), { code: "LC_BSATN_DECODE" });
  cache.discard();
  t.same(shown(cache.rows()), ["1/a/0", "2/c/0"]);
  cache.delete(list([a, c]));
  cache.check();
  t.equal(showChange(cache.settle()), "-1/a/0 -2/c/0", "each counts once, as before");
  t.equal(cache.size, 0);
  t.end();
});

void test("find by columns that are unique together", (t) => {
  const cache = makeCache(keyed);
  cache.insert(list([a, c]));
  cache.settle();
  t.equal(show(cache.find({ id: 2n }) ?? {}), "2/c/0");
  t.equal(show(cache.find({ likes: 0, text: "a" }) ?? {}), "1/a/0");
  t.equal(cache.find({ text: "a", likes: 1 }), undefined);
  t.throws(() => cache.find({ text: "a" }), {
    code: "LC_VALUE_INVALID",
    message: "find in message takes { id } or { text, likes }, given { text }",
  });
  t.throws(() => makeCache(keyless).find({}), { message: /takes no columns, given/ });
  t.end();
});

void test("a row stays the same object as long as it is there", (t) => {
  const cache = makeCache(keyed);
  cache.insert(list([a, c]));
  cache.settle();
  const [first, second] = cache.rows();
  cache.insert(list([a]));
  cache.settle();
  cache.startStaging();
  cache.insert(list([b, c]));
  cache.settle();
  t.equal(cache.find({ id: 1n }), first, "those of before are read while others are gathered");
  t.equal(showChange(cache.finishStaging()), "~1/a/0>1/b/0");
  t.equal(cache.find({ id: 2n }), second);
  t.equal(cache.size, 2);
  t.end();
});

void test("find with a value that the column cannot have finds nothing", (t) => {
  const cache = makeCache(keyed);
  cache.insert(list([a]));
  cache.settle();
  for (const id of [1, "1", -1n, 2n ** 64n, undefined] as const) {
    t.equal(cache.find({ id }), undefined, String(id));
  }
  t.end();
});

void test("two rows that exchange what is unique", (t) => {
  const cache = makeCache(keyed);
  cache.insert(list([a, c]));
  cache.settle();
  const [swappedA, swappedC] = [message(1, "c"), message(2, "a")];
  cache.insert(list([swappedA, swappedC]));
  cache.delete(list([a, c]));
  t.equal(showChange(cache.settle()), "~1/a/0>1/c/0 ~2/c/0>2/a/0");
  t.equal(cache.find({ text: "c", likes: 0 })?.["id"], 1n);
  t.equal(cache.find({ text: "a", likes: 0 })?.["id"], 2n);
  cache.delete(list([swappedA, swappedC]));
  cache.settle();
  t.equal(cache.size, 0);
  t.equal(cache.find({ id: 1n }), undefined);
  cache.insert(list([a]));
  t.equal(showChange(cache.settle()), "+1/a/0", "an emptied table is filled again");
  t.end();
});

// The model: a database with one row for each id, and queries that select rows by a mask over ids and texts, some of
// them several times as joins do. Whatever happened, the cache holds what the live queries select, and the change is
// the difference to what was there before.

const idCount = 5;
const texts = ["x", "y", "z"];
const queryCount = 3;

type Step =
  | { readonly kind: "commit"; readonly writes: readonly Write[] }
  | { readonly kind: "toggle"; readonly query: number }
  /** The connection is lost `lossCount` times in the midst of restoring, with commits in between, and restored. */
  | { readonly kind: "reconnect"; readonly lossCount: number; readonly writes: readonly Write[] }
  | { readonly kind: "bad" };

/** The new text of a row by number, beyond the texts to delete it. */
type Write = readonly [id: number, text: number];

interface Query {
  readonly mask: number;
  readonly copies: number;
  isLive: boolean;
}

const write = fc.tuple(fc.nat(idCount - 1), fc.nat(texts.length));
const writes = fc.array(write, { maxLength: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("commit" as const), writes }),
  fc.record({ kind: fc.constant("toggle" as const), query: fc.nat(queryCount - 1) }),
  fc.record({ kind: fc.constant("reconnect" as const), lossCount: fc.nat(2), writes }),
  fc.record({ kind: fc.constant("bad" as const) }),
);
const query = fc.record({
  mask: fc.nat(2 ** (idCount * texts.length) - 1),
  copies: fc.integer({ min: 1, max: 3 }),
});

class World {
  readonly cache: TableCache;
  readonly #isKeyed: boolean;
  readonly #queries: readonly Query[];
  /** The text of each row, by id. */
  #rows: ReadonlyMap<number, number> = new Map();

  constructor(schema: TableSchema, queries: readonly Omit<Query, "isLive">[]) {
    this.cache = makeCache(schema);
    this.#isKeyed = schema.primaryKey !== undefined;
    this.#queries = queries.map((each) => ({ ...each, isLive: false }));
  }

  /** Row by row, with its copies. */
  #selected({ mask, copies }: Query): ProductValue[] {
    return [...this.#rows].flatMap(([id, text]) => {
      const isIn = ((mask >> (id * texts.length + text)) & 1) === 1;
      return isIn ? new Array<ProductValue>(copies).fill(message(id, texts[text] ?? "")) : [];
    });
  }

  /** What the cache should hold. */
  get visible(): ReadonlyMap<string, ProductValue> {
    const live = this.#queries.filter(({ isLive }) => isLive);
    const rows = live.flatMap((each) => this.#selected(each));
    return new Map(rows.map((row) => [show(row), row]));
  }

  #write(changes: readonly Write[]): void {
    const rows = new Map(this.#rows);
    for (const [id, text] of changes) {
      if (text === texts.length) rows.delete(id);
      else rows.set(id, text);
    }
    this.#rows = rows;
  }

  /** Does one step to the database and tells the cache as a server would. */
  apply(each: Step): RowChange {
    switch (each.kind) {
      case "commit":
        this.#commit(each.writes);
        break;
      case "toggle":
        this.#toggle(this.#queries[each.query]);
        break;
      case "reconnect":
        return this.#reconnect(each.lossCount, each.writes);
      case "bad":
        this.#sendBad();
        break;
    }
    this.cache.check();
    return this.cache.settle();
  }

  #commit(changes: readonly Write[]): void {
    const before = this.#queries.map((each) => this.#selected(each));
    this.#write(changes);
    for (const [i, each] of this.#queries.entries()) {
      if (!each.isLive) continue;
      const old = before[i] ?? [];
      const now = this.#selected(each);
      const [oldNames, nowNames] = [new Set(shown(old)), new Set(shown(now))];
      this.cache.insert(list(now.filter((row) => !oldNames.has(show(row)))));
      this.cache.delete(list(old.filter((row) => !nowNames.has(show(row)))));
    }
  }

  #toggle(each: Query | undefined): void {
    if (each === undefined) return;
    if (each.isLive) this.cache.delete(list(this.#selected(each)));
    else this.cache.insert(list(this.#selected(each)));
    each.isLive = !each.isLive;
  }

  #reconnect(lossCount: number, changes: readonly Write[]): RowChange {
    for (let loss = lossCount; loss >= 0; loss--) {
      this.cache.startStaging();
      this.#write(changes.slice(loss));
      for (const each of this.#queries) {
        if (each.isLive) this.cache.insert(list(this.#selected(each)));
        this.cache.settle();
      }
      this.#commit(changes.slice(0, loss));
      this.cache.settle();
    }
    return this.cache.finishStaging();
  }

  #sendBad(): void {
    this.cache.insert(list([...this.visible.values(), message(99, "bad")]));
    this.cache.delete(list([...this.visible.values()].slice(1)));
    this.cache.discard();
  }

  expectedChange(before: ReadonlyMap<string, ProductValue>): RowChange {
    const after = this.visible;
    const idOf = (row: ProductValue): unknown => row["id"];
    const deleted = [...before.values()].filter((row) => !after.has(show(row)));
    const inserted = [...after.values()].filter((row) => !before.has(show(row)));
    if (!this.#isKeyed) return { deleted, inserted, updated: [] };
    const updated = deleted.flatMap((old) => {
      const now = inserted.find((row) => idOf(row) === idOf(old));
      return now === undefined ? [] : [[old, now] as const];
    });
    const isUpdated = (row: ProductValue): boolean => updated.flat().includes(row);
    return {
      deleted: deleted.filter((row) => !isUpdated(row)),
      inserted: inserted.filter((row) => !isUpdated(row)),
      updated,
    };
  }
}

function checkHistory(
  t: Test,
  schema: TableSchema,
  queries: readonly Omit<Query, "isLive">[],
  steps: readonly Step[],
): void {
  const world = new World(schema, queries);
  const { cache } = world;
  const fromChanges = new Map<string, ProductValue>();
  for (const each of steps) {
    const before = world.visible;
    const change = world.apply(each);
    const expected = world.expectedChange(before);
    if (showChange(change) !== showChange(expected)) {
      t.equal(showChange(change), showChange(expected), JSON.stringify(each));
    }
    for (const row of [...change.deleted, ...change.updated.map(([old]) => old)]) {
      fromChanges.delete(show(row));
    }
    for (const row of [...change.inserted, ...change.updated.map(([, now]) => now)]) {
      fromChanges.set(show(row), row);
    }
    const wanted = [...world.visible.keys()].toSorted();
    if (shown(cache.rows()).join() !== wanted.join()) t.same(shown(cache.rows()), wanted);
    if (shown(fromChanges.values()).join() !== wanted.join()) t.fail("the changes do not add up");
    if (schema.primaryKey === undefined) continue;
    for (let id = 0; id < idCount; id++) {
      const found = cache.find({ id: BigInt(id) });
      const isThere = [...world.visible.values()].some((row) => row["id"] === BigInt(id));
      if ((found !== undefined) !== isThere || (found && !world.visible.has(show(found)))) {
        t.fail(`find({ id: ${id} }) found ${found && show(found)}`);
      }
    }
  }
}

for (const [title, schema] of Object.entries({ keyed, keyless })) {
  void test(`${title}: the cache is the union of the queries, changes are the differences`, (t) => {
    fc.assert(
      fc.property(
        fc.array(query, { minLength: queryCount, maxLength: queryCount }),
        fc.array(step, { maxLength: 40 }),
        (queries, steps) => {
          checkHistory(t, schema, queries, steps);
          return t.passing();
        },
      ),
      { numRuns: 300 },
    );
    t.ok(t.passing());
    t.end();
  });
}
