import { readFileSync } from "node:fs";
import { test } from "tap";
import { encodeRaw, decodeRaw } from "../src/schema/raw.ts";
import { moduleImports } from "../src/index.ts";
import { importErrnos } from "./doc/errors.ts";
import { exampleBytes } from "./doc/example.ts";
import { makeDocument } from "./document.ts";
import { currentDocument, documentPath } from "./document-file.ts";

void test("ABI.md is what `npm run abi-doc` writes", (t) => {
  t.ok(readFileSync(documentPath, "utf8") === currentDocument(), "run npm run abi-doc");
  t.end();
});

void test("the worked definition is one, to the last byte", (t) => {
  const raw = decodeRaw(exampleBytes);
  t.same(encodeRaw(raw), exampleBytes);
  t.equal(raw.version, 10);
  t.end();
});

void test("errors are told of imports that there are, in the order of their numbers", (t) => {
  for (const [name, codes] of Object.entries(importErrnos)) {
    t.ok(
      moduleImports.some((one) => one.name === name && one.result === "i32"),
      name,
    );
    t.same(
      codes,
      [...codes].sort((a, b) => a - b),
      name,
    );
  }
  t.end();
});

void test("a template that leaves something out, or wants what there is not, is refused", (t) => {
  t.throws(() => makeDocument("nothing", []), /leaves out table_id_from_name/);
  t.throws(() => makeDocument("{{import no_such}}", []), /no_such, which is none/);
  t.throws(() => makeDocument("{{rules no such}}", []), /rules about nothing/);
  t.throws(() => makeDocument("{{other}}", []), /wants other/);
  t.end();
});
