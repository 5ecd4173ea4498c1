import { deepStrictEqual, equal } from "node:assert";
import { ConnectionId, Identity, type Reader, Uuid, type Writer } from "@lightcone/abi";
import fc from "fast-check";
import { t as file, test } from "tap";
import { LeafGuest } from "./leaf-guest.ts";

// To compile a module takes its time on a busy machine.
file.setTimeout(180_000);

const guest = await LeafGuest.compile();

const u128 = fc.bigInt(0n, (1n << 128n) - 1n);
const u256 = fc.bigInt(0n, (1n << 256n) - 1n);
const i64 = fc.oneof(
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
  fc.constantFrom(0n, -1n, 1n, -(1n << 63n), (1n << 63n) - 1n),
);

/** What JavaScript's dates can tell: 271,821 years before and after 1970. */
const dateMicrosMax = 8_640_000_000_000_000_000n;

/** The text of a time as Rust writes it; undefined where JavaScript has no date. */
function rfc3339(micros: bigint): string | undefined {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const millis = (micros - rest) / 1000n;
  if (micros > dateMicrosMax || micros < -dateMicrosMax) return undefined;
  const iso = new Date(Number(millis)).toISOString();
  const [, sign, year, tail, ms] = /^([+-]?)(\d+)(-.*)\.(\d{3})Z$/.exec(iso) as unknown as string[];
  const digits = `${ms}${String(rest).padStart(3, "0")}`;
  const fraction = digits === "000000" ? "" : `.${digits.replace(/^(\d{3})000$/, "$1")}`;
  // JavaScript writes six digits of such years, Rust as many as there are, but five behind a plus.
  const plain = String(Number(year)).padStart(4, "0");
  return `${sign}${sign === "+" ? plain.padStart(5, "0") : plain}${tail}${fraction}+00:00`;
}

function durationText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = String(size % 1_000_000n).padStart(6, "0");
  return `${micros < 0n ? "-" : "+"}${size / 1_000_000n}.${fraction}`;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

void test("special types: bytes, numbers and texts are those of the host", (t) => {
  fc.assert(
    fc.property(
      u256,
      u128,
      u128,
      i64,
      i64,
      fc.boolean(),
      (id, connection, uuid, at, span, isTime) => {
        const scheduled = isTime ? at : span;
        const fixed = (writer: Writer): void => {
          writer.words(id, 4);
          writer.words(connection, 2);
          writer.words(uuid, 2);
          writer.i64(at);
          writer.i64(span);
          writer.u8(isTime ? 1 : 0);
          writer.i64(scheduled);
        };
        const out = guest.call("specials", fixed);
        equal(out.words(4, "u256"), id);
        equal(out.words(2, "u128"), connection);
        equal(out.words(2, "u128"), uuid);
        deepStrictEqual(
          [out.i64(), out.i64(), out.u8(), out.i64()],
          [at, span, +isTime, scheduled],
        );
        equal(out.words(4, "u256"), id);
        equal(out.words(2, "u128"), connection);
        const bytes = new Identity(id).toBytes();
        deepStrictEqual([...out.bytes()], [...bytes]);
        deepStrictEqual([...out.bytes()], [...bytes]);
        deepStrictEqual([...out.bytes()], [...new ConnectionId(connection).toBytes()]);
        equal(out.string(), new Identity(id).toString());
        equal(out.string(), new ConnectionId(connection).toString());
        equal(out.string(), new Uuid(uuid).toString());
        const timeText = out.string();
        equal(timeText, rfc3339(at) ?? timeText);
        equal(out.string(), durationText(span));
        const scheduleText = out.string();
        if (!isTime) equal(scheduleText, `every ${durationText(span)}`);
        deepStrictEqual([out.bool(), out.bool()], [id === 0n, connection === 0n]);
        deepStrictEqual([out.bool(), out.i64()], [!isTime, scheduled]);
        deepStrictEqual([out.i64(), out.i64()], [floorDivide(at, 1000n), span / 1000n]);
        equal(out.u32(), Number((uuid >> 76n) & 15n));
        return out.remaining === 0;
      },
    ),
    { numRuns: 3000 },
  );
  t.pass();
  t.end();
});

