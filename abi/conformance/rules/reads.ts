// Names, counts, scans and iterators.
import { type Rule, rulesAbout } from "../rule.ts";
import type { Script } from "../script.ts";
import {
  errno,
  holdsCount,
  holdsRows,
  holdsTable,
  insert,
  item,
  last,
  nobody,
  on,
  pair,
  place,
  scan,
  scanPoint,
  word,
} from "./world.ts";

const one = { id: 1, text: "one" };
const two = { id: 2, text: "two" };
const long = "x".repeat(20_000);

/** Where the host itself keeps the id. */
interface Catalog {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly canonical: string;
}

const lookUp = (
  name: "table_id_from_name" | "index_id_from_name",
  known: string,
  error: number,
  catalog: Catalog,
): Rule[] =>
  rulesAbout(name, name === "table_id_from_name" ? "table-id" : "index-id", [
    on("known", `\`${name}\` answers 0 and writes an id other than 0.`, (s) => {
      const out = s.word();
      s.call(0, name, ...s.text(known), out);
      s.watch(out, 4, (bytes) => (bytes.some((byte) => byte !== 0) ? undefined : "the id is 0"));
    }),
    on("stable", "Looked up again, a name has the same id.", (s) => {
      const [first, second] = [s.word(), s.word(7)];
      s.call(0, name, ...s.text(known), first);
      s.call(0, name, ...s.text(known), second);
      s.watch(first, 8, (bytes) =>
        bytes.subarray(0, 4).join() === bytes.subarray(4).join() ? undefined : "two ids",
      );
    }),
    on("unknown", `An unknown name answers ${error} and writes nothing.`, (s) => {
      const out = s.word(77);
      s.call(error, name, ...s.text("nothing_is_called_so"), out);
      s.holdsWord(out, 77);
    }),
    {
      name: "catalog",
      states: `The id is the one that \`${catalog.table}\` has.`,
      check: async (session) => {
        const rows = await session.rows(
          `SELECT ${catalog.id}, ${catalog.name} FROM ${catalog.table}`,
        );
        const id = rows.find((row) => row[1] === catalog.canonical)?.[0];
        await session.run((s) => {
          const out = s.word();
          s.call(0, name, ...s.text(known), out);
          s.holdsWord(out, Number(id), "the id");
        });
      },
    },
    on("exact-case", "Names are compared as they are: upper case is another name.", (s) => {
      s.call(error, name, ...s.text(known.toUpperCase()), s.word());
    }),
    on("empty", `The empty name answers ${error}.`, (s) => {
      s.call(error, name, s.word(), 0, s.word());
    }),
    on("length", "The name ends where its length says, not at a zero byte.", (s) => {
      s.call(0, name, s.text(`${known}_and_more`)[0], known.length, s.word());
    }),
    on("utf8", "A name that is not valid UTF-8 traps.", (s) => {
      s.traps(name, s.place([0xc3, 0x28]), 2, s.word());
    }),
  ]);

const counts = rulesAbout("datastore_table_row_count", "row-count", [
  on("sees-own-writes", "The count has the transaction's own inserts and deletes in it.", (s) => {
    holdsCount(s, pair, 0n);
    insert(s, pair, { left: 1, right: 1 });
    insert(s, pair, { left: 1, right: 2 });
    holdsCount(s, pair, 2n);
    s.call(0, "datastore_clear", s.table("pair"), s.room(8));
    holdsCount(s, pair, 0n);
  }),
  {
    name: "committed",
    states: "The count has committed rows in it, less those that the transaction deleted.",
    check: async (session) => {
      const row = (n: number) => ({ id: n, text: "counted" });
      await session.run(
        (s) => {
          s.call(0, "datastore_clear", s.table("item"), s.room(8));
          for (const n of [1, 2, 3]) insert(s, item, row(n));
        },
        { commits: true },
      );
      await session.run((s) => {
        holdsCount(s, item, 3n);
        const relation = item.relation(row(2));
        const name = "datastore_delete_all_by_eq_bsatn";
        s.call(0, name, s.table("item"), s.place(relation), relation.length, s.word());
        insert(s, item, row(4));
        insert(s, item, row(5));
        holdsCount(s, item, 4n);
      });
      await session.run((s) => s.call(0, "datastore_clear", s.table("item"), s.room(8)), {
        commits: true,
      });
    },
  },
  on("unknown-table", "An unknown table id answers 4.", (s) => {
    s.call(errno.noTable, "datastore_table_row_count", nobody, s.room(8));
  }),
]);

