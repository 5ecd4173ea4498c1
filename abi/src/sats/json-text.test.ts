import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import {
  isJsonArray,
  jsonDepthMax,
  type JsonValue,
  parseJson,
  stringifyJson,
} from "./json-text.ts";

void test("integers keep every digit", async (t) => {
  const cases: readonly (readonly [string, number | bigint])[] = [
    ["0", 0],
    ["-0", -0],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9007199254740993", -9007199254740993n],
    ["5233100606242806050955395731361295", 5233100606242806050955395731361295n],
    ["1.0", 1],
    ["1e3", 1000],
    ["1e300", 1e300],
    ["-1.5E-7", -1.5e-7],
  ];
  for (const [text, value] of cases) t.strictSame(parseJson(text), value, text);
  t.equal(stringifyJson(123456789012345678901234567890n), "123456789012345678901234567890");
  t.equal(stringifyJson(-0), "0");
  t.equal(stringifyJson(Number.NaN), "null");
});

void test("text that is not JSON is refused with its place", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /line 1, column 1: the text ends where a value should be/],
    ["[1,\n  2,\n  x]", /line 3, column 3: expected a value/],
    ["1 2", /column 3: text after the value/],
    ["{} //", /column 4: text after the value/],
    ["[1,]", /column 4: expected a value/],
    ["[1 2]", /column 4: expected , or \] in an array/],
    ['{"a":1,}', /column 8: expected a key in quotes/],
    ['{"a" 1}', /column 6: expected : after a key/],
    ['{"a":1 "b":2}', /column 8: expected , or \} in an object/],
    ["{a:1}", /column 2: expected a key in quotes/],
    ['{"a":1,"a":2}', /column 8: the key "a" comes twice/],
    ['"abc', /column 5: a string does not end/],
    ['"a\nb"', /line 1, column 3: .*raw control character/],
    ['"\\', /a string does not end/],
    ['"\\x"', /column 1: a string has an invalid escape/],
    ['"\\u12"', /invalid escape/],
    ["01", /column 2: text after the value/],
    ["-", /column 1: expected digits/],
    ["+1", /expected a value/],
    ["1.", /text after the value/],
    [".5", /expected a value/],
    ["NaN", /expected a value/],
    ["True", /expected a value/],
    ["nul", /expected a value/],
    ["\ufeff1", /expected a value/],
    ["9".repeat(1001), /over 1000 characters/],
  ];
  for (const [text, message] of cases) {
    t.throws(() => parseJson(text), { code: "LC_JSON_DECODE", message }, text.slice(0, 20));
  }
});

void test("nesting is limited", async (t) => {
  const nest = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  t.ok(parseJson(nest(jsonDepthMax)));
  t.throws(() => parseJson(nest(jsonDepthMax + 1)), { message: /nested over 256 levels deep/ });
  t.throws(() => parseJson('{"a":'.repeat(100_000)), { message: /nested over 256/ });
  t.ok(parseJson(`[${nest(100)},${nest(100)},${nest(200)}]`), "levels, not their number");
});

void test("keys are only keys", async (t) => {
  const parsed = parseJson('{"__proto__":1,"constructor":2,"toString":3}');
  t.same(Object.entries(parsed as object), [
    ["__proto__", 1],
    ["constructor", 2],
    ["toString", 3],
  ]);
});

void test("a long string with escapes is read", async (t) => {
  const text = '\\"x\n'.repeat(100_000);
  t.equal(parseJson(JSON.stringify(text)), text);
});

void test("JSON is read and written as the platform does", async (t) => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      const parsed = parseJson(text);
      deepStrictEqual(JSON.parse(stringifyJson(parsed)), JSON.parse(text));
    }),
  );
  t.pass("100 texts");
});

const tokens = fc.constantFrom(
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"a"',
  '"',
  "\\",
  "1",
  "-",
  "1e9",
  "12345678901234567890",
  "true",
  "null",
  " ",
  "\n",
  "x",
  "\u0000",
);

void test("any text is JSON or LC_JSON_DECODE, as the platform thinks", async (t) => {
  let valid = 0;
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 12 }), (list) => {
      const text = list.join("");
      let platform: { readonly value: unknown } | undefined;
      try {
        platform = { value: JSON.parse(text) };
      } catch {
        platform = undefined;
      }
      let own: { readonly value: JsonValue } | undefined;
      try {
        own = { value: parseJson(text) };
      } catch (thrown) {
        const { code, message } = thrown as { readonly code?: string; readonly message: string };
        if (code !== "LC_JSON_DECODE") throw thrown;
        // The one thing that the platform lets pass.
        if (message.includes("comes twice")) return;
      }
      deepStrictEqual(own === undefined, platform === undefined, text);
      if (own !== undefined) valid++;
    }),
    { numRuns: 3000 },
  );
  t.ok(valid > 30, `${valid} valid texts`);
  t.ok(isJsonArray(parseJson("[]")));
});