void test("identities and times are ordered; null is nobody's equal", (t) => {
  fc.assert(
    fc.property(u256, fc.option(u256), i64, fc.option(i64), (a, other, s, later) => {
      const b = other ?? a;
      const u = later ?? s;
      const out = guest.call("orders", (writer) => {
        writer.words(a, 4);
        writer.words(b, 4);
        writer.i64(s);
        writer.i64(u);
      });
      deepStrictEqual([out.i32(), out.bool()], [Number(a > b) - Number(a < b), a === b]);
      deepStrictEqual(
        [out.i32(), out.bool(), out.bool(), out.bool()],
        [Number(s > u) - Number(s < u), s < u, s >= u, s === u],
      );
      deepStrictEqual([out.bool(), out.bool(), out.bool()], [true, false, true]);
    }),
  );
  t.pass();
  t.end();
});

void test("arithmetic of times is exact, or ends the call", (t) => {
  const fits = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
  const near = fc.oneof(i64, fc.bigInt(-(1n << 40n), 1n << 40n));
  fc.assert(
    fc.property(near, near, (at, span) => {
      const wanted = [at + span, at - span, at - span, 2n * span, -span];
      const size = span < 0n ? -span : span;
      const all = [...wanted, fits(size) ? size : size - 1n, 3n * span];
      const write = (writer: Writer): void => {
        writer.i64(at);
        writer.i64(span);
      };
      if (!all.every(fits)) {
        return (
          guest.panicOfCall("timeArithmetic", write)?.text.includes("overflows 64 bits") === true
        );
      }
      const out = guest.call("timeArithmetic", write);
      return all.every((value) => out.i64() === value);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(i64, i64, (micros, times) => {
      if (fits(micros * times)) equal(guest.run("timeTimes", micros, times), micros * times);
      else equal(guest.panicOf("timeTimes", micros, times)?.level, 101);
    }),
  );
  t.pass();
  t.end();
});

interface Parsed {
  identity?: bigint;
  connection?: bigint;
  uuid?: bigint;
  micros?: bigint;
}

function parseSpecials(text: string): Parsed {
  const out = guest.call("parseSpecials", (writer) => writer.string(text));
  const found: Parsed = {};
  if (out.bool()) found.identity = out.words(4, "u256");
  if (out.bool()) found.connection = out.words(2, "u128");
  if (out.bool()) found.uuid = out.words(2, "u128");
  if (out.bool()) found.micros = out.i64();
  return found;
}

void test("texts of special types are parsed strictly", (t) => {
  const hex32 = "0123456789abcdefABCDEF0123456789";
  const number = BigInt(`0x${hex32}`);
  const cases: readonly (readonly [string, Parsed])[] = [
    [hex32, { connection: number, uuid: number }],
    [`0x${hex32}`, { connection: number }],
    [hex32 + hex32, { identity: (number << 128n) | number }],
    [`0x${hex32}${hex32}`, { identity: (number << 128n) | number }],
    ["01234567-89ab-cdef-ABCD-EF0123456789", { uuid: number }],
    ["0123456-789ab-cdef-ABCD-EF0123456789", {}],
    ["01234567-89ab-cdefABCDEF-0123456789-", {}],
    ["01234567-89ab-cdef-ABCD-EF012345678-", {}],
    [`${hex32.slice(1)}g`, {}],
    [`${hex32.slice(1)}`, {}],
    ["", {}],
    ["1970-01-01T00:00:00Z", { micros: 0n }],
    ["1970-01-01t00:00:00z", { micros: 0n }],
    ["1970-01-01 00:00:00.000001+00:00", { micros: 1n }],
    ["1970-01-01T01:00:00.1234567+01:00", { micros: 123456n }],
    ["1969-12-31T22:30:00-01:30", { micros: 0n }],
    ["2024-02-29T12:00:00.5Z", { micros: 1_709_208_000_500_000n }],
    ["2023-02-29T12:00:00Z", {}],
    ["1900-02-29T12:00:00Z", {}],
    ["2000-02-29T00:00:00Z", { micros: 951_782_400_000_000n }],
    ["2024-00-10T12:00:00Z", {}],
    ["2024-13-10T12:00:00Z", {}],
    ["2024-04-31T12:00:00Z", {}],
    ["2024-04-30T24:00:00Z", {}],
    ["2024-04-30T12:60:00Z", {}],
    ["2024-04-30T12:00:60Z", {}],
    ["2024-04-30T12:00:00", {}],
    ["2024-04-30T12:00:00.Z", {}],
    ["2024-04-30T12:00:00.5", {}],
    ["2024-04-30T12:00:00+24:00", {}],
    ["2024-04-30T12:00:00+0100", {}],
    ["2024-04-30T12:00:00Z ", {}],
    ["2024-4-30T12:00:00Z", {}],
    ["0000-01-01T00:00:00Z", { micros: -62_167_219_200_000_000n }],
    ["9999-12-31T23:59:59.999999Z", { micros: 253_402_300_799_999_999n }],
  ];
  for (const [text, wanted] of cases) t.same(parseSpecials(text), wanted, text);
  const years = fc.bigInt(-62_167_219_200_000_000n, 253_402_300_799_999_999n);
  fc.assert(
    fc.property(years, (micros) => parseSpecials(rfc3339(micros) as string).micros === micros),
  );
  t.end();
});

void test("UUIDs have their version, are all different and version 7 is in order", (t) => {
  const seen = new Set<bigint>();
  let last = 0n;
  const micros = 1_686_000_000_000n;
  // The same microsecond again and again, a later one, and an earlier one.
  for (const now of [micros, micros, micros, micros + 1n, micros + 1000n, micros]) {
    const out = guest.output("uuids", now, 1000);
    for (let i = 0; i < 1000; i++) {
      const v4 = out.words(2, "u128");
      const v7 = out.words(2, "u128");
      for (const [id, version] of [
        [v4, 4n],
        [v7, 7n],
      ] as const) {
        if (((id >> 76n) & 15n) !== version || ((id >> 62n) & 3n) !== 2n) t.fail(`bits of ${id}`);
        seen.add(id);
      }
      if (v7 >> 80n !== now / 1000n) t.fail("the time is in front");
      if (now === micros && last >> 80n > now / 1000n) continue;
      if (v7 <= last) t.fail("a later one is greater");
      last = v7;
    }
  }
  t.equal(seen.size, 12_000);
  t.end();
});

/** xoshiro256**, as its authors define it. */
function xoshiro(state: [bigint, bigint, bigint, bigint]): bigint {
  const mask = (value: bigint): bigint => BigInt.asUintN(64, value);
  const rotate = (value: bigint, by: bigint): bigint => mask(value << by) | (value >> (64n - by));
  const result = mask(rotate(mask(state[1] * 5n), 7n) * 9n);
  const shifted = mask(state[1] << 17n);
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 45n);
  return result;
}

/** The state of a seed: SplitMix64 from zero, as `Random` begins. */
function seedState(seed: bigint): [bigint, bigint, bigint, bigint] {
  let at = seed;
  const next = (): bigint => {
    at = BigInt.asUintN(64, at + 0x9e3779b97f4a7c15n);
    let value = BigInt.asUintN(64, (at ^ (at >> 30n)) * 0xbf58476d1ce4e5b9n);
    value = BigInt.asUintN(64, (value ^ (value >> 27n)) * 0x94d049bb133111ebn);
    return value ^ (value >> 31n);
  };
  return [next(), next(), next(), next()];
}

void test("random numbers are those of xoshiro256**, by SplitMix64's seed", (t) => {
  for (const seed of [0n, 1n, 1_700_000_000_000_000n, (1n << 64n) - 1n]) {
    const out = guest.output("seeded", seed, 50);
    const state = seedState(seed);
    for (let i = 0; i < 50; i++) equal(out.u64(), xoshiro(state));
  }
  t.pass();
  t.end();
});

void test("random numbers lie in their ranges and differ between two calls of one microsecond", (t) => {
  const heads = new Set<bigint>();
  const tiny = new Set<bigint>();
  const bytes = new Set<number>();
  let [mean, trues] = [0, 0];
  for (let call = 0; call < 20; call++) {
    const out = guest.output("randoms", 5n, -2n, 3n, 100);
    heads.add(out.u64());
    for (let i = 0; i < 100; i++) {
      if (i > 0) out.u64();
      out.u32();
      const fraction = out.f64();
      if (!(fraction >= 0 && fraction < 1)) t.fail(`f64 ${fraction}`);
      mean += fraction / 2000;
      trues += Number(out.bool());
      tiny.add(out.i64());
      bytes.add(out.u8());
      equal(out.bytes().length, 11);
      const shuffled = [out.i32(), out.i32(), out.i32(), out.i32()];
      deepStrictEqual(new Set(shuffled), new Set([1, 2, 3, 4]));
    }
    equal(out.remaining, 0);
  }
  t.equal(heads.size, 20, "calls differ");
  t.same(
    [...tiny].sort((a, b) => Number(a - b)),
    [-2n, -1n, 0n, 1n, 2n],
  );
  t.ok(bytes.size > 240 && !bytes.has(255));
  t.ok(Math.abs(mean - 0.5) < 0.05 && Math.abs(trues - 1000) < 200);
  const full = guest.output("randoms", 5n, -(1n << 63n), (1n << 63n) - 1n, 1);
  t.ok(full.remaining > 0, "the widest range");
  t.match(guest.panicOf("randoms", 5n, 3n, 3n, 1), { text: /empty range/ });
  t.end();
});

void test("options, results, ranges", (t) => {
  const out = guest.output("generics");
  t.same(
    [out.u32(), out.bool(), out.bool(), out.string(), out.string()],
    [7, false, true, "x", "y"],
  );
  t.same([out.bool(), out.string(), out.u8()], [true, "no", 9]);
  t.same([out.u8(), out.u16(), out.u8(), out.u8(), out.remaining], [0, 4, 2, 1, 0]);
  const cases = [
    /Option that is none/,
    /Result that is an error/,
    /Result that is a value/,
    /unbounded side/,
    /is a time, not an interval/,
    /an identity must be 64 hex digits: 00/,
    /not a U128: -1/,
    /^größe \ufffd$/,
    /after 1970/,
  ];
  for (const [which, text] of cases.entries()) {
    const record = guest.panicOf("noValue", which);
    t.match(record, { level: 101, text, file: /^(assembly|test\/assembly)\/.*\.ts$/ });
    t.type(record?.line, "number");
  }
  t.end();
});

void test("log: levels, file and line, U+FFFD for a lone surrogate, timers end once", (t) => {
  for (const text of ["", "plain", "größe 🎉", "a".repeat(40_000)]) {
    guest.logged.length = 0;
    guest.timers.length = 0;
    guest.call("logs", (writer) => writer.string(text));
    const none = { file: undefined, line: undefined };
    t.same(guest.logged, [
      { level: 0, text, file: "a.ts", line: 1 },
      { level: 1, text, ...none },
      { level: 2, text, ...none },
      { level: 3, text, ...none },
      { level: 4, text, file: "größe.ts", line: 70000 },
    ]);
    t.same(guest.timers, [`${text} ended`]);
  }
  t.end();
});

function readOut(out: Reader): string {
  return out.string();
}

void test("unchecked bytes become text as TextDecoder makes it", (t) => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const piece = fc.constantFrom(
    0x41,
    0xc3,
    0xa4,
    0xe2,
    0x82,
    0xac,
    0xf0,
    0x9f,
    0x8e,
    0x89,
    0xed,
    0xa0,
    0xe0,
    0xf4,
    0x90,
    0x80,
    0xff,
    0xc0,
  );
  const bytes = fc.oneof(fc.array(piece, { maxLength: 12 }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(bytes, (values) => {
      const given = Uint8Array.from(values);
      return (
        readOut(guest.call("lossy", (writer) => writer.bytes(given))) === decoder.decode(given)
      );
    }),
    { numRuns: 5000 },
  );
  t.pass();
  t.end();
});
