// Finds the rows of a relation by the column that it is joined by: through an index on that column, or on that column and
// others whose values the query gives.
import type { Index } from "../../datastore/index/contract.ts";
import type { IndexSchema } from "../../datastore/schema.ts";
import type { RowIds } from "../../datastore/rows/ids.ts";
import type { Table } from "../../datastore/table.ts";
import type { Equality } from "./access.ts";

export class IndexProbe {
  readonly index: Index;
  readonly schema: IndexSchema;
  /** What stands before and behind the value in the index's key. */
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  #key: Uint8Array;

  constructor(index: Index, schema: IndexSchema, before: Uint8Array, after: Uint8Array) {
    this.index = index;
    this.schema = schema;
    this.#before = before;
    this.#after = after;
    this.#key = new Uint8Array(before.length + after.length + 64);
  }

  /** Whether the column is the index's last one. */
  get endsWithColumn(): boolean {
    return this.#after.length === 0;
  }

  /** Appends the rows whose column is `bytes[start, end)`. */
  find(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    const [before, after] = [this.#before, this.#after];
    if (before.length + after.length === 0) {
      this.index.scanPoint(bytes, start, end, found);
      return;
    }
    const valueEnd = before.length + end - start;
    const length = valueEnd + after.length;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    this.#key.set(before);
    this.#key.set(bytes.subarray(start, end), before.length);
    this.#key.set(after, valueEnd);
    this.index.scanPoint(this.#key, 0, length, found);
  }
}

function probeOf(
  table: Table,
  position: number,
  column: number,
  equalities: readonly Equality[],
): IndexProbe | undefined {
  const schema = table.schema.indexes[position] as IndexSchema;
  const at = schema.columns.indexOf(column);
  if (at < 0) return undefined;
  const values = schema.columns.map((each, i) =>
    i === at ? new Uint8Array(0) : equalities.find((equality) => equality.column === each)?.value,
  );
  if (!values.every((value) => value !== undefined)) return undefined;
  const before = Buffer.concat(values.slice(0, at));
  const after = Buffer.concat(values.slice(at + 1));
  return new IndexProbe(table.indexes[position] as Index, schema, before, after);
}

/** The best way to find rows of `table`, for which `equalities` hold, by the value of `column`; undefined without an index. */
export function findProbe(
  table: Table,
  column: number,
  equalities: readonly Equality[],
  mustEndWithColumn: boolean,
): IndexProbe | undefined {
  let best: IndexProbe | undefined;
  const rank = ({ schema }: IndexProbe): number =>
    schema.columns.length * 2 + (schema.isUnique ? 1 : 0);
  table.schema.indexes.forEach((_, position) => {
    const probe = probeOf(table, position, column, equalities);
    if (probe === undefined || (mustEndWithColumn && !probe.endsWithColumn)) return;
    if (best === undefined || rank(probe) > rank(best)) best = probe;
  });
  return best;
}
