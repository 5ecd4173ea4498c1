// Each rule of module-def.md section 7, broken alone in an otherwise sound module: exactly the
// faults named come back.
import { test } from "tap";
import * as make from "../../test/definition.ts";
import { check, withPerson, withPoint } from "../../test/faults.ts";
import { hex } from "../../test/hex.ts";
import { product } from "../sats/type.ts";
import type { RawModuleDefV10, RawTableV10 } from "./raw-v10.ts";

void test("tables and columns", async (t) => {
  check(t, [
    [
      "no row type",
      withPoint({ product_type_ref: 2 }),
      "table `spot`: its row type 2 is not a product of the typespace",
    ],
    [
      "row type beyond",
      withPoint({ product_type_ref: 9 }),
      "table `spot`: its row type 9 is not a product of the typespace",
    ],
    [
      "system table",
      withPoint({ table_type: make.plain("System") }),
      "table `spot`: a module cannot define a system table",
    ],
    [
      "reserved prefix",
      withPoint({ source_name: "st_spot" }),
      "table `st_spot`: names that start with `st_` belong to the system",
    ],
    [
      "bad name",
      withPoint({ source_name: "a.b" }),
      "table `a.b`: it cannot be called so: its name `a.b` must start with a letter or _ and go on with letters, digits or _",
    ],
    [
      "name of nothing but separators",
      withPoint({ source_name: "_" }),
      "table `_`: it cannot be called so: its name `` is empty",
    ],
    [
      "unnamed column",
      make.module10({
        Typespace: {
          types: [
            ...make.types.slice(0, 3),
            { kind: "product" as const, elements: [{ name: undefined, type: make.u32 }] },
          ].map(make.raw),
        },
        Tables: [
          make.table10(),
          make.timerTable10,
          make.table10({
            source_name: "spot",
            product_type_ref: 3,
            primary_key: [],
            indexes: [],
            constraints: [],
          }),
        ],
      }),
      "table `spot`: column 0 has no name",
    ],
    [
      "two columns of one canonical name",
      make.module10({
        Typespace: {
          types: [...make.types.slice(0, 3), product({ aB: make.u32, a_b: make.u32 })].map(
            make.raw,
          ),
        },
        Tables: [
          make.table10(),
          make.timerTable10,
          make.table10({
            source_name: "spot",
            product_type_ref: 3,
            primary_key: [],
            indexes: [],
            constraints: [],
          }),
        ],
      }),
      "type `Point`: it has two fields `a_b`",
      "table `spot`: it has two columns `a_b`",
    ],
  ]);
});

void test("keys, constraints and indexes", async (t) => {
  check(t, [
    [
      "primary key of two columns",
      withPerson({ primary_key: [0, 1] }),
      "table `person`: the primary key has 2 columns, only one is possible",
    ],
    [
      "primary key without a constraint",
      withPerson({ constraints: [] }),
      "table `person`: column `id` is the primary key but has no unique constraint",
    ],
    [
      "primary key within a wider constraint",
      withPerson({
        indexes: [make.index10("i", [0, 1])],
        constraints: [make.unique10([0, 1])],
      }),
      "table `person`: column `id` is the primary key but has no unique constraint",
    ],
    [
      "constraint without an index",
      withPerson({ constraints: [make.unique10([0]), make.unique10([1])] }),
      "table `person`: constraint `person_name_key` has no index on the same columns",
    ],
    [
      "constraint with an index in another order",
      withPerson({
        indexes: [make.index10("a", [0]), make.index10("b", [1, 0])],
        constraints: [make.unique10([0]), make.unique10([0, 1])],
      }),
    ],
    [
      "constraint with a column twice",
      withPerson({
        indexes: [make.index10("a", [0])],
        constraints: [make.unique10([0]), make.unique10([0, 0])],
      }),
      "table `person`: a unique constraint names a column twice",
    ],
    [
      "constraint on nothing",
      withPerson({ constraints: [make.unique10([0]), make.unique10([])] }),
      "table `person`: a unique constraint has no columns",
    ],
    [
      "constraint on a column that is not there",
      withPerson({ constraints: [make.unique10([0]), make.unique10([4])] }),
      "table `person`: a unique constraint is on column 4, which does not exist",
    ],
    [
      "index on columns that are not there",
      withPerson({ indexes: [make.index10("a", [0]), make.index10("b", [7, 8])] }),
      "table `person`: index `b` is on column 7, which does not exist",
    ],
    [
      "index with a column twice",
      withPerson({ indexes: [make.index10("a", [0]), make.index10("b", [1, 1])] }),
      "table `person`: index `b` names a column twice",
    ],
    [
      "index without a name of its own",
      withPerson({ indexes: [make.index10("a", [0]), make.index10(undefined, [1])] }),
      "table `person`: an index has no source name",
    ],
    ["direct index on u32", withPerson({ indexes: [make.index10("a", [0]), make.direct10(0)] })],
    [
      "direct index on an enum",
      withPerson({ indexes: [make.index10("a", [0]), make.direct10(2)] }),
    ],
    [
      "direct index on text",
      withPerson({ indexes: [make.index10("a", [0]), make.direct10(1)] }),
      "table `person`: index `person_name_idx_direct`, column `name`: a direct index needs u8, u16, u32, u64 or an enum without payloads",
    ],
    [
      "direct index on i64",
      withPerson({ indexes: [make.index10("a", [0]), make.direct10(3)] }),
      "table `person`: index `person_score_idx_direct`, column `score`: a direct index needs u8, u16, u32, u64 or an enum without payloads",
    ],
  ]);
});

