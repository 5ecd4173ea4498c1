// A SELECT with its relations, columns and literals resolved, or the refusal (sql-and-subscriptions.md sections 3 to 6).
import { type AlgebraicType, assert, didYouMean, numberFromBytes } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import { ExpressionBinder } from "./bind-expression.ts";
import {
  type BoundBlock,
  type BoundPredicate,
  type BoundProjection,
  type BoundSelect,
  conjunctsOf,
  type JoinEquality,
} from "./bound.ts";
import { faultAt } from "../fault.ts";
import type { Scope } from "./names.ts";
import { checkTableCount, type Relation } from "./relation.ts";
import type { Literal, Projection, Select, TableName } from "../parse/tree.ts";
import { findRelation, type SqlCaller } from "./visibility.ts";

const u64Type: AlgebraicType = { kind: "u64" };

function bindRelations(
  { from, joins }: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): Relation[] {
  const relations: Relation[] = [];
  for (const given of [from, ...joins.map(({ right }): TableName => right)]) {
    const relation = findRelation(view, caller, given, text);
    if (relations.some(({ name }) => name === relation.name)) {
      const { at } = given.alias ?? given.table;
      throw faultAt("LC_SQL_NAME", `Duplicate name \`${relation.name}\``, text, at);
    }
    relations.push(relation);
  }
  return relations;
}

/** ON conditions; one that does not tie the joined relation to an earlier one is a condition like any other. */
function bindJoins(
  { joins }: Select,
  binder: ExpressionBinder,
): { equalities: JoinEquality[]; conditions: BoundPredicate[] } {
  const equalities: JoinEquality[] = [];
  const conditions: BoundPredicate[] = [];
  joins.forEach(({ on }, position) => {
    if (on === undefined) return;
    const joined = position + 1;
    const [left, right] = binder.equality(on.left, on.right, joined + 1);
    if (left.relation !== joined && right.relation === joined) {
      equalities.push({ outer: left, inner: right });
    } else if (left.relation === joined && right.relation !== joined) {
      equalities.push({ outer: right, inner: left });
    } else {
      conditions.push({ kind: "compareColumns", operator: "=", left, right });
    }
  });
  return { equalities, conditions };
}

/** The relation whose columns `*` stands for. */
export function bindWildcard(
  { qualifier }: Extract<Projection, { kind: "all" }>,
  relations: readonly Relation[],
  text: string,
): number {
  if (qualifier === undefined) return 0;
  const relation = relations.findIndex(({ name }) => name === qualifier.text);
  if (relation >= 0) return relation;
  const near = didYouMean(
    qualifier.text,
    relations.map(({ name }) => name),
  );
  const message = `\`${qualifier.text}\` is not in scope${near}`;
  throw faultAt("LC_SQL_NAME", message, text, qualifier.at);
}

function bindProjection(
  projection: Exclude<Projection, { kind: "items" }>,
  binder: ExpressionBinder,
  relations: readonly Relation[],
  text: string,
): BoundProjection {
  if (projection.kind === "count") return { kind: "count", name: projection.alias.text };
  if (projection.kind === "all") {
    return { kind: "all", relation: bindWildcard(projection, relations, text) };
  }
  const names = new Set<string>();
  const columns = projection.items.map(({ column, alias }) => {
    const name = alias?.text ?? column.column;
    if (names.has(name)) {
      throw faultAt("LC_SQL_NAME", `Duplicate name \`${name}\``, text, alias?.at ?? column.at);
    }
    names.add(name);
    return { column: binder.column(column), name };
  });
  return { kind: "columns", columns };
}

/** The number behind LIMIT or OFFSET. */
export function bindCount(
  count: Literal | undefined,
  binder: ExpressionBinder,
): number | undefined {
  return count === undefined ? undefined : Number(numberFromBytes(binder.literal(count, u64Type)));
}

/** FROM and WHERE resolved. */
interface BoundFrom {
  readonly block: BoundBlock;
  /** Of the block's relations. */
  readonly scope: Scope;
  readonly binder: ExpressionBinder;
}

/** Resolves relations and conditions. Throws as `bindSelect`. */
export function bindFrom(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
  isWide: boolean,
): BoundFrom {
  const { projection, joins } = select;
  if (joins.length > 0 && projection.kind === "all" && projection.qualifier === undefined) {
    const message = "SELECT * is not supported for joins; name the table: SELECT t.*";
    throw faultAt("LC_SQL_UNSUPPORTED", message, text, projection.at);
  }
  // Before much work is done for a text of thousands.
  checkTableCount(joins.length + 1);
  const relations = bindRelations(select, text, view, caller);
  const scope: Scope = { view, caller, relations, text, isWide };
  const binder = new ExpressionBinder(scope);
  const { equalities, conditions } = bindJoins(select, binder);
  const where = select.where === undefined ? undefined : binder.predicate(select.where);
  const block = { relations, equalities, conditions: [...conditions, ...conjunctsOf(where)] };
  return { block, scope, binder };
}

/**
 * Resolves a SELECT of the reference's dialect, row rules not yet applied. Throws LC_SQL_NAME, LC_SQL_TYPE, LC_SQL_UNSUPPORTED,
 * and as `findTable`.
 */
export function bindSelect(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): BoundSelect {
  const { projection } = select;
  assert(projection.kind !== "items", "the reference's grammar has no aggregates but COUNT(*)");
  const { block, binder } = bindFrom(select, text, view, caller, false);
  const bound = bindProjection(projection, binder, block.relations, text);
  const limit = bindCount(select.limit, binder);
  return { block, projection: bound, limit, usesSender: binder.usesSender };
}
