// Queries that return whole rows of one table: subscriptions and one-off queries (sql-and-subscriptions.md section 2.1).
import { assert, LightconeError, toHex } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { ReadView } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import { bindSelect } from "./bind/bind.ts";
import { blockKey } from "./plan/block-key.ts";
import type { BoundBlock } from "./bind/bound.ts";
import { type JoinPlan, planJoin } from "./plan/join-plan.ts";
import { type PairPlan, planPair } from "./plan/pair-plan.ts";
import { conditionsOn, planTable, type TablePlan } from "./plan/plan.ts";
import type { Relation } from "./bind/relation.ts";
import { checkRowLimit } from "./plan/row-limit.ts";
import { applyRowRules } from "./bind/rules.ts";
import { isOwnerSensitive, readableTables, type SqlCaller } from "./bind/visibility.ts";
import { parseWholeRowSelect } from "./parse/whole-row.ts";

interface QueryBase {
  /** Whose rows are the result. */
  readonly table: Table;
  /** How many of a row's first bytes are not sent. */
  readonly rowOffset: number;
  readonly relations: readonly Relation[];
  readonly usesSender: boolean;
  /** As given, without space around it. */
  readonly text: string;
  /** Which of the queries that the text was compiled to. */
  readonly fragment: number;
  /**
   * Queries with equal keys have equal results, also after `recompile`: what is asked, of which tables, and whose rows of a view;
   * besides it the caller's identity where `:sender` occurs, and that the caller is the owner where the owner may see more.
   */
  readonly shareKey: string;
  /** What the text asks for now, with its tables as they are. Throws as `compileQueries`. */
  readonly recompile: () => TableQuery;
}

/** A query on one relation. */
export interface SingleQuery extends TablePlan, QueryBase {
  readonly kind: "single";
}

/** A join; a row of the result comes as often as rows of the others go with it. */
interface JoinQuery extends QueryBase {
  readonly kind: "join";
  readonly plan: JoinPlan;
  /** The position of the relation whose rows are the result. */
  readonly returned: number;
  /** How to follow its changes; undefined for a query that is asked once. */
  readonly pair: PairPlan | undefined;
}

/** What a text is compiled to: queries on one table, whose rows together are the result. */
export type CompiledText = readonly [TableQuery, ...TableQuery[]];

/** A compiled query. It is good for as long as the tables it names are the datastore's. */
export type TableQuery = SingleQuery | JoinQuery;

export type TableQueryUse = "subscription" | "oneOff";

function shareKeyOf(
  block: BoundBlock,
  returned: number,
  usesSender: boolean,
  view: ReadView,
  caller: SqlCaller,
): string {
  const { relations } = block;
  const isOwnerOnly =
    caller.isOwner && relations.some(({ table }) => isOwnerSensitive(view, table));
  const parts = [usesSender ? caller.identity.toHex() : "", isOwnerOnly ? "owner" : ""];
  for (const { keyPrefix } of relations) if (keyPrefix !== undefined) parts.push(toHex(keyPrefix));
  // A new program may have given the names in the text to other tables.
  const tableIds = relations.map(({ table }) => table.schema.id).join();
  return [tableIds, ...parts, blockKey(block, returned)].join(" ");
}

function planBlock(
  block: BoundBlock,
  base: QueryBase,
  returned: number,
  use: TableQueryUse,
): TableQuery {
  const { relations, conditions } = block;
  const [first, ...others] = relations;
  if (first !== undefined && others.length === 0) {
    const plan = planTable(first, conditionsOn(first, 0, conditions));
    // Each field by name: a client that subscribes waits for this, and spreading objects takes longer than all planning.
    return {
      kind: "single",
      table: base.table,
      rowOffset: base.rowOffset,
      relations: base.relations,
      usesSender: base.usesSender,
      text: base.text,
      fragment: base.fragment,
      shareKey: base.shareKey,
      recompile: base.recompile,
      predicate: plan.predicate,
      access: plan.access,
      hasResidual: plan.hasResidual,
      conditions: plan.conditions,
      equality: plan.equality,
    };
  }
  const pair = use === "subscription" ? planPair(block, returned) : undefined;
  return { ...base, kind: "join", plan: planJoin(block), returned, pair };
}

function compile(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  use: TableQueryUse,
): CompiledText {
  const place = use === "subscription" ? "subscriptions" : "one-off queries";
  const select = parseWholeRowSelect(text, place);
  const {
    block: given,
    projection,
    usesSender: isSenderGiven,
  } = bindSelect(select, text, view, caller);
  const { blocks, usesSender: isSenderInRules } = applyRowRules(given, view, caller);
  const usesSender = isSenderGiven || isSenderInRules;
  const returned = projection.kind === "all" ? projection.relation : 0;
  const [first, ...others] = blocks.map((block, fragment) => {
    const { relations } = block;
    const { table, rowOffset } = relations[returned] as Relation;
    const shareKey = shareKeyOf(block, returned, usesSender, view, caller);
    const recompile = (): TableQuery => {
      const again = compile(text, view, caller, use)[fragment];
      if (again !== undefined) return again;
      throw new LightconeError("LC_SQL_UNSUPPORTED", "the row rules of this query have changed");
    };
    const base: QueryBase = {
      table,
      rowOffset,
      relations,
      usesSender,
      text,
      fragment,
      shareKey,
      recompile,
    };
    return planBlock(block, base, returned, use);
  });
  assert(first !== undefined, "row rules made nothing of a query");
  return [first, ...others];
}

/**
 * Compiles a query for whole rows of one table: several queries where row rules say so, whose rows together are the result.
 * Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE or LC_LIMIT;
 * the messages quote the text (protocol.md section 7.7).
 */
export function compileQueries(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  use: TableQueryUse,
): CompiledText {
  const trimmed = text.trim();
  try {
    return compile(trimmed, view, caller, use);
  } catch (error) {
    if (!(error instanceof LightconeError)) throw error;
    // A text over the limit is not sent back.
    const quoted = trimmed.length > limit.sqlTextBytesMax ? "…" : trimmed;
    throw new LightconeError(error.code, `${error.message}, executing: \`${quoted}\``);
  }
}

/** Refuses queries that would scan more than the owner lets others scan; see `checkRowLimit`. */
export function checkQueryRowLimit(
  queries: readonly TableQuery[],
  view: ReadView,
  caller: SqlCaller,
): void {
  const planned = queries.map((query) =>
    query.kind === "single"
      ? { kind: query.kind, plan: query }
      : { kind: query.kind, plan: query.plan },
  );
  checkRowLimit(planned, Number.POSITIVE_INFINITY, view, caller);
}

/** Whether `text` is `SELECT * FROM *`, the subscription to all tables (section 10.5). */
export function isAllTables(text: string): boolean {
  // Trimmed first: no two spaces of the pattern may stand side by side, or a long text would keep it busy.
  return /^select\s*\*\s*from\s*\*\s*;?$/i.test(text.trim());
}

/** The texts that `SELECT * FROM *` stands for: one for each user table and view that the caller may read, events left out. */
export function allTableTexts(view: ReadView, caller: SqlCaller): string[] {
  return readableTables(view, caller).map(
    ({ schema }) => `SELECT * FROM "${schema.name.replaceAll('"', '""')}"`,
  );
}
