// What one client of protocol v1 watches: each text once for the connection, however many ids hold it (protocol.md section 7.5). To the
// registry each text is a query set of its own.
import { assert, LightconeError, present } from "@lightcone/abi";
import type { Client } from "../../database/client.ts";
import type { Database } from "../../database/database.ts";
import type { ViewInstance } from "../../database/views/views.ts";
import { type CompiledText, isAllTables, type TableQuery } from "../../sql/table-query.ts";
import { checkWatchLimit, compileTexts, expandTexts, prepareTextViews } from "../queries.ts";

/** A text that is watched. */
interface HeldText {
  readonly querySetId: number;
  /** Ids that hold it, and the set of the legacy message. */
  holderCount: number;
}

/** A text on its way to being watched. */
export interface PreparedText {
  readonly text: string;
  readonly queries: CompiledText;
  readonly instances: readonly ViewInstance[];
}

const eventRefusal =
  "Subscribing to event tables requires WebSocket v2. Please upgrade your client SDK and regenerate your module bindings.";

function refused(message: string): LightconeError {
  return new LightconeError("LC_SUBSCRIPTION", message);
}

export class V1Subscriptions {
  readonly #database: Database;
  readonly #client: Client;
  readonly #held = new Map<string, HeldText>();
  readonly #textsById = new Map<number, readonly string[]>();
  #legacyTexts: readonly string[] = [];
  #lastSetId = 0;

  constructor(database: Database, client: Client) {
    this.#database = database;
    this.#client = client;
  }

  /** Makes texts ready to be watched, each once. Throws LC_SQL_*, LC_VIEW, LC_LIMIT or LC_SUBSCRIPTION; nothing is watched then. */
  prepare(given: readonly string[]): PreparedText[] {
    const database = this.#database;
    const client = this.#client;
    const texts = expandTexts(database, client, given);
    // First of all views: what they compute is a transaction of its own.
    const instances = texts.map((text) => prepareTextViews(database, client, [text]));
    const compiled = compileTexts(database, client, texts);
    const queries = compiled.flat();
    const readsEvents = queries.some(({ relations }) =>
      relations.some(({ table }) => table.schema.isEvent),
    );
    if (readsEvents) throw refused(eventRefusal);
    checkWatchLimit(database, client, queries);
    return texts.map((text, i) => ({
      text,
      queries: present(compiled[i], "a text that was compiled"),
      instances: present(instances[i], "the views of a text"),
    }));
  }

  /** Prepares the only text of a request that cannot name all tables. */
  prepareOne(text: string): PreparedText[] {
    if (isAllTables(text)) throw refused("SELECT * FROM * needs a subscription to several queries");
    return this.prepare([text]);
  }

  /** Refuses an id in use: LC_SUBSCRIPTION. */
  checkUnused(queryId: number): void {
    if (!this.#textsById.has(queryId)) return;
    throw refused(`Subscription with id ${queryId} already exists for this client`);
  }

  /** Watches texts under an id; returns the queries of those that were not watched before. */
  add(queryId: number, prepared: readonly PreparedText[]): TableQuery[] {
    this.checkUnused(queryId);
    this.#textsById.set(
      queryId,
      prepared.map(({ text }) => text),
    );
    return prepared.flatMap((one) => this.#hold(one));
  }

  /** Watches texts in place of those of the legacy message before. */
  replaceLegacy(prepared: readonly PreparedText[]): void {
    const former = this.#legacyTexts;
    this.#legacyTexts = prepared.map(({ text }) => text);
    for (const one of prepared) this.#hold(one);
    for (const text of former) this.#release(text);
  }

  /** The queries that only this id holds can be told as going; LC_SUBSCRIPTION if the id is not of one such text. */
  checkSingle(queryId: number): void {
    const [text, ...others] = this.#textsOf(queryId);
    const held = text === undefined ? undefined : this.#held.get(text);
    // The reference's words: a client that holds a query twice counted its rows twice, and no answer would be right.
    if (held === undefined || others.length > 0 || held.holderCount > 1) {
      throw refused("Internal error");
    }
  }

  /** Ends an id; returns the queries of texts that nothing holds any more. Refuses an unknown id: LC_SUBSCRIPTION. */
  remove(queryId: number): TableQuery[] {
    const texts = this.#textsOf(queryId);
    this.#textsById.delete(queryId);
    return texts.flatMap((text) => this.#release(text));
  }

  #textsOf(queryId: number): readonly string[] {
    const texts = this.#textsById.get(queryId);
    if (texts === undefined) throw refused(`Subscription not found: ${queryId}`);
    return texts;
  }

  #hold({ text, queries, instances }: PreparedText): readonly TableQuery[] {
    const held = this.#held.get(text);
    if (held !== undefined) {
      held.holderCount++;
      return [];
    }
    const { registry, views } = this.#database.parts;
    const { subscriber } = this.#client;
    const querySetId = ++this.#lastSetId;
    this.#held.set(text, { querySetId, holderCount: 1 });
    registry.add(subscriber, querySetId, queries);
    views.holders.add(subscriber, querySetId, instances);
    return queries;
  }

  #release(text: string): TableQuery[] {
    const held = this.#held.get(text);
    assert(held !== undefined, "a text is held that is not watched");
    if (--held.holderCount > 0) return [];
    this.#held.delete(text);
    const { registry, views, clock } = this.#database.parts;
    const { subscriber } = this.#client;
    // Compiled anew, maybe, since it was added: tables may have changed.
    const queries = registry.remove(subscriber, held.querySetId).map(({ query }) => query);
    views.holders.remove(subscriber, held.querySetId, clock.nowMillis());
    return queries;
  }
}

/** Queries whose tables have rows, those on one table together. */
export function groupByTable(queries: readonly TableQuery[]): CompiledText[] {
  const groups = new Map<TableQuery["table"], [TableQuery, ...TableQuery[]]>();
  for (const query of queries) {
    const { table } = query;
    if (table.rowCount === 0) continue;
    const group = groups.get(table);
    if (group === undefined) groups.set(table, [query]);
    else group.push(query);
  }
  return [...groups.values()];
}
