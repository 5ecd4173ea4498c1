// Bindings for the `spacetimedb` package: stable, complete, and accepted by the compiler against the package's own types.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type ModuleDef, product, primitive, ref, sum, array } from "@lightcone/abi";
import { t as root, test } from "tap";
import { generateSpacetime } from "./spacetimedb.ts";

root.setTimeout(300_000);

const u8 = primitive("u8");
const string = primitive("string");

/** Keys, indexes, names that change, an enum, a recursive type, and an event. */
const def: ModuleDef = {
  version: 10,
  typespace: [
    product({ player_id: u8, nick: string, team: ref(1), tree: ref(2) }),
    sum({ BigRed: product({}), Numbered: u8 }),
    product({ value: u8, children: array(ref(2)) }),
    product({ text: string }),
  ],
  types: [
    { scope: [], name: "Player", ref: 0 },
    { scope: [], name: "Team", ref: 1 },
    { scope: [], name: "Tree", ref: 2 },
  ],
  tables: [
    {
      name: "player",
      sourceName: "player",
      productTypeRef: 0,
      columns: [
        { name: "player_id", sourceName: "player_id", type: u8, defaultValue: undefined },
        { name: "nick", sourceName: "nick", type: string, defaultValue: undefined },
        { name: "team", sourceName: "team", type: ref(1), defaultValue: undefined },
        { name: "tree", sourceName: "tree", type: ref(2), defaultValue: undefined },
      ],
      primaryKey: 0,
      indexes: [
        indexOf("player_id", "btree", [0]),
        indexOf("by_nick", "btree", [1, 0]),
        indexOf("small", "direct", [0]),
      ],
      constraints: [
        { name: "a", columns: [0] },
        { name: "b", columns: [1] },
      ],
      sequences: [],
      schedule: undefined,
      access: "public",
      isEvent: false,
    },
    {
      name: "shout",
      sourceName: "shout",
      productTypeRef: 3,
      columns: [{ name: "text", sourceName: "text", type: string, defaultValue: undefined }],
      primaryKey: undefined,
      indexes: [],
      constraints: [],
      sequences: [],
      schedule: undefined,
      access: "public",
      isEvent: true,
    },
  ],
  reducers: [reducerOf("set_nick", product({ nick: string })), reducerOf("leave", product({}))],
  procedures: [],
  views: [],
  rowLevelSecurity: [],
  httpHandlers: [],
  httpRoutes: [],
};

function indexOf(
  name: string,
  kind: "btree" | "direct",
  columns: readonly number[],
): ModuleDef["tables"][number]["indexes"][number] {
  return { name, sourceName: name, accessorName: name, algorithm: { kind, columns } };
}

function reducerOf(
  name: string,
  params: ReturnType<typeof product>,
): ModuleDef["reducers"][number] {
  return { id: 0, name, sourceName: name, params, lifecycle: undefined, isPrivate: false };
}

void test("the text", (t) => {
  const files = generateSpacetime(def);
  t.same([...files], [...generateSpacetime({ ...def, tables: def.tables.toReversed() })]);
  const index = files.get("index.ts") ?? "";
  t.match(index, /playerId: sdk\.t\.u8\(\)\.name\("player_id"\)\.primaryKey\(\),/);
  t.match(index, /nick: sdk\.t\.string\(\)\.unique\(\),/);
  t.match(index, `{ accessor: "byNick", algorithm: "btree", columns: ["nick", "playerId"] },`);
  t.notMatch(index, "small", "a key has an index anyway");
  t.match(index, /name: "shout",\n[^]*event: true,\n/);
  t.match(index, /sdk\.reducerSchema\("leave", \{\}\),/);
  const types = files.get("types.ts") ?? "";
  t.match(
    types,
    /export const Tree: sdk\.TypeBuilder<any, any> = [^]*sdk\.t\.lazy\(\(\) => Tree\)/,
  );
  t.match(types, /enum\("Team", \{\n {2}BigRed: sdk\.t\.unit\(\),\n {2}Numbered: sdk\.t\.u8\(\),/);
  t.ok(types.indexOf("const Team ") < types.indexOf("const Player "), "names come before uses");
  t.match(generateSpacetime(def, { importExtension: "" }).get("index.ts"), /from "\.\/types";/);
  t.end();
});

void test("names that would be two things are refused", (t) => {
  const types = [{ scope: [], name: "EventContext", ref: 1 }, ...def.types.slice(2)];
  t.throws(() => generateSpacetime({ ...def, types }), {
    code: "LC_MODULE_INVALID",
    message: /the bindings' own type and the type EventContext would both be called EventContext/,
  });
  t.end();
});

const require = createRequire(import.meta.url);

void test("the compiler takes it", async (t) => {
  const folder = t.testdir({ "package.json": `{ "type": "module" }` });
  for (const [name, text] of generateSpacetime(def)) writeFileSync(join(folder, name), text);
  writeFileSync(
    join(folder, "use.ts"),
    `import { DbConnection, type Player, tables } from "./index.js";
const connection = DbConnection.builder().withUri("ws://localhost").withDatabaseName("x").build();
connection.subscriptionBuilder().subscribe([tables.player.where((row) => row.nick.eq("Ada"))]);
connection.db.player.onUpdate((_ctx, from, to) => console.log(from.nick, to.playerId));
const found: Player | undefined | null = connection.db.player.playerId.find(1);
const done: Promise<void> = connection.reducers.setNick({ nick: "Ada" });
// @ts-expect-error There is no such reducer.
connection.reducers.setNik({ nick: "Ada" });
// @ts-expect-error The argument has another name.
connection.reducers.setNick({ nik: "Ada" });
export { done, found };
`,
  );
  const flags = "--ignoreConfig --noEmit --strict --skipLibCheck --target es2022 --types node";
  const modules = "--lib es2023,dom,esnext.disposable --module esnext --moduleResolution bundler";
  const compiler = require.resolve("typescript/package.json").replace("package.json", "bin/tsc");
  // Without what the test runner tells Node to load.
  const argv = ["-u", "NODE_OPTIONS", process.execPath, compiler];
  const { status, stdout, stderr } = spawnSync(
    "env",
    [...argv, ...`${flags} ${modules}`.split(" "), "use.ts"],
    { cwd: folder, encoding: "utf8" },
  );
  t.equal(`${stdout}${stderr}`, "");
  t.equal(status, 0);
});
