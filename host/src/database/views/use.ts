// Views as queries use them: computed for who asks before the query runs, kept as long as somebody needs them.
import { assert, LightconeError, present } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { viewsOf } from "../../sql/bind/views-of.ts";
import type { SqlCaller } from "../../sql/bind/visibility.ts";
import { commit, undo } from "../call.ts";
import type { Client } from "../client.ts";
import type { LiveModule } from "../live-module.ts";
import type { DatabaseParts } from "../parts.ts";
import { type LiveView, viewArgHash } from "./live-view.ts";
import { reportFailure, viewRunner } from "./refresh.ts";
import { instanceKey, type ViewCaller, type ViewInstance } from "./views.ts";

const none: readonly never[] = [];

/** The views that texts of SQL read for `client`, who may see them. What does not parse reads none: whoever runs it says so. */
export function viewsIn(
  texts: readonly string[],
  { datastore }: DatabaseParts,
  module: LiveModule,
  client: Client,
  caller: SqlCaller,
): readonly LiveView[] {
  if (module.views.size === 0) return none;
  const names = new Set(texts.flatMap((text) => [...viewsOf(text, datastore, caller)]));
  return [...names]
    .map((name) => present(module.views.get(name), `view ${name}`))
    .filter(({ definition }) => definition.isPublic || client.isOwner);
}

function callerOf({ definition }: LiveView, client: Client): ViewCaller {
  return {
    identityHex: client.identity.toHex(),
    sender: client.words.sender,
    argHash: viewArgHash(definition, client.identityBytes),
  };
}

/**
 * Computes the views that `client` is about to read and nobody keeps for it yet, in a transaction of their own, and counts all as
 * used now. Throws LC_VIEW if one cannot be computed.
 */
export function prepareViews(
  parts: DatabaseParts,
  module: LiveModule,
  client: Client,
  wanted: readonly LiveView[],
): readonly ViewInstance[] {
  if (wanted.length === 0) return none;
  const { views } = parts;
  const callers = wanted.map((view) => ({ view, caller: callerOf(view, client) }));
  const missing = callers.filter(
    ({ view, caller }) => views.find(instanceKey(view, caller)) === undefined,
  );
  if (missing.length > 0) materialise(parts, module, missing);
  const nowMillis = parts.clock.nowMillis();
  return callers.map(({ view, caller }) => {
    const instance = present(views.find(instanceKey(view, caller)), "a view just computed");
    instance.lastUsedMillis = nowMillis;
    return instance;
  });
}

function materialise(
  parts: DatabaseParts,
  module: LiveModule,
  missing: readonly { readonly view: LiveView; readonly caller: ViewCaller }[],
): void {
  const { datastore, views } = parts;
  const run = viewRunner(parts, module);
  const tx = datastore.begin();
  for (const { view, caller } of missing) {
    const { name } = view.definition;
    const table = present(datastore.tableByName(name), `backing table of view ${name}`);
    const made = views.materialise(tx, run, view, caller, table);
    if (!("message" in made)) continue;
    undo(parts, tx);
    throw new LightconeError("LC_VIEW", reportFailure(parts, made));
  }
  const refusal = commit(parts, tx, undefined, undefined);
  assert(refusal === undefined, "what nobody logs or reads can be committed");
}

/** Gives up views that nobody has used for long, some rows at a time. To be called between transactions. */
export function sweepViews(parts: DatabaseParts): void {
  const { datastore, views, clock } = parts;
  if (!views.endIdle(clock.nowMillis())) return;
  const tx = datastore.begin();
  views.deleteLeftovers(tx, limit.viewSweepRows);
  const refusal = commit(parts, tx, undefined, undefined);
  assert(refusal === undefined, "what nobody logs or reads can be committed");
}
