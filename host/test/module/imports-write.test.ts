// What imports that change rows answer to a guest, call by call (abi.md section 5.4).
import { test } from "tap";
import { Errno, type Value } from "@lightcone/abi";
import { bytesAt, Script, wordAt } from "./script.ts";
import { insert, openWorld, relation, rowBytes, run, u32Bytes } from "./world.ts";

const ok = 0;

void test("writes that are refused change nothing", async (t) => {
  const world = await openWorld();
  const [item, place] = [world.table("item"), world.table("place")];
  const cases: [string, (script: Script) => void, number][] = [
    ["unknown table", (s) => s.call("datastore_insert_bsatn", 9999, s.word(), s.word(4)), 4],
    ["a system table", (s) => s.call("datastore_insert_bsatn", 1, s.word(), s.word(4)), 4],
    ["too few bytes", (s) => s.call("datastore_insert_bsatn", item, s.word(), s.word(4)), 3],
    ["no bytes", (s) => s.call("datastore_insert_bsatn", item, s.word(), s.word(0)), 3],
    [
      "a length beyond the row",
      (s) =>
        s.call("datastore_insert_bsatn", item, s.place([1, 0, 0, 0, 9, 0, 0, 0, 65]), s.word(9)),
      3,
    ],
    [
      "not UTF-8",
      (s) =>
        s.call("datastore_insert_bsatn", item, s.place([1, 0, 0, 0, 1, 0, 0, 0, 0xff]), s.word(9)),
      3,
    ],
    [
      "update: unknown table",
      (s) => s.call("datastore_update_bsatn", 9999, 1, s.word(), s.word(4)),
      4,
    ],
    [
      "update: too few bytes",
      (s) => s.call("datastore_update_bsatn", item, world.index("item_id"), s.word(), s.word(4)),
      3,
    ],
    [
      "update: unknown index",
      (s) => s.call("datastore_update_bsatn", item, 9999, s.place(new Uint8Array(8)), s.word(8)),
      5,
    ],
    [
      "update: another table's index",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          item,
          world.index("place_id"),
          s.place(new Uint8Array(8)),
          s.word(8),
        ),
      5,
    ],
    [
      "update: an index that is not unique",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          place,
          world.index("place_zone"),
          s.place(new Uint8Array(15)),
          s.word(15),
        ),
      14,
    ],
    [
      "update: no such row",
      (s) =>
        s.call(
          "datastore_update_bsatn",
          item,
          world.index("item_id"),
          s.place(new Uint8Array(8)),
          s.word(8),
        ),
      15,
    ],
    ["clear: unknown table", (s) => s.call("datastore_clear", 9999, s.place(new Uint8Array(8))), 4],
    ["clear: a system table", (s) => s.call("datastore_clear", 1, s.place(new Uint8Array(8))), 4],
    [
      "count: unknown table",
      (s) => s.call("datastore_table_row_count", 0, s.place(new Uint8Array(8))),
      4,
    ],
    ["scan: unknown table", (s) => s.call("datastore_table_scan_bsatn", 0, s.word()), 4],
    [
      "delete by rows: unknown table",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", 9999, s.word(), 4, s.word()),
      4,
    ],
    [
      "delete by rows: a count without rows",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", item, s.word(7), 4, s.word()),
      3,
    ],
    [
      "delete by rows: no count",
      (s) => s.call("datastore_delete_all_by_eq_bsatn", item, s.word(7), 3, s.word()),
      3,
    ],
    [
      "delete by key: unknown index",
      (s) => s.call("datastore_delete_by_index_scan_point_bsatn", 9999, s.word(), 4, s.word()),
      5,
    ],
    [
      "delete by key: an index of a system table",
      (s) => s.call("datastore_delete_by_index_scan_point_bsatn", 1, s.word(), 4, s.word()),
      5,
    ],
    [
      "delete by key: too few bytes",
      (s) =>
        s.call(
          "datastore_delete_by_index_scan_point_bsatn",
          world.index("item_id"),
          s.word(),
          3,
          s.word(),
        ),
      3,
    ],
    [
      "point: unknown index",
      (s) => s.call("datastore_index_scan_point_bsatn", 0, s.word(), 4, s.word()),
      5,
    ],
    [
      "point: part of a key",
      (s) =>
        s.call(
          "datastore_index_scan_point_bsatn",
          world.index("place_zone"),
          s.place([1]),
          1,
          s.word(),
        ),
      3,
    ],
  ];
  for (const [title, build, status] of cases) {
    const script = new Script();
    insert(world, script, "item", { id: 1, text: "kept" });
    build(script);
    run(t, world, script, [ok, status], { title });
    t.same(world.rows("item"), [{ id: 1, text: "kept" }], title);
  }
});

