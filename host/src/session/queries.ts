// Texts of queries on their way to what is watched or asked: the same for all dialects.
import { LightconeError, messageOf } from "@lightcone/abi";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import { prepareViews, viewsIn } from "../database/views/use.ts";
import type { ViewInstance } from "../database/views/views.ts";
import {
  allTableTexts,
  checkQueryRowLimit,
  type CompiledText,
  compileQueries,
  isAllTables,
  type TableQuery,
} from "../sql/table-query.ts";

/** An error's text as clients are told it. SQL's own faults quote the query (protocol.md section 7.7). */
export function queryFault(thrown: unknown): string {
  if (!(thrown instanceof LightconeError)) throw thrown;
  return messageOf(thrown);
}

/** The distinct texts of a request, with `SELECT * FROM *` spelled out for a client: once, however often it is asked for. */
export function expandTexts(
  database: Database,
  client: Client,
  given: readonly string[],
): string[] {
  const texts = new Set<string>();
  let hasAll = false;
  for (const text of given) {
    if (!isAllTables(text)) {
      texts.add(text.trim());
      continue;
    }
    if (hasAll) continue;
    hasAll = true;
    const caller = database.sqlCaller(client);
    for (const one of allTableTexts(database.parts.datastore, caller)) texts.add(one);
  }
  return [...texts];
}

/** Compiles texts to be watched by a client. Throws as `compileQueries`. */
export function compileTexts(
  database: Database,
  client: Client,
  texts: readonly string[],
): CompiledText[] {
  const { datastore } = database.parts;
  const caller = database.sqlCaller(client);
  return texts.map((text) => compileQueries(text, datastore, caller, "subscription"));
}

/** Refuses what would scan more than the owner lets others scan: LC_LIMIT. */
export function checkWatchLimit(
  database: Database,
  client: Client,
  queries: readonly TableQuery[],
): void {
  const { datastore, registry } = database.parts;
  // What others watch already is not counted again (sql-and-subscriptions.md section 7.4).
  const unshared = queries.filter((query) => !registry.has(query));
  checkQueryRowLimit(unshared, datastore, database.sqlCaller(client));
}

/** Compiles a query to be asked once. Throws as `compileQueries`, LC_VIEW, and LC_LIMIT. */
export function compileOneOff(database: Database, client: Client, text: string): CompiledText {
  const { datastore } = database.parts;
  const caller = database.sqlCaller(client);
  prepareTextViews(database, client, [text]);
  const queries = compileQueries(text, datastore, caller, "oneOff");
  checkQueryRowLimit(queries, datastore, caller);
  return queries;
}

/** Computes the views that texts read, so that queries find their rows. Throws LC_VIEW. */
export function prepareTextViews(
  database: Database,
  client: Client,
  texts: readonly string[],
): readonly ViewInstance[] {
  const { module, parts } = database;
  const wanted = viewsIn(texts, parts, module, client, database.sqlCaller(client));
  return prepareViews(parts, module, client, wanted);
}
