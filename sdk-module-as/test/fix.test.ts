// What newcomers from TypeScript write, and that the compiler's message for it says what to write
// instead. The parser's errors end a compilation, so that each of those is a module of its own.
import { t, test } from "tap";
import { withFix } from "../src/fix.ts";
import { compileText, importAll } from "./rig.ts";

t.setTimeout(120_000);

const task =
  "@table class Task { @primaryKey @autoInc id: u64; title: string; done: bool; }\n@struct class Box { n: u32; }\n";

function body(statement: string): string {
  return `@reducer function f(ctx: ReducerContext, text: string, x: f64): void { ${statement} }`;
}

/** Declarations, each a module, and what the first line of the only message ends with. */
const parsed: readonly (readonly [source: string, fix: RegExp])[] = [
  [
    "@reducer async function f(ctx: ReducerContext): Promise<void> {}",
    /There is no async and no await.*Leave them out/,
  ],
  [body("ctx.db.task.id.update({ ...row, done: true });"), /There is no `\.\.\.`\. Name every/],
  [
    body('const title = ctx.db.task.id.find(1)?.title ?? "none";'),
    /There is no `\?\.` and no `\?\?`/,
  ],
  [body("const { sender } = ctx;"), /There is no destructuring. Write `const sender/],
  ["@reducer function f(ctx: ReducerContext) { return; }", /names the type that it returns/],
  ["@struct class P { at: { x: u32 }; }", /An object's type has a name. Write a class/],
  ["@struct class P { at: [u32, string]; }", /There are no tuples. Write a class/],
  ["@table({ public: true }) class P { n: u32; }", /Write `@table\({ access: "public" }\)`/],
  ['import lodash from "lodash"; lodash();', /Packages in JavaScript do not run in a module/],
  ["@struct class P { name?: string; }", /Write `string \| null`.*Option<u32> for a number/],
  ['@struct class P { state: "open" | "done"; }', /Write an enum for one of several names/],
  ["@table class P { @primaryKey id: number; }", /`number` is f64, a fraction. Write u64 or/],
];

/** Statements of one module, and the same of theirs. */
const checked: readonly (readonly [statement: string, fix: RegExp])[] = [
  [
    "ctx.db.task.iter().toArray().filter((each) => each.title == text);",
    /AS100.*Write a loop: `for/,
  ],
  ["for (const each of ctx.db.task.iter()) log.info(each.title);", /`while \(rows.next\(\)\)`/],
  ["try { log.info(text); } catch (e) {}", /tryInsert or tryUpdate/],
  ["const now = new Date();", /Use ctx.timestamp/],
  ['ctx.db.task.title.find("x");', /If title is a column.*@index before it/],
  ["ctx.db.tasks.count();", /Tables are the classes with @table/],
  ["ctx.db.task.id.find(1).done = true;", /Ask `if \(!row\) return …` first/],
  ["ctx.db.task.id.find(x);", /Write `<u64>` before the value/],
  ["const row = new Task();", /object literals: `const row: Task = { … }`/],
  ["const rows: Task[] = ctx.db.task.iter();", /Write `\.toArray\(\)` after the rows/],
  ["log.info(5);", /`\.toString\(\)`/],
  [
    "const later = SomeTime.now(); JSON.stringify(5);",
    /^ERROR TS2304: Cannot find name 'SomeTime'\.$/,
  ],
  ["JSON.stringify(5);", /columns of a @struct class instead of JSON/],
  ['fetch("http://x");', /A @procedure sends requests, with ctx.http/],
  ["setTimeout(() => {}, 100);", /a table with `scheduled`/],
];

function firstLine(message: string | undefined): string {
  return message?.split("\n")[0] ?? "";
}

for (const [source, fix] of parsed) {
  void test(source, async (t) => {
    const { errors } = await compileText(`${importAll}${task}${source}`, { mode: "debug" });
    t.match(firstLine(errors[0]), fix);
  });
}

void test("statements that do not compile", async (t) => {
  const lines = checked.map(([statement], i) => body(statement).replace("f(", `f${i}(`));
  const view =
    "@view function v(ctx: ViewContext): Task | null { ctx.db.task.clear(); return null; }";
  const source = [importAll + task, ...lines, view].join("\n");
  const { errors } = await compileText(source, { mode: "debug" });
  const base = (importAll + task).split("\n").length + 1;
  const rows = [...checked, [view, /A view reads only. Rows are changed in a @reducer/]] as const;
  for (const [i, [statement, fix]] of rows.entries()) {
    const found = errors.find((each) => each.includes(`index.ts(${base + i},`));
    t.match(firstLine(found), fix, statement);
  }
});

void test("names of the library that are not imported, and decorators that are", async (t) => {
  const source = `import { table, reducer, ReducerContext } from "@lightcone/sdk-module-as";
@reducer function f(ctx: ReducerContext): void { TimeDuration.fromSeconds(1); }`;
  const { errors } = await compileText(source, { mode: "debug" });
  t.match(errors.map(firstLine), [
    /@table is known without an import. Leave it out here\.$/,
    /@reducer is known/,
    /Write `import { TimeDuration } from "@lightcone\/sdk-module-as"`\.$/,
  ]);
});

void test("a class in a text is named, as the message points into the compiler's library", async (t) => {
  const source = importAll + task + body("log.info(`${ctx.db.task.iter().toArray()}`);");
  const { errors } = await compileText(source, { mode: "debug" });
  t.match(firstLine(errors[0]), /A Task is put into a text somewhere, by `\${…}` or join/);
});

void test("other messages stay as they are", (t) => {
  const message = "ERROR TS2304: Cannot find name 'x'.\n   :\n 1 │ x...\n   └─ in a.ts(1,1)";
  t.equal(withFix(message), message);
  t.end();
});
