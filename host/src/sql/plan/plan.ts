// How the rows of one table are found: an index where WHERE gives a key, else a scan
// (sql-and-subscriptions.md section 5, last paragraph). An index changes the speed, never the result.
import type { AlgebraicType } from "@lightcone/abi";
import { hasFloats } from "../../datastore/key.ts";
import type { Table } from "../../datastore/table.ts";
import { type Access, chooseAccess, chooseKey, type Equality, equalitiesOf } from "./access.ts";
import type { BoundPredicate } from "../bind/bound.ts";
import { compilePredicate, type RowPredicate } from "./predicate.ts";
import type { Relation } from "../bind/relation.ts";

export type { Equality } from "./access.ts";

export interface TablePlan {
  readonly table: Table;
  /** How many of a row's first bytes are not sent; see `Relation`. */
  readonly rowOffset: number;
  /** Undefined where every row is wanted. */
  readonly predicate: RowPredicate | undefined;
  readonly access: Access;
  /** Whether rows that `access` finds may still be unwanted. */
  readonly hasResidual: boolean;
  /** What must hold for a wanted row, taken apart at ANDs. */
  readonly conditions: readonly BoundPredicate[];
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

/**
 * How to find the rows of one relation for which all `conditions`, which speak of it alone, hold: in the reference's way by a
 * key, else by a scan; with `usesRanges` by ranges and several keys as well, in the index's order.
 */
export function planTable(
  { table, rowOffset }: Relation,
  conditions: readonly BoundPredicate[],
  usesRanges = false,
): TablePlan {
  const open = conditions.filter((part) => part.kind !== "constant" || !part.value);
  if (open.some(({ kind }) => kind === "constant")) {
    const access: Access = { kind: "nothing" };
    const predicate = (): boolean => false;
    const rest = { hasResidual: false, conditions: open, equality: undefined };
    return { table, rowOffset, predicate, access, ...rest };
  }
  const [first] = open;
  const equalities = equalitiesOf(open);
  const access = usesRanges ? chooseAccess(table, open) : chooseKey(table, equalities);
  const decidedCount = access.kind === "point" ? access.index.key.columns.length : 0;
  const where: BoundPredicate | undefined = open.length > 1 ? { kind: "and", parts: open } : first;
  return {
    table,
    rowOffset,
    predicate: where === undefined ? undefined : compilePredicate(where, table.layout),
    access,
    hasResidual: open.length > decidedCount,
    conditions: open,
    equality: chooseEquality(table, equalities),
  };
}
