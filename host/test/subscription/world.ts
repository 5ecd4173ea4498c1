// Clients that watch a stage: after each transaction what a client holds, kept by the messages alone, must be what a plain
// evaluation finds from scratch.
import {
  assert,
  decodeServerMessage,
  LightconeError,
  messageOf,
  present,
  Reader,
  writeSubscribeAppliedHead,
  writeTableHead,
  writeTransactionUpdateHead,
  writeUnsubscribeAppliedHead,
  Writer,
} from "@lightcone/abi";
import type { SqlCaller } from "../../src/sql/bind/visibility.ts";
import type { CompiledText, TableQuery } from "../../src/sql/table-query.ts";
import type { Subscriber } from "../../src/subscription/registry.ts";
import { type HeldRows, Mirror } from "../session/mirror.ts";
import { isSame, show } from "./held.ts";
import { addTally, newTally, type Tally } from "./tally.ts";
import { type Engine, hostEngine } from "./engine.ts";
import { evaluateModel, type ModelState, tablesOf } from "./model.ts";
import {
  type Action,
  type ClientSpec,
  type Query,
  queryText,
  type Row,
  type Script,
  sourceName,
} from "./script.ts";
import { type Settled, Stage } from "./stage.ts";

interface WatchedSet {
  readonly queries: readonly Query[];
  readonly tables: ReadonlySet<number>;
  /** Whether a query is about events. */
  readonly hasEvents: boolean;
  /** What the client should hold, by table. */
  expected: Map<string, HeldRows>;
}

interface Client {
  readonly spec: ClientSpec;
  readonly sqlCaller: SqlCaller;
  subscriber: Subscriber;
  mirror: Mirror;
  readonly sets: Map<number, WatchedSet>;
}

/** How many transactions pass between two looks at tables that nothing has written to. */
const fullLookEvery = 64;

class World {
  readonly tally: Tally = newTally();
  readonly #script: Script;
  readonly #engine: Engine;
  readonly #stage: Stage;
  readonly #clients: readonly Client[];
  readonly #writer = new Writer();
  #rows: (readonly Row[])[];

