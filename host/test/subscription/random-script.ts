// Random scripts: a seed in, the same run out. A mode says which part of subscriptions a run is about.
import { Rng } from "@lightcone/fixtures/rng";
import { callerNumbers, isSenderKind, type KindName, kindNames, kinds } from "./kinds.ts";
import { randomCondition, randomQuery } from "./random-query.ts";
import {
  type Action,
  type Change,
  type ClientSpec,
  type Query,
  queryText,
  type Row,
  type RuleSpec,
  type Script,
  type TableSpec,
  type ViewSpec,
} from "./script.ts";

/** What a run is about. */
export type ModeName = "one table" | "join" | "self-join" | "row rules" | "views" | "overlapping";

interface Mode {
  /** How many relations queries have, each as often as listed. */
  readonly relations: readonly number[];
  readonly isSelfJoin: boolean;
  readonly tables: number;
  /** Tables that are for events, besides the others. */
  readonly events: number;
  readonly views: number;
  /** At most so many rules for a table. */
  readonly rules: number;
  readonly clients: number;
  /** Query sets of a client, and queries of a set. */
  readonly sets: number;
  readonly queries: number;
  /** Subscriptions and ends of such for each ten transactions. */
  readonly subscribes: number;
}

const usual: Mode = {
  relations: [1],
  isSelfJoin: false,
  tables: 2,
  events: 0,
  views: 0,
  rules: 0,
  clients: 1,
  sets: 1,
  queries: 1,
  subscribes: 1,
};

const modes: Readonly<Record<ModeName, Mode>> = {
  "one table": { ...usual, sets: 2 },
  join: { ...usual, relations: [1, 2, 2, 2], tables: 3, sets: 2 },
  "self-join": { ...usual, relations: [2], isSelfJoin: true, sets: 2 },
  "row rules": { ...usual, relations: [1, 1, 1, 2], tables: 4, clients: 3, rules: 2 },
  views: { ...usual, relations: [1, 1, 2], clients: 2, sets: 2, views: 4 },
  overlapping: {
    ...usual,
    relations: [1, 1, 2],
    tables: 3,
    events: 1,
    views: 1,
    rules: 1,
    clients: 4,
    sets: 3,
    queries: 2,
    subscribes: 3,
  },
};

export const modeNames: readonly ModeName[] = Object.keys(modes) as ModeName[];

const directKinds: readonly (KindName | undefined)[] = ["u8", "u16", "u32", "u64", "enum"];

/** Makes one script. */
class ScriptMaker {
  readonly #rng: Rng;
  readonly #mode: Mode;
  /** Kinds of the run: few, so that columns can be joined. */
  readonly #kinds: readonly KindName[];
  readonly #tables: TableSpec[] = [];
  readonly #views: ViewSpec[] = [];
  readonly #rules: RuleSpec[] = [];

  constructor(seed: number, mode: Mode) {
    this.#rng = new Rng(seed);
    this.#mode = mode;
    const rng = this.#rng;
    const drawn = Array.from({ length: 2 + rng.nextBelow(2) }, () => rng.pick(kindNames));
    const needsSender = mode.rules + mode.views > 0 || rng.nextBelow(3) === 0;
    const sender: KindName[] = needsSender ? [rng.nextBelow(4) > 0 ? "identity" : "bytes"] : [];
    this.#kinds = ["u32", ...drawn, ...sender];
  }

