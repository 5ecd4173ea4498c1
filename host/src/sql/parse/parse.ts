// Statements: SELECT here, those that change rows beside it, others as far as it takes to refuse them by name
// (sql-and-subscriptions.md section 2).
import { faultAt } from "../fault.ts";
import { parseClauses } from "./parse-clauses.ts";
import { changeParsers } from "./parse-change.ts";
import { parsePredicate } from "./parse-expression.ts";
import { isName, parseIdentifier, parsePath } from "./parse-operand.ts";
import { parseProjection } from "./parse-projection.ts";
import type { Parameters } from "./parameter.ts";
import { Tokens } from "./tokens.ts";
import type {
  Dialect,
  Explain,
  Expression,
  Join,
  Name,
  Select,
  Statement,
  TableName,
} from "./tree.ts";

/** First words of statements that nothing here runs. */
const otherStatements = new Set(
  (
    "WITH VALUES TABLE MERGE REPLACE TRUNCATE CREATE DROP ALTER GRANT REVOKE COMMENT " +
    "BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE LOCK EXPLAIN DESCRIBE ANALYZE VACUUM PREPARE EXECUTE " +
    "DEALLOCATE DECLARE FETCH CLOSE COPY CALL DO LISTEN NOTIFY UNLISTEN USE RESET PRAGMA ATTACH DETACH KILL"
  ).split(" "),
);

/** Words that begin a clause which is left out on purpose, with the refusal. */
const refusedClauses: Readonly<Record<string, string>> = {
  GROUP: "Unsupported SELECT: GROUP BY",
  HAVING: "Unsupported SELECT: HAVING",
  WINDOW: "Unsupported SELECT: WINDOW",
  QUALIFY: "Unsupported SELECT: QUALIFY",
  INTO: "Unsupported SELECT: INTO",
  ORDER: "Unsupported: ORDER BY; rows come in no particular order",
  OFFSET: "Unsupported: OFFSET",
  FETCH: "Unsupported: FETCH; use LIMIT",
  FOR: "Unsupported: FOR UPDATE and FOR SHARE",
  UNION: "Unsupported set operation: UNION",
  INTERSECT: "Unsupported set operation: INTERSECT",
  EXCEPT: "Unsupported set operation: EXCEPT",
  MINUS: "Unsupported set operation: MINUS",
  LATERAL: "Unsupported FROM expression: LATERAL",
  TABLESAMPLE: "Unsupported FROM expression: TABLESAMPLE",
  WITH: "Unsupported FROM expression: WITH",
  USING: "Unsupported FROM expression: USING; write ON a.x = b.y",
};

const outerJoinWords = new Set("LEFT RIGHT FULL OUTER NATURAL SEMI ANTI ASOF".split(" "));

/** Words after a table that begin something, so that an alias of that name needs quotes. */
const notAnAlias = new Set([
  ...Object.keys(refusedClauses),
  ...outerJoinWords,
  ..."SELECT FROM WHERE LIMIT JOIN INNER CROSS ON SET VALUES AND OR".split(" "),
]);

/** What the wide dialect reads where the reference refuses it. */
const wideClauses = new Set(["GROUP", "HAVING", "ORDER", "OFFSET"]);

function refuseClause(tokens: Tokens): void {
  const { key } = tokens.next;
  const refusal = refusedClauses[key];
  if (refusal === undefined || (tokens.isWide && wideClauses.has(key))) return;
  throw tokens.unsupported(refusal);
}

function parseTableAlias(tokens: Tokens): Name | undefined {
  const isGiven = tokens.accept("AS");
  if (!isGiven && (!isName(tokens.next) || notAnAlias.has(tokens.next.key))) return undefined;
  const alias = parseIdentifier(tokens, "an alias");
  if (tokens.next.key === "(") {
    throw tokens.unsupported("Unsupported FROM expression: an alias with columns");
  }
  return alias;
}

function parseTable(tokens: Tokens): TableName {
  const { key, at } = tokens.next;
  if (key === "(") throw tokens.unsupported("Unsupported FROM expression: a query inside a query");
  if (key === "LATERAL") refuseClause(tokens);
  if (notAnAlias.has(key)) throw tokens.expected("a table");
  const text = parsePath(tokens, "a table").join(".");
  if (tokens.next.key === "(") {
    throw tokens.unsupported("Unsupported FROM expression: a table function");
  }
  return { table: { text, at }, alias: parseTableAlias(tokens) };
}

