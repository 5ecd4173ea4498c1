// Each row of module-def.md section 9: what a difference comes to, and whether clients can go on.
import { type Test, test } from "tap";
import { array, option, primitive, product, sum, unitType } from "@lightcone/abi";
import type { NewTable } from "../../datastore/create-table.ts";
import type { PlannedSchema, PlannedView } from "../schema-plan.ts";
import { describePlan } from "./describe.ts";
import { type MigrationPlan, planMigration } from "./plan.ts";

const u32 = primitive("u32");
const string = primitive("string");
const id = { name: "id", alias: "id", type: u32 };
const text = { name: "text", alias: "text", type: string };
const size = { name: "size", alias: "size", type: u32, defaultValue: new Uint8Array(4) };
const index = {
  name: "item_id_idx",
  alias: "id",
  accessor: "id",
  kind: "btree",
  columns: [0],
} as const;
const textIndex = { ...index, name: "item_text_idx", alias: "text", columns: [1] };
const unique = { name: "item_id_key", columns: [0] };
const sequence = {
  name: "item_id_seq",
  column: 0,
  start: 1n,
  min: 1n,
  max: 9n,
  increment: 1n,
};
const schedule = { name: "item_sched", functionName: "f", atColumn: 1 };

const item: NewTable = {
  name: "item",
  alias: "item",
  access: "public",
  columns: [id, text],
  primaryKey: 0,
  indexes: [index],
  constraints: [unique],
  sequences: [sequence],
  schedule: undefined,
  isEvent: false,
};
const event: NewTable = { ...item, isEvent: true };

const view: PlannedView = {
  name: "best",
  isPublic: true,
  isAnonymous: true,
  params: [],
  columns: [{ name: "id", type: u32 }],
  primaryKey: undefined,
};

function schema(over: Partial<PlannedSchema> = {}): PlannedSchema {
  return { tables: [item], views: [], rowRules: [], ...over };
}

function plan(before: NewTable, change: Partial<NewTable>): MigrationPlan {
  return planMigration(
    schema({ tables: [before] }),
    schema({ tables: [{ ...before, ...change }] }),
  );
}

type Case = readonly [title: string, change: Partial<NewTable>, ...steps: string[]];

/** Each change alone is the steps named; those of `isBreaking` need a disconnect. */
function check(t: Test, before: NewTable, isBreaking: boolean, cases: readonly Case[]): void {
  for (const [title, change, ...steps] of cases) {
    const { refusals, ...found } = plan(before, change);
    t.same(refusals, [], title);
    t.same(
      found.steps.map(({ kind }) => kind),
      steps,
      title,
    );
    t.equal(found.breaksClients, isBreaking, title);
  }
}

void test("changes that clients do not notice", (t) => {
  check(t, item, false, [
    ["nothing", {}],
    ["an index", { indexes: [index, textIndex] }, "addIndex"],
    ["no index", { indexes: [] }, "removeIndex"],
    ["another algorithm", { indexes: [{ ...index, kind: "hash" }] }, "removeIndex", "addIndex"],
    ["other columns", { indexes: [{ ...index, columns: [1, 0] }] }, "removeIndex", "addIndex"],
    [
      "a unique constraint",
      { constraints: [unique, { name: "item_text_key", columns: [1] }] },
      "addConstraint",
    ],
    ["no unique constraint", { constraints: [] }, "removeConstraint"],
    ["a sequence", { sequences: [sequence, { ...sequence, name: "other" }] }, "addSequence"],
    [
      "a sequence's parameters",
      { sequences: [{ ...sequence, max: 8n }] },
      "removeSequence",
      "addSequence",
    ],
    ["no sequence", { sequences: [] }, "removeSequence"],
    ["access", { access: "private" }, "changeAccess"],
    ["no primary key", { primaryKey: undefined }, "changePrimaryKey"],
    ["another primary key", { primaryKey: 1 }, "changePrimaryKey"],
    ["alias of the table", { alias: "Item" }, "changeTableAlias"],
    ["alias of a column", { columns: [id, { ...text, alias: "Text" }] }, "changeColumnAlias"],
    ["source name of an index", { indexes: [{ ...index, alias: "by_id" }] }, "changeIndexAlias"],
    ["a schedule", { schedule }, "addSchedule"],
    [
      "all at once, in order",
      { alias: "I", access: "private", indexes: [textIndex], constraints: [], sequences: [] },
      "removeIndex",
      "removeConstraint",
      "removeSequence",
      "changeTableAlias",
      "addIndex",
      "changeAccess",
    ],
  ]);
  const scheduled = { ...item, schedule };
  check(t, scheduled, false, [
    ["the same schedule", { schedule: { ...schedule } }],
    ["no schedule", { schedule: undefined }, "removeSchedule"],
    [
      "another function",
      { schedule: { ...schedule, functionName: "g" } },
      "removeSchedule",
      "addSchedule",
    ],
  ]);
  t.end();
});

