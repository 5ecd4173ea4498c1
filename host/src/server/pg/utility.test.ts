import { test } from "tap";
import { PgFault } from "./fault.ts";
import { planStatement } from "./plan.ts";
import { planScalar } from "./scalar.ts";
import { Settings } from "./settings.ts";
import { parseUtility } from "./utility.ts";

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof PgFault ? thrown.sqlState : thrown;
  }
}

void test("statements that the database does not run", (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["begin", { kind: "begin", tag: "BEGIN" }],
    ["BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", { kind: "begin", tag: "BEGIN" }],
    ["START TRANSACTION", { kind: "begin", tag: "START TRANSACTION" }],
    ["END", { kind: "commit", tag: "COMMIT" }],
    ["ROLLBACK WORK", { kind: "rollback", tag: "ROLLBACK" }],
    ["ROLLBACK TO SAVEPOINT a", "0A000"],
    [`BEGIN ${"isolation level a ".repeat(20_000)}`, "0A000"],
    ["SET x = 'it''s'", { kind: "set", name: "x", value: "it's" }],
    [
      "SET LOCAL statement_timeout TO DEFAULT",
      { kind: "set", name: "statement_timeout", value: undefined },
    ],
    ["SET TIME ZONE 'UTC'", { kind: "set", name: "timezone", value: "UTC" }],
    ["SET NAMES 'utf8'", { kind: "set", name: "client_encoding", value: "utf8" }],
    ["SET TRANSACTION READ ONLY", { kind: "nothing", tag: "SET" }],
    ["SET row_limit = 5", undefined],
    ["SHOW row_limit", undefined],
    ["SHOW all", { kind: "showAll" }],
    ["RESET ALL", { kind: "resetAll" }],
    ['DEALLOCATE PREPARE "A b"', { kind: "deallocate", name: "A b" }],
    ["DEALLOCATE ALL", { kind: "deallocate", name: undefined }],
    ["DISCARD ALL", { kind: "discard", tag: "DISCARD ALL" }],
    ["SELECT 1", undefined],
    ["constructor", undefined],
    ["", undefined],
  ];
  for (const [text, wanted] of cases) {
    t.same(
      outcome(() => parseUtility(text)),
      wanted,
      text.slice(0, 60),
    );
  }
  t.end();
});

void test("settings are kept, told, and refused where they would change something", (t) => {
  const settings = new Settings("me");
  t.equal(settings.get("SESSION_AUTHORIZATION"), "me");
  t.same(settings.set("application_name", "app"), ["application_name", "app"]);
  t.equal(settings.set("application_name", "app"), undefined, "no change is not told");
  t.equal(settings.set("statement_timeout", "5s"), undefined);
  t.equal(settings.get("statement_timeout"), "5s");
  t.equal(
    outcome(() => settings.set("server_version", "1")),
    "55P02",
  );
  t.equal(
    outcome(() => settings.set("timezone", "Europe/Berlin")),
    "22023",
  );
  t.equal(
    outcome(() => settings.set("__proto__", "x")),
    "42704",
  );
  settings.set("search_path", "x".repeat(10_000));
  t.equal(settings.get("search_path").length, 256, "values are bounded");
  t.same(settings.reset(), [["application_name", ""]]);
  t.end();
});

