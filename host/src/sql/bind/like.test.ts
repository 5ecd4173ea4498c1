import { assert } from "@lightcone/abi";
import { test } from "tap";
import { compileLike, matchesLike } from "./like.ts";

const text = new Uint8Array(1_000_000).fill("a".charCodeAt(0));

for (const { pattern, outcome } of [
  { pattern: "%a%a%a%a%", outcome: true },
  { pattern: "%ab%", outcome: false },
  { pattern: `%${"a".repeat(1000)}b%`, outcome: "LC_LIMIT" },
  { pattern: `%${"a_".repeat(500)}b%`, outcome: "LC_LIMIT" },
]) {
  void test(`[SQL26] LIKE ${pattern.slice(0, 12)}… on a text of a million letters ends soon`, (t) => {
    const compiled = compileLike(pattern, undefined);
    assert(compiled !== undefined, "the pattern has no escape character");
    const match = (): boolean => matchesLike(compiled, text, 0, text.length);
    if (typeof outcome === "boolean") t.equal(match(), outcome);
    else t.throws(match, { code: outcome });
    t.end();
  });
}