void test("changes that disconnect clients", (t) => {
  check(t, item, true, [
    ["a column with a default value", { columns: [id, text, size] }, "addColumns"],
    [
      "a column and more",
      { columns: [id, text, size], access: "private", indexes: [] },
      "removeIndex",
      "addColumns",
      "changeAccess",
    ],
  ]);
  check(t, event, true, [
    [
      "a column of an event table, without a default",
      { columns: [id, text, { ...size, defaultValue: undefined }] },
      "changeEventColumns",
    ],
    ["fewer columns", { columns: [id] }, "changeEventColumns"],
    ["another type", { columns: [id, { ...text, type: u32 }] }, "changeEventColumns"],
    ["another name", { columns: [id, { ...text, name: "body" }] }, "changeEventColumns"],
  ]);
  t.same(
    plan(event, {
      columns: [text, id],
      indexes: [{ ...index, columns: [1] }],
      constraints: [{ ...unique, columns: [1] }],
      primaryKey: 1,
      sequences: [{ ...sequence, column: 1 }],
    }),
    {
      steps: [
        {
          kind: "changeEventColumns",
          table: "item",
          next: {
            ...event,
            columns: [text, id],
            indexes: [{ ...index, columns: [1] }],
            constraints: [{ ...unique, columns: [1] }],
            primaryKey: 1,
            sequences: [{ ...sequence, column: 1 }],
          },
        },
      ],
      refusals: [],
      breaksClients: true,
    },
    "keys follow their columns by name",
  );
  t.end();
});

void test("changes that are refused, with table and column", (t) => {
  const cases: readonly (readonly [Partial<NewTable>, ...string[]])[] = [
    [{ columns: [id] }, "column text is removed"],
    [
      { columns: [id, { ...text, name: "body" }] },
      "column text is removed",
      "column body is added without a default value",
    ],
    [
      { columns: [text, id], constraints: [{ ...unique, columns: [1] }] },
      "the columns have another order",
    ],
    [
      { columns: [id, text, { ...size, defaultValue: undefined }] },
      "column size is added without a default value",
    ],
    [{ columns: [id, size, text] }, "new columns must stand at the end: size"],
    [
      { columns: [{ ...id, type: primitive("u64") }, text] },
      "column id has another type: u64, not u32",
    ],
    [
      { constraints: [{ ...unique, columns: [1] }] },
      "unique constraint item_id_key is on other columns: text, not id",
    ],
    [
      { indexes: [{ ...index, accessor: "by_id" }] },
      "index item_id_idx has another accessor: by_id, not id",
    ],
    [
      { indexes: [{ ...index, accessor: undefined }] },
      "index item_id_idx has another accessor: none, not id",
    ],
    [{ isEvent: true }, "it becomes an event table"],
    [
      {
        columns: [text],
        isEvent: true,
        constraints: [{ ...unique, columns: [0] }],
        indexes: [],
        sequences: [],
      },
      "it becomes an event table",
      "column id is removed",
      "unique constraint item_id_key is on other columns: text, not id",
    ],
  ];
  for (const [change, ...reasons] of cases) {
    const expected = reasons.map((reason) => `table item: ${reason}`);
    t.same(plan(item, change).refusals, expected, reasons.join());
  }
  t.same(plan(event, { isEvent: false }).refusals, ["table item: it is an event table no more"]);
  const broken = { ...sequence, name: "s", increment: 100n };
  t.same(plan(item, { sequences: [sequence, broken] }).refusals, [
    "sequence s: steps of 100 from 1 do not fit between 1 and 9",
  ]);
  t.end();
});

