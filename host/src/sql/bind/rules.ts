// Row rules put into queries: for others than the owner, each relation whose table has rules is replaced by what the rules
// return (sql-and-subscriptions.md section 8).
import { LightconeError, messageOf } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { ReadView } from "../../datastore/datastore.ts";
import { bindSelect } from "./bind.ts";
import {
  type BoundBlock,
  type BoundColumn,
  type BoundPredicate,
  type JoinEquality,
  mapColumns,
} from "./bound.ts";
import { readRowRules, type RowRule } from "./rule-rows.ts";
import type { Relation } from "./relation.ts";
import type { SqlCaller } from "./visibility.ts";
import { parseWholeRowSelect } from "../parse/whole-row.ts";

/** A rule with everything resolved: the relation at `returned` is the one whose rows it lets through. */
interface BoundRule {
  readonly block: BoundBlock;
  readonly returned: number;
  readonly usesSender: boolean;
}

function bindRule(sql: string, view: ReadView, caller: SqlCaller): BoundRule {
  const select = parseWholeRowSelect(sql, "row rules");
  const { block, projection, usesSender } = bindSelect(select, sql, view, caller);
  const returned = projection.kind === "all" ? projection.relation : 0;
  return { block, returned, usesSender };
}

/** Puts a rule in the place of the relation at `position`: its returned relation is that one, the others come behind. */
function substitute(block: BoundBlock, position: number, rule: BoundRule): BoundBlock {
  const { returned } = rule;
  const first = block.relations.length;
  const place = (relation: number): number => {
    if (relation === returned) return position;
    return first + (relation < returned ? relation : relation - 1);
  };
  const map = ({ relation, column }: BoundColumn): BoundColumn => ({
    relation: place(relation),
    column,
  });
  const equalities: JoinEquality[] = [];
  const conditions: BoundPredicate[] = [...block.conditions];
  for (const equality of block.equalities) {
    // What a rule brings in on the right of a join is no longer joined by ON, but filtered.
    if (equality.inner.relation !== position) equalities.push(equality);
    else {
      const { outer: left, inner: right } = equality;
      conditions.push({ kind: "compareColumns", operator: "=", left, right });
    }
  }
  return {
    relations: [...block.relations, ...rule.block.relations.filter((_, i) => i !== returned)],
    equalities: [
      ...equalities,
      ...rule.block.equalities.map(({ outer, inner }) => ({
        outer: map(outer),
        inner: map(inner),
      })),
    ],
    conditions: [...conditions, ...rule.block.conditions.map((one) => mapColumns(one, map))],
  };
}

/** Applies the rules of one database for one caller. */
class RuleExpansion {
  readonly #view: ReadView;
  readonly #caller: SqlCaller;
  readonly #sqlByTable = new Map<number, string[]>();
  usesSender = false;

  constructor(view: ReadView, caller: SqlCaller, rules: readonly RowRule[]) {
    this.#view = view;
    this.#caller = caller;
    for (const { tableId, sql } of rules) {
      this.#sqlByTable.set(tableId, [...(this.#sqlByTable.get(tableId) ?? []), sql]);
    }
  }

  /** `path` are the tables whose rules led here, the last the one that this block is a rule of. */
  expand(block: BoundBlock, path: readonly number[]): readonly BoundBlock[] {
    let expanded: readonly BoundBlock[] = [block];
    block.relations.forEach((relation, position) => {
      const rules = this.#rulesFor(relation, path);
      if (rules === undefined) return;
      expanded = expanded.flatMap((each) => rules.map((rule) => substitute(each, position, rule)));
      if (expanded.length <= limit.sqlFragmentCountMax) return;
      const message = `row rules turn this query into more than ${limit.sqlFragmentCountMax} queries`;
      throw new LightconeError("LC_LIMIT", message);
    });
    return expanded;
  }

  /** What the rules of a relation's table let through, or undefined if they do not apply. */
  #rulesFor({ table, rowOffset }: Relation, path: readonly number[]): BoundRule[] | undefined {
    const { id } = table.schema;
    const texts = this.#sqlByTable.get(id);
    // Rows that come out of views are not filtered, nor is a rule's own table inside it.
    if (texts === undefined || rowOffset > 0 || path[path.length - 1] === id) return undefined;
    if (path.includes(id)) {
      const message = `Discovered cyclic dependency when resolving RLS rules for table id ${id}`;
      throw new LightconeError("LC_SQL_UNSUPPORTED", message);
    }
    return texts.flatMap((sql) => {
      const rule = bindRule(sql, this.#view, this.#caller);
      this.usesSender ||= rule.usesSender;
      return this.expand(rule.block, [...path, id]).map((block) => ({ ...rule, block }));
    });
  }
}

/**
 * The queries whose rows together, equal ones counted as often as they come, are what `caller` may see of `block`. Its
 * relations keep their positions. Throws LC_SQL_UNSUPPORTED for rules that need each other, LC_LIMIT for too many, and what a
 * rule itself is refused for.
 */
export function applyRowRules(
  block: BoundBlock,
  view: ReadView,
  caller: SqlCaller,
): { readonly blocks: readonly BoundBlock[]; readonly usesSender: boolean } {
  const rules = caller.isOwner ? [] : readRowRules(view);
  if (rules.length === 0) return { blocks: [block], usesSender: false };
  const expansion = new RuleExpansion(view, caller, rules);
  const blocks = expansion.expand(block, []);
  return { blocks, usesSender: expansion.usesSender };
}

/**
 * Checks the rules that a module declares against the tables of `view`, on behalf of the owner: each with the table whose rows
 * it lets through, and the faults of those that are refused (section 8, publish).
 */
export function checkRowRules(
  rules: readonly string[],
  view: ReadView,
  caller: SqlCaller,
): { readonly rules: readonly RowRule[]; readonly faults: readonly string[] } {
  const checked: RowRule[] = [];
  const faults: string[] = [];
  for (const sql of rules) {
    try {
      const { block, returned } = bindRule(sql.trim(), view, { ...caller, isOwner: true });
      const { table, name, rowOffset } = block.relations[returned] as Relation;
      const { id, access } = table.schema;
      if (rowOffset > 0) faults.push(`row rule \`${sql}\`: \`${name}\` is a view, not a table`);
      else if (access === "private") faults.push(`row rule \`${sql}\`: \`${name}\` is private`);
      else if (checked.some((other) => other.sql === sql)) {
        faults.push(`row rule \`${sql}\` is declared twice`);
      } else checked.push({ tableId: id, sql });
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      faults.push(`row rule \`${sql}\`: ${messageOf(thrown)}`);
    }
  }
  return { rules: checked, faults };
}
