import { test } from "tap";
import * as make from "../../test/definition.ts";
import { hex } from "../../test/hex.ts";
import { product, ref } from "../sats/type.ts";
import { moduleDefFromRaw } from "./decode.ts";
import { moduleDefFromJson, moduleDefToJson } from "./json.ts";

const everything = make.module10({
  Tables: [
    make.table10({
      source_name: "person",
      default_values: [{ col_id: 3, value: hex("0100000000000000") }],
      indexes: [
        make.index10("person_id_idx_btree", [0]),
        make.index10("person_name_idx_hash", [1], "Hash"),
        make.direct10(2),
      ],
    }),
    make.timerTable10,
  ],
  Procedures: [
    {
      source_name: "look",
      params: make.rawParams({ at: ref(3) }),
      return_type: make.raw(make.u32),
      visibility: make.plain("ClientCallable"),
    },
  ],
  Views: [
    make.view10("best", { return_type: make.raw(product({ __query__: ref(0) })) }),
    make.view10("mine", { is_anonymous: false }),
  ],
  ViewPrimaryKeys: [{ view_source_name: "mine", columns: ["id"] }],
  HttpHandlers: [{ source_name: "hook" }],
  HttpRoutes: [
    { handler_function: "hook", method: { tag: "Method", value: make.plain("Get") }, path: "/a" },
    {
      handler_function: "hook",
      method: { tag: "Method", value: { tag: "Extension", value: "PURGE" } },
      path: "/a",
    },
    { handler_function: "hook", method: make.plain("Any"), path: "/b" },
  ],
  RowLevelSecurity: [{ sql: "SELECT * FROM person" }],
  ExplicitNames: {
    entries: [
      { tag: "Table", value: { source_name: "person", canonical_name: "GivenName" } },
      { tag: "Function", value: { source_name: "add", canonical_name: "GivenReducer" } },
      { tag: "Index", value: { source_name: "some_direct", canonical_name: "GivenIndex" } },
    ],
  },
});

void test("a definition comes back from its V10 JSON", async (t) => {
  const def = moduleDefFromRaw({ version: 10, def: everything });
  t.strictSame(moduleDefFromJson(moduleDefToJson(def, 10)), def);
});

void test("a definition comes back from its V9 JSON with canonical names only", async (t) => {
  const def = moduleDefFromRaw({ version: 9, def: make.module9() });
  t.strictSame(moduleDefFromJson(moduleDefToJson(def, 9)), def);
  const newer = moduleDefFromRaw({ version: 10, def: everything });
  const older = moduleDefFromJson(moduleDefToJson(newer, 9));
  t.equal(older.tables[0]?.sourceName, "GivenName");
  t.strictSame(older.typespace, newer.typespace);
  t.strictSame(older.tables[1]?.schedule, newer.tables[1]?.schedule);
  t.match(older.procedures, [{ id: 0, name: "look" }]);
  t.equal(older.views.length, 2);
});

// http-and-auth.md 6.3
void test("the shape of the JSON is that of the reference", async (t) => {
  const def = moduleDefFromRaw({
    version: 10,
    def: {
      sections: [
        {
          tag: "Typespace",
          value: { types: [make.raw(product({ id: make.u32 }))] },
        },
        {
          tag: "Tables",
          value: [make.table10({ primary_key: [], indexes: [], constraints: [] })],
        },
        { tag: "Reducers", value: [make.reducer10("add")] },
      ],
    },
  });
  const typespace =
    '{"types":[{"Product":{"elements":[{"name":{"some":"id"},"algebraic_type":{"U32":[]}}]}}]}';
  t.equal(
    moduleDefToJson(def, 9),
    `{"typespace":${typespace},` +
      '"tables":[{"name":"person","product_type_ref":0,"primary_key":[],"indexes":[],' +
      '"constraints":[],"sequences":[],"schedule":{"none":[]},"table_type":{"User":[]},' +
      '"table_access":{"Public":[]}}],' +
      '"reducers":[{"name":"add","params":{"elements":[]},"lifecycle":{"none":[]}}],' +
      '"types":[],"misc_exports":[],"row_level_security":[]}',
  );
  t.equal(
    moduleDefToJson(def, 10),
    '{"sections":[{"CaseConversionPolicy":{"None":[]}},' +
      `{"Typespace":${typespace}},{"Types":[]},` +
      '{"Tables":[{"source_name":"person","product_type_ref":0,"primary_key":[],"indexes":[],' +
      '"constraints":[],"sequences":[],"table_type":{"User":[]},"table_access":{"Public":[]},' +
      '"default_values":[],"is_event":false}]},' +
      '{"Reducers":[{"source_name":"add","params":{"elements":[]},' +
      '"visibility":{"ClientCallable":[]},"ok_return_type":{"Product":{"elements":[]}},' +
      '"err_return_type":{"String":[]}}]},' +
      '{"ExplicitNames":{"entries":[{"Table":{"source_name":"person","canonical_name":"person"}},' +
      '{"Function":{"source_name":"add","canonical_name":"add"}}]}}]}',
  );
});

void test("JSON that is no definition is refused", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["[]", /a module definition must be a JSON object/],
    ["{", /invalid JSON/],
    ["{}", /"typespace" is missing/],
    ['{"sections":[{"Tables":[{}]}]}', /sections\[0\].Tables\[0\]: "source_name" is missing/],
    ['{"sections":[{"Other":[]}]}', /expected a variant out of Typespace, Types/],
  ];
  for (const [text, message] of cases) {
    t.throws(() => moduleDefFromJson(text), { code: "LC_JSON_DECODE", message }, text);
  }
  const faulty = '{"sections":[{"Submodules":[{"namespace":"1","module":{"sections":[]}}]}]}';
  t.throws(() => moduleDefFromJson(faulty), { code: "LC_MODULE_INVALID" });
});
