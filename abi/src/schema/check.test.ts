// Each rule of module-def.md section 7, broken alone in an otherwise sound module: exactly the
// faults named come back.
import { test } from "tap";
import * as make from "../../test/definition.ts";
import { check, faultsOf, withPerson, withPoint } from "../../test/faults.ts";
import { hex } from "../../test/hex.ts";
import { type AlgebraicType, array, option, product, ref, sum, unitType } from "../sats/type.ts";
import { moduleDefFromRaw } from "./decode.ts";
import type { RawModuleDefV10 } from "./raw-v10.ts";

/** The sound module with its type Point changed. */
function withType(type: AlgebraicType): RawModuleDefV10 {
  const types = [...make.types.slice(0, 3), type];
  return make.module10({ Typespace: { types: types.map(make.raw) } });
}

void test("the sound modules have no faults", async (t) => {
  t.same(faultsOf({ version: 9, def: make.module9() }), []);
  check(t, [
    ["V10", make.module10()],
    ["one more table", withPoint({})],
  ]);
});

void test("all faults come at once", async (t) => {
  const def = make.module10({
    Tables: [
      make.table10({ primary_key: [9], sequences: [make.sequence10(1)] }),
      make.timerTable10,
    ],
    Reducers: [make.reducer10("tick"), make.reducer10("start"), make.reducer10("1st")],
  });
  const faults = [
    "table `person`: the primary key is on column 9, which does not exist",
    "table `person`: column `name`: a sequence needs an integer type",
    "table `timer`: the scheduled function `tick` must take a row of the table and nothing else",
    "reducer `1st`: its name `1st` must start with a letter or _ and go on with letters, digits or _",
  ];
  const named = faultsOf({ version: 10, def });
  t.same(named.slice(0, 3), faults.slice(0, 3));
  t.ok(named.includes(faults[3]!));
  t.throws(() => moduleDefFromRaw({ version: 10, def }), {
    code: "LC_MODULE_INVALID",
    message: /^the module's definition has \d faults: table `person`: .*; .*; /,
  });
});

void test("types", async (t) => {
  const exported = (name: string, ty: number, custom_ordering: boolean): RawModuleDefV10 =>
    make.module10({
      Types: [{ source_name: { scope: [], source_name: name }, ty, custom_ordering }],
    });
  check(t, [
    [
      "two of one name",
      make.module10({
        Types: ["a_b", "aB"].map((name) => ({
          source_name: { scope: [], source_name: name },
          ty: 0,
          custom_ordering: true,
        })),
      }),
      "type `AB`: it is exported twice",
    ],
    [
      "reference beyond",
      exported("Person", 9, true),
      "type `Person`: type reference 9 leads nowhere",
    ],
    [
      "reference beyond, inside",
      withType(product({ a: array(ref(9)) })),
      "type 3: type reference 9 leads nowhere",
    ],
    [
      "no end",
      withType(product({ a: ref(3) })),
      "type 3 contains itself without an array or a sum in between, or is over 100 products deep",
    ],
    [
      "wrong order",
      exported("Person", 0, false),
      "type `Person`: its elements are not in the order of their names",
    ],
    ["right order", exported("Point", 3, false)],
    [
      "unnamed first",
      withType({ kind: "product", elements: [{ name: undefined, type: make.u32 }] }),
    ],
    [
      "bad field name",
      withType(product({ "a.b": make.u32 })),
      "type `Point`, field `a.b`: its name `a.b` must start with a letter or _ and go on with letters, digits or _",
    ],
    [
      "inline product in a field",
      withType(product({ a: product({ b: make.u32 }) })),
      "type `Point`, field `a`: a product type must stand in the typespace, not inline",
    ],
    [
      "inline sum in a variant",
      withType(sum({ a: sum({ b: make.u32 }) })),
      "type `Point`, variant `a`: a sum type must stand in the typespace, not inline",
    ],
    ["unit and never inside", withType(product({ a: unitType, b: sum({}) }))],
    ["an option by itself", withType(option(make.u32))],
  ]);
});

