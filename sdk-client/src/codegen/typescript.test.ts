import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type AlgebraicType,
  decodeModuleDef,
  type Element,
  type ModuleDef,
  option,
  primitive,
  product,
  ref,
  resolve,
  sum,
  type Typespace,
  unitType,
} from "@lightcone/abi";
import { readWasm, wasmNames } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { goldenDef, procedureOf, reducerOf } from "../../test/golden-def.ts";
import { procedureSchemas } from "../../test/golden/procedures.js";
import { reducerSchemas } from "../../test/golden/reducers.js";
import { tableSchemas } from "../../test/golden/tables.js";
import { typespace } from "../../test/golden/types.js";
import { generateTypeScript } from "./typescript.ts";

// The compiled test stands in dist/src/codegen, the golden files are sources.
const goldenFolder = fileURLToPath(new URL("../../../test/golden/", import.meta.url));

void test("the golden files (LIGHTCONE_GOLDEN=write renews them)", (t) => {
  const files = generateTypeScript(goldenDef);
  if (process.env["LIGHTCONE_GOLDEN"] === "write") {
    for (const [name, text] of files) writeFileSync(join(goldenFolder, name), text);
  }
  t.same(readdirSync(goldenFolder).toSorted(), [...files.keys()]);
  for (const [name, text] of files) {
    t.equal(readFileSync(join(goldenFolder, name), "utf8"), text, name);
    t.match(text, /^\/\/ Generated/);
  }
  t.end();
});

void test("the same module in another order gives the same text", (t) => {
  const { types, tables, reducers, procedures, views } = goldenDef;
  const turned: ModuleDef = {
    ...goldenDef,
    types: types.toReversed(),
    tables: tables.toReversed(),
    reducers: reducers.toReversed(),
    procedures: procedures.toReversed(),
    views: views.toReversed(),
  };
  t.same([...generateTypeScript(turned)], [...generateTypeScript(goldenDef)]);
  t.end();
});

void test("types of the bindings describe the same bytes as the module's", (t) => {
  for (const table of [...goldenDef.tables, ...goldenDef.views]) {
    const schema = Object.values(tableSchemas).find(({ name }) => name === table.name);
    if (table.name === "secret") {
      t.equal(schema, undefined, "a private table is left out");
      continue;
    }
    const row = "productTypeRef" in table ? ref(table.productTypeRef) : rowOf(table.returnType);
    t.ok(isSame(row, goldenDef.typespace, schema?.row ?? ref(99), typespace), table.name);
  }
  for (const { name, params, returnType } of goldenDef.procedures) {
    const schema = Object.values(procedureSchemas).find((each) => each.name === name);
    t.ok(isSame(params, goldenDef.typespace, schema?.params ?? ref(99), typespace), name);
    t.ok(isSame(returnType, goldenDef.typespace, schema?.returns ?? ref(99), typespace), name);
  }
  for (const { name, params } of goldenDef.reducers) {
    const schema = Object.values(reducerSchemas).find((each) => each.name === name);
    const isOffered = name !== "init" && name !== "tick";
    t.equal(schema !== undefined, isOffered, name);
    if (schema !== undefined) t.ok(isSame(params, goldenDef.typespace, schema.params, typespace));
  }
  t.end();
});

/** The row in the return type of a view. */
function rowOf(type: AlgebraicType): AlgebraicType {
  if (type.kind === "array") return type.element;
  return (type.kind === "sum" && type.variants[0]?.type) || unitType;
}

