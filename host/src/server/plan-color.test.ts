import { test } from "tap";
import { colorPlan } from "./plan-color.ts";

void test("each line of a plan has the colour of what it does", async (t) => {
  const lines: readonly (readonly [string, string])[] = [
    ["Migration plan", "\u001b[1mMigration plan\u001b[0m"],
    ["▸ Created view: a", "\u001b[32m▸ Created view: a\u001b[0m"],
    ["    - id: u32", "    - id: u32"],
    ["▸ Removed view: a", "\u001b[31m▸ Removed view: a\u001b[0m"],
    [
      "▸ Changed access of table t: public",
      "\u001b[33m▸ Changed access of table t: public\u001b[0m",
    ],
    ["! All clients", "\u001b[31m! All clients\u001b[0m"],
  ];
  const [plain, colored] = [0, 1].map((i) => lines.map((line) => line[i]).join("\n"));
  t.equal(colorPlan(plain!), colored);
});
