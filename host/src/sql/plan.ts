// How the rows of one table are found: an index where WHERE gives a key, else a scan
// (sql-and-subscriptions.md section 5, last paragraph). An index changes the speed, never the result.
import type { AlgebraicType } from "@lightcone/abi";
import type { Index } from "../datastore/index/contract.ts";
import { hasFloats } from "../datastore/key.ts";
import type { Table } from "../datastore/table.ts";
import type { BoundPredicate } from "./bound.ts";
import { compilePredicate, type RowPredicate } from "./predicate.ts";
import type { Relation } from "./relation.ts";

/** A column and the BSATN it must have. */
export interface Equality {
  readonly column: number;
  readonly value: Uint8Array;
}

type Access =
  /** WHERE is never true. */
  | { readonly kind: "nothing" }
  | { readonly kind: "scan" }
  /** Rows that have `key` in `index`; the predicate still decides. */
  | { readonly kind: "point"; readonly index: Index; readonly key: Uint8Array };

export interface TablePlan {
  readonly table: Table;
  /** How many of a row's first bytes are not sent; see `Relation`. */
  readonly rowOffset: number;
  /** Undefined where every row is wanted. */
  readonly predicate: RowPredicate | undefined;
  readonly access: Access;
  /** Whether rows that `access` finds may still be unwanted. */
  readonly hasResidual: boolean;
  /** A condition `column = constant` that every wanted row meets, the one that is likely to be met by fewest rows. */
  readonly equality: Equality | undefined;
}

/** What must hold for the rows of one relation: the conditions on it alone, and for a view whose rows they are. */
export function conditionsOn(
  { keyPrefix }: Relation,
  position: number,
  conditions: readonly BoundPredicate[],
): readonly BoundPredicate[] {
  if (keyPrefix === undefined) return conditions;
  const column = { relation: position, column: 0 };
  return [{ kind: "compareConstant", operator: "=", column, value: keyPrefix }, ...conditions];
}

/** The conditions `column = constant` among those that every wanted row meets. */
export function equalitiesOf(conditions: readonly BoundPredicate[]): Equality[] {
  return conditions.flatMap((part) =>
    part.kind === "compareConstant" && part.operator === "="
      ? [{ column: part.column.column, value: part.value }]
      : [],
  );
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The key that the equalities give an index, or undefined if they leave a column open. */
function keyOf(
  columns: readonly number[],
  equalities: readonly Equality[],
): Uint8Array | undefined {
  const values = columns.map((column) => equalities.find((each) => each.column === column)?.value);
  return values.every((value) => value !== undefined) ? concatenate(values) : undefined;
}

/** The index that covers most columns; among equals a unique one. */
function chooseAccess(table: Table, equalities: readonly Equality[]): Access {
  let best: Access = { kind: "scan" };
  let bestRank = 0;
  table.schema.indexes.forEach(({ columns, isUnique }, position) => {
    const rank = columns.length * 2 + (isUnique ? 1 : 0);
    const key = rank > bestRank ? keyOf(columns, equalities) : undefined;
    if (key === undefined) return;
    best = { kind: "point", index: table.indexes[position] as Index, key };
    bestRank = rank;
  });
  return best;
}

/** How well an equality narrows rows down: a unique column best, a bool worst. */
function rankOf({ schema, layout }: Table, column: number): number {
  const indexes = schema.indexes.filter(
    (index) => index.columns.length === 1 && index.columns[0] === column,
  );
  if (indexes.some((index) => index.isUnique)) return 3;
  if (indexes.length > 0) return 2;
  return (layout.columnTypes[column] as AlgebraicType).kind === "bool" ? 0 : 1;
}

/** The best equality. Floats are left out: equal ones may differ in their bytes, by which values are searched. */
function chooseEquality(table: Table, equalities: readonly Equality[]): Equality | undefined {
  let best: Equality | undefined;
  for (const equality of equalities) {
    const { column } = equality;
    if (hasFloats(table.layout.columnTypes[column] as AlgebraicType)) continue;
    if (best === undefined || rankOf(table, column) > rankOf(table, best.column)) best = equality;
  }
  return best;
}

/** How to find the rows of one relation for which all `conditions`, which speak of it alone, hold. */
export function planTable(
  { table, rowOffset }: Relation,
  conditions: readonly BoundPredicate[],
): TablePlan {
  const open = conditions.filter((part) => part.kind !== "constant" || !part.value);
  if (open.some(({ kind }) => kind === "constant")) {
    const access: Access = { kind: "nothing" };
    const predicate = (): boolean => false;
    return { table, rowOffset, predicate, access, hasResidual: false, equality: undefined };
  }
  const [first] = open;
  const equalities = equalitiesOf(open);
  const access = chooseAccess(table, equalities);
  const decidedCount = access.kind === "point" ? access.index.key.columns.length : 0;
  const where: BoundPredicate | undefined = open.length > 1 ? { kind: "and", parts: open } : first;
  return {
    table,
    rowOffset,
    predicate: where === undefined ? undefined : compilePredicate(where, table.layout),
    access,
    hasResidual: open.length > decidedCount,
    equality: chooseEquality(table, equalities),
  };
}
