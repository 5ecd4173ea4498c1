import { test } from "tap";
import * as make from "../../test/definition.ts";
import { hex } from "../../test/hex.ts";
import { bankDefinition, viewsDefinition } from "../../test/real-definitions.ts";
import { product, ref, scheduleAtType } from "../sats/type.ts";
import { decodeModuleDef, moduleDefFromRaw } from "./decode.ts";
import type { ModuleDef, TableDef } from "./def.ts";
import { decodeRaw, encodeRaw } from "./raw.ts";
import type { RawModuleDefV10 } from "./raw-v10.ts";

function from10(def: RawModuleDefV10): ModuleDef {
  return moduleDefFromRaw({ version: 10, def });
}

function table(def: ModuleDef, name: string): TableDef {
  return def.tables.find((each) => each.name === name)!;
}

void test("V10: a sound module", async (t) => {
  const def = from10(make.module10());
  t.equal(def.version, 10);
  t.strictSame(table(def, "timer"), {
    name: "timer",
    sourceName: "timer",
    productTypeRef: 1,
    columns: [
      { name: "id", sourceName: "id", type: make.u64, defaultValue: undefined },
      { name: "at", sourceName: "at", type: scheduleAtType, defaultValue: undefined },
    ],
    primaryKey: 0,
    indexes: [
      {
        name: "timer_id_idx_btree",
        sourceName: "timer_id_idx_btree",
        accessorName: undefined,
        algorithm: { kind: "btree", columns: [0] },
      },
    ],
    constraints: [{ name: "timer_id_key", columns: [0] }],
    sequences: [
      {
        name: "timer_id_seq",
        column: 0,
        start: undefined,
        min: undefined,
        max: undefined,
        increment: 1n,
      },
    ],
    schedule: { name: "timer_sched", atColumn: 1, functionName: "tick" },
    access: "private",
    isEvent: false,
  });
  t.same(
    def.reducers.map(({ id, name, lifecycle, isPrivate }) => [id, name, lifecycle, isPrivate]),
    [
      [0, "add", undefined, false],
      [1, "tick", undefined, true],
      [2, "start", "init", true],
    ],
    "what the host calls is private",
  );
  t.strictSame(def.types[3], { scope: ["Geo"], name: "Point", ref: 3 });
});

void test("V10: names are converted, given ones win, all objects follow", async (t) => {
  const def = from10(
    make.module10({
      Typespace: {
        types: [make.raw(product({ playerId: make.u32, HTTPKind: make.string }))],
      },
      Types: [
        { source_name: { scope: [], source_name: "player_row" }, ty: 0, custom_ordering: true },
      ],
      Tables: [
        make.table10({
          source_name: "PlayerState",
          indexes: [make.index10("PlayerState_playerId_idx_btree", [0]), make.index10("kept", [1])],
          sequences: [make.sequence10(0, { source_name: "ownSequence" })],
        }),
        make.table10({ source_name: "given", indexes: [make.index10("given_idx", [0])] }),
      ],
      Reducers: [
        make.reducer10("addPlayer", { params: make.rawParams({ playerId: make.u32 }) }),
        make.reducer10("given_reducer"),
      ],
      Schedules: undefined,
      LifeCycleReducers: undefined,
      ExplicitNames: {
        entries: [
          { tag: "Table", value: { source_name: "given", canonical_name: "GivenName" } },
          { tag: "Function", value: { source_name: "given_reducer", canonical_name: "Given" } },
          { tag: "Index", value: { source_name: "kept", canonical_name: "MyIndex" } },
          { tag: "Index", value: { source_name: "unknown", canonical_name: "x" } },
        ],
      },
    }),
  );
  const player = table(def, "player_state");
  t.equal(player.sourceName, "PlayerState");
  t.same(
    player.columns.map(({ name, sourceName }) => [name, sourceName]),
    [
      ["player_id", "playerId"],
      ["http_kind", "HTTPKind"],
    ],
  );
  t.same(
    player.indexes.map(({ name, sourceName }) => [name, sourceName]),
    [
      ["player_state_player_id_idx_btree", "PlayerState_playerId_idx_btree"],
      ["MyIndex", "kept"],
    ],
  );
  t.equal(player.constraints[0]?.name, "player_state_player_id_key");
  t.equal(player.sequences[0]?.name, "ownSequence", "a sequence keeps its name");
  const given = table(def, "GivenName");
  t.equal(given.indexes[0]?.name, "GivenName_player_id_idx_btree");
  t.same(
    def.reducers.map(({ name, sourceName }) => [name, sourceName]),
    [
      ["add_player", "addPlayer"],
      ["Given", "given_reducer"],
    ],
  );
  t.equal(def.reducers[0]?.params.elements[0]?.name, "playerId", "parameters are as they are");
  t.equal(def.types[0]?.name, "PlayerRow");
});

