// Rows, indexes, generated values and every type, as a module in Rust sees them.
import { test, type Test } from "tap";
import type { Value } from "@lightcone/abi";
import { Probe } from "./probe.ts";

type Args = Readonly<Record<string, Value>>;

/** Calls in order, with how each ends. */
function calls(
  t: Test,
  probe: Probe,
  list: readonly [reducer: string, args: Args, expected: string | RegExp][],
): void {
  for (const [reducer, args, expected] of list) {
    const title = `${reducer} ${JSON.stringify(args)}`;
    if (typeof expected === "string") t.equal(probe.call(reducer, args), expected, title);
    else t.match(probe.call(reducer, args), expected, title);
  }
}

const fatal = "The instance encountered a fatal error.";

/** Orders entries of a map by their keys, which are numbers. */
function byId(a: readonly [unknown, unknown], b: readonly [unknown, unknown]): number {
  return Number(a[0]) - Number(b[0]);
}

void test("rows with a key", async (t) => {
  const probe = await Probe.open();
  calls(t, probe, [
    ["insert_many", { start: 1, n: 3 }, "ok"],
    ["insert_unique", { id: 2, text: "again" }, /duplicate unique column/],
    ["insert_or_panic", { id: 2, text: "again" }, fatal],
    ["insert_or_panic", { id: 4, text: "four" }, "ok"],
    ["update_item", { id: 4, text: "vier" }, "ok"],
    ["update_item", { id: 44, text: "absent" }, fatal],
    ["upsert", { id: 5, text: "five" }, "ok"],
    ["upsert", { id: 5, text: "fünf" }, "ok"],
    ["delete_item", { id: 1 }, "ok"],
    ["delete_item", { id: 1 }, "no item 1"],
    ["insert_both", { first: 6, second: 2 }, /.+/],
    ["insert_both", { first: 7, second: 8 }, "ok"],
    ["delete_and_insert", { id: 7 }, "ok"],
    ["delete_and_insert", { id: 1 }, "no such item"],
  ]);
  const texts = new Map(probe.rows("item").map((row) => [row["id"], row["text"]]));
  t.same([...texts].sort(byId), [
    [2, "item 2"],
    [3, "item 3"],
    [4, "vier"],
    [5, "fünf"],
    [7, "first"],
    [8, "second"],
  ]);
});

void test("counts, scans and deletes see the transaction's own writes", async (t) => {
  const probe = await Probe.open();
  probe.call("insert_many", { start: 0, n: 5000 });
  t.equal(probe.ask("count_items"), "5000 5000");
  t.equal(probe.ask("count_own_writes", { id: 9999 }), "5000 5001 5000");
  t.equal(probe.ask("insert_while_scanning", { offset: 5000 }), "5000");
  t.equal(probe.ask("count_items"), "10000 10000");
  t.match(probe.ask("first_item"), /^item \d+$/, "a scan may be left before its end");
  t.equal(probe.ask("delete_where", { text: "item 7" }), "2");
  t.equal(probe.ask("clear_items"), "9998");
  t.equal(probe.ask("count_items"), "0 0");
  t.equal(probe.ask("first_item"), "none");
});

void test("a table without a key is a set", async (t) => {
  const probe = await Probe.open();
  const pair = { left: 1, right: 2 };
  const { log } = probe.host.database;
  calls(t, probe, [["insert_pair", pair, "ok"]]);
  const offset = log.nextOffset;
  calls(t, probe, [["insert_pair", pair, "ok"]]);
  t.equal(log.nextOffset, offset, "nothing changed, so nothing is logged");
  t.same(probe.rows("pair"), [pair]);
  calls(t, probe, [
    ["delete_pair", pair, "ok"],
    ["delete_pair", pair, "no such pair"],
  ]);
});

void test("a row far larger than a page or a guest's buffer", async (t) => {
  const probe = await Probe.open();
  const n = 3_000_000;
  calls(t, probe, [["big_string", { id: 1, n }, "ok"]]);
  t.equal(probe.ask("count_items"), "1 1", "a scan hands it over");
  t.equal(String(probe.rows("item")[0]?.["text"] as string).length, n);
  calls(t, probe, [["big_string", { id: 2, n: 20 * 1024 * 1024 }, fatal]]);
  t.equal(probe.ask("count_items"), "1 1", "one beyond the limit is refused");
});

