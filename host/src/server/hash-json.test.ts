import { identityFromClaims, keccak256, toHex } from "@lightcone/abi";
import { test } from "tap";
import { migrationToken } from "../database/migration/token.ts";
import { hashFromJson, hashToJson } from "./hash-json.ts";

const utf8 = new TextEncoder();

// Vectors of http-and-auth.md, appendix A.
const counting = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
const abc = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
const token = "26a44fb4ef3de5286644cadfc1536e617f3f7d955d4877c3f64203f9d095b2ec";
const tokenJson = "0xecb295d0f90342f6c377485d957d3f7f616e53c1dfca446628e53defb44fa426";

void test("a hash in JSON is reversed", async (t) => {
  const reversed = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
  t.equal(hashToJson(counting), `0x${reversed}`);
  t.equal(hashToJson(`ff${"00".repeat(31)}`), "0xff", "leading zeros go");
  t.equal(hashToJson("00".repeat(32)), "0x0");
});

void test("a migration's token ties database and programs", async (t) => {
  t.equal(toHex(keccak256(utf8.encode(""))), empty);
  t.equal(toHex(keccak256(utf8.encode("abc"))), abc);
  const made = migrationToken(identityFromClaims("localhost", "alice"), empty, abc);
  t.equal(made, token);
  t.equal(hashToJson(made), tokenJson);
});

void test("a token comes back as given, with or without leading zeros", async (t) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    [tokenJson, token, true],
    [tokenJson.slice(2), token, true],
    [tokenJson.toUpperCase().replace("0X", "0x"), token, true],
    ["0xff", `ff${"00".repeat(31)}`, true],
    [`0x${"ff".padStart(64, "0")}`, `ff${"00".repeat(31)}`, true],
    [token, token, false],
    ["", token, false],
    ["0x", token, false],
    ["hello", token, false],
    [`${tokenJson}00`, token, false],
  ];
  for (const [given, expected, isSame] of cases)
    t.equal(hashFromJson(given) === expected, isSame, given);
});
