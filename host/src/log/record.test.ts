// Records: what is written is what a replay sees, and what is no record is refused.
import { Writer } from "@lightcone/abi";
import fc from "fast-check";
import { type Test, test } from "tap";
import { decodeInputs, encodeRecord, RecordDecoder } from "./record.ts";
import {
  callerByte,
  connectionByte,
  parseTransaction,
  Recorder,
  textInputs,
  timestampMicros,
} from "./test-rig.ts";

function encode(line: string): Uint8Array {
  const writer = new Writer();
  const { inputs, tables } = parseTransaction(line);
  encodeRecord(writer, inputs, tables);
  return writer.finish();
}

function decode(bytes: Uint8Array): string {
  const recorder = new Recorder();
  const end = new RecordDecoder(recorder).decode(bytes, 0, bytes.length, 5);
  return end === bytes.length ? recorder.lines.join() : `${recorder.lines.join()} and more`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

function checkBytes(t: Test, line: string, expected: string): void {
  t.equal(hex(encode(line)), expected.replaceAll(" ", ""), line || "(nothing)");
}

void test("[LOG4] records, byte for byte", async (t) => {
  checkBytes(t, "", "20 00 00 00");
  checkBytes(t, "+7:ab", "20 01 07000000 01 026162 00 00");
  checkBytes(t, "+7:a +7:b -7:c", "20 01 07000000 02 0161 0162 01 07000000 01 0163 00");
  checkBytes(t, "+4096:a +7:b", "20 02 07000000 01 0162 00100000 01 0161 00 00");
  checkBytes(
    t,
    "f(xy)",
    `a0 3c000000 01 66 ${"ca".repeat(32)} ${"c0".repeat(16)} 00401e18240a0600 7879 00 00 00`,
  );
});

void test("[LOG5] a table that was emptied is a truncate, unless rows came in", async (t) => {
  checkBytes(t, "!9", "20 00 00 01 09000000");
  checkBytes(t, "+7:a !9 !10", "20 01 07000000 01 0161 00 02 09000000 0a000000");
  t.equal(decode(encode("-9:a !9 +9:b")), "+9:b -9:a -9:one of its rows");
});

void test("[LOG5] a table emptied that was empty is left out", async (t) => {
  const writer = new Writer();
  const { tables } = parseTransaction("!9");
  for (const table of tables) table.deletes.length = 0;
  encodeRecord(writer, undefined, tables);
  t.equal(hex(writer.finish()), "20000000");
});

void test("[LOG4] counts of any size", async (t) => {
  for (const count of [127, 128, 16_383, 16_384, 100_000]) {
    const line = Array.from({ length: count }, () => "+7:").join(" ");
    const bytes = encode(line);
    const countBytes = Math.max(1, Math.ceil(Math.log2(count + 1) / 7));
    t.equal(bytes.length, 1 + 1 + 4 + countBytes + count + 2, `${count} rows`);
    t.equal(decode(bytes), line, `${count} rows`);
  }
});

void test("[LOG4] inputs come apart as they were put together", async (t) => {
  const writer = new Writer();
  encodeRecord(writer, textInputs("transfer", "one two"), []);
  let inputs: ReturnType<typeof decodeInputs> | undefined;
  const recorder = new Recorder();
  recorder.onInputs = (bytes, start, end): void => {
    inputs = decodeInputs(bytes, start, end);
  };
  const bytes = writer.finish();
  new RecordDecoder(recorder).decode(bytes, 0, bytes.length, 0);
  t.ok(inputs !== undefined);
  if (inputs === undefined) return;
  const { name, caller, connection, argBytes, argStart, argEnd } = inputs;
  t.equal(Buffer.from(name).toString(), "transfer");
  t.same(
    [...caller],
    Array.from({ length: 32 }, () => callerByte),
  );
  t.same(
    [...connection],
    Array.from({ length: 16 }, () => connectionByte),
  );
  t.equal(inputs.timestampMicros, timestampMicros);
  t.equal(Buffer.from(argBytes.subarray(argStart, argEnd)).toString(), "one two");
});

void test("[LOG4] outputs are passed over", async (t) => {
  t.equal(decode(fromHex("60 03 aabbcc 01 07000000 01 0161 00 00")), "+7:a");
  t.equal(decode(fromHex("00")), "", "mutations may be absent");
});

const refusals: readonly (readonly [title: string, bytes: string, message: RegExp])[] = [
  ["nothing", "", /the record ends within the flags/],
  ["unknown flags", "21 000000", /flags 0x21 are unknown/],
  ["no counts", "20", /the record ends within a count/],
  ["a count without end", `20 ${"ff".repeat(12)}`, /a count has too many bytes/],
  ["inputs too long", "a0 05000000 00", /the record ends within the inputs/],
  ["half a length", "a0 0500", /the record ends within the inputs' length/],
  ["inputs too short", `a0 02000000 0166 000000`, /the inputs of a logged call are too short/],
  ["no inputs at all", `a0 00000000 000000`, /the inputs of a logged call are too short/],
  ["outputs too long", "60 05 00", /the record ends within the outputs/],
  ["half a table id", "20 01 0700", /the record ends within a table id/],
  ["a row too long", "20 01 07000000 01 0561", /row 0 of 1 of table 7 does not fit/],
  ["a row missing", "20 01 07000000 02 0161", /row 1 of 2 of table 7 does not fit/],
  ["a truncate missing", "20 00 00 01", /the record ends within a table id/],
];

for (const [title, bytes, message] of refusals) {
  void test(`[LOG4] refused: ${title}`, async (t) => {
    t.throws(() => decode(fromHex(bytes)), { code: "LC_LOG_CORRUPT", message });
  });
}

void test("[LOG4] rows without bytes: one is a row, more are damage", async (t) => {
  const decoder = (count: string): string => {
    const recorder = new Recorder();
    recorder.rowEnd = (_tableId, _bytes, start): number => start;
    const bytes = fromHex(`20 01 07000000 ${count} 00 00`);
    new RecordDecoder(recorder).decode(bytes, 0, bytes.length, 0);
    return recorder.lines.join();
  };
  t.equal(decoder("01"), "+7:");
  t.throws(() => decoder("ffffffff0f"), { code: "LC_LOG_CORRUPT" });
});

void test("broken callers are caught before they reach the log", async (t) => {
  const writer = new Writer();
  const { tables } = parseTransaction("+7:a +8:b");
  t.throws(() => encodeRecord(writer, undefined, tables.toReversed()), { name: "InvariantError" });
  const inputs = textInputs("f", "");
  for (const broken of [
    { ...inputs, caller: new Uint8Array(31) },
    { ...inputs, connection: new Uint8Array(17) },
    { ...inputs, name: new Uint8Array(256) },
  ]) {
    t.throws(() => encodeRecord(writer, broken, []), { name: "InvariantError" });
  }
});

const words = fc.stringMatching(/^[a-z]{0,12}$/);
const change = fc.oneof(
  fc.record({ sign: fc.constantFrom("+", "-"), id: fc.nat(3), row: words }),
  fc.record({ sign: fc.constant("!"), id: fc.integer({ min: 10, max: 12 }), row: fc.constant("") }),
);
const transactions = fc
  .tuple(fc.option(words), fc.array(change, { maxLength: 20 }))
  .map(([call, changes]) => {
    const order = { "+": 0, "-": 1, "!": 2 } as Record<string, number>;
    const unique = changes.filter(
      (one, i) => one.sign !== "!" || changes.findIndex((other) => other.id === one.id) === i,
    );
    unique.sort((a, b) => (order[a.sign] ?? 0) - (order[b.sign] ?? 0) || a.id - b.id);
    const rows = unique.map(({ sign, id, row }) =>
      sign === "!" ? `!${id}` : `${sign}${id}:${row}`,
    );
    return [...(call === null ? [] : [`f(${call})`]), ...rows].join(" ");
  });

void test("[LOG4] any transaction survives encoding and decoding", async (t) => {
  fc.assert(fc.property(transactions, (line) => decode(encode(line)) === line));
  t.pass("no counter-example");
});

void test("[LOG4] any bytes are a record or LC_LOG_CORRUPT", async (t) => {
  const damaged = fc
    .tuple(transactions, fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([line, at, flip]) => {
      const bytes = encode(line);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] as number) ^ flip;
      return bytes;
    });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged);
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        decode(input);
        return true;
      } catch (thrown) {
        return (thrown as { code?: string }).code === "LC_LOG_CORRUPT";
      }
    }),
    { numRuns: 2000 },
  );
  t.pass("no counter-example");
});
