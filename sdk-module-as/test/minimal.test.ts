// The smallest module there is, from its text to a call in a host.
import { t, test } from "tap";
import { compileText, importAll, openHost, wasmOf } from "./rig.ts";

t.setTimeout(120_000);

const source = `${importAll}
@table({ access: "public" })
export class Person {
  @primaryKey @autoInc id: u64;
  name: string;
}

@reducer
export function add(ctx: ReducerContext, name: string): ReducerResult {
  if (name.length == 0) return err("a person needs a name");
  ctx.db.person.insert({ id: 0, name });
  return ok();
}
`;

const wasm = await wasmOf(source);

void test("a minimal module is small", async (t) => {
  t.ok(wasm.length < 20_000, `${wasm.length} bytes`);
});

void test("it imports what it uses and exports what the host calls", async (t) => {
  const module = new WebAssembly.Module(wasm);
  t.same(
    WebAssembly.Module.exports(module).map(({ name }) => name),
    ["__describe_module__", "__call_reducer__", "memory"],
  );
  t.ok(
    WebAssembly.Module.imports(module).every(({ module: from }) =>
      from.startsWith("spacetime_10."),
    ),
  );
});

void test("it runs in a host", async (t) => {
  const publish = await openHost(t);
  const database = await publish(wasm);
  t.equal(await database.call("add", '["Ada"]'), "200");
  t.equal(await database.call("add", '[""]'), "530 a person needs a name");
  t.equal(await database.call("add", '["Bo ☃"]'), "200");
  t.equal(await database.rows("SELECT * FROM person"), '[[1,"Ada"],[2,"Bo ☃"]]');
});

void test("an editor is told of the tables", async (t) => {
  const { declarations } = await compileText(source, { mode: "debug" });
  t.match(declarations, 'import { Person as $Person } from "./index";');
  t.match(declarations, "  insert(row: $Person): $Person;");
  t.match(declarations, "    get person(): PersonTable;");
});