  constructor(script: Script, engine: Engine) {
    this.#script = script;
    this.#engine = engine;
    this.#stage = new Stage(script, engine);
    this.#rows = script.tables.map(() => []);
    this.#clients = script.clients.map((spec, id) => ({
      spec,
      sqlCaller: this.#stage.sqlCaller(spec),
      subscriber: new engine.Subscriber(id),
      mirror: new Mirror(),
      sets: new Map(),
    }));
  }

  get #state(): ModelState {
    return { script: this.#script, rows: (table) => present(this.#rows[table], "rows of a table") };
  }

  /** Does one thing and checks what came of it. Throws what is wrong. */
  act(action: Action): void {
    if (action.kind === "commit") {
      this.#commit(action);
      return;
    }
    if (action.kind === "update") {
      this.#update(action.tables);
      return;
    }
    const client = this.#clients[action.client];
    // A script that was cut down may speak of clients that are no more.
    if (client === undefined) return;
    switch (action.kind) {
      case "subscribe":
        this.#subscribe(client, action.set, action.queries);
        break;
      case "unsubscribe":
        this.#unsubscribe(client, action.set);
        break;
      case "disconnect":
        this.#disconnect(client);
        break;
      case "ask":
        this.#ask(client, action.query);
    }
  }

  /** Everybody leaves, and nothing may be left behind. */
  end(): void {
    this.tally.viewRuns = this.#stage.viewRunCount;
    for (const client of this.#clients) this.#disconnect(client);
    assert(this.#stage.registry.isEmpty, "a query is watched that nobody watches");
  }

  /** Queries are compiled again, and go on. */
  #update(tables: readonly number[]): void {
    const changed = tables.map((table) => this.#stage.table(table));
    const lost = this.#stage.registry.recompile(changed, new Set());
    assert(lost.size === 0, "a query does not outlast an update");
  }

  #disconnect(client: Client): void {
    this.#stage.registry.removeAll(client.subscriber);
    client.subscriber = new this.#engine.Subscriber(client.subscriber.id + 100);
    client.mirror = new Mirror();
    client.sets.clear();
  }

  #isEvent(source: number): boolean {
    return this.#script.tables[source]?.isEvent === true;
  }

  /** Whether the caller may not name something that the query names. */
  #isForbidden({ from }: Query, { isOwner }: ClientSpec): boolean {
    const { tables, views } = this.#script;
    return (
      !isOwner &&
      from.some((source) => {
        const view = views[source - tables.length];
        return view === undefined ? tables[source]?.isPrivate === true : !view.isPublic;
      })
    );
  }

  /** Compiles a query, or says that it is refused, which must be for what may not be named or for want of an index. */
  #compile(client: Client, query: Query, use: "subscription" | "oneOff"): CompiledText | undefined {
    const text = queryText(this.#script, query);
    const isForbidden = this.#isForbidden(query, client.spec);
    try {
      const { datastore } = this.#stage;
      const compiled = this.#engine.compileQueries(text, datastore, client.sqlCaller, use);
      assert(!isForbidden, `${text} is not refused`);
      return compiled;
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      const isNamed = thrown.code === "LC_SQL_NAME";
      const isUnsupported = thrown.code === "LC_SQL_UNSUPPORTED" && use === "subscription";
      if (isForbidden ? isNamed : isUnsupported) return undefined;
      throw thrown;
    }
  }

  #subscribe(client: Client, setId: number, given: readonly Query[]): void {
    // A join that returns rows of a table because of events says that they came and never that they went.
    const queries = given.filter(
      ({ from, returned }) =>
        this.#isEvent(from[returned] ?? 0) || !from.some((source) => this.#isEvent(source)),
    );
    const texts = queries.map((query) => queryText(this.#script, query));
    this.#tell(this.#stage.prepareViews(texts, client.spec));
    const compiled: TableQuery[] = [];
    for (const query of queries) {
      const fragments = this.#compile(client, query, "subscription");
      if (fragments === undefined) {
        this.tally.refused++;
        return;
      }
      compiled.push(...fragments);
    }
    const { registry } = this.#stage;
    if (client.sets.has(setId)) {
      const refusal = refusalOf(() => registry.add(client.subscriber, setId, compiled));
      assert(refusal === "LC_SUBSCRIPTION", "a set in use was replaced");
      return;
    }
    this.tally.subscriptions++;
    if (compiled.some(({ kind }) => kind === "join")) this.tally.joins++;
    const shared = registry.add(client.subscriber, setId, compiled);
    const distinct = queries.filter((_, i) => texts.indexOf(texts[i] as string) === i);
    client.sets.set(setId, {
      queries: distinct,
      tables: new Set(distinct.flatMap((query) => [...tablesOf(this.#script, query)])),
      hasEvents: distinct.some(({ from }) => from.some((source) => this.#isEvent(source))),
      expected: this.#expected(client, distinct),
    });
    const filled = shared.map(({ query }) => query).filter(({ table }) => table.rowCount > 0);
    this.#writer.clear();
    writeSubscribeAppliedHead(this.#writer, 1, setId, filled.length);
    this.#writeTables(filled);
    this.#take(client);
    this.#check();
  }

  #writeTables(queries: readonly TableQuery[]): void {
    for (const query of queries) {
      writeTableHead(this.#writer, query.table.schema.name);
      this.#stage.evaluator.writeRows([query], this.#writer);
    }
  }

  /** Hands a client what was written. */
  #take({ mirror }: Client): void {
    mirror.take([decodeServerMessage(new Reader(this.#writer.finish()))]);
    assert(mirror.faults.length === 0, mirror.faults.join());
  }

  #unsubscribe(client: Client, setId: number): void {
    if (!client.sets.delete(setId)) return;
    const queries = this.#stage.registry.remove(client.subscriber, setId).map(({ query }) => query);
    const filled = queries.filter(({ table }) => table.rowCount > 0);
    this.#writer.clear();
    writeUnsubscribeAppliedHead(this.#writer, 2, setId, filled.length);
    this.#writeTables(filled);
    this.#take(client);
  }

  #commit({ changes, isRolledBack }: Extract<Action, { kind: "commit" }>): void {
    this.tally.transactions++;
    const settled = this.#stage.transact(changes, isRolledBack);
    const old = this.#rows;
    const isFull = this.tally.transactions % fullLookEvery === 0;
    const touched = new Set(changes.map(({ table }) => table));
    this.#rows = old.map((rows, table) =>
      isFull || touched.has(table) ? this.#stage.rows(table) : rows,
    );
    for (const client of this.#clients) {
      for (const set of client.sets.values()) {
        const isConcerned = isFull || [...set.tables].some((table) => touched.has(table));
        if (isConcerned) set.expected = this.#expected(client, set.queries);
      }
    }
    this.#tell(settled);
    this.#checkEvents(settled, (table) => old[table] ?? []);
    this.#check();
  }

  /** Hands clients their shares of what was evaluated last. */
  #tell(settled: Settled | undefined): void {
    for (const subscriber of settled?.affected ?? []) {
      const client = this.#clients.find((each) => each.subscriber === subscriber);
      assert(client !== undefined, "somebody who does not watch is told");
      const { parts } = subscriber;
      this.tally.changes += parts.length;
      this.#writer.clear();
      writeTransactionUpdateHead(this.#writer, this.#engine.arrangeParts(parts));
      this.#engine.writeParts(this.#writer, parts, this.#stage.evaluator.bytes);
      this.#take(client);
    }
  }

  /** What queries find from scratch, by table; events are never there. */
  #expected({ spec }: Client, queries: readonly Query[]): Map<string, HeldRows> {
    return this.#evaluate(this.#state, spec, queries);
  }

  #evaluate(state: ModelState, spec: ClientSpec, queries: readonly Query[]): Map<string, HeldRows> {
    const tables = new Map<string, HeldRows>();
    for (const query of queries) {
      const found = evaluateModel(state, query, spec);
      if (found.length === 0) continue;
      const source = query.from[query.returned] ?? 0;
      const name = sourceName(this.#script, source);
      let held = tables.get(name);
      if (held === undefined) tables.set(name, (held = new Map<string, number>()));
      for (const row of found) {
        const hex = this.#hexOf(source, row);
        held.set(hex, (held.get(hex) ?? 0) + 1);
      }
    }
    return tables;
  }

  #hexOf(source: number, row: Row): string {
    const { tables, views } = this.#script;
    const table = views[source - tables.length]?.source ?? source;
    return present(this.#stage.books[table], "a book").hexOf(row);
  }

  #check(): void {
    for (const { sets, mirror, spec } of this.#clients) {
      assert(mirror.sets.size === sets.size, "a set too many or too few");
      for (const [setId, { expected, queries }] of sets) {
        const held = mirror.sets.get(setId);
        if (held !== undefined && isSame(held, expected)) continue;
        const texts = queries.map((query) => queryText(this.#script, query)).join("; ");
        const who = spec.isOwner ? "the owner" : `caller ${spec.caller}`;
        throw new Error(`${texts} for ${who}\nheld: ${show(held)}\nnot: ${show(expected)}`);
      }
    }
  }

  /** Of each event those are told who watch it, with what was there before. */
  #checkEvents(settled: Settled | undefined, before: ModelState["rows"]): void {
    const rows: ModelState["rows"] = (table) =>
      this.#isEvent(table) ? (settled?.events.get(table) ?? []) : before(table);
    for (const { sets, mirror, spec } of this.#clients) {
      const told = mirror.events.splice(0);
      this.tally.events += told.length;
      const expected = [...sets].flatMap(([setId, { queries, hasEvents }]) => {
        if (!hasEvents) return [];
        const asked = queries.filter(({ from, returned }) => this.#isEvent(from[returned] ?? 0));
        const found = this.#evaluate({ script: this.#script, rows }, spec, asked);
        return [...found].flatMap(([table, held]) =>
          [...held].flatMap(([row, count]) =>
            new Array<string>(count).fill(`${setId} ${table} ${row}`),
          ),
        );
      });
      const [found, wanted] = [told.sort().join("\n"), expected.sort().join("\n")];
      if (found !== wanted) throw new Error(`events told:\n${found}\nnot:\n${wanted}`);
    }
  }

  /** A query that is asked once, and how many rows general SQL counts. */
  #ask(client: Client, query: Query): void {
    const text = queryText(this.#script, query);
    const { engine, datastore } = this.#stage;
    this.#tell(this.#stage.prepareViews([text], client.spec));
    const compiled = this.#compile(client, query, "oneOff");
    if (compiled === undefined) return;
    this.tally.asked++;
    const found: string[] = [];
    for (const fragment of compiled) {
      const { rows } = fragment.table;
      engine.runTableQuery(fragment, (row) => {
        const [start, end] = [
          rows.start(row) + fragment.rowOffset,
          rows.start(row) + rows.size(row),
        ];
        found.push(Buffer.from(rows.page(row).subarray(start, end)).toString("hex"));
      });
    }
    const source = query.from[query.returned] ?? 0;
    const expected = evaluateModel(this.#state, query, client.spec).map((row) =>
      this.#hexOf(source, row),
    );
    const [is, should] = [found.sort().join(" "), expected.sort().join(" ")];
    if (is !== should) throw new Error(`${text}\nfound: ${is}\nnot: ${should}`);
    const countText = text.replace(/^SELECT \S+/, "SELECT COUNT(*) AS n");
    const prepared = engine.prepareSql(countText, datastore, client.sqlCaller);
    assert(prepared.kind === "rows", "a SELECT changes nothing");
    prepared.cursor.advance(Number.POSITIVE_INFINITY);
    const json = Buffer.concat(prepared.output.finish()).toString();
    prepared.cursor.close();
    assert(json === `[[${expected.length}]]`, `${countText} counts ${json}`);
  }
}

function refusalOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof LightconeError) return thrown.code;
    throw thrown;
  }
}

/** Runs a script; returns what went wrong, with the action at which it did. */
export function runScript(
  script: Script,
  tally: Tally = newTally(),
  engine: Engine = hostEngine,
): { readonly action: number; readonly message: string } | undefined {
  const world = new World(script, engine);
  let at = 0;
  try {
    for (; at < script.actions.length; at++) world.act(script.actions[at] as Action);
    world.end();
  } catch (thrown) {
    return { action: at, message: messageOf(thrown) };
  } finally {
    addTally(tally, world.tally);
  }
  return undefined;
}