const scans = rulesAbout("datastore_table_scan_bsatn", "table-scan", [
  on("all-rows", "The iterator delivers every visible row once, as BSATN.", (s) => {
    insert(s, item, one);
    insert(s, item, two);
    holdsTable(s, item, [one, two]);
  }),
  on("handle", "The handle written is not 0.", (s) => {
    const out = s.word();
    s.call(0, "datastore_table_scan_bsatn", s.table("item"), out);
    s.watch(out, 4, (bytes) => (bytes.some((byte) => byte !== 0) ? undefined : "handle 0"));
  }),
  on(
    "empty",
    "An empty table gives a valid iterator: its first advance answers -1 with length 0.",
    (s) => {
      holdsRows(s, scan(s, pair), []);
    },
  ),
  on("snapshot", "Writes after the scan do not show in an open iterator.", (s) => {
    insert(s, item, one);
    const iterator = scan(s, item);
    insert(s, item, two);
    s.call(0, "datastore_clear", s.table("item"), s.room(8));
    holdsRows(s, iterator, [item.row(one)]);
  }),
  on("two-at-once", "Two open iterators are apart.", (s) => {
    insert(s, item, one);
    const [first, second] = [scan(s, item), scan(s, item)];
    holdsRows(s, second, [item.row(one)]);
    holdsRows(s, first, [item.row(one)]);
  }),
  on("unknown-table", "An unknown table id answers 4 and writes nothing.", (s) => {
    const out = s.word(77);
    s.call(errno.noTable, "datastore_table_scan_bsatn", nobody, out);
    s.holdsWord(out, 77);
  }),
]);

const points = rulesAbout("datastore_index_scan_point_bsatn", "point", [
  on("btree", "A B-tree index delivers the rows with the key.", (s) => {
    insert(s, item, one);
    insert(s, item, two);
    holdsRows(s, scanPoint(s, s.index("item_0_btree"), word(2)), [item.row(two)]);
  }),
  on("hash", "A hash index delivers the rows with the key.", (s) => {
    const rows = [1, 2, 3].map((id) => ({ id, slot: id, zone: id % 2, row: 0, name: "" }));
    for (const row of rows) insert(s, place, row);
    const expected = [rows[0], rows[2]].map((row) => place.row(row as (typeof rows)[number]));
    holdsRows(s, scanPoint(s, s.index("place_2_hash"), [1]), expected, false);
  }),
  on("direct", "A direct index delivers the row with the key.", (s) => {
    const row = { id: 1, slot: 70_000, zone: 1, row: 0, name: "d" };
    insert(s, place, row);
    const index = s.index("place_1_direct");
    holdsRows(s, scanPoint(s, index, word(70_000)), [place.row(row)]);
    holdsRows(s, scanPoint(s, index, word(70_001)), []);
  }),
  on("multi-column", "The key of several columns is their values one after another.", (s) => {
    const row = { id: 1, slot: 1, zone: 3, row: -2, name: "é" };
    insert(s, place, row);
    insert(s, place, { ...row, id: 2, slot: 2, name: "e" });
    const key = [3, 0xfe, 0xff, 2, 0, 0, 0, 0xc3, 0xa9];
    holdsRows(s, scanPoint(s, s.index("place_2_3_4_btree"), key), [place.row(row)]);
  }),
  on("no-match", "A key that no row has gives an empty iterator.", (s) => {
    insert(s, item, one);
    holdsRows(s, scanPoint(s, s.index("item_0_btree"), word(9)), []);
  }),
  on("unknown-index", "An unknown index id answers 5.", (s) => {
    scanPoint(s, nobody, word(1), errno.noIndex);
  }),
  on("decode", "A key that is too short answers 3.", (s) => {
    scanPoint(s, s.index("item_0_btree"), [1, 2], errno.decode);
  }),
  on("decode-columns", "Part of a key of several columns answers 3.", (s) => {
    scanPoint(s, s.index("place_2_3_4_btree"), [3, 0, 0], errno.decode);
  }),
  {
    name: "committed-and-own",
    states: "Committed rows and the transaction's own are found together, deleted ones are not.",
    check: async (session) => {
      await session.run(
        (s) => {
          s.call(0, "datastore_clear", s.table("place"), s.room(8));
          for (const id of [1, 2]) insert(s, place, { id, slot: id, zone: 8, row: 0, name: "" });
        },
        { commits: true },
      );
      await session.run((s) => {
        insert(s, place, { id: 3, slot: 3, zone: 8, row: 0, name: "" });
        const relation = place.relation({ id: 1, slot: 1, zone: 8, row: 0, name: "" });
        const name = "datastore_delete_all_by_eq_bsatn";
        s.call(0, name, s.table("place"), s.place(relation), relation.length, s.word());
        const rows = [2, 3].map((id) => place.row({ id, slot: id, zone: 8, row: 0, name: "" }));
        holdsRows(s, scanPoint(s, s.index("place_2_hash"), [8]), rows, false);
      });
      await session.run((s) => s.call(0, "datastore_clear", s.table("place"), s.room(8)), {
        commits: true,
      });
    },
  },
]);