void test("V10: policy None converts nothing", async (t) => {
  const def = from10(
    make.module10({
      CaseConversionPolicy: make.plain("None"),
      Typespace: { types: [make.raw(product({ playerId: make.u32 }))] },
      Types: undefined,
      Tables: [make.table10({ source_name: "PlayerState" })],
      Reducers: [make.reducer10("addPlayer")],
      Schedules: undefined,
      LifeCycleReducers: undefined,
    }),
  );
  const [only] = def.tables;
  t.same([only?.name, only?.columns[0]?.name], ["PlayerState", "playerId"]);
  t.equal(only?.indexes[0]?.name, "PlayerState_playerId_idx_btree");
  t.equal(def.reducers[0]?.name, "addPlayer");
});

void test("V10: only the first section of a kind counts", async (t) => {
  const { sections } = make.module10();
  const def = from10({ sections: [...sections, { tag: "Tables", value: [] }] });
  t.equal(def.tables.length, 2);
});

void test("V10: defaults, events, views, procedures, routes, row rules", async (t) => {
  const def = from10(
    make.module10({
      Tables: [
        make.table10({
          default_values: [
            { col_id: 3, value: hex("0100000000000000") },
            { col_id: 3, value: hex("0200000000000000") },
          ],
        }),
        make.timerTable10,
        make.table10({
          source_name: "signal",
          product_type_ref: 3,
          primary_key: [],
          indexes: [],
          constraints: [],
          is_event: true,
        }),
      ],
      Procedures: [
        {
          source_name: "fetchAll",
          params: make.rawParams({ url: make.string }),
          return_type: make.raw(ref(3)),
          visibility: make.plain("Private"),
        },
      ],
      Views: [
        make.view10("bestPeople", { return_type: make.raw(product({ __query__: ref(0) })) }),
        make.view10("points", {
          index: 1,
          return_type: make.raw({ kind: "array", element: ref(3) }),
        }),
        make.view10("mine", { is_anonymous: false }),
      ],
      ViewPrimaryKeys: [{ view_source_name: "points", columns: ["y"] }],
      HttpHandlers: [{ source_name: "onHook" }],
      HttpRoutes: [
        {
          handler_function: "onHook",
          method: { tag: "Method", value: make.plain("Post") },
          path: "/hook",
        },
        {
          handler_function: "onHook",
          method: { tag: "Method", value: { tag: "Extension", value: "PURGE" } },
          path: "/hook",
        },
        { handler_function: "onHook", method: make.plain("Any"), path: "" },
      ],
      RowLevelSecurity: [{ sql: "SELECT * FROM person" }],
    }),
  );
  t.same(table(def, "person").columns[3]?.defaultValue, hex("0200000000000000"), "the last wins");
  t.equal(table(def, "signal").isEvent, true);
  t.match(def.procedures, [{ id: 0, name: "fetch_all", sourceName: "fetchAll", isPrivate: true }]);
  t.same(
    def.views.map(({ name, index, isAnonymous, primaryKey }) => [
      name,
      index,
      isAnonymous,
      primaryKey,
    ]),
    [
      ["best_people", 0, true, 0],
      ["points", 1, true, 1],
      ["mine", 0, false, undefined],
    ],
    "a query has the key of its table",
  );
  t.same(def.httpHandlers, ["on_hook"]);
  t.same(def.httpRoutes, [
    { handler: "on_hook", method: "POST", path: "/hook" },
    { handler: "on_hook", method: "PURGE", path: "/hook" },
    { handler: "on_hook", method: undefined, path: "" },
  ]);
  t.same(def.rowLevelSecurity, ["SELECT * FROM person"]);
});