void test("updates replace by key and keep every unique column unique", async (t) => {
  const world = await openWorld();
  const [table, byId, bySlot] = [
    world.table("place"),
    world.index("place_id"),
    world.index("place_slot"),
  ];
  const place = (id: number, slot: number, name: string): Value => ({
    id,
    slot,
    zone: 1,
    row: -1,
    name,
  });
  const script = new Script();
  insert(world, script, "place", place(1, 10, "a"));
  insert(world, script, "place", place(2, 20, "b"));
  const update = (index: number, row: Value): void => {
    const bytes = rowBytes("place", row);
    script.call(
      "datastore_update_bsatn",
      table,
      index,
      script.place(bytes),
      script.word(bytes.length),
    );
  };
  update(byId, place(1, 20, "taken"));
  update(byId, place(1, 11, "moved"));
  update(byId, place(1, 11, "moved"));
  update(bySlot, place(3, 20, "new id by slot"));
  update(bySlot, place(1, 20, "id taken"));
  const taken = Errno.uniqueAlreadyExists;
  run(t, world, script, [ok, ok, taken, ok, ok, ok, taken]);
  t.same(world.rows("place"), [place(1, 11, "moved"), place(3, 20, "new id by slot")]);
});

void test("generated values come back in column order, over the start of the row", async (t) => {
  const world = await openWorld();
  const both = new Script();
  const [at, length] = insert(world, both, "ticket", { id: 0n, note: "both", number: 0 });
  const [asGivenAt, asGivenLength] = insert(world, both, "ticket", {
    id: 900n,
    note: "",
    number: 901,
  });
  const result = run(t, world, both, [ok, ok]);
  t.equal(wordAt(result, length), 12);
  t.same(bytesAt(result, at, 12), [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  t.equal(wordAt(result, asGivenLength), 0, "nothing was generated");
  t.same(bytesAt(result, asGivenAt, 4), u32Bytes(900));

  const second = new Script();
  const [oneAt, oneLength] = insert(world, second, "ticket", { id: 7n, note: "", number: 0 });
  const row = rowBytes("ticket", { id: 0n, note: "no such row", number: 0 });
  second.call(
    "datastore_update_bsatn",
    world.table("ticket"),
    world.index("ticket_id"),
    second.place(row),
    second.word(row.length),
  );
  const renewed = run(t, world, second, [ok, Errno.noSuchRow], { title: "the key is drawn first" });
  t.equal(wordAt(renewed, oneLength), 4);
  t.same(bytesAt(renewed, oneAt, 4), u32Bytes(2));
});

void test("deletes count what they delete", async (t) => {
  const world = await openWorld();
  const script = new Script();
  for (let id = 1; id <= 4; id++) insert(world, script, "item", { id, text: "x" });
  const counts = [script.word(), script.word(), script.word(), script.place(new Uint8Array(8))];
  const [byKey, byRange, byRows, byClear] = counts as [number, number, number, number];
  const byId = world.index("item_id");
  const key = script.word(1);
  script.call("datastore_delete_by_index_scan_point_bsatn", byId, key, 4, byKey);
  script.call("datastore_delete_by_index_scan_point_bsatn", byId, key, 4, script.word());
  const rows = relation("item", [
    { id: 2, text: "x" },
    { id: 2, text: "x" },
    { id: 3, text: "other" },
  ]);
  const item = world.table("item");
  script.call("datastore_delete_all_by_eq_bsatn", item, script.place(rows), rows.length, byRows);
  const three = script.place([0, ...u32Bytes(3)]);
  const all = script.place([2]);
  const range = [byId, 0, 0, 0, three, 5, all, 1] as const;
  script.call("datastore_delete_by_index_scan_range_bsatn", ...range, byRange);
  insert(world, script, "item", { id: 5, text: "last" });
  script.call("datastore_clear", item, byClear);
  const expected = [ok, ok, ok, ok, ok, ok, ok, ok, ok, ok];
  const result = run(t, world, script, expected);
  t.same(
    [byKey, byRows, byRange, byClear].map((at) => wordAt(result, at)),
    [1, 1, 2, 1],
  );
  t.same(world.rows("item"), []);
});
