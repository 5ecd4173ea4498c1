// The parts of the host that random runs drive, so that a host with a known fault can take their place.
import { Views } from "../../src/database/views/views.ts";
import { createViewTables } from "../../src/database/views/create.ts";
import { callerViews, liveViews, viewArgHash } from "../../src/database/views/live-view.ts";
import { runViewQuery } from "../../src/database/views/query.ts";
import { encodeSystemRow } from "../../src/datastore/catalog.ts";
import { createTable } from "../../src/datastore/create-table.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import { arrangeParts, writeParts } from "../../src/session/updates.ts";
import { prepareSql, runTableQuery } from "../../src/sql/run.ts";
import { compileQueries } from "../../src/sql/table-query.ts";
import { viewsOf } from "../../src/sql/bind/views-of.ts";
import { Evaluator } from "../../src/subscription/evaluate.ts";
import { Subscriber, SubscriptionRegistry } from "../../src/subscription/registry.ts";

/** What a host's folder is to be asked for, by file. */
const files = [
  "database/views/views",
  "database/views/create",
  "database/views/live-view",
  "database/views/query",
  "datastore/catalog",
  "datastore/create-table",
  "datastore/datastore",
  "session/updates",
  "sql/run",
  "sql/table-query",
  "sql/bind/views-of",
  "subscription/evaluate",
  "subscription/registry",
] as const;

export interface Engine {
  readonly Views: typeof Views;
  readonly createViewTables: typeof createViewTables;
  readonly callerViews: typeof callerViews;
  readonly liveViews: typeof liveViews;
  readonly viewArgHash: typeof viewArgHash;
  readonly runViewQuery: typeof runViewQuery;
  readonly encodeSystemRow: typeof encodeSystemRow;
  readonly createTable: typeof createTable;
  readonly Datastore: typeof Datastore;
  readonly arrangeParts: typeof arrangeParts;
  readonly writeParts: typeof writeParts;
  readonly prepareSql: typeof prepareSql;
  readonly runTableQuery: typeof runTableQuery;
  readonly compileQueries: typeof compileQueries;
  readonly viewsOf: typeof viewsOf;
  readonly Evaluator: typeof Evaluator;
  readonly Subscriber: typeof Subscriber;
  readonly SubscriptionRegistry: typeof SubscriptionRegistry;
}

/** The host as it is. */
export const hostEngine: Engine = {
  Views,
  createViewTables,
  callerViews,
  liveViews,
  viewArgHash,
  runViewQuery,
  encodeSystemRow,
  createTable,
  Datastore,
  arrangeParts,
  writeParts,
  prepareSql,
  runTableQuery,
  compileQueries,
  viewsOf,
  Evaluator,
  Subscriber,
  SubscriptionRegistry,
};

/** A compiled host in another folder, by its URL. */
export async function loadEngine(folder: URL): Promise<Engine> {
  const parts = await Promise.all(
    files.map((file) => import(new URL(`${file}.js`, folder).href) as Promise<Partial<Engine>>),
  );
  return parts.reduce<Engine>((engine, part) => ({ ...engine, ...part }), hostEngine);
}