void test("indexes of every kind answer as the rows say", async (t) => {
  const probe = await Probe.open();
  probe.call("add_places", { start: 0, n: 120 });
  const ids = (want: (id: number) => boolean): string =>
    Array.from({ length: 120 }, (_, id) => id)
      .filter(want)
      .join(" ");
  const rank = (id: number): number => Math.floor(id / 10);
  const nameOf = (id: number): string => `name ${id % 7}`;
  const zoneOf = (id: number): number => id % 4;
  const rowOf = (id: number): number => (id % 6) - 3;
  t.equal(
    probe.ask("scan_rank", { low: 3, high: 5 }),
    ids((id) => rank(id) >= 3 && rank(id) < 5),
  );
  t.equal(probe.ask("scan_rank", { low: 5, high: 3 }), "");
  t.equal(
    probe.ask("scan_height", { low: -3n, high: 2n }),
    ids((id) => id - 50 >= -3 && id - 50 < 2),
  );
  t.equal(
    probe.ask("scan_name", { low: "name 2", high: "name 4" }),
    ids((id) => nameOf(id) >= "name 2" && nameOf(id) < "name 4"),
  );
  t.equal(
    probe.ask("scan_color", { color: { tag: "green", value: undefined } }),
    ids((id) => id % 3 === 1),
  );
  probe.call("scan_rank_shapes", { low: 2, high: 4 });
  t.equal(
    probe.answer("scan_rank_from"),
    ids((id) => rank(id) >= 2),
  );
  t.equal(
    probe.answer("scan_rank_through"),
    ids((id) => rank(id) <= 4),
  );
  t.equal(
    probe.answer("scan_rank_between"),
    ids((id) => rank(id) === 3),
  );
  t.equal(
    probe.answer("scan_rank_point"),
    ids((id) => rank(id) === 2),
  );
  const order = probe.ask("scan_rank_order", { low: 9 }) as string;
  t.equal(order, `${"9 ".repeat(10)}${"10 ".repeat(10)}${"11 ".repeat(10)}`.trim());
  probe.call("scan_zone", { zone: 1, row: -2, low: "name 1", high: "name 4" });
  const inZone = (id: number): boolean => zoneOf(id) === 1;
  t.equal(probe.answer("scan_zone"), ids(inZone));
  t.equal(
    probe.answer("scan_zone_row"),
    ids((id) => inZone(id) && rowOf(id) === -2),
  );
  t.equal(
    probe.answer("scan_zone_rows"),
    ids((id) => inZone(id) && rowOf(id) >= -2),
  );
  const named = (id: number): boolean => nameOf(id) >= "name 1" && nameOf(id) < "name 4";
  t.equal(
    probe.answer("scan_zone_names"),
    ids((id) => inZone(id) && rowOf(id) === -2 && named(id)),
  );
  t.equal(
    probe.answer("scan_zone_point"),
    ids((id) => inZone(id) && rowOf(id) === -2 && nameOf(id) === "name 1"),
  );
  probe.call("scan_hash", { code: 3n, zone: 2, color: { tag: "blue", value: undefined } });
  t.equal(
    probe.answer("scan_hash_code"),
    ids((id) => id % 5 === 3),
  );
  t.equal(
    probe.answer("scan_hash_zone_color"),
    ids((id) => zoneOf(id) === 2 && id % 3 === 2),
  );
});

void test("unique columns, and rows that move", async (t) => {
  const probe = await Probe.open();
  probe.call("add_places", { start: 0, n: 60 });
  calls(t, probe, [
    ["add_place", { id: 100, slot: 2, label: "free" }, /.+/],
    ["add_place", { id: 100, slot: 999, label: "label 1" }, /.+/],
    ["add_place", { id: 100, slot: 999, label: "free" }, "ok"],
    ["move_place", { id: 0, slot: 999, rank: 0 }, fatal],
    ["move_place", { id: 0, slot: 1000, rank: 77 }, "ok"],
    ["find_place", { slot: 1000, label: "free" }, "ok"],
  ]);
  t.same([probe.answer("find_slot"), probe.answer("find_label")], ["0", "100"]);
  probe.call("find_place", { slot: 0, label: "nobody" });
  t.same([probe.answer("find_slot"), probe.answer("find_label")], ["none", "none"]);
  t.equal(probe.ask("scan_rank", { low: 77, high: 78 }), "0");
  const found = probe.rows("place");
  const places = (want: (id: number) => boolean): number =>
    found.filter((row) => want(row["id"] as number)).length;
  probe.call("delete_places", { low: 2, high: 4, code: 3n, zone: 1, row: -2 });
  const hasRank = (id: number): boolean => id >= 20 && id < 40;
  const hasCode = (id: number): boolean => id % 5 === 3 && !hasRank(id);
  t.equal(probe.answer("delete_rank"), String(places(hasRank)));
  t.equal(probe.answer("delete_code"), String(places(hasCode)));
  const hasZone = (id: number): boolean => id % 4 === 1 && (id % 6) - 3 === -2;
  t.equal(
    probe.answer("delete_zone_row"),
    String(places((id) => hasZone(id) && !hasRank(id) && !hasCode(id))),
  );
  calls(t, probe, [
    ["delete_slot", { slot: 999 }, "ok"],
    ["delete_slot", { slot: 999 }, "no slot 999"],
  ]);
});

