// Range scans: every shape of bounds against a plain evaluation (abi.md section 5.3).
import { test } from "tap";
import { Errno, exhausted, Reader, type Value, Writer } from "@lightcone/abi";
import { bytesAt, Script, wordAt } from "./script.ts";
import { openWorld, rowBytes, u32Bytes, type World } from "./world.ts";

const ok = 0;
const wasTrapped = { kind: "trapped" };

interface Key {
  readonly id: number;
  readonly zone: number;
  readonly row: number;
  readonly name: string;
}

const zones = [0, 1, 255];
const rows = [-2, -1, 0, 300];
const names = ["", "a", "ab", "\u{1f30d}", "\uffee"];

const keys: readonly Key[] = zones.flatMap((zone, z) =>
  rows.flatMap((row, r) => names.map((name, n) => ({ id: 100 * z + 10 * r + n, zone, row, name }))),
);

async function openPlaces(): Promise<World> {
  const world = await openWorld();
  const script = new Script();
  for (const { id, ...key } of keys) {
    const bytes = rowBytes("place", { id, slot: id, ...key });
    script.call(
      "datastore_insert_bsatn",
      world.table("place"),
      script.place(bytes),
      script.word(bytes.length),
    );
  }
  world.scripts.run(script);
  return world;
}

/** The BSATN of one key column. */
function columnBytes(column: number, value: number | string): Uint8Array {
  const writer = new Writer();
  if (column === 0) writer.u8(value as number);
  else if (column === 1) writer.u16((value as number) & 0xffff);
  else writer.string(value as string);
  return writer.finish();
}

interface Bound {
  readonly kind: 0 | 1 | 2;
  readonly value: number | string;
}

function boundBytes(column: number, { kind, value }: Bound): Uint8Array {
  return Uint8Array.of(kind, ...(kind === 2 ? [] : columnBytes(column, value)));
}

const utf8 = new TextEncoder();

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number") return a - (b as number);
  return Buffer.compare(utf8.encode(a), utf8.encode(b as string));
}

/** The ids in a range, by looking at every row. */
function naive(prefix: readonly (number | string)[], start: Bound, end: Bound): number[] {
  const found = keys.filter((key) => {
    const columns = [key.zone, key.row, key.name];
    if (prefix.some((value, i) => columns[i] !== value)) return false;
    const column = columns[prefix.length] as number | string;
    const fromStart = start.kind === 2 ? 1 : compare(column, start.value);
    const toEnd = end.kind === 2 ? 1 : compare(end.value, column);
    return (
      (start.kind === 1 ? fromStart > 0 : fromStart >= 0) &&
      (end.kind === 1 ? toEnd > 0 : toEnd >= 0)
    );
  });
  return found.map(({ id }) => id);
}

function bounds(values: readonly (number | string)[]): Bound[] {
  const valued = values.flatMap((value) => [0, 1].map((kind) => ({ kind, value }) as Bound));
  return [{ kind: 2, value: 0 }, ...valued];
}

function readIds(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes);
  const ids: number[] = [];
  while (reader.remaining > 0) {
    ids.push(reader.u32());
    reader.u32();
    reader.u8();
    reader.i16();
    reader.string();
  }
  return ids;
}

void test("every shape finds what a plain evaluation finds, in key order", async (t) => {
  const world = await openPlaces();
  const index = world.index("place_zone");
  const order = new Map(
    [...keys]
      .sort((a, b) => a.zone - b.zone || a.row - b.row || compare(a.name, b.name))
      .map(({ id }, i) => [id, i]),
  );
  const cases: [prefix: (number | string)[], values: (number | string)[]][] = [
    [[], [0, 1, 7]],
    [[1], [-2, 0, 5]],
    [
      [255, 300],
      ["", "a", "b"],
    ],
    [[9], [0]],
  ];
  for (const [prefix, values] of cases) {
    for (const start of bounds(values)) {
      for (const end of bounds(values)) {
        const script = new Script();
        const prefixBytes = prefix.flatMap((value, i) => [...columnBytes(i, value)]);
        const [startBytes, endBytes] = [start, end].map((one) =>
          boundBytes(prefix.length, one),
        ) as [Uint8Array, Uint8Array];
        const arguments_ = [
          index,
          script.place(prefixBytes),
          prefixBytes.length,
          prefix.length,
          script.place(startBytes),
          startBytes.length,
          script.place(endBytes),
          endBytes.length,
        ];
        const [buffer, length, count] = [
          script.place(new Uint8Array(4096)),
          script.word(4096),
          script.word(),
        ];
        script.call("datastore_index_scan_range_bsatn", ...arguments_, script.word());
        script.call("row_iter_bsatn_advance", 1, buffer, length);
        script.call("datastore_delete_by_index_scan_range_bsatn", ...arguments_, count);
        const result = world.scripts.run(script, 1);
        const title = JSON.stringify({ prefix, start, end });
        t.same(result.kind === "ran" && result.statuses, [ok, exhausted, ok], title);
        const ids = readIds(bytesAt(result, buffer, wordAt(result, length)));
        const expected = naive(prefix, start, end);
        const inOrder = [...expected].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
        t.same(ids, inOrder, title);
        t.equal(wordAt(result, count), expected.length, title);
      }
    }
  }
});