void test("the order of names is that of their bytes", async (t) => {
  const ordered = (type: AlgebraicType): RawModuleDefV10 =>
    make.module10({
      Typespace: { types: [...make.types.slice(0, 3), type].map(make.raw) },
      Types: [{ source_name: { scope: [], source_name: "T" }, ty: 3, custom_ordering: false }],
      CaseConversionPolicy: make.plain("None"),
    });
  const fault = "type `T`: its elements are not in the order of their names";
  // U+FF21 comes after U+1D400 in UTF-16 but before it in UTF-8.
  check(t, [
    ["beyond the first plane", ordered(product({ "\uff21": make.u32, "\u{1d400}": make.u32 }))],
    ["and the other way", ordered(product({ "\u{1d400}": make.u32, "\uff21": make.u32 })), fault],
    ["a sum", ordered(sum({ b: unitType, a: unitType })), fault],
    ["a prefix", ordered(sum({ a: unitType, ab: unitType }))],
  ]);
});

void test("the namespace of tables, indexes, constraints, sequences, schedules and views", async (t) => {
  check(t, [
    [
      "two tables",
      withPoint({ source_name: "Person" }),
      "table `Person`: its name `person` is also that of table `person`",
    ],
    [
      "a table and an index",
      withPoint({ source_name: "person_id_idx_btree" }),
      "table `person_id_idx_btree`: its name `person_id_idx_btree` is also that of table `person`, index `person_id_idx_btree`",
    ],
    [
      "an alias of an index",
      withPerson({ indexes: [make.index10("same", [0]), make.index10("same", [1])] }),
      "table `person`, index `same`: its name `same` is also that of table `person`, index `same`",
    ],
    [
      "two constraints",
      withPerson({ constraints: [make.unique10([0]), make.unique10([0])] }),
      "table `person`, constraint `person_id_key`: its name `person_id_key` is also that of table `person`, constraint `person_id_key`",
    ],
    [
      "a sequence and a table",
      withPerson({ sequences: [make.sequence10(3, { source_name: "timer" })] }),
      "table `timer`: its name `timer` is also that of table `person`, sequence `timer`",
    ],
    [
      "a schedule and a table",
      withPoint({ source_name: "timer_sched" }),
      "table `timer_sched`: its name `timer_sched` is also that of table `timer`, schedule `timer_sched`",
    ],
    [
      "a view and a table",
      make.module10({ Views: [make.view10("person")] }),
      "view `person`: its name `person` is also that of table `person`",
    ],
  ]);
});

void test("V9: what stands elsewhere than in V10", async (t) => {
  const defaultOf = (table: string, col_id: number) => ({
    tag: "ColumnDefaultValue" as const,
    value: { table, col_id, value: hex("01000000") },
  });
  const cases: readonly (readonly [string, ReturnType<typeof make.module9>, string])[] = [
    [
      "default of no table",
      make.module9({ misc_exports: [defaultOf("nothing", 0)] }),
      "a default value is for table `nothing`, which does not exist",
    ],
    [
      "two defaults",
      make.module9({ misc_exports: [defaultOf("person", 0), defaultOf("person", 0)] }),
      "table `person`: column 0 has two default values",
    ],
    [
      "scheduled function",
      make.module9({
        tables: [
          make.table9({
            name: "timer",
            product_type_ref: 1,
            schedule: { name: "s", reducer_name: "tack", scheduled_at_column: 1 },
          }),
        ],
      }),
      "table `timer`: the scheduled function `tack` is neither a reducer nor a procedure",
    ],
    [
      "two reducers for an event",
      make.module9({
        tables: [],
        reducers: ["a", "b"].map((name) =>
          make.reducer9(name, { lifecycle: make.plain("OnDisconnect") }),
        ),
      }),
      "reducers `a` and `b` are both for onDisconnect",
    ],
  ];
  for (const [title, def, fault] of cases) t.same(faultsOf({ version: 9, def }), [fault], title);
});