void test("SELECT without FROM", (t) => {
  const context = {
    database: "db",
    user: "me",
    processId: 7,
    settings: new Settings("me"),
    nowMicros: 0n,
  };
  const cases: readonly (readonly [string, unknown])[] = [
    ["SELECT 1", ["1"]],
    ["select -1, 1.5, 'a' as b, null, true", ["-1", "1.5", "a", null, "t"]],
    ["SELECT 1 + 2 + 3", ["6"]],
    ["SELECT '5'::int + 1", ["6"]],
    ["SELECT 'x'::int", "22P02"],
    ["SELECT pg_catalog.current_database(), current_user", ["db", "me"]],
    ["SELECT current_setting('server_encoding')", ["UTF8"]],
    [
      "SELECT pg_backend_pid(), pg_is_in_recovery(), now()",
      ["7", "f", "1970-01-01 00:00:00+00:00"],
    ],
    ["SELECT 1 FROM t", undefined],
    ["SELECT 1::constructor", undefined],
    ["SELECT constructor()", undefined],
    ["SELECT toString", undefined],
    ["SELECT 1 +", undefined],
    ["SELECT", undefined],
    ["SELECT $0", undefined],
    ["SELECT $70000", undefined],
    ["SELECTED 1", undefined],
  ];
  for (const [text, wanted] of cases) {
    t.same(
      outcome(() => planScalar(text, [])?.row(context, [])),
      wanted,
      text,
    );
  }
  t.same(planScalar("SELECT $2::int, $1", [0, 0])?.parameterOids, [25, 23]);
  t.end();
});

void test("questions about the catalog are answered from a list", async (t) => {
  const tables = [
    {
      oid: 4096,
      name: "person",
      kind: "table" as const,
      columns: [{ name: "id", type: "bigint", isNullable: false, isAutoIncrement: true }],
      indexes: [
        {
          oid: 1,
          name: "by_id",
          kind: "btree" as const,
          columns: ["id"],
          isUnique: true,
          isPrimary: true,
        },
      ],
    },
    { oid: 4097, name: "people", kind: "view" as const, columns: [], indexes: [] },
  ];
  const context = {
    database: "db",
    user: "me",
    processId: 7,
    settings: new Settings("me"),
    nowMicros: 0n,
  };
  const relations = (kinds: string, more = ""): string =>
    `SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' END as "Type" FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (${kinds}) ${more} ORDER BY 1,2`;
  const named = (pattern: string): string =>
    `AND c.relname OPERATOR(pg_catalog.~) '${pattern}' COLLATE pg_catalog.default`;
  const cases: readonly (readonly [string, unknown])[] = [
    [relations("'r','p',''"), [["public", "person", "table"]]],
    [
      relations("'r','v'"),
      [
        ["public", "people", "view"],
        ["public", "person", "table"],
      ],
    ],
    [relations("'i'"), [["public", "by_id", "index"]]],
    [relations("'r','v'", named("^(peo.*)$")), [["public", "people", "view"]]],
    [
      relations("'r','v'", named("^(p.....)$")),
      [
        ["public", "people", "view"],
        ["public", "person", "table"],
      ],
    ],
    [relations("'r'", named("^((a+)+)$")), "0A000"],
    [relations("'r'", named(`^(${".*a".repeat(9)})$`)), "0A000"],
    [
      `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attnew
       FROM pg_catalog.pg_attribute a WHERE a.attrelid = '4096' AND a.attnum > 0`,
      [["id", "bigint", "t", null]],
    ],
    [
      "SELECT c.relchecks, c.relkind, c.relnew FROM pg_catalog.pg_class c WHERE c.oid = '4097'",
      [["0", "v", null]],
    ],
    ["SELECT c.relchecks, c.relkind FROM pg_catalog.pg_class c WHERE c.oid = '1'", []],
    ["SELECT pol.polname FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '4096'", []],
    ["SELECT typname FROM pg_type", "0A000"],
    ["SELECT 'pg_' FROM person", "database"],
    ["SELECT pg_name FROM person", "database"],
  ];
  for (const [text, wanted] of cases) {
    const plan = outcome(() => planStatement(text, []));
    if (typeof plan === "string") t.equal(plan, wanted, text);
    else {
      const { kind, ...rest } = plan as ReturnType<typeof planStatement>;
      const rows =
        kind === "local" && "rows" in rest
          ? await rest.rows(context, [], () => Promise.resolve(tables))
          : "database";
      t.same(rows, wanted, text);
    }
  }
});
