import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { parseDatabaseName, parseDatabaseRef } from "./database-name.ts";

const hex = "c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d";

const good = ["a", "0", "quickstart", "quickstart-chat", "a-b-c", "x".repeat(64), hex.slice(1)];

const characters = "Invalid URL: invalid characters in database name";
const hyphen = "Invalid URL: invalid hyphen in database name";

const bad: Readonly<Record<string, string>> = {
  "": "Invalid URL: empty database name",
  A: characters,
  a_b: characters,
  "a/b": characters,
  "a b": characters,
  ä: characters,
  "a\n": characters,
  "-": hyphen,
  "-a": hyphen,
  "a-": hyphen,
  "a--b": hyphen,
  [`0x${hex.slice(1)}g`]: "Invalid URL: database name longer than 64 characters",
  [`${"x".repeat(65)}`]: "Invalid URL: database name longer than 64 characters",
  [hex]: characters,
  [`0x${hex}`]: characters,
};

void test("names that are good", async (t) => {
  for (const name of good) {
    t.equal(parseDatabaseName(name), name);
    t.same(parseDatabaseRef(name), { kind: "name", name });
  }
});

void test("names that are refused", async (t) => {
  for (const [name, message] of Object.entries(bad)) {
    t.throws(() => parseDatabaseName(name), { code: "LC_NAME_INVALID", message }, name);
  }
});

void test("64 hex digits are an identity, in a path only", async (t) => {
  for (const text of [hex, `0x${hex}`, hex.toUpperCase()]) {
    const ref = parseDatabaseRef(text);
    t.equal(ref.kind === "identity" && ref.identity.toHex(), hex, text);
  }
  t.throws(() => parseDatabaseRef("A"), LightconeError);
});
