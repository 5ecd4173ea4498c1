// docs/http.md and docs/metrics.md tell what the tables in the code tell. `LIGHTCONE_UPDATE=1` writes the tables into the pages.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { familyTable } from "../../src/server/metrics/families.ts";
import { answersOf } from "../../src/server/openapi/answers.ts";
import { routes } from "../../src/server/route-table.ts";
import type { Route } from "../../src/server/router.ts";

const docs = fileURLToPath(new URL("../../../../docs/", import.meta.url));

/** Rows as prettier writes them. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, i) =>
    Math.max(3, ...rows.map((row) => (row[i] ?? "").length)),
  );
  const lines = rows.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function routeRow(route: Route): string[] {
  const { method, path, credentials, access, summary, query = [] } = route;
  const statuses = Object.keys(answersOf(route)).filter((status) => status !== "default");
  return [
    `${method === "ANY" ? "any" : method} \`${path}\``,
    credentials === "ignored" ? "–" : credentials,
    access === "owner" ? "owner" : "",
    query.map(({ name }) => `\`${name}\``).join(", "),
    statuses.join(" "),
    summary,
  ];
}

const pages = {
  "http.md": {
    mark: "routes",
    rows: [["route", "token", "who", "query", "answers", "what"], ...routes.map(routeRow)],
  },
  "metrics.md": {
    mark: "metrics",
    rows: [
      ["name", "type", "what"],
      ...Object.values(familyTable).map(([type, name, help]) => [`\`${name}\``, type, help]),
    ],
  },
} as const;

for (const [name, { mark, rows }] of Object.entries(pages)) {
  void test(`${name} has the table of ${mark}`, (t) => {
    const path = `${docs}${name}`;
    const page = readFileSync(path, "utf8");
    const between = new RegExp(`(<!-- ${mark} -->\n).*(<!-- /${mark} -->)`, "s");
    t.match(page, between);
    const next = page.replace(between, (_all, head: string, tail: string) => {
      return `${head}\n${table(rows)}\n\n${tail}`;
    });
    if (process.env["LIGHTCONE_UPDATE"] === "1") writeFileSync(path, next);
    else t.equal(page, next, `run this test with LIGHTCONE_UPDATE=1 to write ${name}`);
    t.end();
  });
}