/** Whether two types have the same encoding, whatever their fields are called. */
function isSame(
  a: AlgebraicType,
  aTypes: Typespace,
  b: AlgebraicType,
  bTypes: Typespace,
  depth = 0,
): boolean {
  if (depth > 8) return true; // Recursive types repeat themselves.
  const [one, other] = [resolve(a, aTypes), resolve(b, bTypes)];
  const inner = (x: AlgebraicType, y: AlgebraicType): boolean =>
    isSame(x, aTypes, y, bTypes, depth + 1);
  const all = (xs: readonly Element[], ys: readonly Element[]): boolean =>
    xs.length === ys.length && xs.every(({ type }, i) => inner(type, ys[i]?.type ?? unitType));
  if (one.kind === "product") return other.kind === "product" && all(one.elements, other.elements);
  if (one.kind === "sum") return other.kind === "sum" && all(one.variants, other.variants);
  if (one.kind === "array") return other.kind === "array" && inner(one.element, other.element);
  return one.kind === other.kind;
}

void test("options", (t) => {
  const all = generateTypeScript(goldenDef, { includePrivate: true, importExtension: "" });
  t.match(all.get("tables.ts"), /readonly secret: sdk\.KeyedTable<types\.Secret, /);
  t.match(all.get("reducers.ts"), /readonly tick: \(args: TickArgs\) => /);
  t.notMatch(all.get("reducers.ts"), /\binit:/);
  t.match(all.get("index.ts"), /from "\.\/types";/);
  const ts = generateTypeScript(goldenDef, { importExtension: ".ts" });
  t.match(ts.get("tables.ts"), /from "\.\/types\.ts";/);
  t.end();
});

const empty: ModuleDef = {
  ...goldenDef,
  typespace: [],
  types: [],
  tables: [],
  reducers: [],
  procedures: [],
  views: [],
};

const string = primitive("string");
const collisions: readonly (readonly [string, Partial<ModuleDef>, RegExp])[] = [
  [
    "two reducers",
    { reducers: [reducerOf("set_1", product({})), reducerOf("set1", product({}))] },
    /the reducer set1 and the reducer set_1 would both be called set1 in TypeScript/,
  ],
  [
    "two parameters",
    { reducers: [reducerOf("set", product({ a_b: string, aB: string }))] },
    /a_b of the reducer set and aB of the reducer set would both be called aB/,
  ],
  [
    "two fields",
    {
      typespace: [product({ x_y: string, xY: string })],
      reducers: [reducerOf("set", product({ row: ref(0) }))],
    },
    /x_y of the type Type0 and xY of the type Type0/,
  ],
  [
    "two variants",
    {
      typespace: [sum({ A: string, a: string })],
      reducers: [reducerOf("set", product({ row: ref(0) }))],
    },
    /A of the type Type0 and a of the type Type0/,
  ],
  [
    "a type and arguments",
    {
      typespace: [product({ x: string })],
      types: [{ scope: [], name: "SetArgs", ref: 0 }],
      reducers: [reducerOf("set", product({ row: ref(0) }))],
    },
    /the type SetArgs and the arguments of the reducer set would both be called SetArgs/,
  ],
  [
    "two procedures",
    {
      procedures: [
        procedureOf("get_1", product({}), unitType),
        procedureOf("get1", product({}), unitType),
      ],
    },
    /the procedure get1 and the procedure get_1 would both be called get1 in TypeScript/,
  ],
  [
    "two indexes",
    {
      typespace: [product({ a: string, b: string, a_and_b: string })],
      tables: [
        {
          ...goldenDef.tables[0]!,
          name: "t",
          productTypeRef: 0,
          indexes: [[0, 1], [2]].map((columns) => ({
            name: `t_${columns.join("_")}`,
            sourceName: `t_${columns.join("_")}`,
            accessorName: undefined,
            algorithm: { kind: "btree", columns },
          })),
        },
      ],
    },
    /the index on a, b of the table t and the index on aAndB of the table t would both be called/,
  ],
  [
    "a name of the bindings",
    {
      typespace: [product({ x: string })],
      types: [{ scope: ["Db"], name: "Tables", ref: 0 }],
      reducers: [reducerOf("set", product({ row: ref(0) }))],
    },
    /the bindings' own type and the type Db\.Tables would both be called DbTables/,
  ],
];

