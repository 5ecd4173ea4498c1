import { deepStrictEqual, equal } from "node:assert";
import {
  type AlgebraicType,
  array as arrayOf,
  compileCodec,
  encode,
  option,
  product,
  type Reader,
  sum,
  TimeDuration,
  unitType,
  type Value,
} from "@lightcone/abi";
import fc from "fast-check";
import { t as file, test } from "tap";
import { LeafGuest } from "./leaf-guest.ts";

// To compile a module takes its time on a busy machine.
file.setTimeout(180_000);

const guest = await LeafGuest.compile();

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const [bool, number, string, array] = [1, 2, 3, 4];

/** The value that the guest read; members as a list, since names may repeat. */
function readJson(out: Reader): Json | [string, Json][] {
  const kind = out.u8();
  if (kind === 0) return null;
  if (kind === bool) return out.bool();
  if (kind === number) {
    const digits = out.string();
    const value = out.f64();
    const exact = Number(digits);
    // Subnormal numbers are rounded twice.
    if (Math.abs(value - exact) > Number.MIN_VALUE || Math.abs(exact) > 2.3e-308) {
      equal(value, exact, digits);
    }
    return exact;
  }
  if (kind === string) return out.string();
  const count = out.u32();
  if (kind === array) return Array.from({ length: count }, () => readJson(out));
  return Array.from({ length: count }, () => [out.string(), readJson(out)]);
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([name, item]) => [name, plain(item)]);
}

function tryJson(text: string): { value: unknown } | undefined {
  const out = guest.call("json", (writer) => writer.string(text));
  return out.bool() ? { value: readJson(out) } : undefined;
}

function wanted(text: string): { value: unknown } | undefined {
  try {
    return { value: plain(JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

// An object's names keep their order in JavaScript unless they look like numbers.
const name = fc.string({ maxLength: 5 }).map((text) => `_${text}`.replaceAll("_proto", "proto"));
const tree = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.integer(),
    fc.string({ unit: "binary" }),
    fc.array(tie("json")),
    fc.dictionary(name, tie("json")),
  ),
})).json;

void test("JSON is read as JavaScript reads it", (t) => {
  fc.assert(
    fc.property(tree, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      deepStrictEqual(tryJson(text), wanted(text));
    }),
    { numRuns: 2000 },
  );
  t.pass();
  t.end();
});

void test("numbers are the nearest f64, of up to 19 digits", (t) => {
  const texts = fc
    .tuple(fc.bigInt(0n, 10n ** 19n - 1n), fc.integer({ min: -380, max: 330 }), fc.nat(18))
    .map(([digits, exponent, point]) => {
      const plain = String(digits);
      const cut = point % plain.length;
      return cut === 0
        ? `${plain}e${exponent}`
        : `${plain.slice(0, cut)}.${plain.slice(cut)}E${exponent}`;
    });
  const named = [
    ["1.4282497147772712e+39", "1.7976931348623157e308", "1.7976931348623159e308", "5e-324"],
    ["2.2250738585072014e-308", "9007199254740993", "0.1", "1e23", "8.5e22", "1e400", "1e-400"],
    ["-0.0", "123456789012345678901234567890", "1e99999999999999", "0e99999999999999"],
  ].flat();
  for (const each of named) t.ok(tryJson(each), each);
  fc.assert(
    fc.property(texts, (each) => tryJson(each) !== undefined),
    { numRuns: 5000 },
  );
  t.pass();
  t.end();
});

void test("what is not JSON is refused", (t) => {
  const odd = [
    ["", " ", "nul", "nulll", "True", "'a'", '"', '"a', '"\\x"', '"\\u12"', '"\\u12g4"', '"\n"'],
    [
      "01",
      "-",
      "+1",
      "1.",
      ".5",
      "1e",
      "1e+",
      "-01",
      "0x1",
      "NaN",
      "1 2",
      "--1",
      "00",
      "1E5",
      "-0",
    ],
    ["[", "[1", "[1,", "[1,]", "[,]", "]", "{", "{}}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}"],
    ['{"a":1 "b":2}', "{1:2}", "[1 2]", '"\u007f"', '"\\ud83c\\udf89"', '{"a":1,"a":2}', "[]]"],
    ["\ufeff1", "1\u00a0", "\v1", '"\\/\\b\\f\\n\\r\\t\\"\\\\"', " [ 1 , 2 ] ", '{ "a" : { } }'],
  ].flat();
  for (const text of odd) {
    const value = wanted(text);
    const found = tryJson(text);
    if (text === '{"a":1,"a":2}') {
      t.same(found, {
        value: [
          ["a", 1],
          ["a", 2],
        ],
      });
    } else t.same(found, value, JSON.stringify(text));
  }
  const soup = fc.string({
    unit: fc.constantFrom(...'{}[]:,"\\u0aefntr-+.e1 '.split(""), "true", "null", '"a"', "1"),
  });
  fc.assert(
    fc.property(soup, (text) => (wanted(text) === undefined) === (tryJson(text) === undefined)),
    { numRuns: 3000 },
  );
  t.ok(tryJson("[".repeat(64) + "]".repeat(64)), "64 levels");
  t.equal(tryJson("[".repeat(65) + "]".repeat(65)), undefined, "65 levels");
  t.equal(tryJson("[".repeat(100_000)), undefined, "as deep as it gets");
  t.end();
});