void test("the old names do the same", async (t) => {
  const world = await openPlaces();
  const script = new Script();
  const [all, count] = [script.place([2]), script.word()];
  const range = [world.index("place_id"), 0, 0, 0, all, 1, all, 1];
  script.call("datastore_btree_scan_bsatn", ...range, script.word());
  script.call("datastore_delete_by_btree_scan_bsatn", ...range, count);
  const result = world.scripts.run(script, 1);
  t.same(result.kind === "ran" && result.statuses, [ok, ok]);
  t.equal(wordAt(result, count), keys.length);
});

void test("ranges that are refused", async (t) => {
  const world = await openPlaces();
  const [byId, byZone, hash] = [
    world.index("place_id"),
    world.index("place_zone"),
    world.index("place_zone_hash"),
  ];
  const { bsatnDecodeError: malformed, wrongIndexAlgo, noSuchIndex } = Errno;
  const all = [2];
  const five = [0, ...u32Bytes(5)];
  const cases: [
    title: string,
    index: number,
    prefix: number[],
    elements: number,
    start: number[],
    end: number[],
    Value,
  ][] = [
    ["unknown index", 9999, [], 0, all, all, noSuchIndex],
    ["no column left for the bounds", byId, [...u32Bytes(5)], 1, all, all, malformed],
    [
      "no column left for the bounds of three",
      byZone,
      [1, 0, 0, 0, 0, 0, 0],
      3,
      all,
      all,
      malformed,
    ],
    ["a prefix that is too short", byZone, [1], 2, all, all, malformed],
    ["an unknown kind of bound", byId, [], 0, [3], all, malformed],
    ["an empty bound", byId, [], 0, [], all, malformed],
    ["a bound that is too short", byId, [], 0, [0, 1, 2], all, malformed],
    ["an end that is too short", byId, [], 0, all, [1, 9], malformed],
    ["too many prefix columns to count", byId, [], 65_536, all, all, wasTrapped],
    ["a range of a hash index", hash, [], 0, [0, 1], [0, 255], wrongIndexAlgo],
    ["all of a hash index", hash, [], 0, all, all, wrongIndexAlgo],
    ["a point of a hash index", hash, [], 0, [0, 255], [0, 255], ok],
    ["an empty range", byId, [], 0, five, [1, ...u32Bytes(2)], ok],
  ];
  for (const [title, index, prefix, elements, start, end, expected] of cases) {
    const script = new Script();
    // A prefix of no columns is not looked at.
    const prefixAt = elements === 0 ? 0xffff_ffff : script.place(prefix);
    const range = [index, prefixAt, prefix.length, elements];
    // A zero byte follows, so that an empty bound has an address inside the image.
    const [startAt, endAt] = [script.place([...start, 0]), script.place([...end, 0])];
    range.push(startAt, start.length, endAt, end.length);
    const isTrap = expected === wasTrapped;
    for (const name of [
      "datastore_index_scan_range_bsatn",
      "datastore_delete_by_index_scan_range_bsatn",
    ]) {
      const one = script.call(name, ...range, script.word());
      if (isTrap) break;
      t.ok(one);
    }
    const result = world.scripts.run(script, 1);
    if (isTrap) t.match(result, { ...wasTrapped, message: /too many columns/ }, title);
    else t.same(result.kind === "ran" && result.statuses, [expected, expected], title);
  }
});

void test("the same bytes may be both ends", async (t) => {
  const world = await openPlaces();
  const script = new Script();
  const [bound, count, point] = [script.place([0, 1]), script.word(), script.word()];
  const zone = world.index("place_zone_hash");
  script.call(
    "datastore_delete_by_index_scan_range_bsatn",
    zone,
    0,
    0,
    0,
    bound,
    2,
    bound,
    2,
    count,
  );
  script.call("datastore_delete_by_index_scan_point_bsatn", zone, script.place([255]), 1, point);
  const result = world.scripts.run(script, 1);
  t.same(result.kind === "ran" && result.statuses, [ok, ok]);
  t.equal(wordAt(result, count), rows.length * names.length);
  t.equal(wordAt(result, point), rows.length * names.length);
});