  make(commitCount: number): Script {
    const { tables, events, views, rules, clients } = this.#mode;
    for (let i = 0; i < tables; i++) this.#tables.push(this.#table(`t${i}`, false));
    for (let i = 0; i < events; i++) this.#tables.push(this.#table(`e${i}`, true));
    for (let i = 0; i < views; i++) this.#views.push(this.#view(`w${i}`));
    if (rules > 0) this.#addRules();
    const clientSpecs = Array.from({ length: clients }, (_, i): ClientSpec => ({
      caller: i % callerNumbers.length,
      isOwner: i === 2 || (clients === 1 && this.#rng.nextBelow(3) === 0),
    }));
    return {
      tables: this.#tables,
      views: this.#views,
      rules: this.#rules,
      clients: clientSpecs,
      actions: this.#actions(commitCount),
    };
  }

  get #sources(): Pick<Script, "tables" | "views"> {
    return { tables: this.#tables, views: this.#views };
  }

  #table(name: string, isEvent: boolean): TableSpec {
    const rng = this.#rng;
    const drawn = Array.from({ length: 2 + rng.nextBelow(4) }, () => rng.pick(this.#kinds));
    const columns = drawn.map((kind, i) => ({ name: `c${i}`, kind }));
    const indexes: (readonly ["btree" | "hash" | "direct", ...number[]])[] = [];
    const kind = (): "btree" | "hash" => rng.pick(["btree", "btree", "hash"]);
    const isKeyed = rng.nextBelow(2) === 0;
    if (isKeyed) {
      const isDirect = directKinds.includes(columns[0]?.kind) && rng.nextBelow(2) === 0;
      indexes.push([isDirect ? "direct" : kind(), 0]);
    }
    columns.forEach((_, column) => {
      if ((column > 0 || !isKeyed) && rng.nextBelow(3) > 0) indexes.push([kind(), column]);
    });
    if (rng.nextBelow(2) === 0 && columns.length > 1) {
      const last = 1 + rng.nextBelow(columns.length - 1);
      indexes.push([
        kind(),
        ...rng.pick([
          [0, last],
          [last, 0],
        ]),
      ]);
    }
    const isPrivate = !isEvent && rng.nextBelow(8) === 0;
    return { name, columns, indexes, unique: isKeyed ? [[0]] : [], isPrivate, isEvent };
  }

  #query(from: readonly number[], allowsSender: boolean, relationCount: number): Query {
    const { isSelfJoin } = this.#mode;
    return randomQuery(this.#rng, this.#sources, {
      from,
      relationCount,
      isSelfJoin,
      allowsSender,
    });
  }

