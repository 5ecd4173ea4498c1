// The answer to EXPLAIN: lines of text as rows of one column.
import { productTypeToJson } from "@lightcone/abi";
import type { SqlCursor } from "./select-cursor.ts";

const utf8 = new TextEncoder();

/** Rows whose only column, `plan`, is a line each. */
export function explainCursor(lines: readonly string[]): SqlCursor {
  const elements = [{ name: "plan", type: { kind: "string" } as const }];
  return {
    isLong: false,
    isDone: true,
    schemaJson: productTypeToJson({ kind: "product", elements }),
    advance: () => undefined,
    rowsJson: () => [utf8.encode(JSON.stringify(lines.map((line) => [line])))],
    close: () => undefined,
  };
}
