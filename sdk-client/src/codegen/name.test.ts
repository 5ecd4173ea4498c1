import fc from "fast-check";
import { test } from "tap";
import { elementName, isIdentifier, memberName, NameClaims, typeName } from "./name.ts";

const members: readonly (readonly [string, string])[] = [
  ["send_message", "sendMessage"],
  ["PlayerState", "playerState"],
  ["pos_2_d", "pos2D"],
  ["mail.outbox", "mailOutbox"],
  ["_foo", "foo"],
  ["_1", "_1"],
  ["_", "_"],
  ["größe", "größe"],
  ["constructor", "constructor"],
];

for (const [name, expected] of members) {
  void test(`${name} is called ${expected}`, (t) => {
    t.equal(memberName(name), expected);
    t.end();
  });
}

void test("any name becomes an identifier", (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      (name) => isIdentifier(memberName(name)) && isIdentifier(typeName([name], name)),
    ),
  );
  t.pass();
  t.end();
});

void test("types and nameless elements", (t) => {
  t.equal(typeName(["geo", "flat"], "point_2"), "GeoFlatPoint2");
  t.equal(typeName([], "_1"), "_1");
  t.equal(elementName(undefined, 3), "_3");
  t.equal(elementName("a_b", 3), "aB");
  t.end();
});

void test("claims", (t) => {
  const claims = new NameClaims();
  claims.claim("types", "A", "one");
  claims.claim("tables", "A", "two");
  claims.finish();
  claims.claim("types", "A", "three");
  claims.fault("and another thing");
  const reasons = ["one and three would both be called A in TypeScript", "and another thing"];
  t.throws(() => claims.finish(), { code: "LC_MODULE_INVALID", reasons });
  t.end();
});
