// Calls of `log` get the file and the line where they stand.
import {
  type CallExpression,
  integerLiteral,
  type Node,
  nodeKind,
  type PropertyAccessExpression,
  type Source,
  textLiteral,
} from "../compiler.ts";
import { isIdentifier, walk } from "./ast.ts";
import type { Names } from "./names.ts";

const levels: readonly string[] = ["error", "warn", "info", "debug", "trace"];

/** Appends file and line to the calls in `sources`. */
export function addLogLines(sources: readonly Source[], names: Names): void {
  for (const source of sources) {
    for (const statement of source.statements) {
      walk(statement, (node) => {
        const call = logCall(source, node, names);
        if (call === undefined || call.args.length !== 1) return;
        const line = source.lineAt(call.range.start);
        const { range } = call;
        call.args.push(textLiteral(source.normalizedPath, range), integerLiteral(line, range));
      });
    }
  }
}

function logCall(source: Source, node: Node, names: Names): CallExpression | undefined {
  if ((node.kind as number) !== nodeKind.Call) return undefined;
  const call = node as CallExpression;
  if ((call.expression.kind as number) !== nodeKind.PropertyAccess) return undefined;
  const { expression, property } = call.expression as PropertyAccessExpression;
  if (!isIdentifier(expression) || !levels.includes(property.text)) return undefined;
  return names.fromLibrary(source, expression.text) === "log" ? call : undefined;
}
