import { compileCodec, type ProductValue } from "@lightcone/abi";
import fc from "fast-check";
import { type Test, test } from "tap";
import { type Chat, chat, message } from "../../test/chat.ts";
import { rowList } from "../../test/row-list.ts";
import { Mirror } from "../mirror.ts";
import { keyText, rowView } from "./row-view.ts";
import { haveSameItems, rowsView } from "./rows-view.ts";
import type { Source } from "./source.ts";

type Tables = Chat["tables"];
type Message = ReturnType<Tables["message"]["find"]> & object;

const codec = compileCodec<ProductValue>(chat.tables.message.row, chat.types);

class Rig {
  readonly #mirror: Mirror;
  readonly db: Tables;
  readonly errors: unknown[] = [];

  constructor() {
    this.#mirror = new Mirror(chat.tables, chat.types, (thrown) => this.errors.push(thrown));
    this.db = this.#mirror.handles as unknown as Tables;
  }

  commit(inserts: readonly ProductValue[], deletes: readonly ProductValue[] = []): void {
    const part = {
      kind: "persistent" as const,
      inserts: rowList(codec, inserts),
      deletes: rowList(codec, deletes),
    };
    const tables = [{ table: "message", rows: [part] }];
    const changes = this.#mirror.update([{ querySetId: 1, tables }]);
    this.#mirror.notify(changes, { kind: "transaction" });
  }
}

/** Counts how often listeners of a source are told. */
function count(t: Test, source: Source<unknown>): () => number {
  let told = 0;
  t.teardown(
    source.subscribe(() => {
      told++;
    }),
  );
  return () => told;
}

const ids = (rows: readonly Message[]): string => rows.map(({ id }) => id).join();
const isLiked = ({ likes }: Message): boolean => likes > 0;

void test("rows keep their places, and the array stays until they change", async (t) => {
  const { db, commit } = bound();
  const view = rowsView(db.message);
  const told = count(t, view);
  t.equal(view.get(), view.get());
  commit([message(1, "a"), message(2, "b"), message(3, "c")]);
  const first = view.get();
  t.equal(ids(first), "1,2,3");
  t.equal(view.get(), first);
  commit([message(2, "changed")], [message(2, "b")]);
  commit([message(4, "d")], [message(1, "a")]);
  t.equal(ids(first), "1,2,3", "what was handed out is never changed");
  t.equal(ids(view.get()), "2,3,4");
  t.equal(view.get()[0]?.text, "changed");
  t.equal(told(), 0, "listeners are told later");
  await Promise.resolve();
  t.equal(told(), 1, "once for all of it");
  t.equal(rowsView(db.message), view, "one view for everybody");
});

function bound(): { db: Tables; commit: Rig["commit"]; errors: unknown[] } {
  const rig = new Rig();
  return { db: rig.db, errors: rig.errors, commit: (...args) => rig.commit(...args) };
}

void test("a row that came and went between two readings", (t) => {
  const { db, commit } = bound();
  const view = rowsView(db.message);
  count(t, view);
  const before = view.get();
  commit([message(7, "text")]);
  commit([], [message(7, "text")]);
  t.equal(view.get(), before, "the array is the same");
  t.end();
});

void test("read in the callback of a row, before the table is told", (t) => {
  const { db, commit } = bound();
  const view = rowsView(db.message);
  count(t, view);
  const seen: string[] = [];
  db.message.onInsert(() => seen.push(ids(view.get())));
  commit([message(1, "a"), message(2, "b")]);
  t.same(seen, ["1,2", "1,2"]);
  t.equal(ids(view.get()), "1,2");
  t.end();
});

void test("a condition: told of its own rows only", async (t) => {
  const { db, commit } = bound();
  commit([message(1, "a"), message(2, "b", 5)]);
  const view = rowsView(db.message, isLiked);
  const told = count(t, view);
  const before = view.get();
  t.equal(ids(before), "2");
  commit([message(1, "changed")], [message(1, "a")]);
  await Promise.resolve();
  t.equal(view.get(), before);
  t.equal(told(), 0);
  commit([message(1, "liked", 1)], [message(1, "changed")]);
  commit([message(2, "b", 0)], [message(2, "b", 5)]);
  await Promise.resolve();
  t.equal(ids(view.get()), "1");
  t.equal(told(), 1);
  const same = rowsView(db.message, (row: Message) => row.likes > 0, view.get());
  t.equal(same.get(), view.get(), "equal rows of another view are the same array");
});

