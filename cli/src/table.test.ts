import { test } from "tap";
import { formatTable, textWidth } from "./table.ts";

void test("columns are aligned, numbers to the right", (t) => {
  const table = formatTable(
    [{ title: "id", isNumber: true }, { title: "name" }],
    [
      ["3", '"C"'],
      ["12345", '"Beth"'],
    ],
  );
  t.equal(
    table,
    ["    id | name", "-------+--------", '     3 | "C"', ' 12345 | "Beth"', ""].join("\n"),
  );
  t.equal(formatTable([{ title: "a" }], []), " a\n---\n", "no rows");
  t.end();
});

void test("width is counted in cells of the terminal", (t) => {
  const rows: [string, number][] = [
    ["", 0],
    ["abc", 3],
    ["caf\u00e9", 4],
    ["cafe\u0301", 4],
    ["\u6f22\u5b57", 4],
    ["\u{1F600}", 2],
  ];
  for (const [text, width] of rows) t.equal(textWidth(text), width, JSON.stringify(text));
  t.end();
});
