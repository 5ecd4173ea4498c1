// Inserts and updates.
import { type Rule, rulesAbout } from "../rule.ts";
import { at, orTrap } from "../script.ts";
import {
  deletePoint,
  errno,
  happening,
  hashed,
  holdsCount,
  holdsTable,
  insert,
  item,
  last,
  nobody,
  on,
  pair,
  place,
  ring,
  ticket,
  update,
  word,
} from "./world.ts";

const one = { id: 1, text: "one" };
const two = { id: 2, text: "two" };
const documentedErrno = { reference: "it traps" };

const inserts = rulesAbout("datastore_insert_bsatn", "insert", [
  on("visible", "An inserted row is seen by the transaction at once.", (s) => {
    insert(s, item, one);
    holdsTable(s, item, [one]);
  }),
  {
    name: "committed",
    states: "A reducer that answers 0 commits its inserts.",
    check: async (session) => {
      await session.run((s) => void insert(s, pair, { left: 71, right: 1 }), { commits: true });
      await session.expectRows("SELECT * FROM pair WHERE left = 71", [[71, 1]]);
      await session.run((s) => s.call(0, "datastore_clear", s.table("pair"), s.room(8)), {
        commits: true,
      });
    },
  },
  {
    name: "rolled-back",
    states: "A reducer that answers 1 leaves nothing behind.",
    check: async (session) => {
      await session.run((s) => void insert(s, pair, { left: 72, right: 1 }));
      await session.expectRows("SELECT * FROM pair WHERE left = 72", []);
    },
  },
  on("set-semantics", "A row that exists already in whole is accepted without effect.", (s) => {
    insert(s, pair, { left: 1, right: 2 });
    insert(s, pair, { left: 1, right: 2 });
    insert(s, item, one);
    insert(s, item, one);
    holdsCount(s, pair, 1n);
    holdsCount(s, item, 1n);
  }),
  on(
    "unique",
    "A row with the value of another in a unique column answers 12, and nothing is inserted.",
    (s) => {
      insert(s, item, one);
      insert(s, item, { id: 1, text: "other" }, errno.unique);
      holdsTable(s, item, [one]);
    },
  ),
  on("unique-second", "Every unique column counts, also one that is no primary key.", (s) => {
    const row = { id: 1, slot: 5, zone: 0, row: 0, name: "" };
    insert(s, place, row);
    insert(s, place, { ...row, id: 2 }, errno.unique);
    holdsCount(s, place, 1n);
  }),
  on("unique-hash", "A hash index keeps its column unique as well.", (s) => {
    insert(s, hashed, { id: 5n, text: "a" });
    insert(s, hashed, { id: 5n, text: "b" }, errno.unique);
  }),
  {
    name: "unique-committed",
    states:
      "Uniqueness holds against committed rows; one that the transaction deleted does not count.",
    check: async (session) => {
      await session.run((s) => void insert(s, item, { id: 500, text: "old" }), { commits: true });
      await session.run((s) => {
        insert(s, item, { id: 500, text: "new" }, errno.unique);
        deletePoint(s, s.index("item_0_btree"), word(500), 1);
        insert(s, item, { id: 500, text: "new" });
      });
      await session.run((s) => deletePoint(s, s.index("item_0_btree"), word(500), 1), {
        commits: true,
      });
    },
  },
  on("reinsert", "A row deleted in this transaction may be inserted again.", (s) => {
    insert(s, item, one);
    deletePoint(s, s.index("item_0_btree"), word(1), 1);
    insert(s, item, one);
    holdsTable(s, item, [one]);
  }),
  on("no-write-back", "Without a generated column the length written back is 0.", (s) => {
    const { length } = insert(s, item, one);
    s.holdsWord(length, 0, "bytes written back");
  }),
  on(
    "unknown-table",
    "An unknown table id answers 4.",
    (s) => {
      s.call(
        orTrap(errno.noTable),
        "datastore_insert_bsatn",
        nobody,
        s.place(item.row(one)),
        s.word(11),
      );
    },
    documentedErrno,
  ),
  on(
    "decode-short",
    "A row that is cut off answers 3.",
    (s) => {
      s.call(
        orTrap(errno.decode),
        "datastore_insert_bsatn",
        s.table("item"),
        s.place(item.row(one)),
        s.word(10),
      );
    },
    documentedErrno,
  ),
  on(
    "decode-empty",
    "A row of no bytes answers 3 in a table that has columns.",
    (s) => {
      s.call(orTrap(errno.decode), "datastore_insert_bsatn", s.table("item"), s.room(4), s.word(0));
    },
    documentedErrno,
  ),
  on(
    "decode-utf8",
    "A string that is not UTF-8 answers 3.",
    (s) => {
      const row = s.place([1, 0, 0, 0, 1, 0, 0, 0, 0xff]);
      s.call(orTrap(errno.decode), "datastore_insert_bsatn", s.table("item"), row, s.word(9));
    },
    documentedErrno,
  ),
  on("after-refusal", "After a refused insert the transaction goes on.", (s) => {
    insert(s, item, one);
    insert(s, item, { id: 1, text: "other" }, errno.unique);
    insert(s, item, two);
    holdsTable(s, item, [one, two]);
  }),
  {
    name: "event-table",
    states: "A row of an event table is seen by its own transaction and by no later one.",
    check: async (session) => {
      const row = { id: 1, what: "it happened" };
      await session.run(
        (s) => {
          insert(s, happening, row);
          holdsTable(s, happening, [row]);
        },
        { commits: true },
      );
      await session.run((s) => holdsCount(s, happening, 0n));
    },
  },
]);