/** ON takes exactly one `column = column`. */
function parseJoinCondition(tokens: Tokens): Join["on"] {
  if (!tokens.accept("ON")) return undefined;
  const first = tokens.next;
  const condition: Expression = parsePredicate(tokens);
  if (
    condition.kind !== "comparison" ||
    condition.operator !== "=" ||
    condition.left.kind !== "column" ||
    condition.right.kind !== "column"
  ) {
    throw tokens.unsupported("Unsupported expression: ON takes one column = column only", first);
  }
  return { left: condition.left, right: condition.right };
}

function parseJoins(tokens: Tokens): Join[] {
  const joins: Join[] = [];
  for (;;) {
    const { key, at } = tokens.next;
    if (key === ",") throw tokens.unsupported("Implicit joins are not supported; write JOIN … ON");
    if (outerJoinWords.has(key)) throw tokens.unsupported("Non-inner joins are not supported");
    if (key !== "JOIN" && key !== "INNER" && key !== "CROSS") return joins;
    if (key !== "JOIN") tokens.take();
    tokens.expect("JOIN");
    const right = parseTable(tokens);
    joins.push({ right, on: key === "CROSS" ? undefined : parseJoinCondition(tokens), at });
  }
}

function parseSelect(tokens: Tokens): Select {
  tokens.expect("SELECT");
  const { key } = tokens.next;
  if (key === "DISTINCT" && !tokens.isWide) {
    throw tokens.unsupported("Unsupported SELECT: DISTINCT");
  }
  const isDistinct = tokens.accept("DISTINCT");
  const projection = parseProjection(tokens);
  refuseClause(tokens);
  if (tokens.isAtEnd || tokens.next.key === ";" || tokens.next.key === "WHERE") {
    throw tokens.unsupported("A FROM clause is required");
  }
  tokens.expect("FROM");
  const from = parseTable(tokens);
  const joins = parseJoins(tokens);
  refuseClause(tokens);
  const where = tokens.accept("WHERE") ? parsePredicate(tokens) : undefined;
  refuseClause(tokens);
  const { limit, wide } = parseClauses(tokens, isDistinct);
  refuseClause(tokens);
  return { kind: "select", projection, from, joins, where, limit, wide };
}

/** Wide: EXPLAIN and the SELECT that it is about. */
function parseExplain(tokens: Tokens): Explain {
  const { at } = tokens.take();
  if (tokens.next.key !== "SELECT") {
    throw tokens.unsupported("Unsupported: EXPLAIN of anything but SELECT");
  }
  return { kind: "explain", select: parseSelect(tokens), at };
}

const statementWords = ["SELECT", "INSERT", "UPDATE", "DELETE", "SET", "SHOW"];
const clauseWords = ["WHERE", "LIMIT", "JOIN", "AND", "OR", "ON", "AS"];
const wideClauseWords = ["GROUP", "HAVING", "ORDER", "OFFSET", "BETWEEN", "LIKE"];

/** One statement may end with one semicolon; nothing may follow. */
function parseEnd(tokens: Tokens): void {
  const near = tokens.isWide ? [...clauseWords, ...wideClauseWords] : clauseWords;
  if (!tokens.accept(";")) {
    if (!tokens.isAtEnd) throw tokens.expected("the end of the statement", near);
    return;
  }
  if (!tokens.isAtEnd) throw tokens.unsupported("Multiple SQL statements are not supported");
}

function parserOf(key: string, isWide: boolean): ((tokens: Tokens) => Statement) | undefined {
  if (key === "SELECT") return parseSelect;
  return key === "EXPLAIN" && isWide ? parseExplain : changeParsers[key];
}

/**
 * The tree of one statement. One of a kind that does not run is known by its first word, unread beyond. Throws
 * LC_SQL_SYNTAX, and LC_SQL_UNSUPPORTED for what the language leaves out (section 2.3). With `parameters` a value may be `$1`;
 * LC_SQL_NAME for one that is not given.
 */
export function parseStatement(
  text: string,
  dialect: Dialect = "reference",
  parameters?: Parameters,
): Statement {
  const tokens = new Tokens(text, dialect, parameters);
  const first = tokens.next;
  if (tokens.isAtEnd || (first.key === ";" && tokens.second.kind === "end")) {
    throw faultAt("LC_SQL_SYNTAX", "Empty SQL query", text, first.at);
  }
  const parse = parserOf(first.key, tokens.isWide);
  if (parse === undefined && otherStatements.has(first.key)) {
    return { kind: "other", word: first.key, at: first.at };
  }
  if (first.key === "(") throw tokens.unsupported("Unsupported: a statement in parentheses");
  if (parse === undefined) throw tokens.expected("a statement", statementWords);
  const statement = parse(tokens);
  parseEnd(tokens);
  return statement;
}
