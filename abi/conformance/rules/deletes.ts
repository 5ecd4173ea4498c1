// Deletes and clear.
import { type Rule, rulesAbout } from "../rule.ts";
import { orTrap } from "../script.ts";
import {
  deletePoint,
  errno,
  holdsCount,
  holdsTable,
  insert,
  item,
  nobody,
  on,
  pair,
  place,
  ticket,
  word,
} from "./world.ts";

const one = { id: 1, text: "one" };
const two = { id: 2, text: "two" };
const clear = "datastore_clear";

const byEq = "datastore_delete_all_by_eq_bsatn";

const deletesByEq = rulesAbout(byEq, "delete-eq", [
  on("listed", "Rows that equal a listed one are deleted, others are not.", (s) => {
    for (const right of [1, 2, 3]) insert(s, pair, { left: 1, right });
    const relation = pair.relation({ left: 1, right: 1 }, { left: 1, right: 3 });
    const out = s.word(99);
    s.call(0, byEq, s.table("pair"), s.place(relation), relation.length, out);
    s.holdsWord(out, 2, "rows deleted");
    holdsTable(s, pair, [{ left: 1, right: 2 }]);
  }),
  on("whole-row", "A row with the same key and another text is not equal.", (s) => {
    insert(s, item, one);
    const relation = item.relation({ id: 1, text: "other" });
    const out = s.word(99);
    s.call(0, byEq, s.table("item"), s.place(relation), relation.length, out);
    s.holdsWord(out, 0, "rows deleted");
    holdsCount(s, item, 1n);
  }),
  on("twice", "A row that is listed twice is deleted and counted once.", (s) => {
    insert(s, pair, { left: 1, right: 1 });
    const relation = pair.relation({ left: 1, right: 1 }, { left: 1, right: 1 });
    const out = s.word(99);
    s.call(0, byEq, s.table("pair"), s.place(relation), relation.length, out);
    s.holdsWord(out, 1, "rows deleted");
  }),
  on("none", "An empty relation deletes nothing and answers 0.", (s) => {
    const out = s.word(99);
    s.call(0, byEq, s.table("pair"), s.word(0), 4, out);
    s.holdsWord(out, 0, "rows deleted");
  }),
  on("decode-count", "A relation whose count is cut off answers 3.", (s) => {
    s.call(errno.decode, byEq, s.table("pair"), s.word(1), 3, s.word());
  }),
  on(
    "decode-rows",
    "A relation with fewer rows than its count answers 3 and deletes nothing.",
    (s) => {
      insert(s, pair, { left: 1, right: 1 });
      const relation = s.place([2, 0, 0, 0, ...word(1), ...word(1)]);
      s.call(errno.decode, byEq, s.table("pair"), relation, 12, s.word());
      holdsCount(s, pair, 1n);
    },
  ),
  on("unknown-table", "An unknown table id answers 4.", (s) => {
    s.call(errno.noTable, byEq, nobody, s.word(0), 4, s.word());
  }),
]);

const byPoint = "datastore_delete_by_index_scan_point_bsatn";

const deletesByPoint = rulesAbout(byPoint, "delete-point", [
  on("rows", "All rows with the key are deleted and counted.", (s) => {
    for (const id of [1, 2, 3]) insert(s, place, { id, slot: id, zone: id % 2, row: 0, name: "" });
    deletePoint(s, s.index("place_2_hash"), [1], 2);
    holdsCount(s, place, 1n);
  }),
  on("none", "A key that no row has deletes nothing and answers 0.", (s) => {
    deletePoint(s, s.index("item_0_btree"), word(4), 0);
  }),
  {
    name: "committed",
    states: "Committed rows are deleted when the reducer commits.",
    check: async (session) => {
      await session.run((s) => void insert(s, item, { id: 601, text: "a" }), { commits: true });
      await session.run((s) => deletePoint(s, s.index("item_0_btree"), word(601), 1), {
        commits: true,
      });
      await session.expectRows("SELECT * FROM item WHERE id = 601", []);
    },
  },
  on("unknown-index", "An unknown index id answers 5.", (s) => {
    deletePoint(s, nobody, word(1), undefined, errno.noIndex);
  }),
  on("decode", "A key that is too short answers 3.", (s) => {
    deletePoint(s, s.index("item_0_btree"), [1], undefined, errno.decode);
  }),
]);

const clears = rulesAbout("datastore_clear", "clear", [
  on("all", "Every row is deleted, their number is written as u64.", (s) => {
    for (const right of [1, 2, 3]) insert(s, pair, { left: 1, right });
    const out = s.room(8, 0xff);
    s.call(0, clear, s.table("pair"), out);
    s.holdsLong(out, 3n, "rows deleted");
    holdsTable(s, pair, []);
  }),
  on("empty", "An empty table is cleared with 0.", (s) => {
    s.call(0, clear, s.table("item"), s.room(8));
    const out = s.room(8, 0xff);
    s.call(0, clear, s.table("item"), out);
    s.holdsLong(out, 0n, "rows deleted");
  }),
  {
    name: "after-delete",
    states: "Committed rows that the transaction deleted before are not counted again.",
    reference: "it may count them",
    check: async (session) => {
      await session.run(
        (s) => {
          s.call(0, clear, s.table("item"), s.room(8));
          insert(s, item, one);
          insert(s, item, two);
        },
        { commits: true },
      );
      await session.run((s) => {
        deletePoint(s, s.index("item_0_btree"), word(1), 1);
        const out = s.room(8, 0xff);
        s.call(0, clear, s.table("item"), out);
        s.watch(out, 8, (bytes) =>
          bytes[0] === 1 || (bytes[0] === 2 && !session.isStrict)
            ? undefined
            : `rows deleted: ${bytes[0]}, not 1`,
        );
        holdsCount(s, item, 0n);
      });
      await session.run((s) => s.call(0, clear, s.table("item"), s.room(8)), { commits: true });
    },
  },
  on("insert-after", "A cleared table takes rows again, with the keys it had.", (s) => {
    insert(s, item, one);
    s.call(0, clear, s.table("item"), s.room(8));
    insert(s, item, { id: 1, text: "again" });
    holdsTable(s, item, [{ id: 1, text: "again" }]);
  }),
  on("sequence-goes-on", "Clearing a table does not reset its sequences.", (s) => {
    const first = insert(s, ticket, { id: 0n, note: "", amount: 2_200_000 });
    s.call(0, clear, s.table("ticket"), s.room(8));
    const second = insert(s, ticket, { id: 0n, note: "", amount: 2_200_000 });
    let before = 0n;
    s.watch(first.row, 8, (bytes) => {
      before = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      return undefined;
    });
    s.watch(second.row, 8, (bytes) => {
      const id = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      return id > before ? undefined : `${id} after ${before}`;
    });
  }),
  on(
    "unknown-table",
    "An unknown table id answers 4.",
    (s) => {
      s.call(orTrap(errno.noTable), clear, nobody, s.room(8));
    },
    { reference: "it traps" },
  ),
]);

export const deleteRules: readonly Rule[] = [...deletesByEq, ...deletesByPoint, ...clears];
