// V8 definitions, upgraded: what each attribute and name comes to, and what V9 cannot say (module-def.md 5.2).
import { test } from "tap";
import * as make from "../../test/definition.ts";
import { faultsOf } from "../../test/faults.ts";
import { product, ref, scheduleAtType } from "../sats/type.ts";
import { decodeModuleDef, moduleDefFromRaw } from "./decode.ts";
import type { TableDef } from "./def.ts";
import { decodeRaw, encodeRaw } from "./raw.ts";
import type { RawModuleDefV8, RawTableSchemaV8 } from "./raw-v8.ts";

const person: RawTableSchemaV8 = {
  table_name: "person",
  columns: [
    { col_name: "id", col_type: make.raw(make.u32) },
    { col_name: "name", col_type: make.raw(make.string) },
  ],
  indexes: [],
  constraints: [],
  sequences: [],
  table_type: "user",
  table_access: "public",
  scheduled: undefined,
};

const timer: RawTableSchemaV8 = {
  ...person,
  table_name: "timer",
  columns: [
    { col_name: "scheduled_id", col_type: make.raw(make.u64) },
    { col_name: "scheduled_at", col_type: make.raw(scheduleAtType) },
  ],
  constraints: [{ constraint_name: "ct", constraints: 15, columns: [0] }],
  table_access: "private",
  scheduled: "tick",
};

function module8(over: Partial<RawModuleDefV8> = {}): RawModuleDefV8 {
  return {
    typespace: {
      types: [
        make.raw(product({ id: make.u32, name: make.string })),
        make.raw(product({ scheduled_id: make.u64, scheduled_at: scheduleAtType })),
      ],
    },
    tables: [
      { schema: person, data: 0 },
      { schema: timer, data: 1 },
    ],
    reducers: [
      { name: "add", args: make.rawParams({ id: make.u32 }) },
      { name: "tick", args: make.rawParams({ row: ref(1) }) },
      { name: "__init__", args: make.rawParams({}) },
      { name: "__identity_connected__", args: make.rawParams({}) },
      { name: "__identity_disconnected__", args: make.rawParams({}) },
    ],
    misc_exports: [
      { tag: "TypeAlias", value: { name: "game::Person", ty: 0 } },
      { tag: "TypeAlias", value: { name: "Timer", ty: 1 } },
    ],
    ...over,
  };
}

function withPerson(change: Partial<RawTableSchemaV8>): RawModuleDefV8 {
  const schema = { ...person, ...change };
  return module8({
    tables: [
      { schema, data: 0 },
      { schema: timer, data: 1 },
    ],
  });
}

function personOf(change: Partial<RawTableSchemaV8>): TableDef {
  return moduleDefFromRaw({ version: 8, def: withPerson(change) }).tables[0]!;
}

void test("a whole module", async (t) => {
  const raw = { version: 8, def: module8() } as const;
  t.strictSame(decodeRaw(encodeRaw(raw)), raw, "bytes and back");
  const def = decodeModuleDef(encodeRaw(raw));
  t.equal(def.version, 9, "it counts as V9");
  t.same(
    def.reducers.map(({ id, name, lifecycle }) => [id, name, lifecycle]),
    [
      [0, "add", undefined],
      [1, "tick", undefined],
      [2, "__init__", "init"],
      [3, "__identity_connected__", "onConnect"],
      [4, "__identity_disconnected__", "onDisconnect"],
    ],
  );
  t.same(
    def.types.map(({ scope, name, ref: at }) => [scope, name, at]),
    [
      [["game"], "Person", 0],
      [[], "Timer", 1],
    ],
  );
  t.match(def.tables[1], {
    access: "private",
    primaryKey: 0,
    schedule: { name: "timer_sched", atColumn: 1, functionName: "tick" },
    indexes: [{ name: "timer_scheduled_id_idx_btree" }],
    constraints: [{ name: "timer_scheduled_id_key", columns: [0] }],
    sequences: [{ name: "timer_scheduled_id_seq", column: 0 }],
  });
});

void test("attributes of columns", async (t) => {
  const cases: readonly (readonly [
    bits: number,
    indexes: number,
    constraints: number,
    sequences: number,
    primaryKey: number | undefined,
  ])[] = [
    [0, 0, 0, 0, undefined],
    [1, 1, 0, 0, undefined],
    [2, 0, 0, 1, undefined],
    [5, 1, 1, 0, undefined],
    [7, 1, 1, 1, undefined],
    [13, 1, 1, 0, 0],
    [15, 1, 1, 1, 0],
  ];
  for (const [bits, indexes, constraints, sequences, primaryKey] of cases) {
    const table = personOf({
      constraints: [{ constraint_name: "ct", constraints: bits, columns: [0] }],
    });
    t.same(
      [table.indexes.length, table.constraints.length, table.sequences.length, table.primaryKey],
      [indexes, constraints, sequences, primaryKey],
      `bits ${bits}`,
    );
  }
});

void test("indexes and sequences that are there are not made again", async (t) => {
  const table = personOf({
    indexes: [
      {
        index_name: "by_id",
        is_unique: true,
        index_type: make.plain("Hash"),
        columns: [0],
      },
      { index_name: "", is_unique: false, index_type: make.plain("BTree"), columns: [1] },
    ],
    constraints: [{ constraint_name: "ct", constraints: 15, columns: [0] }],
    sequences: [
      {
        sequence_name: "ids",
        col_pos: 0,
        increment: 2n,
        start: 5n,
        min_value: 1n,
        max_value: 99n,
        allocated: 4096n,
      },
    ],
  });
  t.same(
    table.indexes.map(({ name, algorithm }) => [name, algorithm.kind]),
    [
      ["by_id", "hash"],
      ["person_name_idx_btree", "btree"],
    ],
  );
  t.same(table.constraints, [{ name: "person_id_key", columns: [0] }]);
  t.same(table.sequences, [
    { name: "ids", column: 0, start: 5n, min: 1n, max: 99n, increment: 2n },
  ]);
});

void test("what V9 cannot say, and what breaks a rule", async (t) => {
  const cases: readonly (readonly [RawModuleDefV8, ...string[]])[] = [
    [withPerson({ table_type: "other" }), "table `person`: `other` is neither `system` nor `user`"],
    [withPerson({ table_type: "system" }), "table `person`: a module cannot define a system table"],
    [withPerson({ table_access: "" }), "table `person`: `` is neither `public` nor `private`"],
    [
      withPerson({ columns: person.columns.slice(1) }),
      "table `person`: its columns are not those of its row type 0",
    ],
    [
      withPerson({ scheduled: "tick" }),
      "table `person`: it is scheduled but has no column `scheduled_at`",
      "table `person`: a scheduled table needs a primary key of type u64",
      "table `person`: column `id`: a schedule needs the type ScheduleAt",
      "table `person`: the scheduled function `tick` must take a row of the table and nothing else",
    ],
    [
      withPerson({ constraints: [{ constraint_name: "ct", constraints: 2, columns: [1] }] }),
      "table `person`: column `name`: a sequence needs an integer type",
    ],
    [
      withPerson({ constraints: [{ constraint_name: "ct", constraints: 13, columns: [0, 1] }] }),
      "table `person`: the primary key has 2 columns, only one is possible",
    ],
  ];
  for (const [def, ...faults] of cases) t.same(faultsOf({ version: 8, def }), faults, faults[0]!);
});
