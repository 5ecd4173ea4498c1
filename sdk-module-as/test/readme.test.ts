// The README is true: its modules compile.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { packageFolder } from "../src/paths.ts";
import { compileText, importAll } from "./rig.ts";

t.setTimeout(120_000);

const text = readFileSync(join(packageFolder, "README.md"), "utf8");
const [todo = "", ...reference] = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(
  ([, code]) => code,
);

void test("the to-do list compiles", async (t) => {
  const { errors } = await compileText(todo, { mode: "debug" });
  t.same(errors, []);
});

void test("the snippets of the reference are one module", async (t) => {
  t.ok(reference.length >= 8);
  const use =
    "@procedure function used(ctx: ProcedureContext): f64 { return area(circle().shape); }";
  const { errors } = await compileText([importAll, ...reference, use].join("\n"), {
    mode: "debug",
  });
  t.same(errors, []);
});