void test("generated numbers: never twice, whatever fails and whoever crashes", async (t) => {
  const probe = await Probe.open();
  const take = (id = 0n): Value => probe.ask("take_ticket", { id });
  t.same([take(), take()], ["1", "2"]);
  t.equal(probe.call("take_ticket_and_fail"), "ticket 3 is given back");
  t.not(take(), "3", "what a failed call drew is not drawn again");
  t.equal(take(9_000_000n), "9000000", "a number that is given is kept");
  t.equal(take(9_000_000n), "9000000", "an equal row is held once");
  t.equal(probe.call("take_tickets", { n: 5000 }), "ok");
  const before = probe.rows("ticket").map((row) => row["id"] as bigint);
  await probe.host.database.log.flush();
  const next = await Probe.open(probe.host.disk);
  const drawn = BigInt(next.ask("take_ticket", { id: 0n }) as string);
  t.ok(!before.includes(drawn), `${drawn} after the restart`);
  t.ok(drawn > 5000n);
});

void test("a small sequence wraps, and two in a row come back in column order", async (t) => {
  const probe = await Probe.open();
  const drawn = Array.from({ length: 130 }, () => Number(probe.ask("take_tiny_ticket")));
  const ascending = Array.from({ length: 127 }, (_, i) => i + 1);
  t.same(drawn.slice(0, 127), ascending);
  t.same(
    drawn.slice(127),
    [1, 2, 3].map((n) => drawn[126 + n]),
    "it wraps to its least value",
  );
  t.ok(drawn.slice(127).every((n) => n >= -128 && n <= 127));
  const double = (z_first: number, a_second: bigint): Value =>
    probe.ask("take_double_ticket", { z_first, a_second });
  t.same([double(0, 0n), double(50, 0n), double(0, 60n)], ["1 1", "50 2", "2 60"]);
  t.equal(probe.ask("renew_double_ticket", { z_first: 1 }), "1 3");
});

void test("every type survives the way in, the table and the way back", async (t) => {
  const probe = await Probe.open();
  for (const id of [0, 1]) {
    t.equal(probe.call("insert_extremes", { id }), "ok");
    t.equal(probe.ask("check_extremes", { id }), "true");
  }
  t.equal(probe.call("insert_odd_floats", { id: 2 }), "ok");
  t.equal(probe.call("insert_odd_floats", { id: 2 }), "ok", "the same floats are the same row");
  for (const row of probe.rows("everything")) {
    const id = (row["id"] as number) + 10;
    t.equal(probe.call("insert_everything", { row: { ...row, id } }), "ok");
  }
  t.equal(probe.ask("check_extremes", { id: 10 }), "true", "arguments hold every type, too");
  const strip = (rows: readonly object[]): unknown[] => rows.map((row) => ({ ...row, id: 0 }));
  const rows = probe.rows("everything");
  t.same(strip(rows.slice(3)), strip(rows.slice(0, 3)));
  await probe.host.database.log.flush();
  const again = await Probe.open(probe.host.disk);
  t.same(again.rows("everything"), rows, "and the log");
});

void test("names are converted, aliases lead to the same things", async (t) => {
  const probe = await Probe.open();
  calls(t, probe, [
    ["add_player_state", { playerId: 1, level2: 4 }, "ok"],
    ["addPlayerState", { playerId: 2, level2: 0 }, "ok"],
    ["GivenReducer", { id: 9 }, "ok"],
  ]);
  t.same(
    probe.rows("player_state").map((row) => row["lucky_number"] ?? row["luckyNumber"]),
    [7, 7],
  );
  t.equal(probe.rows("GivenName").length, 3);
});
