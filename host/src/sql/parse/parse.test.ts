// Texts to trees: what is read, what is refused by name, and that no text is too deep or too long for the parser.
import { test } from "tap";
import { limit } from "../../base/limit.ts";
import { parseStatement } from "./parse.ts";
import { outcomeOf } from "../test-tables.ts";
import type { Expression } from "./tree.ts";

/** An expression with all its parentheses. */
function show(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return `${expression.form}:${expression.text}`;
    case "column":
      return [expression.qualifier, expression.column]
        .filter((part) => part !== undefined)
        .join(".");
    case "sender":
      return ":sender";
    case "comparison":
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`;
    case "and":
    case "or":
      return `(${expression.parts.map(show).join(` ${expression.kind} `)})`;
    case "not":
      return `not ${show(expression.inner)}`;
    case "in":
      return `(${show(expression.operand)} in ${expression.values.map(show).join(" ")})`;
    case "like":
      return `(${show(expression.operand)} like ${show(expression.pattern)})`;
    case "isNull":
      return `(${show(expression.operand)} is null)`;
    case "aggregate":
      return `${expression.function}(${expression.column === undefined ? "*" : show(expression.column)})`;
  }
}

function showWhere(text: string): string {
  return outcomeOf(() => {
    const statement = parseStatement(`SELECT * FROM t WHERE ${text}`);
    return statement.kind === "select" && statement.where ? show(statement.where) : "no WHERE";
  });
}

function showStatement(text: string): string {
  return outcomeOf(() => {
    const statement = parseStatement(text);
    return JSON.stringify(statement, (key, value: unknown) => (key === "at" ? undefined : value));
  });
}

void test("[SQL2] expressions", async (t) => {
  const rows: readonly [text: string, expected: string][] = [
    ["a = 1", "(a = number:1)"],
    ["a != 1", "(a <> number:1)"],
    ["a<=1", "(a <= number:1)"],
    ["a=-1", "(a = number:-1)"],
    ["a = + 1.5e-3", "(a = number:+1.5e-3)"],
    ["a = .5E2", "(a = number:.5E2)"],
    ["a = 0xaB", "(a = hex:aB)"],
    ["a = X'0f' or a = x''", "((a = hex:0f) or (a = hex:))"],
    ["a = 'it''s ''--'' /* no comment */'", "(a = string:it's '--' /* no comment */)"],
    ["a = true and FALSE", "((a = bool:TRUE) and bool:FALSE)"],
    ["a or b and c or d", "(a or (b and c) or d)"],
    ["(a or b) and ((c)) and d", "((a or b) and c and d)"],
    ["(a = b) = (c)", "((a = b) = c)"],
    ["t.a = lib.t.a", "(t.a = lib.t.a)"],
    ['"T"."a b" = "say ""hi"""', '(T.a b = say "hi")'],
    ["at = user and key <> value", "((at = user) and (key <> value))"],
    ["größe > _x1$", "(größe > _x1$)"],
    [":sender = who", "(:sender = who)"],
    ["a -- comment\n= /* one /* in */ another */ 1", "(a = number:1)"],
  ];
  for (const [text, expected] of rows) t.equal(showWhere(text), expected, text);
});

void test("[SQL2] statements", async (t) => {
  const table = (text: string): object => ({ table: { text } });
  const select = (projection: object, from: object, rest: object = {}): string =>
    JSON.stringify({ kind: "select", projection, from, joins: [], ...rest });
  const star = { kind: "all" };
  const number = { kind: "literal", form: "number", text: "1e2" };
  t.equal(showStatement("SELECT*FROM t"), select(star, table("t")));
  t.equal(showStatement("sElEcT * FrOm \n t ;"), select(star, table("t")));
  t.equal(showStatement("/* x */ SELECT * FROM lib.sub.t -- y"), select(star, table("lib.sub.t")));
  t.equal(
    showStatement('SELECT "x".* FROM "lib"."t" x LIMIT 1e2'),
    select(
      { kind: "all", qualifier: { text: "x" } },
      { ...table("lib.t"), alias: { text: "x" } },
      {
        limit: number,
      },
    ),
  );
  t.equal(
    showStatement("SELECT count(*) n FROM t AS left"),
    select({ kind: "count", alias: { text: "n" } }, { ...table("t"), alias: { text: "left" } }),
  );
});

void test("[SQL12] what does not parse says what was expected, and where", async (t) => {
  const rows: readonly [text: string, expected: string][] = [
    [
      "SELEC * FROM t",
      "expected a statement, found SELEC; did you mean `SELECT`? (line 1, column 1)",
    ],
    ["SELECT FROM t", "expected a column, found FROM (line 1, column 8)"],
    ["SELECT * t", "expected FROM, found t (line 1, column 10)"],
    ["SELECT *\n  FROM\n", "expected a table, found the end (line 3, column 1)"],
    ["SELECT * FROM t WHERE", "expected an expression, found the end (line 1, column 22)"],
    ["SELECT * FROM t WHERE a =", "expected an expression, found the end (line 1, column 26)"],
    ["SELECT * FROM t WHERE AND a", "expected an expression, found AND (line 1, column 23)"],
    ["SELECT * FROM t WHERE (a = 1", "expected ), found the end (line 1, column 29)"],
    [
      "SELECT * FROM t WHERE a = 1)",
      "expected the end of the statement, found ) (line 1, column 28)",
    ],
    ["SELECT * FROM t x y", "expected the end of the statement, found y (line 1, column 19)"],
    [
      "SELECT * FROM t WHERE a = b = c",
      "expected parentheses around one of two comparisons, found = (line 1, column 29)",
    ],
    ["SELECT * FROM t WHERE t. = 1", "expected a column, found = (line 1, column 26)"],
    ["SELECT * FROM 't'", "expected a table, found 't' (line 1, column 15)"],
    ["SELECT * FROM t WHERE a = 'x", "a string is not closed (line 1, column 27)"],
    ['SELECT * FROM "t', "a quoted name is not closed (line 1, column 15)"],
    ['SELECT * FROM ""', "a quoted name is empty (line 1, column 15)"],
    ["SELECT * FROM t /* /* */", "a comment is not closed (line 1, column 17)"],
    ["SELECT * FROM t WHERE a = X'0g'", "X'…' takes hex digits only (line 1, column 27)"],
    ["SELECT * FROM t WHERE a = 1x", "a number runs into a word (line 1, column 27)"],
    ["SELECT * FROM t WHERE a = 0x", "a number runs into a word (line 1, column 27)"],
    ["SELECT * FROM `t`", 'unexpected character "`" (line 1, column 15)'],
    [
      "SELECT * FROM t WHERE a = '1' '2'",
      "expected the end of the statement, found '2' (line 1, column 31)",
    ],
    [
      `SELECT * FROM ${"'".padEnd(90, "x")}'`,
      `expected a table, found ${"'".padEnd(60, "x")}… (line 1, column 15)`,
    ],
  ];
  for (const [text, expected] of rows) {
    t.equal(showStatement(text), `LC_SQL_SYNTAX: sql parser error: ${expected}`, text);
  }
  t.equal(showStatement(" -- nothing\n;"), "LC_SQL_SYNTAX: Empty SQL query (line 2, column 1)");
});

