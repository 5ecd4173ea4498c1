import { test } from "tap";
import * as make from "../../test/definition.ts";
import { array, ref } from "../sats/type.ts";
import { moduleDefFromRaw } from "./decode.ts";

const inner = make.module10({
  LifeCycleReducers: undefined,
  Procedures: [
    {
      source_name: "look",
      params: make.rawParams({ at: ref(3) }),
      return_type: make.raw(array(ref(0))),
      visibility: make.plain("ClientCallable"),
    },
  ],
  Views: [make.view10("mine", { is_anonymous: false }), make.view10("best")],
  HttpHandlers: [{ source_name: "hook" }],
  RowLevelSecurity: [{ sql: "SELECT * FROM person" }],
});

function rootWith(submodules: { readonly namespace: string; readonly module: typeof inner }[]) {
  return make.module10({
    Views: [make.view10("best"), make.view10("worst", { index: 1 })],
    Submodules: submodules,
  });
}

void test("objects of submodules get dotted names, shifted types and continued ids", async (t) => {
  const nested = make.module10({
    LifeCycleReducers: undefined,
    Submodules: [{ namespace: "deep", module: inner }],
  });
  const def = moduleDefFromRaw({
    version: 10,
    def: rootWith([
      { namespace: "one", module: nested },
      { namespace: "two", module: inner },
    ]),
  });
  const [first, deep] = [def.typespace.length / 4, 8];
  t.equal(first, 4, "the root's types and those of three submodules");
  t.same(
    def.tables.map(({ name, productTypeRef }) => [name, productTypeRef]),
    [
      ["person", 0],
      ["timer", 1],
      ["one.person", 4],
      ["one.timer", 5],
      ["one.deep.person", deep],
      ["one.deep.timer", deep + 1],
      ["two.person", 12],
      ["two.timer", 13],
    ],
  );
  t.same(
    def.reducers.map(({ id, name }) => `${id} ${name}`),
    [
      "0 add",
      "1 tick",
      "2 start",
      "3 one.add",
      "4 one.tick",
      "5 one.start",
      "6 one.deep.add",
      "7 one.deep.tick",
      "8 one.deep.start",
      "9 two.add",
      "10 two.tick",
      "11 two.start",
    ],
    "depth first",
  );
  t.same(
    def.views.map(({ index, name, isAnonymous }) => `${index} ${name} ${isAnonymous}`),
    [
      "0 best true",
      "1 worst true",
      "0 one.deep.mine false",
      "2 one.deep.best true",
      "1 two.mine false",
      "3 two.best true",
    ],
    "two lists of views",
  );
  const table = def.tables[4];
  t.equal(table?.sourceName, "one.deep.person");
  t.strictSame(table?.columns[2]?.type, ref(deep + 2));
  t.match(table?.indexes[0], {
    name: "one.deep.person_id_idx_btree",
    sourceName: "one.deep.person_id_idx_btree",
  });
  t.equal(table?.constraints[0]?.name, "one.deep.person_id_key");
  t.match(def.tables[5], {
    schedule: { name: "one.deep.timer_sched", functionName: "one.deep.tick" },
    sequences: [{ name: "one.deep.timer_id_seq" }],
  });
  t.strictSame(def.procedures[1]?.params.elements[0]?.type, ref(12 + 3));
  t.strictSame(def.procedures[1]?.returnType, array(ref(12)));
  t.match(def.procedures[1], { id: 1, name: "two.look" });
  t.strictSame(def.typespace[deep], make.types[0] && { ...def.typespace[deep] });
  t.same(def.types.at(-1), { scope: ["two", "Geo"], name: "Point", ref: 15 });
  t.same([def.httpHandlers, def.rowLevelSecurity], [[], []], "only the root's count");
});

void test("faults of submodules say where they are", async (t) => {
  const cases: readonly (readonly [string, typeof inner, RegExp])[] = [
    ["1st", inner, /submodule `1st`: its namespace must start with a letter/],
    ["n".repeat(64), inner, /its namespace is over 63 bytes/],
    [
      "one",
      make.module10(),
      /submodule `one`, reducer `start`: only the root may have lifecycle events/,
    ],
    [
      "one",
      make.module10({ LifeCycleReducers: undefined, Reducers: [make.reducer10("tick")] }),
      /submodule `one`, table `timer`: the scheduled function `tick` must take a row/,
    ],
  ];
  for (const [namespace, module, message] of cases) {
    t.throws(() => moduleDefFromRaw({ version: 10, def: rootWith([{ namespace, module }]) }), {
      code: "LC_MODULE_INVALID",
      reasons: [message],
    });
  }
  const twice = [
    { namespace: "one", module: make.module10({ LifeCycleReducers: undefined }) },
    { namespace: "one", module: { sections: [] } },
  ];
  t.throws(() => moduleDefFromRaw({ version: 10, def: rootWith(twice) }), {
    code: "LC_MODULE_INVALID",
    reasons: ["submodule `one`: its namespace is used twice"],
  });
});
