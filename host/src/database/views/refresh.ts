// Views inside a transaction that is about to be committed: those whose reads it touches are run again, on the module's main
// instance, whose call has returned by then.
import { present } from "@lightcone/abi";
import type { Transaction } from "../../datastore/tx.ts";
import type { LiveModule } from "../live-module.ts";
import { hostRecord } from "../module-log.ts";
import { type DatabaseParts, WatchCode } from "../parts.ts";
import { runViewQuery } from "./query.ts";
import type { RunView, ViewFailure } from "./views.ts";

/** Runs views by a module. One that traps is replaced before the next view runs. */
export function viewRunner({ datastore, watch }: DatabaseParts, module: LiveModule): RunView {
  return (view, sender, reads, tx) => {
    const failure = module.revive();
    if (failure !== undefined) return { kind: "failed", message: failure };
    watch.begin(WatchCode.view);
    const result = module.instance.callView(view.definition, sender, reads, tx);
    watch.end();
    watch.onResult?.("view", view.definition.name, result.kind !== "failed");
    if (result.kind !== "query") return result;
    return runViewQuery(result.text, view, datastore, reads);
  };
}

/** Logs a failure; returns what who caused it is told. */
export function reportFailure(
  { moduleLog }: DatabaseParts,
  { name, message, trace }: ViewFailure,
): string {
  moduleLog.append(hostRecord("Error", `view ${name} failed: ${message}`, trace));
  return `The view ${name} failed; the transaction was rolled back.`;
}

/**
 * Brings the views up to date that the open transaction affects. Returns why that is impossible: then it must be rolled back.
 * Where it must be committed whatever views say, those that fail are left empty instead.
 */
export function refreshViews(
  parts: DatabaseParts,
  tx: Transaction,
  mustCommit: boolean,
): string | undefined {
  const { views } = parts;
  const affected = views.affectedBy(tx);
  if (affected.size === 0) return undefined;
  const run = viewRunner(parts, present(parts.module, "a view without a module"));
  for (const instance of affected) {
    const failure = views.run(tx, run, instance);
    if (failure === undefined) continue;
    const text = reportFailure(parts, failure);
    if (!mustCommit) return text;
    views.empty(tx, instance);
  }
  return undefined;
}

/**
 * Computes all views in use by another module, inside the transaction that updates the program and after its tables have been
 * changed. Returns why that is impossible: then the update must be given up.
 */
export function recomputeViews(
  parts: DatabaseParts,
  tx: Transaction,
  module: LiveModule,
): string | undefined {
  const { datastore, views } = parts;
  const failure = views.recompute(tx, viewRunner(parts, module), module.views, ({ definition }) =>
    present(datastore.tableByName(definition.name), `backing table of view ${definition.name}`),
  );
  return failure === undefined ? undefined : reportFailure(parts, failure);
}