void test("a condition that throws is told to who reads", async (t) => {
  const { db, commit, errors } = bound();
  const view = rowsView(db.message, ({ text }: Message) => {
    if (text === "bad") throw new Error("cannot tell");
    return true;
  });
  const told = count(t, view);
  commit([message(1, "bad"), message(2, "b")]);
  await Promise.resolve();
  t.equal(told(), 1);
  t.throws(() => view.get(), { message: "cannot tell" });
  commit([message(1, "good")], [message(1, "bad")]);
  t.equal(ids(view.get()), "2,1");
  t.same(errors, []);
});

void test("one row", async (t) => {
  const { db, commit } = bound();
  const view = rowView(db.message, { id: 1n });
  const other = rowView(db.message, { text: "b", likes: 0 });
  const told = [count(t, view), count(t, other)];
  t.equal(view.get(), undefined);
  commit([message(1, "a")]);
  await Promise.resolve();
  t.equal(view.get()?.text, "a");
  commit([message(1, "b")], [message(1, "a")]);
  await Promise.resolve();
  t.equal(view.get()?.text, "b");
  t.equal(other.get(), view.get(), "found by columns that changed");
  commit([message(2, "c")]);
  await Promise.resolve();
  commit([], [message(1, "b")]);
  await Promise.resolve();
  t.equal(view.get(), undefined);
  t.same(
    told.map((each) => each()),
    [3, 2],
  );
  const wrong = rowView(db.message, { likes: 1 } as never);
  t.throws(() => wrong.get(), { code: "LC_VALUE_INVALID" });
});

void test("keys written in place", (t) => {
  t.equal(keyText({ id: 5n }), keyText({ id: 5n }));
  t.not(keyText({ id: 5n }), keyText({ id: 6n }));
  t.not(keyText({ id: 5n }), keyText({ no: 5n }));
  t.end();
});

/** A transaction sets or removes messages, by id. */
const transaction = fc.array(
  fc.record({ id: fc.nat(12), likes: fc.option(fc.nat(2), { nil: undefined }) }),
  { maxLength: 6 },
);
const step = fc.oneof(
  transaction.map((rows) => ({ kind: "commit" as const, rows })),
  fc.constantFrom({ kind: "read" as const }, { kind: "toggle" as const }),
);

void test("views equal what is gathered anew, whoever listens", (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { db, commit } = bound();
      const rows = new Map<number, ProductValue>();
      const views = [rowsView(db.message), rowsView(db.message, isLiked)];
      const seen = views.map((view) => view.get());
      const stops: (() => void)[] = [];
      for (const each of steps) {
        if (each.kind === "toggle") {
          if (stops.length > 0) for (const stop of stops.splice(0)) stop();
          else for (const view of views) stops.push(view.subscribe(() => undefined));
        } else if (each.kind === "commit") {
          const edits = new Map(each.rows.map(({ id, likes }) => [id, likes] as const));
          const deletes = [...edits.keys()]
            .map((id) => rows.get(id))
            .filter((row) => row !== undefined);
          for (const id of edits.keys()) rows.delete(id);
          const inserts = [...edits].flatMap(([id, likes]) =>
            likes === undefined ? [] : [message(id, "text", likes)],
          );
          for (const row of inserts) rows.set(Number(row["id"]), row);
          commit(inserts, deletes);
          if (each.rows.length % 2 === 0) continue;
        }
        const all = [...db.message];
        for (const [i, expected] of [all, all.filter(isLiked)].entries()) {
          const got = views[i]?.get() ?? [];
          const sort = (list: readonly Message[]) => list.toSorted((a, b) => Number(a.id - b.id));
          if (!haveSameItems(sort(got), sort(expected))) return false;
          const before = seen[i] ?? [];
          if (haveSameItems(before, got) && before !== got) return false;
          seen[i] = got;
        }
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.pass("in 300 runs");
  t.end();
});
