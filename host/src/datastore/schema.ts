// What the datastore knows of a table at run time: ids, columns, indexes, constraints, sequences.
// Reference: module-def.md sections 6.2, 8 and 10.
import type { AlgebraicType } from "@lightcone/abi";

/** First id of a user's table, index, constraint and sequence (design.md, rulings). */
export const firstUserId = 4096;

export interface ColumnSchema {
  readonly name: string;
  readonly type: AlgebraicType;
}

export interface IndexSchema {
  readonly id: number;
  readonly name: string;
  readonly kind: "btree" | "hash" | "direct";
  /** Column positions in key order. */
  readonly columns: readonly number[];
  /** A unique constraint stands on exactly these columns. */
  readonly isUnique: boolean;
}

export interface ConstraintSchema {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly number[];
}

export interface SequenceSchema {
  readonly id: number;
  readonly name: string;
  readonly column: number;
  readonly increment: bigint;
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
  /** The first value not yet reserved in the log. */
  readonly allocated: bigint;
}

export interface ScheduleSchema {
  /** A reducer or a procedure, whose only argument is the row. */
  readonly functionName: string;
  /** Position of the column of type ScheduleAt. */
  readonly atColumn: number;
}

export interface TableSchema {
  readonly id: number;
  readonly name: string;
  readonly kind: "system" | "user";
  readonly access: "public" | "private";
  /** Types stand inline or are resolved: no reference leaves the table. */
  readonly columns: readonly ColumnSchema[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexSchema[];
  readonly constraints: readonly ConstraintSchema[];
  readonly sequences: readonly SequenceSchema[];
  readonly isEvent: boolean;
  /** Rows are calls to come. */
  readonly schedule: ScheduleSchema | undefined;
  /** Rows of a view: computed, so that neither the log nor snapshots hold them; empty after a start. */
  readonly isEphemeral: boolean;
}