for (const [title, part, expected] of collisions) {
  void test(`refused: ${title} of one name`, (t) => {
    t.throws(() => generateTypeScript({ ...empty, ...part }), {
      code: "LC_MODULE_INVALID",
      message: expected,
    });
    t.end();
  });
}

void test("refused: all collisions are named at once", (t) => {
  const { tables, views } = goldenDef;
  const [pair] = tables.filter(({ name }) => name === "message_log");
  const def: ModuleDef = {
    ...goldenDef,
    tables: [...tables, { ...pair!, name: "messageLog" }, { ...pair!, name: "mail_outbox2" }],
    views: views.map((view) => ({ ...view, returnType: option(string) })),
  };
  const reasons = [
    "the view my_messages does not return rows of a named type",
    "the view top_pair does not return rows of a named type",
    "the table mail.outbox_2 and the table mail_outbox2 would both be called mailOutbox2 in TypeScript",
    "the table messageLog and the table message_log would both be called messageLog in TypeScript",
  ];
  t.throws(() => generateTypeScript(def), { code: "LC_MODULE_INVALID", reasons });
  t.end();
});

/** The definition inside a module, without a host: its imports do nothing but take the bytes it writes. */
function definitionIn(wasm: Uint8Array): ModuleDef {
  const module = new WebAssembly.Module(wasm as BufferSource);
  const parts: Uint8Array[] = [];
  let memory = new ArrayBuffer(0);
  const write = (_sink: number, start: number, lengthAt: number): number => {
    memory = (instance.exports["memory"] as WebAssembly.Memory).buffer;
    const length = new DataView(memory).getUint32(lengthAt, true);
    parts.push(new Uint8Array(memory.slice(start, start + length)));
    return 0;
  };
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const functions = (imports[from] ??= {});
    functions[name] = name === "bytes_sink_write" ? (write as () => number) : () => 0;
  }
  const instance = new WebAssembly.Instance(module, imports);
  const call = (name: string): unknown => (instance.exports[name] as (sink: number) => unknown)(1);
  for (const name of Object.keys(instance.exports).toSorted()) {
    if (name.startsWith("__preinit__")) call(name);
  }
  call("__describe_module__");
  return decodeModuleDef(Uint8Array.from(parts.flatMap((part) => [...part])));
}

const strictest = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedDeclarations: true,
  declaration: true,
  noEmit: true,
  target: "es2023",
};

/** A project for Node, and one for browsers: neither has what only the other knows. */
const projects = {
  "tsconfig.node.json": {
    module: "nodenext",
    moduleResolution: "nodenext",
    lib: ["es2023"],
    types: ["node"],
  },
  "tsconfig.browser.json": {
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2023", "dom"],
    types: [],
  },
};

void test("bindings of all modules compile under the strictest flags", async (t) => {
  const modules = new Map([
    ["golden", goldenDef],
    ["empty", empty],
    ...wasmNames.map((name) => [name, definitionIn(readWasm(name))] as const),
  ]);
  const options = [{}, { includePrivate: true }];
  const folders = [...modules].flatMap(([name, def]) =>
    options.map((each, i) => [`${name}-${i}`, Object.fromEntries(generateTypeScript(def, each))]),
  );
  const configs = Object.entries(projects).map(([name, part]) => [
    name,
    JSON.stringify({ compilerOptions: { ...strictest, ...part }, include: ["*/*.ts"] }),
  ]);
  const folder = t.testdir({
    "package.json": '{"type":"module"}',
    ...(Object.fromEntries([...configs, ...folders]) as Record<string, string>),
  });
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  for (const name of Object.keys(projects)) {
    const run = promisify(execFile)(process.execPath, [compiler, "-p", join(folder, name)]);
    const output = await run.then(
      ({ stdout }) => stdout,
      (thrown: unknown) => (thrown as { readonly stdout: string }).stdout,
    );
    t.equal(output, "", name);
  }
});
