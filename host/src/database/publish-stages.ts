// Who keeps something of a module beside its tables (views, row rules, schedules) takes part in a publish here: one entry in
// the list for each, in the order they run in.
import type { ModuleDef } from "@lightcone/abi";
import type { Transaction } from "../datastore/tx.ts";
import type { LiveModule } from "./live-module.ts";
import type { MigrationStep } from "./migration/step.ts";
import { rowRuleStage } from "./row-rules.ts";
import { scheduleStage } from "./schedule/publish.ts";
import { viewRowsStage, viewStage } from "./views/publish.ts";
import type { DatabaseParts } from "./parts.ts";

/** One publish as its stages see it. */
export interface PublishChange {
  /** The program that takes over. */
  readonly module: LiveModule;
  /** What it takes over from; undefined at the first publish. */
  readonly before: ModuleDef | undefined;
  /** What changes; at the first publish nothing is listed. */
  readonly steps: readonly MigrationStep[];
}

export interface PublishStage {
  /** Inside the transaction, before any table changes: names that become free may be those of new tables. */
  readonly giveUp?: (parts: DatabaseParts, tx: Transaction, publish: PublishChange) => void;
  /**
   * Inside the transaction, when the tables are as the new program declares them (a table that got columns has a new id) and
   * before `init` runs. What it throws fails the publish.
   */
  readonly change?: (parts: DatabaseParts, tx: Transaction, publish: PublishChange) => void;
  /** After the commit, with the new program in place. Must not throw. */
  readonly committed?: (parts: DatabaseParts, publish: PublishChange) => void;
}

/** Views are computed last, since they may read whatever the others write. */
export const publishStages: readonly PublishStage[] = [
  viewStage,
  rowRuleStage,
  scheduleStage,
  viewRowsStage,
];
