// Names, fields, frames and rows: the pieces between plain values and the engine's bytes.
import {
  array,
  compileCodec,
  decode,
  emptyRowList,
  encode,
  option,
  primitive,
  product,
  type ProductValue,
  type RowListView,
  scheduleAtType,
  sum,
  unitType,
  type Value,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { FieldCodec, type Fields } from "./field-codec.ts";
import { FrameReader } from "./frame-reader.ts";
import { parseLogLine } from "./log-line.ts";
import { clientName, clientType, NameTable } from "./names.ts";
import { RowSet } from "./row-set.ts";

const names: readonly (readonly [string, string])[] = [
  ["send_message", "sendMessage"],
  ["PlayerState", "playerState"],
  ["mail.outbox", "mailOutbox"],
  ["_1", "_1"],
  ["constructor", "constructor"],
];

void test("names are those of generated bindings", (t) => {
  for (const [name, expected] of names) t.equal(clientName(name), expected);
  const u8 = primitive("u8");
  const type = product({
    player_id: u8,
    the_shape: sum({ BigCircle: u8, NoneAtAll: unitType }),
    due_at: scheduleAtType,
    old_names: array(option(product({ first_name: u8 }))),
  });
  t.same(
    clientType(type),
    product({
      playerId: u8,
      theShape: sum({ bigCircle: u8, noneAtAll: unitType }),
      dueAt: scheduleAtType,
      oldNames: array(option(product({ firstName: u8 }))),
    }),
  );
  t.end();
});

void test("a server's own name comes before another's convenience", (t) => {
  const table = new NameTable([
    { name: "set_1", sourceName: "setOne" },
    { name: "set1", sourceName: "set_1" },
  ]);
  t.same(
    ["set_1", "set1", "setOne", "set"].map((name) => table.find(name)?.name),
    ["set_1", "set1", "set_1", undefined],
  );
  t.equal(table.list, "set_1, set1");
  t.equal(new NameTable([]).list, "none");
  t.end();
});

const fields = product({
  player_id: primitive("u32"),
  nick_name: option(primitive("string")),
  score: primitive("i64"),
});
const codec = new FieldCodec(fields, [], "row of r", "LC_VALUE_INVALID", new Map([["score", 7n]]));
const moduleCodec = compileCodec<ProductValue>(fields);

/** What is given, and the row or the fault that it comes to. */
const given: readonly (readonly [Fields, string])[] = [
  [[1, "a", 2n], "1 a 2"],
  [{ playerId: 1, nickName: "a", score: 2n }, "1 a 2"],
  [{ player_id: 1, nick_name: "a", score: 2n }, "1 a 2"],
  [{ playerId: 1 }, "1 undefined 7"],
  [[1], "1 undefined 7"],
  [
    [],
    "row of r: playerId is missing: expected u32 (an integer from 0 to 4294967295), given undefined",
  ],
  [[1, "a", 2n, 3], "row of r: takes 3 values, given 4"],
  [[-1], "row of r: playerId: expected u32 (an integer from 0 to 4294967295), given -1"],
  [
    { playerId: 1, extra: 1 },
    "row of r: has no field extra; its fields: playerId, nickName, score",
  ],
  [{ playerId: 1, score: 1 }, "row of r: score: expected i64 (a bigint), given 1"],
  ["text" as unknown as Fields, "row of r: takes an object or an array of values, given text"],
];

function show(value: Value): string {
  return typeof value === "object" ? "?" : `${value}`;
}

void test("fields are given in order or by name", (t) => {
  for (const [value, expected] of given) {
    let text: string;
    try {
      const row = decode(moduleCodec as never, codec.encode(value)) as ProductValue;
      text = Object.values(row).map(show).join(" ");
    } catch (thrown) {
      text = (thrown as Error).message;
    }
    t.equal(text, expected);
  }
  t.end();
});

/** A frame as a server writes it; its first message byte is the compression tag. */
function frame(payload: Uint8Array, isLast: boolean): Uint8Array {
  const head = [isLast ? 0x82 : 0x02];
  if (payload.length < 126) head.push(payload.length);
  else if (payload.length < 65_536) head.push(126, payload.length >> 8, payload.length & 255);
  else
    head.push(
      127,
      0,
      0,
      0,
      0,
      0,
      payload.length >> 16,
      (payload.length >> 8) & 255,
      payload.length & 255,
    );
  return Buffer.concat([Uint8Array.from(head), payload]);
}

void test("messages come out of frames as they went in", (t) => {
  const message = fc.tuple(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(1, 2, 3),
    fc.constantFrom(0, 200, 70_000),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
      const wanted: string[] = [];
      const frames: Uint8Array[] = [];
      for (const [start, partCount, padding] of messages) {
        const bytes = Buffer.concat([start, Buffer.alloc(padding, 7)]);
        wanted.push(bytes.toString("hex"));
        const tagged = Buffer.concat([Uint8Array.of(0), bytes]);
        const size = Math.ceil(tagged.length / partCount);
        for (let i = 0; i < partCount; i++) {
          frames.push(frame(tagged.subarray(i * size, (i + 1) * size), i === partCount - 1));
        }
      }
      const reader = new FrameReader();
      const found: string[] = [];
      reader.read(Buffer.concat(frames), (bytes) => found.push(Buffer.from(bytes).toString("hex")));
      return found.join() === wanted.join();
    }),
    { numRuns: 50 },
  );
  t.pass();
  t.end();
});

