// The answer to EXPLAIN: lines of text as rows of one column.
import { type AlgebraicType, Writer } from "@lightcone/abi";
import { RowLayout } from "../../datastore/row-layout.ts";
import type { MakeOutput, OutputColumn, RowOutput } from "./row-output.ts";
import type { SqlCursor } from "./select-cursor.ts";

const string: AlgebraicType = { kind: "string" };

/** The only column, `plan`. */
export const explainColumns: readonly OutputColumn[] = [
  { name: "plan", type: string, relation: 0, column: 0, layout: new RowLayout([string]) },
];

/** Rows that are a line each. */
export function explainCursor<Output extends RowOutput>(
  lines: readonly string[],
  makeOutput: MakeOutput<Output>,
): { readonly cursor: SqlCursor; readonly output: Output } {
  const output = makeOutput(explainColumns);
  const writer = new Writer();
  for (const line of lines) {
    writer.clear();
    writer.string(line);
    output.add(writer.memory, 0);
  }
  const nothing = (): void => undefined;
  return { output, cursor: { isLong: false, isDone: true, advance: nothing, close: nothing } };
}
