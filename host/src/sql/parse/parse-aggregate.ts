// Aggregates of the wide dialect: COUNT(*), and COUNT, SUM, MIN, MAX and AVG of a column.
import { columnOfPath, parsePath } from "./parse-operand.ts";
import type { Tokens } from "./tokens.ts";
import type { Aggregate, AggregateFunction } from "./tree.ts";

const functions: ReadonlySet<string> = new Set<AggregateFunction>([
  "COUNT",
  "SUM",
  "MIN",
  "MAX",
  "AVG",
]);

function isFunction(key: string): key is AggregateFunction {
  return functions.has(key);
}

/** Whether an aggregate is next. */
export function isAggregateName(tokens: Tokens): boolean {
  return isFunction(tokens.next.key) && tokens.second.key === "(";
}

/** An aggregate; `isAggregateName` must hold. */
export function parseAggregate(tokens: Tokens): Aggregate {
  const { key, text, at } = tokens.take();
  tokens.expect("(");
  if (!isFunction(key)) throw tokens.expected("an aggregate");
  if (key === "COUNT" && tokens.accept("*")) {
    tokens.expect(")");
    return { kind: "aggregate", function: key, column: undefined, at };
  }
  if (tokens.next.key === "DISTINCT" && tokens.second.key !== ")") {
    throw tokens.unsupported(`Unsupported aggregate function: ${text}(DISTINCT …)`);
  }
  const columnAt = tokens.next.at;
  const column = columnOfPath(parsePath(tokens, "a column"), columnAt);
  if (tokens.next.key !== ")") {
    throw tokens.unsupported(`Unsupported aggregate function: ${text} takes one column`);
  }
  tokens.take();
  return { kind: "aggregate", function: key, column, at };
}