/** Two rows that fill a chunk, and a third that needs another. */
function longRows(s: Script): number {
  for (const id of [1, 2, 3]) insert(s, item, { id, text: long });
  return item.row({ id: 1, text: long }).length;
}

/** Large buffers lie where the script itself is not. */
const farBuffer = 0x14_0000;

const advances = rulesAbout("row_iter_bsatn_advance", "advance", [
  on(
    "invalid",
    "A handle that nobody opened answers 6 and leaves the length alone; 0 is one.",
    (s) => {
      const length = s.word(16);
      s.call(errno.noIter, "row_iter_bsatn_advance", 0, s.room(16), length);
      s.call(errno.noIter, "row_iter_bsatn_advance", nobody, s.room(16), length);
      s.holdsWord(length, 16);
    },
  ),
  on("last", "The last rows come together with -1.", (s) => {
    insert(s, item, one);
    holdsRows(s, scan(s, item), [item.row(one)]);
  }),
  on("exhausted", "After -1 the handle is invalid.", (s) => {
    const iterator = scan(s, pair);
    holdsRows(s, iterator, []);
    s.call(errno.noIter, "row_iter_bsatn_advance", iterator, s.room(16), s.word(16));
    s.call(errno.noIter, "row_iter_bsatn_close", iterator);
  }),
  on(
    "too-small",
    "Where nothing fits it answers 11 with the size needed, and the iterator stays as it was.",
    (s) => {
      insert(s, item, one);
      const iterator = scan(s, item);
      const length = s.word(3);
      s.call(errno.tooSmall, "row_iter_bsatn_advance", iterator, s.room(16), length);
      s.holdsWord(length, item.row(one).length, "the size needed");
      holdsRows(s, iterator, [item.row(one)]);
    },
  ),
  on("exact", "A buffer of exactly the size needed is large enough.", (s) => {
    insert(s, item, one);
    const size = item.row(one).length;
    const length = s.word(size);
    s.call(last, "row_iter_bsatn_advance", scan(s, item), s.room(size), length);
    s.holdsWord(length, size);
  }),
  on("partial", "A buffer for some of the chunks gets whole rows and 0; the rest follows.", (s) => {
    const size = longRows(s);
    const iterator = scan(s, item);
    const [first, second] = [s.word(2 * size), s.word(2 * size)];
    s.call(0, "row_iter_bsatn_advance", iterator, farBuffer, first);
    s.call(last, "row_iter_bsatn_advance", iterator, farBuffer, second);
    let taken = 0;
    s.watch(first, 4, (bytes) => {
      taken = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      return taken > 0 && taken % size === 0 ? undefined : `${taken} bytes are no whole rows`;
    });
    s.watch(second, 4, (bytes) => {
      const rest = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      return taken + rest === 3 * size ? undefined : `${taken} + ${rest} bytes of ${3 * size}`;
    });
  }),
  on("all-at-once", "A buffer for all chunks gets all of them in one call.", (s) => {
    const size = longRows(s);
    const length = s.word(4 * size);
    s.call(last, "row_iter_bsatn_advance", scan(s, item), farBuffer, length);
    s.holdsWord(length, 3 * size);
  }),
  on("chunk-is-row", "A row longer than any chunk comes whole.", (s) => {
    const text = "y".repeat(70_000);
    insert(s, item, { id: 1, text });
    const length = s.word(10);
    const iterator = scan(s, item);
    s.call(errno.tooSmall, "row_iter_bsatn_advance", iterator, farBuffer, length);
    s.holdsWord(length, 8 + text.length);
    s.call(last, "row_iter_bsatn_advance", iterator, farBuffer, length);
    s.holds(farBuffer + text.length, [...word(0x79797979), ...word(0x79797979)]);
  }),
  on("memory-grown", "A buffer in memory that has grown during the call is used.", (s) => {
    insert(s, item, one);
    const iterator = scan(s, item);
    const pages = s.call("any", "grow", 1);
    // The first byte behind the memory as it was, wherever earlier calls have let it grow to.
    const buffer = s.call("any", "multiply", pages, 65_536);
    const length = s.word(100);
    s.call(last, "row_iter_bsatn_advance", iterator, buffer, length);
    s.holds(buffer, item.row(one));
  }),
]);

