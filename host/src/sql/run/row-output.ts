// What the rows of an answer become while they are read: JSON over HTTP, messages of another protocol elsewhere.
import type { AlgebraicType } from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { Tuple } from "../plan/tuple.ts";

/** A column of an answer, as it is told. */
export interface NamedType {
  readonly name: string;
  readonly type: AlgebraicType;
}

/** A column of an answer: where it lies, and what it is called. */
export interface OutputColumn extends NamedType {
  readonly relation: number;
  readonly column: number;
  /** Of the rows that the column is one of. */
  readonly layout: RowLayout;
}

/** Takes the rows of an answer; their bytes are good for the call only. */
export interface RowOutput {
  /** What it took to make the rows so far; see `RowSink`. */
  readonly work: number;
  /** Appends the output columns of a row of the only relation. Throws LC_LIMIT if the answer grows too large. */
  add(page: Uint8Array, start: number): void;
  /** Appends the output columns of a tuple, as `add`. */
  addTuple(tuple: Tuple): void;
}

/** Makes the output of an answer, once its columns are known. */
export type MakeOutput<Output extends RowOutput> = (columns: readonly OutputColumn[]) => Output;