const row = product({ id: primitive("u8"), value: primitive("u8") });
const rowCodec = compileCodec<ProductValue>(row);

function listOf(rows: readonly (readonly [number, number])[]): RowListView {
  if (rows.length === 0) return emptyRowList;
  const bytes = rows.map(([id, value]) => encode(rowCodec as never, { id, value }));
  return { sizeHint: { kind: "fixedSize", size: 2 }, data: Buffer.concat(bytes) };
}

void test("a set of rows is what its changes make of it, however queries overlap", (t) => {
  const write = fc.record({ id: fc.nat(3), value: fc.nat(2), times: fc.constantFrom(1, 2) });
  fc.assert(
    fc.property(fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 12 }), (transactions) => {
      const set = new RowSet({
        name: "r",
        sourceName: "r",
        codec: rowCodec,
        primaryKey: "id",
      });
      const table = new Map<number, number>();
      const mirror = new Map<number, number>();
      for (const writes of transactions) {
        const before = new Map(table);
        for (const { id, value } of writes) {
          if (value === 0) table.delete(id);
          else table.set(id, value);
        }
        const inserts = [...table].filter(([id, value]) => before.get(id) !== value);
        const deletes = [...before].filter(([id, value]) => table.get(id) !== value);
        // Each row is seen by one query, or by two.
        const twice = (rows: [number, number][]): [number, number][] =>
          rows.flatMap((each) => (each[0] % 2 === 0 ? [each] : [each, each]));
        const change = set.apply([
          { kind: "persistent", inserts: listOf(twice(inserts)), deletes: listOf(twice(deletes)) },
        ]);
        for (const { id } of change?.deleted ?? []) mirror.delete(id as number);
        for (const { id, value } of change?.inserted ?? [])
          mirror.set(id as number, value as number);
        for (const { from, to } of change?.updated ?? []) {
          if (from["id"] !== to["id"] || mirror.get(from["id"] as number) !== from["value"])
            return false;
          mirror.set(to["id"] as number, to["value"] as number);
        }
        const rows = new Map(set.rows().map(({ id, value }) => [id as number, value as number]));
        const text = (map: Map<number, number>): string =>
          [...map].toSorted(([a], [b]) => a - b).join(";");
        if (text(rows) !== text(table) || text(mirror) !== text(table)) return false;
      }
      return true;
    }),
  );
  t.pass();
  t.end();
});

void test("rows of event tables are told and not held", (t) => {
  const set = new RowSet({ name: "r", sourceName: "r", codec: rowCodec, primaryKey: undefined });
  const change = set.apply([
    {
      kind: "event",
      events: listOf([
        [1, 2],
        [1, 2],
      ]),
    },
  ]);
  t.same(change?.inserted, [
    { id: 1, value: 2 },
    { id: 1, value: 2 },
  ]);
  t.same(set.rows(), []);
  t.equal(set.apply([{ kind: "event", events: emptyRowList }]), undefined);
  t.end();
});

void test("a line of a log", (t) => {
  const line = parseLogLine(
    '{"level":"Panic","ts":5,"target":"a","line_number":3,"message":"m","trace":[{"func_name":"f"}]}\n',
  );
  t.match(line, { level: "Panic", message: "m", target: "a", lineNumber: 3, trace: ["f"] });
  t.equal(line.timestamp.micros, 5n);
  t.same(parseLogLine('{"level":"Info","ts":5,"message":"m"}').trace, []);
  t.end();
});