void test("integers of JSON are exact, or end the call", (t) => {
  const [min, max] = [-(1n << 63n), (1n << 63n) - 1n];
  for (const value of [0n, 1n, -1n, 1n << 53n, (1n << 53n) + 1n, min, max]) {
    t.equal(guest.call("jsonInteger", (writer) => writer.string(`${value}`)).i64(), value);
  }
  for (const text of [`${min - 1n}`, `${max + 1n}`, "1.0", "1e3", "99999999999999999999"]) {
    const record = guest.panicOfCall("jsonInteger", (writer) => writer.string(text));
    t.match(record, { text: new RegExp(`not an i64: ${text}`) });
  }
  t.end();
});

void test("claims of a token", (t) => {
  const read = (payload: unknown): unknown[] => {
    const out = guest.call("claims", (writer) => writer.string(JSON.stringify(payload)));
    const head = [out.string(), out.string()];
    const audience = Array.from({ length: out.u32() }, () => out.string());
    return [...head, audience, out.bool() ? out.string() : undefined];
  };
  const base = { iss: "https://issuer", sub: "grün" };
  t.same(read(base), [base.iss, base.sub, [], undefined]);
  t.same(read({ ...base, aud: "one", role: "admin" }), [base.iss, base.sub, ["one"], "admin"]);
  t.same(read({ ...base, aud: ["one", 2, "three"], role: 5 })[2], ["one", "three"]);
  t.same(read({ ...base, aud: { odd: true } })[2], []);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{}", /no issuer/],
    ['{"iss":"a"}', /no subject/],
    ['{"iss":1,"sub":"a"}', /no issuer/],
    ["[]", /not a JSON object/],
    ["nonsense", /not a JSON object/],
  ];
  for (const [payload, text] of cases) {
    t.match(
      guest.panicOfCall("claims", (writer) => writer.string(payload)),
      { text },
      payload,
    );
  }
  t.end();
});

const text: AlgebraicType = { kind: "string" };
const methods = ["Get", "Head", "Post", "Put", "Delete", "Connect", "Options", "Trace", "Patch"];
const versions = ["Http09", "Http10", "Http11", "Http2", "Http3"];
const units = (names: readonly string[]): Record<string, AlgebraicType> =>
  Object.fromEntries(names.map((each) => [each, unitType]));
const headersType = product({
  entries: arrayOf(product({ name: text, value: arrayOf({ kind: "u8" }) })),
});
const requestCodec = compileCodec(
  product({
    method: sum({ ...units(methods), Extension: text }),
    headers: headersType,
    timeout: option(product({ __time_duration_micros__: { kind: "i64" } })),
    uri: text,
    version: sum(units(versions)),
  }),
);
const responseCodec = compileCodec(
  product({ headers: headersType, version: sum(units(versions)), code: { kind: "u16" } }),
);

const anyHeaders = fc.record({
  entries: fc.array(fc.record({ name: fc.string(), value: fc.uint8Array() }), { maxLength: 5 }),
});
const anyVersion = fc.constantFrom(...versions).map((tag) => ({ tag, value: undefined }));
const anyMethod = fc.oneof(
  fc.constantFrom(...methods).map((tag) => ({ tag, value: undefined })),
  fc.string().map((value) => ({ tag: "Extension", value })),
);
const anyTimeout = fc.option(
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n).map((micros) => new TimeDuration(micros)),
  { nil: undefined },
);

/** What the guest makes of bytes that it reads and writes again. */
function again(exported: string, bytes: Uint8Array): Uint8Array {
  const out = guest.call(exported, (writer) => writer.raw(bytes));
  return out.raw(out.remaining);
}

void test("HTTP requests and responses have the bytes of the ABI", (t) => {
  const request = fc.record({
    method: anyMethod,
    headers: anyHeaders,
    timeout: anyTimeout,
    uri: fc.webUrl(),
    version: anyVersion,
  });
  const response = fc.record({ headers: anyHeaders, version: anyVersion, code: fc.nat(0xffff) });
  fc.assert(
    fc.property(request, response, (asked, answered) => {
      const askedBytes = encode(requestCodec, asked);
      deepStrictEqual(again("httpRequest", askedBytes), askedBytes);
      const answeredBytes = encode(responseCodec, answered);
      deepStrictEqual(again("httpResponse", answeredBytes), answeredBytes);
    }),
    { numRuns: 1000 },
  );
  for (const name of ["GET", "PATCH", "get", "BREW", ""]) {
    const out = guest.call("httpMethodOf", (writer) => writer.string(name));
    const known = methods.findIndex((each) => each.toUpperCase() === name);
    t.equal(out.u8(), known === -1 ? 9 : known, name);
    if (known === -1) t.equal(out.string(), name);
    t.same([out.bool(), out.remaining], [true, 0]);
  }
  t.end();
});

void test("requests and responses are built in few words", (t) => {
  const utf8 = new TextEncoder();
  const header = (each: string, value: string): Value => ({
    name: each,
    value: utf8.encode(value),
  });
  const out = guest.output("httpBuilt");
  t.same(requestCodec.read(out), {
    method: { tag: "Post", value: undefined },
    headers: {
      entries: [
        header("content-type", "text/plain; charset=utf-8"),
        header("x-two", "1"),
        header("x-two", "2"),
      ],
    },
    timeout: new TimeDuration(5_000_000n),
    uri: "https://example.com/a?b",
    version: { tag: "Http11", value: undefined },
  });
  t.same([...out.bytes()], [...utf8.encode("größe")]);
  t.equal(out.u32(), 2);
  t.same(responseCodec.read(out), {
    headers: { entries: [header("content-type", "application/json")] },
    version: { tag: "Http11", value: undefined },
    code: 201,
  });
  t.same([out.string(), out.bool(), out.remaining], ["{}", true, 0]);
  t.end();
});
