// What the compiler itself refuses, thanks to the types that are generated.
import { t, test } from "tap";
import { compileText, importAll } from "./rig.ts";

t.setTimeout(120_000);

const tables = `
@table class User { @primaryKey id: u64; @index name: string; online: bool; }
@table @index({ accessor: "byTeamName", kind: "hash", columns: ["team", "name"] })
class Member { team: u32; name: string; }
@sum class Shape { circle: f64; nothing: Unit; }
@procedure function shape(ctx: ProcedureContext): Shape { return Shape.nothing(); }
`;

/** A statement within a function, the parameter of the function, and how the first message begins. */
const rows: readonly (readonly [context: string, statement: string, message: string])[] = [
  [
    "ctx: ViewContext",
    'ctx.db.user.insert({ id: 0, name: "x", online: true });',
    "ERROR TS2339: Property 'insert' does not exist on type 'lightcone-generated/tables/UserReadOnlyTable'",
  ],
  [
    "ctx: AnonymousViewContext",
    "ctx.db.user.id.delete(1);",
    "ERROR TS2339: Property 'delete' does not exist on type 'lightcone-generated/tables/User_id_ReadOnlyIndex'",
  ],
  [
    "ctx: AnonymousViewContext",
    "ctx.sender;",
    "ERROR TS2339: Property 'sender' does not exist on type",
  ],
  ["ctx: ProcedureContext", "ctx.db;", "ERROR TS2339: Property 'db' does not exist on type"],
  [
    "ctx: ReducerContext",
    "ctx.db.users;",
    "ERROR TS2339: Property 'users' does not exist on type 'lightcone-generated/tables/Tables'",
  ],
  [
    "ctx: ReducerContext",
    "ctx.db.user.insert({ id: 0, online: true });",
    "ERROR TS2741: Property 'name' is missing in type '<object>' but required in type",
  ],
  [
    "ctx: ReducerContext",
    'ctx.db.user.id.find("x");',
    "ERROR TS2322: Type '~lib/string/String' is not assignable to type 'u64'",
  ],
  [
    "ctx: ReducerContext",
    "ctx.db.member.byTeamName.filter(1);",
    "ERROR TS2339: Property 'filter' does not exist on type",
  ],
  [
    "ctx: ReducerContext",
    "ctx.db.member.byTeamName.range(Range.atLeast<u32>(1));",
    "ERROR TS2339: Property 'range' does not exist on type",
  ],
  ["ctx: ReducerContext", "Shape.circle();", "ERROR TS2554: Expected 1 arguments, but got 0"],
  [
    "ctx: AnonymousViewContext",
    "ctx.from.user.where(ctx.from.user.cols.online.eq(5));",
    "ERROR AS200: Conversion from type 'i32' to 'bool' requires an explicit cast",
  ],
];

const decorators: Readonly<Record<string, string>> = {
  ReducerContext: "@reducer",
  ProcedureContext: "@procedure",
};

const files = Object.fromEntries(
  rows.map(([context, statement], i) => {
    const decorator = decorators[context.slice("ctx: ".length)];
    const [mark, type, last] =
      decorator === undefined ? ["@view", "Loose[]", " return [];"] : [decorator, "void", ""];
    const loose = `@struct export class Loose${i} { x: u32; }`;
    const body = `${mark} export function f${i}(${context}): ${type.replace("Loose", `Loose${i}`)} {\n${statement}\n${last} }`;
    return [`assembly/f${i}.ts`, `${importAll}import { Shape } from "./index";\n${loose}\n${body}`];
  }),
);
const imports = rows.map((_, i) => `import "./f${i}";`).join("\n");
const { errors } = await compileText(
  importAll + imports + tables.replace("@sum class", "@sum export class"),
  { files },
);

void test("the compiler refuses what the module's types do not allow", async (t) => {
  for (const [i, [, statement, message]] of rows.entries()) {
    const found = errors.filter((each) => each.includes(`in assembly/f${i}.ts(`));
    t.equal(found[0]?.slice(0, message.length), message, `${statement}\n${found.join("\n")}`);
  }
});

void test("a module that cannot be found", async (t) => {
  const { wasm, errors: told } = await compileText("", { entry: "assembly/missing.ts" });
  t.equal(wasm, undefined);
  t.match(told[0], /File 'assembly\/missing\.ts' not found/);
});

void test("what the host would refuse is refused when it is compiled", async (t) => {
  const names = "@reducer function doIt(ctx: ReducerContext): void {}";
  const { errors: told } = await compileText(
    `${importAll}${names}\n${names.replace("doIt", "do_it")}`,
  );
  t.match(told[0], /No host takes this: .*do_it/);
});

void test("imports that no host provides are refused, wherever they come from", async (t) => {
  const { wasm, errors: told } = await compileText(
    `${importAll}@reducer function roll(ctx: ReducerContext): void { log.info(NativeMathf.random().toString()); }`,
    { mode: "debug" },
  );
  t.equal(wasm, undefined);
  t.match(told[0], /'env\.seed', which no host provides\. .*use ctx\.random/);
});