void test("[SQL12] what the language leaves out is refused by name", async (t) => {
  const rows: readonly [text: string, expected: string][] = [
    ["SELECT a FROM t GROUP BY a", "Unsupported SELECT: GROUP BY"],
    ["SELECT a FROM t HAVING a = 1", "Unsupported SELECT: HAVING"],
    ["SELECT * INTO x FROM t", "Unsupported SELECT: INTO"],
    ["SELECT * FROM t LIMIT 1 OFFSET 2", "Unsupported: OFFSET"],
    ["SELECT * FROM t FETCH FIRST 1 ROW ONLY", "Unsupported: FETCH"],
    ["SELECT * FROM t FOR UPDATE", "Unsupported: FOR UPDATE"],
    ["WITH x AS (SELECT * FROM t) SELECT * FROM x", "other WITH"],
    ["VALUES (1)", "other VALUES"],
    ["CREATE TABLE x (a INT)", "other CREATE"],
    ["(SELECT * FROM t)", "Unsupported: a statement in parentheses"],
    ["SELECT * FROM t UNION SELECT * FROM u", "Unsupported set operation: UNION"],
    ["SELECT * FROM t WHERE a = 1 EXCEPT SELECT * FROM u", "Unsupported set operation: EXCEPT"],
    ["SELECT * FROM (SELECT * FROM t)", "Unsupported FROM expression: a query inside a query"],
    ["SELECT * FROM t WHERE a = (SELECT 1)", "Unsupported expression: a query inside a query"],
    ["SELECT 1", "Unsupported projection expression"],
    ["SELECT a", "A FROM clause is required"],
    ["SELECT a WHERE b", "A FROM clause is required"],
    ["SELECT t. FROM t", "A FROM clause is required"],
    ["SELECT t.* FROM t NATURAL JOIN u", "Non-inner joins are not supported"],
    ["SELECT t.* FROM t FULL OUTER JOIN u ON t.a = u.b", "Non-inner joins are not supported"],
    ["SELECT t.* FROM t JOIN u USING (id)", "Unsupported FROM expression: USING"],
    ["SELECT t.* FROM t JOIN LATERAL u ON t.a = u.b", "Unsupported FROM expression: LATERAL"],
    ["SELECT t.* FROM t JOIN u ON t.a < u.b", "Unsupported expression: ON takes"],
    ["SELECT * FROM f(1)", "Unsupported FROM expression: a table function"],
    ["SELECT * FROM t AS x (a, b)", "Unsupported FROM expression: an alias with columns"],
    ["SELECT * FROM t WITH (NOLOCK)", "Unsupported FROM expression: WITH"],
    ["SELECT * FROM t WHERE a NOT IN (1)", "Unsupported expression: NOT"],
    ["SELECT * FROM t WHERE a BETWEEN 1 AND 2", "Unsupported expression: BETWEEN"],
    ["SELECT * FROM t WHERE a IS NULL", "Unsupported expression: IS"],
    ["SELECT * FROM t WHERE CASE WHEN a THEN b END", "Unsupported expression: CASE"],
    ["SELECT * FROM t WHERE CAST(a AS INT) = 1", "Unsupported expression: CAST(…)"],
    ["SELECT * FROM t WHERE lower(s) = 'x'", "Unsupported expression: lower(…)"],
    ["SELECT * FROM t WHERE EXISTS (SELECT 1)", "Unsupported expression: EXISTS(…)"],
    ["SELECT * FROM t WHERE s || 'x' = 'y'", "Unsupported binary operator: ||"],
    ["SELECT * FROM t WHERE a = b::text", "Unsupported binary operator: ::"],
    ["SELECT * FROM t WHERE a == 1", "Unsupported binary operator: =="],
    ["SELECT * FROM t WHERE a = -b", "Unsupported expression: - before what is no number"],
    ["SELECT * FROM t WHERE a = -0x10", "Unsupported expression: - before what is no number"],
    ["SELECT * FROM t WHERE (a, b) = (1, 2)", "Unsupported expression: a list of values"],
    ["SELECT * FROM t WHERE a = B'01'", "Unsupported literal expression: B'…'"],
    ["SELECT * FROM t WHERE a = E'\\n'", "Unsupported literal expression: E'…'"],
    ["SELECT * FROM t WHERE a = $1", "Unsupported expression: $1"],
    ["SELECT * FROM t WHERE a = ?", "Unsupported expression: ?"],
    ["SELECT * FROM t WHERE a = :other", "Unsupported expression: :other"],
    ["SELECT SUM(a) AS n FROM t", "Unsupported aggregate function: SUM"],
    ["SELECT COUNT(DISTINCT a) AS n FROM t", "Unsupported aggregate function: COUNT"],
    ["SELECT COUNT(*) AS n, a FROM t", "Unsupported projection: COUNT(*) must be the only item"],
    ["SELECT a + 1 FROM t", "Unsupported projection expression: +"],
    ["SELECT 'x' FROM t", "Unsupported projection expression"],
    ["SELECT t.*, u.* FROM t", "Mixed wildcard projections are not supported"],
    ["SELECT * FROM t LIMIT -1", "Unsupported LIMIT expression"],
    ["SELECT * FROM t LIMIT ALL", "Unsupported LIMIT expression"],
    ["SELECT * FROM t; SELECT", "Multiple SQL statements are not supported"],
  ];
  for (const [text, expected] of rows) {
    const [first, word] = expected.split(" ");
    const whole =
      first === "other"
        ? JSON.stringify({ kind: "other", word })
        : `LC_SQL_UNSUPPORTED: ${expected}`;
    t.equal(showStatement(text).slice(0, whole.length), whole, text);
  }
});

