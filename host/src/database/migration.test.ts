import { test } from "tap";
import type { NewTable } from "../datastore/create-table.ts";
import { planMigration } from "./migration.ts";

const id = { name: "id", alias: "id", type: { kind: "u32" } } as const;
const text = { name: "text", alias: "text", type: { kind: "string" } } as const;
const index = { name: "item_id", alias: "id", kind: "btree", columns: [0] } as const;
const sequence = {
  name: "item_id_seq",
  column: 0,
  start: 1n,
  min: 1n,
  max: 9n,
  increment: 1n,
} as const;
const schedule = { name: "s", functionName: "f", atColumn: 1 } as const;

const item = {
  name: "item",
  alias: "item",
  access: "public",
  columns: [id, text],
  primaryKey: 0,
  indexes: [index],
  constraints: [{ name: "item_id_key", columns: [0] }],
  sequences: [],
  schedule: undefined,
  isEvent: false,
} as unknown as NewTable;

void test("a table as it was is no step, a new one is", (t) => {
  const other = { ...item, name: "other" };
  t.same(planMigration([item], [item]), { added: [], refusals: [] });
  t.same(planMigration([item], [{ ...item }, other]), { added: [other], refusals: [] });
  t.same(planMigration([], [item]), { added: [item], refusals: [] });
  t.end();
});

void test("every other change is refused, by name", (t) => {
  const cases: [change: Partial<Record<keyof NewTable, unknown>>, refusals: string[]][] = [
    [{ columns: [id] }, ["column text is removed"]],
    [{ columns: [id, text, { ...text, name: "more" }] }, ["column more is added"]],
    [
      { columns: [id, { ...text, name: "body" }] },
      ["column text is removed", "column body is added"],
    ],
    [{ columns: [{ ...id, type: { kind: "u64" } }, text] }, ["column id has another type"]],
    [{ columns: [text, id] }, ["the columns have another order"]],
    [{ columns: [id, { ...text, alias: "Text" }] }, ["a column's name in the source is changed"]],
    [{ alias: "Item" }, ["its name in the source is changed"]],
    [{ access: "private" }, ["becomes private"]],
    [{ primaryKey: undefined }, ["the primary key is changed"]],
    [{ isEvent: true }, ["the event flag is changed"]],
    [{ indexes: [] }, ["index item_id is removed"]],
    [{ indexes: [{ ...index, kind: "hash" }] }, ["index item_id is changed"]],
    [{ indexes: [index, { ...index, name: "more" }] }, ["index more is added"]],
    [{ constraints: [] }, ["unique constraint item_id_key is removed"]],
    [{ sequences: [sequence] }, ["sequence item_id_seq is added"]],
    [{ schedule }, ["the schedule is changed"]],
    [{ access: "private", isEvent: true }, ["becomes private", "the event flag is changed"]],
  ];
  for (const [change, refusals] of cases) {
    const after = { ...item, ...change } as NewTable;
    const expected = refusals.map((refusal) => `table item: ${refusal}`);
    t.same(planMigration([item], [after]).refusals, expected, JSON.stringify(refusals));
  }
  const scheduled = { ...item, schedule, sequences: [sequence] } as NewTable;
  const changed = {
    ...scheduled,
    schedule: { ...schedule, functionName: "g" },
    sequences: [{ ...sequence, max: 8n }],
  } as NewTable;
  t.same(planMigration([scheduled], [changed]).refusals, [
    "table item: sequence item_id_seq is changed",
    "table item: the schedule is changed",
  ]);
  t.same(planMigration([item, scheduled], []).refusals, [
    "table item is removed",
    "table item is removed",
  ]);
  t.end();
});