void test("V9: a sound module", async (t) => {
  const def = moduleDefFromRaw({
    version: 9,
    def: make.module9({
      misc_exports: [
        {
          tag: "View",
          value: {
            name: "people",
            index: 0,
            is_public: true,
            is_anonymous: false,
            params: make.rawParams({}),
            return_type: make.raw({ kind: "array", element: ref(0) }),
          },
        },
        {
          tag: "ColumnDefaultValue",
          value: { table: "person", col_id: 0, value: hex("01000000") },
        },
        {
          tag: "Procedure",
          value: { name: "Look", params: make.rawParams({}), return_type: make.raw(make.u32) },
        },
      ],
    }),
  });
  const person = table(def, "person");
  t.strictSame(person.indexes[0], {
    name: "person_id_idx_btree",
    sourceName: "person_id_idx_btree",
    accessorName: "byId",
    algorithm: { kind: "btree", columns: [0] },
  });
  t.same(person.columns[0]?.defaultValue, hex("01000000"));
  t.strictSame(table(def, "timer").schedule, {
    name: "timer_sched",
    atColumn: 1,
    functionName: "tick",
  });
  t.same(
    def.reducers.map(({ name, lifecycle, isPrivate }) => [name, lifecycle, isPrivate]),
    [
      ["add", undefined, false],
      ["tick", undefined, false],
      ["start", "init", false],
    ],
    "V9 has no private functions",
  );
  t.match(def.procedures, [{ id: 0, name: "Look", isPrivate: false }]);
  t.match(def.views, [{ name: "people", index: 0, isAnonymous: false }]);
});

void test("V9: names are used as given, given names are kept", async (t) => {
  const def = moduleDefFromRaw({
    version: 9,
    def: make.module9({
      typespace: { types: [make.raw(product({ playerId: make.u32 }))] },
      tables: [
        make.table9({
          name: "PlayerState",
          indexes: [
            { name: "MyIndex", accessor_name: undefined, algorithm: { tag: "Hash", value: [0] } },
          ],
          constraints: [{ name: "MyKey", data: { tag: "Unique", value: { columns: [0] } } }],
        }),
      ],
      reducers: [make.reducer9("AddPlayer")],
      types: [],
    }),
  });
  const [only] = def.tables;
  t.same([only?.name, only?.columns[0]?.name], ["PlayerState", "playerId"]);
  t.match(only?.indexes, [{ name: "MyIndex", sourceName: "MyIndex" }]);
  t.same(only?.constraints, [{ name: "MyKey", columns: [0] }]);
  t.equal(def.reducers[0]?.name, "AddPlayer");
});

void test("definitions of real modules", async (t) => {
  const bank = decodeModuleDef(bankDefinition);
  t.same(
    bank.reducers.map(({ name, params }) => [name, params.elements.map((each) => each.name)]),
    [
      ["seed", ["n", "balance"]],
      ["transfer", ["from", "to", "amount"]],
    ],
  );
  t.match(bank.tables, [
    {
      name: "account",
      primaryKey: 0,
      indexes: [{ name: "account_id_idx_btree", algorithm: { kind: "btree", columns: [0] } }],
      constraints: [{ name: "account_id_key" }],
    },
  ]);
  const views = decodeModuleDef(viewsDefinition);
  t.same(
    views.views.map(({ name, index, isAnonymous, primaryKey }) => [
      name,
      index,
      isAnonymous,
      primaryKey,
    ]),
    [
      ["best_notes", 0, true, 0],
      ["my_notes", 0, false, undefined],
      ["note_count", 1, true, undefined],
    ],
  );
  t.same(
    views.procedures.map(({ name }) => name),
    ["add_note_later", "add_up", "fetch", "nap"],
  );
  t.match(table(views, "reminder").schedule, { atColumn: 1, functionName: "remind" });
  for (const bytes of [bankDefinition, viewsDefinition]) {
    t.same(encodeRaw(decodeRaw(bytes)), bytes, "written again byte by byte");
  }
});