void test("sequences", async (t) => {
  const on = (over: Parameters<typeof make.sequence10>[1]): RawModuleDefV10 =>
    withPerson({ sequences: [make.sequence10(3, over)] });
  const label = "table `person`: column `score`:";
  check(t, [
    ["sound", on({ start: 1n, min_value: -5n, max_value: 9n, increment: -1n })],
    [
      "type",
      withPerson({ sequences: [make.sequence10(2)] }),
      "table `person`: column `level`: a sequence needs an integer type",
    ],
    [
      "two on one column",
      withPerson({
        sequences: [make.sequence10(3), make.sequence10(3, { source_name: "other" })],
      }),
      `${label} it has two sequences`,
    ],
    [
      "column beyond",
      withPerson({ sequences: [make.sequence10(4)] }),
      "table `person`: a sequence is on column 4, which does not exist",
    ],
    [
      "min over max",
      on({ min_value: 2n, max_value: 1n }),
      `${label} the sequence's minimum 2 is over its maximum 1`,
    ],
    [
      "start under min",
      on({ start: 0n, min_value: 1n }),
      `${label} the sequence starts at 0, under its minimum 1`,
    ],
    [
      "start over max",
      on({ start: 2n, max_value: 1n }),
      `${label} the sequence starts at 2, over its maximum 1`,
    ],
    ["increment", on({ increment: 0n }), `${label} the sequence's increment is zero`],
  ]);
});

void test("schedules", async (t) => {
  const schedule = (over: object): RawModuleDefV10 =>
    make.module10({
      Schedules: [
        {
          source_name: undefined,
          table_name: "timer",
          schedule_at_col: 1,
          function_name: "tick",
          ...over,
        },
      ],
    });
  const timer = (over: Partial<RawTableV10>): RawModuleDefV10 =>
    make.module10({ Tables: [make.table10(), { ...make.timerTable10, ...over }] });
  check(t, [
    [
      "no such table",
      schedule({ table_name: "clock" }),
      "a schedule is for table `clock`, which does not exist",
    ],
    [
      "two for a table",
      make.module10({
        Schedules: [1, 2].map(() => ({
          source_name: undefined,
          table_name: "timer",
          schedule_at_col: 1,
          function_name: "tick",
        })),
      }),
      "table `timer`: it has two schedules",
    ],
    [
      "no such column",
      schedule({ schedule_at_col: 2 }),
      "table `timer`: the schedule is on column 2, which does not exist",
    ],
    [
      "wrong column",
      schedule({ schedule_at_col: 0 }),
      "table `timer`: column `id`: a schedule needs the type ScheduleAt",
    ],
    [
      "no such function",
      schedule({ function_name: "tack" }),
      "table `timer`: the scheduled function `tack` is neither a reducer nor a procedure",
    ],
    [
      "function of other parameters",
      schedule({ function_name: "add" }),
      "table `timer`: the scheduled function `add` must take a row of the table and nothing else",
    ],
    [
      "no primary key",
      timer({ primary_key: [] }),
      "table `timer`: a scheduled table needs a primary key of type u64",
    ],
    [
      "event table",
      timer({ is_event: true }),
      "table `timer`: an event table cannot be scheduled: its rows are not kept",
    ],
    [
      "primary key of another type",
      make.module10({
        Schedules: [
          {
            source_name: undefined,
            table_name: "person",
            schedule_at_col: 3,
            function_name: "add",
          },
        ],
      }),
      "table `person`: a scheduled table needs a primary key of type u64",
      "table `person`: column `score`: a schedule needs the type ScheduleAt",
      "table `person`: the scheduled function `add` must take a row of the table and nothing else",
    ],
  ]);
});

void test("defaults", async (t) => {
  const withDefault = (col_id: number, value: string): RawModuleDefV10 =>
    withPerson({ default_values: [{ col_id, value: hex(value) }] });
  const decodes = "its default value does not decode as the column's type";
  check(t, [
    ["sound", withDefault(1, "01000000 61")],
    ["an enum's", withDefault(2, "01")],
    [
      "no such column",
      withDefault(4, "00"),
      "table `person`: a default value is for column 4, which does not exist",
    ],
    ["too short", withDefault(0, "0000"), `table \`person\`: column \`id\`: ${decodes}`],
    ["too long", withDefault(0, "0000000000"), `table \`person\`: column \`id\`: ${decodes}`],
    ["no variant", withDefault(2, "02"), `table \`person\`: column \`level\`: ${decodes}`],
  ]);
});
