import { toHex } from "@lightcone/abi";
import { test } from "tap";
import { digest, digestBytes, sameDigest } from "./digest.ts";

// The examples of FIPS 180-4 for SHA-512/256.
const cases: readonly (readonly [text: string, hex: string])[] = [
  ["abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"],
  ["", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"],
];

void test("digests are SHA-512/256", (t) => {
  for (const [text, hex] of cases) {
    const found = digest(new TextEncoder().encode(text));
    t.equal(found.length, digestBytes);
    t.equal(toHex(found), hex, text);
  }
  t.end();
});

void test("digests compare by their bytes", (t) => {
  const one = digest(new Uint8Array(1));
  t.ok(sameDigest(one, digest(new Uint8Array(1))));
  t.notOk(sameDigest(one, digest(new Uint8Array(2))));
  t.notOk(sameDigest(one, one.subarray(1)));
  t.end();
});
