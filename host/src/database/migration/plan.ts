// The difference between two definitions: what has to be done before a new program can take over, or why it cannot
// (module-def.md section 9).
import { typesEqual } from "@lightcone/abi";
import type { NewTable } from "../../datastore/create-table.ts";
import { sequenceFault } from "../../datastore/schema-rows.ts";
import type { PlannedSchema, PlannedView } from "../schema-plan.ts";
import { compareTables } from "./compare-table.ts";
import { breaksClients, byOrder, type MigrationStep } from "./step.ts";

export interface MigrationPlan {
  /** In the order they are to be done in. */
  readonly steps: readonly MigrationStep[];
  /** Why it cannot be done; nothing is done then. */
  readonly refusals: readonly string[];
  /** Clients that know the old definition cannot go on: they are disconnected. */
  readonly breaksClients: boolean;
}

function byName<T extends { readonly name: string }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((one) => [one.name, one]));
}

function sameElements(a: PlannedView["columns"], b: PlannedView["columns"]): boolean {
  return typesEqual({ kind: "product", elements: a }, { kind: "product", elements: b });
}

/** Whether only a view's code can have changed. */
function sameView(a: PlannedView, b: PlannedView): boolean {
  return (
    a.isPublic === b.isPublic &&
    a.isAnonymous === b.isAnonymous &&
    a.primaryKey === b.primaryKey &&
    sameElements(a.params, b.params) &&
    sameElements(a.columns, b.columns)
  );
}

function compareViews(
  before: readonly PlannedView[],
  after: readonly PlannedView[],
  steps: MigrationStep[],
): void {
  const [old, next] = [byName(before), byName(after)];
  const isKept = ({ name }: PlannedView): boolean => {
    const [was, is] = [old.get(name), next.get(name)];
    return was !== undefined && is !== undefined && sameView(was, is);
  };
  for (const view of before) {
    if (!isKept(view)) steps.push({ kind: "removeView", view: view.name });
  }
  for (const view of after) {
    if (!isKept(view)) steps.push({ kind: "addView", view: view.name });
  }
}

/** Rules speak of tables and columns by names: where those have passed to others, no rule is what it was. */
function compareRowRules(
  before: readonly string[],
  after: readonly string[],
  steps: MigrationStep[],
): void {
  const isRenamed = steps.some(
    ({ kind }) => kind === "changeTableAlias" || kind === "changeColumnAlias",
  );
  const isKept = (sql: string, others: readonly string[]): boolean =>
    !isRenamed && others.includes(sql);
  for (const sql of before) if (!isKept(sql, after)) steps.push({ kind: "removeRowRule", sql });
  for (const sql of after) if (!isKept(sql, before)) steps.push({ kind: "addRowRule", sql });
}

/** Faults of sequences that a definition alone does not show, since they lie in what is left out. */
function sequenceFaults(steps: readonly MigrationStep[]): string[] {
  return steps.flatMap((step) => {
    const added =
      step.kind === "addSequence"
        ? [step.sequence]
        : step.kind === "addTable"
          ? step.next.sequences
          : [];
    return added.flatMap((sequence) => sequenceFault(sequence) ?? []);
  });
}

/** Compares what the present program declares with what a new one does. */
export function planMigration(before: PlannedSchema, after: PlannedSchema): MigrationPlan {
  const steps: MigrationStep[] = [];
  const refusals: string[] = [];
  const next: ReadonlyMap<string, NewTable> = byName(after.tables);
  for (const table of before.tables) {
    const same = next.get(table.name);
    if (same === undefined) {
      steps.push({ kind: "removeTable", table: table.name });
      continue;
    }
    const compared = compareTables(table, same);
    steps.push(...compared.steps);
    refusals.push(...compared.refusals);
  }
  const old = byName(before.tables);
  for (const table of after.tables) {
    if (!old.has(table.name)) steps.push({ kind: "addTable", table: table.name, next: table });
  }
  compareViews(before.views, after.views, steps);
  compareRowRules(before.rowRules, after.rowRules, steps);
  refusals.push(...sequenceFaults(steps));
  steps.sort(byOrder);
  return { steps, refusals, breaksClients: steps.some(breaksClients) };
}
