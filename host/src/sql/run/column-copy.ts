// Columns of found rows put side by side as a row of their own.
import type { AlgebraicType, Writer } from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import { wordAt } from "../../datastore/key.ts";
import type { BoundColumn } from "../bind/bound.ts";
import type { Relation } from "../bind/relation.ts";
import type { Tuple } from "../plan/tuple.ts";

/** Appends a column of the row at `rowStart`. */
export type CopyColumn = (page: Uint8Array, rowStart: number, writer: Writer) => void;

const nanWords = { f32: [0x7fc00000], f64: [0, 0x7ff80000] } as const;

/** Whether a float is a NaN, or minus zero: of its bits but the sign, more than those of infinity, or none. */
function isOdd(page: Uint8Array, at: number, kind: "f32" | "f64"): boolean {
  const high = wordAt(page, kind === "f32" ? at : at + 4);
  const low = kind === "f32" ? 0 : wordAt(page, at);
  const size = high & 0x7fffffff;
  const infinity = kind === "f32" ? 0x7f800000 : 0x7ff00000;
  return size > infinity || (size === infinity && low !== 0) || (size === 0 && low === 0);
}

/** Equal floats get equal bytes: the zeros become one, and the NaN. */
function copyFloat(kind: "f32" | "f64", column: number, layout: RowLayout): CopyColumn {
  return (page, rowStart, writer) => {
    const at = layout.columnStart(column, page, rowStart);
    const size = kind === "f32" ? 4 : 8;
    if (!isOdd(page, at, kind)) {
      writer.rawRange(page, at, at + size);
      return;
    }
    const isZero = (wordAt(page, at + size - 4) & 0x7fffffff) === 0;
    for (const word of nanWords[kind]) writer.u32(isZero ? 0 : word);
  };
}

/** Columns of a found tuple, copied one behind the other. */
export class TupleCopy {
  readonly #columns: readonly BoundColumn[];
  readonly #copies: readonly CopyColumn[];

  /** `isKey` as for `compileCopy`. */
  constructor(columns: readonly BoundColumn[], relations: readonly Relation[], isKey: boolean) {
    this.#columns = columns;
    this.#copies = columns.map((column) => compileCopy(column, relations, isKey));
  }

  /** Puts the columns in place of what `writer` has. */
  fill(writer: Writer, { pages, starts }: Tuple): void {
    writer.clear();
    for (let i = 0; i < this.#copies.length; i++) {
      const { relation } = this.#columns[i] as BoundColumn;
      const page = pages[relation] as Uint8Array;
      (this.#copies[i] as CopyColumn)(page, starts[relation] as number, writer);
    }
  }
}

/**
 * Compiles copying a column. `isKey`: rows will be told apart by the bytes of the copy, so that floats that are equal must be
 * so in their bytes.
 */
function compileCopy(
  { relation, column }: BoundColumn,
  relations: readonly Relation[],
  isKey: boolean,
): CopyColumn {
  const { layout } = (relations[relation] as Relation).table;
  const { kind } = layout.columnTypes[column] as AlgebraicType;
  if (isKey && (kind === "f32" || kind === "f64")) return copyFloat(kind, column, layout);
  return (page, rowStart, writer) => {
    const at = layout.columnStart(column, page, rowStart);
    writer.rawRange(page, at, layout.columnEnd(column, page, at));
  };
}
