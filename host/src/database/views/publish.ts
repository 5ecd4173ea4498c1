// The views' share of a publish: backing tables for new ones, and all that are in use computed by the new program.
import { LightconeError } from "@lightcone/abi";
import { systemTableId } from "../../datastore/system-tables.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { LiveModule } from "../live-module.ts";
import { hostRecord } from "../module-log.ts";
import type { DatabaseParts } from "../parts.ts";
import { deleteSchema } from "../../datastore/schema-rows.ts";
import type { PublishStage } from "../publish-stages.ts";
import { createViewTables, dropView } from "./create.ts";
import { recomputeViews } from "./refresh.ts";

/** Creates the backing tables that a module's views have not got yet. */
function addViews(
  { datastore, moduleLog }: DatabaseParts,
  tx: Transaction,
  module: LiveModule,
): void {
  for (const name of createViewTables(datastore, tx, module.definition)) {
    moduleLog.append(hostRecord("Info", `created view ${name}`));
  }
}

/** Throws LC_VIEW if the new program cannot compute a view in use. */
function computeViews(parts: DatabaseParts, tx: Transaction, module: LiveModule): void {
  const failure = recomputeViews(parts, tx, module);
  if (failure !== undefined) throw new LightconeError("LC_VIEW", failure);
}

/** Whether a database was published by a version of the host that kept no views: `publishViews` makes up for it. */
export function lacksViews({ datastore }: DatabaseParts, module: LiveModule): boolean {
  return datastore.catalog.table(systemTableId.view).rowCount < module.views.size;
}

/** Makes up for views that a database lacks, with its program as it is. Throws as `viewRowsStage`. */
export function publishViews(parts: DatabaseParts, tx: Transaction, module: LiveModule): void {
  addViews(parts, tx, module);
  computeViews(parts, tx, module);
}

/** Backing tables: those of views that are gone or changed give up their names before tables may take them. */
export const viewStage: PublishStage = {
  giveUp: ({ datastore }, tx, { steps }) => {
    for (const step of steps) {
      if (step.kind !== "removeView") continue;
      const tableId = dropView(datastore, tx, step.view);
      if (tableId === undefined) continue;
      deleteSchema({ catalog: datastore.catalog, tx, tableId }, step.view);
      datastore.dropTable(tableId);
    }
  },
  change: (parts, tx, { module }) => {
    addViews(parts, tx, module);
  },
};

/** All views in use computed by the new program. Throws LC_VIEW if it cannot. */
export const viewRowsStage: PublishStage = {
  change: (parts, tx, { module }) => {
    computeViews(parts, tx, module);
  },
};