const closes = rulesAbout("row_iter_bsatn_close", "close", [
  on("open", "Closing an open iterator answers 0, and the handle is invalid then.", (s) => {
    const iterator = scan(s, item);
    s.call(0, "row_iter_bsatn_close", iterator);
    s.call(errno.noIter, "row_iter_bsatn_close", iterator);
    s.call(errno.noIter, "row_iter_bsatn_advance", iterator, s.room(16), s.word(16));
  }),
  on("invalid", "0 and handles that nobody opened answer 6.", (s) => {
    s.call(errno.noIter, "row_iter_bsatn_close", 0);
    s.call(errno.noIter, "row_iter_bsatn_close", nobody);
  }),
  on("others-stay", "Closing one iterator leaves others open.", (s) => {
    insert(s, item, one);
    const [first, second] = [scan(s, item), scan(s, item)];
    s.call(0, "row_iter_bsatn_close", first);
    holdsRows(s, second, [item.row(one)]);
  }),
  {
    name: "call-ends",
    states: "An iterator left open is gone in the next call.",
    reference: "it stays open until somebody closes it",
    check: async (session) => {
      await session.run((s) => scan(s, item));
      await session.run((s) => {
        for (const handle of [1, 2, 3]) {
          s.call({ documented: errno.noIter, reference: 0 }, "row_iter_bsatn_close", handle);
        }
      });
    },
  },
]);

export const readRules: readonly Rule[] = [
  ...lookUp("table_id_from_name", "item", errno.noTable, {
    table: "st_table",
    id: "table_id",
    name: "table_name",
    canonical: "item",
  }),
  ...lookUp("index_id_from_name", "item_0_btree", errno.noIndex, {
    table: "st_index",
    id: "index_id",
    name: "index_name",
    canonical: "item_id_idx_btree",
  }),
  ...counts,
  ...scans,
  ...points,
  ...advances,
  ...closes,
];