void test("column types: variants at the end, with the same layout", (t) => {
  const level = sum({ low: unitType, high: unitType });
  const more = sum({ low: unitType, high: unitType, top: unitType });
  const event_ = sum({ byte: primitive("u8"), word: u32 });
  const typed = (type: typeof id.type): NewTable => ({
    ...item,
    columns: [{ ...id, type }, text],
    sequences: [],
  });
  const allowed: readonly (readonly [string, typeof id.type, typeof id.type])[] = [
    ["an enum", level, more],
    [
      "a payload that fits",
      event_,
      sum({ byte: primitive("u8"), word: u32, half: primitive("i16") }),
    ],
    ["in a product", product({ level, n: u32 }), product({ level: more, n: u32 })],
    ["in an array", array(level), array(more)],
    ["in an option", option(level), option(more)],
    ["in a variant", sum({ a: level, b: u32 }), sum({ a: more, b: u32 })],
    ["text beside an array", sum({ a: string }), sum({ a: string, b: array(u32) })],
  ];
  for (const [title, before, after] of allowed) {
    const { steps, refusals, breaksClients } = plan(typed(before), {
      columns: typed(after).columns,
    });
    t.match(
      [steps, refusals, breaksClients],
      [[{ kind: "changeColumnType", table: "item", position: 0 }], [], false],
      title,
    );
  }
  const refused: readonly (readonly [typeof id.type, typeof id.type, string])[] = [
    [more, level, "column id, variant top is removed"],
    [level, sum({ low: unitType, top: unitType }), "column id, variant high is now top"],
    [
      level,
      sum({ low: unitType, high: primitive("u8") }),
      "column id, variant high has another type: u8, not product",
    ],
    [
      level,
      sum({ low: unitType, high: unitType, top: u32 }),
      "column id: its values would take 8 bytes aligned to 4, not 1 bytes aligned to 1",
    ],
    [
      event_,
      sum({ byte: primitive("u8"), word: u32, wide: product({ a: u32, b: u32 }) }),
      "column id: its values would take 12 bytes aligned to 4, not 8 bytes aligned to 4",
    ],
    [product({ a: u32 }), product({ a: u32, b: u32 }), "column id, field b is added"],
    [product({ a: u32, b: u32 }), product({ a: u32 }), "column id, field b is removed"],
    [product({ a: u32 }), product({ b: u32 }), "column id, field a is now b"],
    [array(u32), array(string), "column id, element has another type: string, not u32"],
    [option(u32), option(string), "column id, variant some has another type: string, not u32"],
    [
      product({ a: level }),
      product({ a: sum({ low: unitType }) }),
      "column id, field a, variant high is removed",
    ],
  ];
  for (const [before, after, reason] of refused) {
    t.same(plan(typed(before), { columns: typed(after).columns }).refusals, [
      `table item: ${reason}`,
    ]);
  }
  t.end();
});

void test("tables, views and row rules", (t) => {
  const other = { ...item, name: "other" };
  const kinds = (before: Partial<PlannedSchema>, after: Partial<PlannedSchema>): unknown => {
    const { steps, breaksClients, refusals } = planMigration(schema(before), schema(after));
    t.same(refusals, []);
    return [breaksClients, ...steps.map(({ kind }) => kind)];
  };
  t.same(kinds({}, { tables: [item, other] }), [false, "addTable"]);
  t.same(kinds({ tables: [item, other] }, {}), [true, "removeTable"]);
  t.same(kinds({}, { tables: [other] }), [true, "removeTable", "addTable"], "a new name");
  t.same(kinds({ views: [view] }, { views: [{ ...view }] }), [false], "its code may have changed");
  t.same(kinds({}, { views: [view] }), [false, "addView"]);
  t.same(kinds({ views: [view] }, {}), [true, "removeView"]);
  const changes: Partial<PlannedView>[] = [
    { params: [{ name: "n", type: u32 }] },
    { columns: [{ name: "id", type: string }] },
    { primaryKey: 0 },
    { isAnonymous: false },
    { isPublic: false },
  ];
  for (const change of changes) {
    const found = kinds({ views: [view] }, { views: [{ ...view, ...change }] });
    t.same(found, [true, "removeView", "addView"], Object.keys(change).join());
  }
  t.same(kinds({ rowRules: ["a"] }, { rowRules: ["a"] }), [false]);
  t.same(kinds({ rowRules: ["a"] }, { rowRules: ["b"] }), [true, "removeRowRule", "addRowRule"]);
  t.end();
});

void test("a plan as text", (t) => {
  const other: NewTable = { ...item, name: "other", columns: [id, { ...text, type: array(u32) }] };
  const before = schema({ tables: [item, { ...item, name: "old" }] });
  const after = schema({ tables: [{ ...item, columns: [id, text, size] }, other] });
  t.equal(
    describePlan(planMigration(before, after)),
    [
      "Migration plan",
      "▸ Removed user table: old",
      "▸ Added columns to table item, whose rows are rewritten",
      "    - size: u32",
      "▸ Created user table: other (public)",
      "    - id: u32",
      "    - text: array of u32",
      "! All clients are disconnected and need new bindings",
    ].join("\n"),
  );
  t.equal(describePlan(planMigration(before, before)), "Migration plan");
  t.end();
});