void test("[SQL3] a text of up to 50,000 bytes is read", async (t) => {
  const padded = (length: number, filler: string): string => {
    const start = "SELECT * FROM t WHERE s = '";
    return `${start}${filler.repeat(length - start.length - 1)}'`;
  };
  t.match(showStatement(padded(limit.sqlTextBytesMax, "x")), /^{"kind":"select"/);
  const tooLong = "LC_SQL_SYNTAX: SQL query exceeds maximum allowed length: 50000 bytes";
  t.equal(showStatement(padded(limit.sqlTextBytesMax + 1, "x")), tooLong);
  t.equal(showStatement(padded(limit.sqlTextBytesMax / 2 + 100, "ö")), tooLong, "bytes count");
  t.equal(showStatement("(".repeat(100_000)), tooLong);
});

void test("[SQL3] expressions nest up to a limit, chains are endless", async (t) => {
  const nested = (depth: number): string => showWhere("(".repeat(depth) + "ok" + ")".repeat(depth));
  const tooDeep = "LC_SQL_SYNTAX: Recursion limit exceeded: expressions nest at most";
  t.equal(nested(limit.sqlDepthMax), "ok");
  t.equal(nested(limit.sqlDepthMax + 1).slice(0, tooDeep.length), tooDeep);
  t.equal(nested(20_000).slice(0, tooDeep.length), tooDeep);
  t.equal(showWhere("(".repeat(49_000)).slice(0, tooDeep.length), tooDeep);
  const chain = Array.from({ length: 5000 }, () => "a = 1").join(" OR ");
  t.equal(showWhere(chain).length, "(a = number:1)".length * 5000 + 4 * 4999 + 2);
});
