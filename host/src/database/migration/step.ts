// What a migration is made of: one step for each difference between two definitions that can be done (module-def.md
// section 9).
import type { NewTable } from "../../datastore/create-table.ts";
import type {
  NewColumn,
  NewConstraint,
  NewIndex,
  NewSchedule,
  NewSequence,
} from "../../datastore/schema-rows.ts";

/** The kinds, in the order they are done in. */
const stepKinds = [
  "removeIndex",
  "removeConstraint",
  "removeSequence",
  "removeSchedule",
  "removeView",
  "removeRowRule",
  "removeTable",
  "changeColumnType",
  "changeEventColumns",
  "addColumns",
  "changeIndexAlias",
  "changeTableAlias",
  "changeColumnAlias",
  "addTable",
  "addIndex",
  "addConstraint",
  "addSequence",
  "addSchedule",
  "addView",
  "addRowRule",
  "changeAccess",
  "changePrimaryKey",
] as const;

type OnTable<Kind extends (typeof stepKinds)[number], Rest = unknown> = {
  readonly kind: Kind;
  /** Canonical name. */
  readonly table: string;
} & Rest;

export type MigrationStep =
  | OnTable<"removeIndex" | "addIndex" | "changeIndexAlias", { readonly index: NewIndex }>
  | OnTable<"removeConstraint" | "addConstraint", { readonly constraint: NewConstraint }>
  | OnTable<"removeSequence" | "addSequence", { readonly sequence: NewSequence }>
  | OnTable<"removeSchedule" | "addSchedule", { readonly schedule: NewSchedule }>
  | OnTable<"removeTable">
  | OnTable<"addTable" | "changeEventColumns", { readonly next: NewTable }>
  | OnTable<"addColumns", { readonly next: NewTable; readonly added: readonly NewColumn[] }>
  | OnTable<"changeColumnType", { readonly position: number; readonly column: NewColumn }>
  | OnTable<"changeColumnAlias", { readonly column: NewColumn }>
  | OnTable<"changeTableAlias", { readonly alias: string }>
  | OnTable<"changeAccess", { readonly access: NewTable["access"] }>
  | OnTable<
      "changePrimaryKey",
      { readonly primaryKey: number | undefined; readonly column: string | undefined }
    >
  | { readonly kind: "removeView" | "addView"; readonly view: string }
  | { readonly kind: "removeRowRule" | "addRowRule"; readonly sql: string };

const breakingKinds: ReadonlySet<MigrationStep["kind"]> = new Set([
  "removeView",
  "removeRowRule",
  "addRowRule",
  "removeTable",
  "changeEventColumns",
  "addColumns",
]);

/** Whether clients that know the old definition cannot go on after the step. */
export function breaksClients(step: MigrationStep): boolean {
  return breakingKinds.has(step.kind);
}

const ranks: ReadonlyMap<MigrationStep["kind"], number> = new Map(
  stepKinds.map((kind, rank) => [kind, rank]),
);

export function byOrder(a: MigrationStep, b: MigrationStep): number {
  return (ranks.get(a.kind) as number) - (ranks.get(b.kind) as number);
}