const ticketRow = (id: bigint, amount: number): Uint8Array => ticket.row({ id, note: "", amount });

const generated = rulesAbout("Generated columns", "auto", [
  {
    name: "write-back",
    states:
      "Values of generated columns come back in column order at the start of the row, their length in the length.",
    reference: "the order is that of the sequences' names",
    check: async (session) => {
      await session.run((s) => {
        s.call(0, "datastore_clear", s.table("ticket"), s.room(8));
        const { row, length } = insert(s, ticket, { id: 0n, note: "n", amount: 0 });
        s.holdsWord(length, 12, "bytes written back");
        const [iterator, stored, room] = [s.word(), s.room(64), s.word(64)];
        s.call(0, "datastore_table_scan_bsatn", s.table("ticket"), iterator);
        s.call(last, "row_iter_bsatn_advance", at(iterator), stored, room);
        let given: Uint8Array = new Uint8Array(0);
        s.watch(row, 12, (bytes) => {
          given = bytes;
          return undefined;
        });
        s.watch(stored, 17, (bytes) => {
          const columns = [bytes.subarray(0, 8), bytes.subarray(13)];
          const isRight = Buffer.compare(Buffer.concat(columns), given) === 0;
          const isByName = Buffer.compare(Buffer.concat(columns.reverse()), given) === 0;
          if (isRight || (isByName && !session.isStrict)) return undefined;
          return `${given.join()} was written back for ${bytes.join()}`;
        });
      });
    },
  },
  {
    name: "consecutive",
    states: "Generated values follow each other by the increment.",
    check: async (session) => {
      await session.run((s) => {
        const rows = [1, 2, 3].map((n) =>
          insert(s, ticket, { id: 0n, note: "", amount: 2_000_000 + n }),
        );
        const ids: bigint[] = [];
        for (const { row } of rows) {
          s.watch(row, 8, (bytes) => {
            ids.push(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
            const [before, id] = ids.slice(-2);
            return ids.length < 2 || id === (before as bigint) + 1n ? undefined : ids.join();
          });
        }
      });
    },
  },
  on("given", "A value that is not zero is kept, and nothing is written back for it.", (s) => {
    const { length } = insert(s, ticket, { id: 900_000n, note: "", amount: 900_000 });
    s.holdsWord(length, 0, "bytes written back");
    holdsTable(s, ticket, [{ id: 900_000n, note: "", amount: 900_000 }]);
  }),
  on("some", "Only the columns generated by this call come back.", (s) => {
    const { row, length } = insert(s, ticket, { id: 900_001n, note: "", amount: 0 });
    s.holdsWord(length, 4, "bytes written back");
    s.watch(row, 4, (bytes) => (bytes.some((b) => b !== 0) ? undefined : "number 0"));
  }),
  {
    name: "not-given-back",
    states: "A rollback does not give generated values back.",
    check: async (session) => {
      const seen: bigint[] = [];
      const draw = () =>
        session.run((s) => {
          const { row } = insert(s, ticket, { id: 0n, note: "", amount: 2_100_000 });
          s.watch(row, 8, (bytes) => {
            const id = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
            if (seen.includes(id)) return `${id} a second time`;
            seen.push(id);
            return undefined;
          });
        });
      await draw();
      await draw();
    },
  },
  {
    name: "refused-consumes",
    states: "An insert that answers 12 has used its generated values up.",
    check: async (session) => {
      await session.run((s) => {
        insert(s, ticket, { id: 800_000n, note: "", amount: 5_000_000 });
        const first = insert(s, ticket, { id: 0n, note: "", amount: 6_000_000 });
        insert(s, ticket, { id: 0n, note: "", amount: 5_000_000 }, errno.unique);
        const third = insert(s, ticket, { id: 0n, note: "", amount: 7_000_000 });
        let start = 0n;
        s.watch(first.row, 8, (bytes) => {
          start = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
          return undefined;
        });
        s.watch(third.row, 8, (bytes) => {
          const id = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
          return id === start + 2n ? undefined : `${id} after ${start}`;
        });
      });
    },
  },
  {
    name: "collision",
    states: "A generated value that a row has already answers 12.",
    check: async (session) => {
      await session.run((s) => {
        const first = insert(s, ticket, { id: 0n, note: "", amount: 1_000_001 });
        // The next value is taken by hand: the row's first bytes are the value that was drawn.
        s.call("any", "store", first.row, s.call("any", "add", { kind: 1, value: first.row }, 1));
        const taken = s.call("any", "add", { kind: 1, value: first.row }, 0);
        const row = s.place(ticketRow(0n, 1_000_002));
        s.call("any", "store", row, taken);
        s.call(0, "datastore_insert_bsatn", s.table("ticket"), row, s.word(16));
        insert(s, ticket, { id: 0n, note: "", amount: 1_000_003 }, errno.unique);
      });
    },
  },
  {
    name: "wrap",
    states: "Behind its largest value a sequence goes on with its smallest.",
    check: async (session) => {
      await session.run((s) => {
        const drawn: number[] = [];
        for (let i = 0; i < 4; i++) {
          const { row } = insert(s, ring, { n: 0, note: `${i}` });
          s.watch(row, 4, (bytes) => {
            drawn.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
            const [before, n] = drawn.slice(-2) as [number, number];
            const isNext = drawn.length < 2 || n === (before % 3) + 1;
            return isNext ? undefined : `drawn ${drawn.join()}`;
          });
        }
      });
    },
  },
]);

const updates = rulesAbout("datastore_update_bsatn", "update", [
  on("replaces", "The row with the same key is replaced.", (s) => {
    insert(s, item, one);
    insert(s, item, two);
    update(s, item, s.index("item_0_btree"), { id: 1, text: "changed" });
    holdsTable(s, item, [{ id: 1, text: "changed" }, two]);
  }),
  {
    name: "committed",
    states: "A committed row is replaced when the reducer commits.",
    check: async (session) => {
      await session.run((s) => void insert(s, item, { id: 600, text: "a" }), { commits: true });
      await session.run(
        (s) => void update(s, item, s.index("item_0_btree"), { id: 600, text: "b" }),
        { commits: true },
      );
      await session.expectRows("SELECT * FROM item WHERE id = 600", [[600, "b"]]);
      await session.run((s) => deletePoint(s, s.index("item_0_btree"), word(600), 1), {
        commits: true,
      });
    },
  },
  on("hash", "A unique hash index serves as well.", (s) => {
    insert(s, hashed, { id: 5n, text: "a" });
    update(s, hashed, s.index("hashed_0_hash"), { id: 5n, text: "b" });
    holdsTable(s, hashed, [{ id: 5n, text: "b" }]);
  }),
  on("direct", "A unique direct index serves as well; the primary key may change.", (s) => {
    insert(s, place, { id: 1, slot: 9, zone: 0, row: 0, name: "a" });
    update(s, place, s.index("place_1_direct"), { id: 2, slot: 9, zone: 1, row: 1, name: "b" });
    holdsTable(s, place, [{ id: 2, slot: 9, zone: 1, row: 1, name: "b" }]);
  }),
  on("no-row", "A key that no row has answers 15.", (s) => {
    update(s, item, s.index("item_0_btree"), { id: 9, text: "" }, errno.noRow);
    holdsCount(s, item, 0n);
  }),
  on(
    "unique",
    "Another row's value in another unique column answers 12, and nothing changes.",
    (s) => {
      const row = { id: 1, slot: 1, zone: 0, row: 0, name: "" };
      insert(s, place, row);
      insert(s, place, { ...row, id: 2, slot: 2 });
      update(s, place, s.index("place_0_btree"), { ...row, slot: 2 }, errno.unique);
      holdsTable(s, place, [row, { ...row, id: 2, slot: 2 }]);
    },
  ),
  on("own-value", "The row's own value in another unique column is no violation.", (s) => {
    const row = { id: 1, slot: 1, zone: 0, row: 0, name: "" };
    insert(s, place, row);
    update(s, place, s.index("place_0_btree"), { ...row, name: "x" });
  }),
  on("same", "An equal row is accepted and changes nothing.", (s) => {
    insert(s, item, one);
    const { length } = update(s, item, s.index("item_0_btree"), one);
    s.holdsWord(length, 0);
    holdsTable(s, item, [one]);
  }),
  on("unknown-index", "An unknown index id answers 5.", (s) => {
    update(s, item, nobody, one, errno.noIndex);
  }),
  on("other-table", "An index of another table answers 5.", (s) => {
    update(s, item, s.index("place_0_btree"), one, errno.noIndex);
  }),
  on("not-unique", "An index that is not unique answers 14.", (s) => {
    const row = { id: 1, slot: 1, zone: 0, row: 0, name: "" };
    update(s, place, s.index("place_2_3_4_btree"), row, errno.notUnique);
  }),
  on("order-index-first", "A wrong index is told before a missing row.", (s) => {
    update(s, item, s.index("place_2_3_4_btree"), { id: 9, text: "" }, errno.noIndex);
  }),
  on("order-row-first", "A missing row is told before a violated unique column.", (s) => {
    const row = { id: 1, slot: 1, zone: 0, row: 0, name: "" };
    insert(s, place, row);
    update(s, place, s.index("place_0_btree"), { ...row, id: 7 }, errno.noRow);
  }),
  on("zero-key", "A zero in a generated key is replaced first, so no row has it: 15.", (s) => {
    insert(s, ticket, { id: 800_001n, note: "", amount: 800_001 });
    const row = { id: 0n, note: "", amount: 3 };
    update(s, ticket, s.index("ticket_0_btree"), row, errno.noRow);
  }),
  on("write-back", "A zero in another generated column is filled in and written back.", (s) => {
    insert(s, ticket, { id: 800_002n, note: "", amount: 800_002 });
    const row = { id: 800_002n, note: "", amount: 0 };
    const made = update(s, ticket, s.index("ticket_0_btree"), row);
    s.holdsWord(made.length, 4, "bytes written back");
    s.watch(made.row, 4, (bytes) => (bytes.some((b) => b !== 0) ? undefined : "number 0"));
  }),
  on(
    "unknown-table",
    "An unknown table id answers 4.",
    (s) => {
      const row = s.place(item.row(one));
      s.call(
        orTrap(errno.noTable),
        "datastore_update_bsatn",
        nobody,
        s.index("item_0_btree"),
        row,
        s.word(11),
      );
    },
    documentedErrno,
  ),
  on(
    "decode",
    "A row that is cut off answers 3.",
    (s) => {
      const row = s.place(item.row(one));
      s.call(
        orTrap(errno.decode),
        "datastore_update_bsatn",
        s.table("item"),
        s.index("item_0_btree"),
        row,
        s.word(5),
      );
    },
    documentedErrno,
  ),
]);

export const writeRules: readonly Rule[] = [...inserts, ...generated, ...updates];