  #view(name: string): ViewSpec {
    const rng = this.#rng;
    const source = rng.nextBelow(this.#mode.tables);
    const isAnonymous = rng.nextBelow(3) === 0;
    const view = { name, source, isAnonymous, isPublic: rng.nextBelow(8) > 0, isOption: false };
    const dice = rng.nextBelow(4);
    if (dice === 0) {
      const tables = this.#tables.flatMap(({ isEvent }, i) => (isEvent ? [] : [i]));
      const query = this.#query(tables, false, 1 + rng.nextBelow(2));
      const returned = query.from[query.returned] ?? 0;
      return { ...view, source: returned, behaviour: { kind: "query", query } };
    }
    const isOption = rng.nextBelow(4) === 0;
    const point = dice === 1 ? undefined : this.#pointRead(source, isAnonymous);
    if (point !== undefined) return { ...view, isOption, behaviour: point };
    const where = randomCondition(rng, this.#sources, source, !isAnonymous);
    return { ...view, isOption, behaviour: { kind: "scan", where } };
  }

  #pointRead(source: number, isAnonymous: boolean): ViewSpec["behaviour"] | undefined {
    const rng = this.#rng;
    const { indexes = [], columns = [] } = this.#tables[source] ?? {};
    const singles = indexes.flatMap((index, i) => (index.length === 2 ? [i] : []));
    if (singles.length === 0) return undefined;
    const index = rng.pick(singles);
    const kind = columns[indexes[index]?.[1] ?? 0]?.kind ?? "u32";
    const isSender = isSenderKind(kind) && !isAnonymous && rng.nextBelow(3) > 0;
    const value = isSender ? ("sender" as const) : { cell: this.#cell(kind) };
    return { kind: "point", index, value };
  }

  /** Some rules for some tables. None needs another that needs it: a rule speaks of its table and those before it. */
  #addRules(): void {
    const rng = this.#rng;
    this.#tables.forEach(({ isPrivate }, table) => {
      if (isPrivate || rng.nextBelow(3) === 0) return;
      const earlier = this.#tables.flatMap((each, i) =>
        i <= table && !each.isEvent && !each.isPrivate ? [i] : [],
      );
      for (let tries = 0, count = 1 + rng.nextBelow(this.#mode.rules); tries < 12; tries++) {
        const relationCount = rng.nextBelow(2) === 0 ? 1 : 2;
        const from = relationCount === 1 ? [table] : [...earlier, table];
        const query = this.#query(from, true, relationCount);
        if (query.from[query.returned] !== table || this.#isRule(query)) continue;
        this.#rules.push({ table, query });
        if (--count === 0) break;
      }
    });
  }

  /** Whether there is a rule of the same text. */
  #isRule(query: Query): boolean {
    const text = queryText(this.#sources, query);
    return this.#rules.some((rule) => queryText(this.#sources, rule.query) === text);
  }

  #cell(kind: KindName): number {
    return this.#rng.nextBelow(kinds[kind].cells.length);
  }

  #row(table: number): Row {
    return (this.#tables[table]?.columns ?? []).map(({ kind }) => this.#cell(kind));
  }

  #change(): Change {
    const rng = this.#rng;
    const table = rng.nextBelow(this.#tables.length);
    const dice = rng.nextBelow(40);
    if (dice === 0) return { kind: "clear", table };
    if (dice < 20) return { kind: "insert", table, row: this.#row(table) };
    if (dice < 26) return { kind: "update", table, row: this.#row(table) };
    if (dice < 28) return { kind: "flicker", table, row: this.#row(table) };
    return { kind: dice < 30 ? "rewrite" : "delete", table, place: rng.nextBelow(1000) };
  }

  #commit(): Action {
    const rng = this.#rng;
    const count = 1 + rng.nextBelow(rng.nextBelow(20) === 0 ? 25 : 4);
    return {
      kind: "commit",
      changes: Array.from({ length: count }, () => this.#change()),
      isRolledBack: rng.nextBelow(12) === 0,
    };
  }

  #userQuery(): Query {
    const rng = this.#rng;
    const from = Array.from({ length: this.#tables.length + this.#views.length }, (_, i) => i);
    const views = from.slice(this.#tables.length);
    const isOfViews = views.length > 0 && rng.nextBelow(2) === 0;
    return this.#query(isOfViews ? views : from, true, rng.pick(this.#mode.relations));
  }

  /** Queries that are asked, few enough for clients to share them. */
  #actions(commitCount: number): Action[] {
    const rng = this.#rng;
    const { clients, sets, queries, subscribes } = this.#mode;
    const pool = Array.from({ length: 6 + sets * queries * 2 }, () => this.#userQuery());
    const actions: Action[] = [];
    const client = (): number => rng.nextBelow(clients);
    const subscribe = (): Action => ({
      kind: "subscribe",
      client: client(),
      set: 1 + rng.nextBelow(sets * 2),
      queries: Array.from({ length: 1 + rng.nextBelow(queries) }, () => rng.pick(pool)),
    });
    for (let i = 0; i < clients * sets * 2; i++) actions.push(subscribe());
    for (let done = 0; done < commitCount;) {
      if (rng.nextBelow(10) < subscribes) {
        const dice = rng.nextBelow(20);
        if (dice < 13) actions.push(subscribe());
        else if (dice < 19) {
          actions.push({ kind: "unsubscribe", client: client(), set: 1 + rng.nextBelow(sets * 2) });
        } else actions.push({ kind: "disconnect", client: client() });
      }
      if (rng.nextBelow(64) === 0) {
        const tables = this.#tables.flatMap((_, i) => (rng.nextBelow(2) === 0 ? [i] : []));
        actions.push({ kind: "update", tables });
      }
      if (rng.nextBelow(32) === 0) {
        const query = rng.nextBelow(2) === 0 ? rng.pick(pool) : this.#userQuery();
        actions.push({ kind: "ask", client: client(), query });
      }
      actions.push(this.#commit());
      done++;
    }
    return actions;
  }
}

/** A script of so many transactions. */
export function randomScript(mode: ModeName, seed: number, commitCount: number): Script {
  return new ScriptMaker(seed, modes[mode]).make(commitCount);
}
