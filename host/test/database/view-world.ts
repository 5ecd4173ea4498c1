// Random transactions under made-up views. After each commit the rows of every view are those of a fresh run, and only the views
// that it concerned were run.
import {
  array,
  bytesType,
  compileCodec,
  decode,
  encode,
  type ModuleDef,
  primitive,
  product,
  type ProductValue,
  ref,
  type ViewDef,
} from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { createViewTables } from "../../src/database/views/create.ts";
import { type LiveView, liveViews, viewArgHash } from "../../src/database/views/live-view.ts";
import {
  instanceKey,
  type RunView,
  type ViewCaller,
  Views,
} from "../../src/database/views/views.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import { ReadSet } from "../../src/module/read-set.ts";
import { commit, openTable, rowEncoder, type TableSketch, toHex } from "../datastore/tables.ts";
import {
  concerns,
  doRead,
  randomRead,
  type Read,
  rowBytes,
  type Values,
  valuesOf,
} from "./view-reads.ts";

const u8 = primitive("u8");
const u32 = primitive("u32");

const noteSketch: TableSketch = {
  name: "note",
  columns: { id: u32, group: u8, score: primitive("f32"), text: primitive("string") },
  indexes: [
    ["btree", 0],
    ["btree", 1],
    ["btree", 2],
    ["btree", 1, 3],
    ["hash", 3],
    ["hash", 2],
  ],
  unique: [[0]],
};
const bagSketch: TableSketch = {
  name: "bag",
  columns: { a: u8, b: u8 },
  indexes: [
    ["btree", 0, 1],
    ["direct", 1],
  ],
};

const rowType = product({ n: u32, data: bytesType });
const rowCodec = compileCodec(rowType);
const resultCodec = compileCodec(array(rowType));

type MakeRow = (rng: Rng) => ProductValue;

const randomRows: Readonly<Record<string, MakeRow>> = {
  note: (rng) => ({
    id: rng.nextBelow(40),
    group: rng.nextBelow(6),
    score: rng.pick([0, -0, 1.5, -2, Number.NaN, Infinity]),
    text: "pqrs".slice(0, rng.nextBelow(5)),
  }),
  bag: (rng) => ({ a: rng.nextBelow(5), b: rng.nextBelow(5) }),
};

const encoders = { note: rowEncoder(noteSketch), bag: rowEncoder(bagSketch) };

function viewDef(name: string, index: number, isAnonymous: boolean, isKeyed: boolean): ViewDef {
  return {
    name,
    sourceName: name,
    index,
    isAnonymous,
    isPublic: true,
    params: { kind: "product", elements: [] },
    returnType: array(ref(0)),
    primaryKey: isKeyed ? 0 : undefined,
  };
}

/** Every kind of view: for all and for each, with and without a key. */
const definition: ModuleDef = {
  version: 10,
  typespace: [rowType],
  types: [],
  tables: [],
  reducers: [],
  procedures: [],
  views: [
    viewDef("shared", 0, true, false),
    viewDef("shared_keyed", 1, true, true),
    viewDef("own", 0, false, false),
    viewDef("own_keyed", 1, false, true),
  ],
  rowLevelSecurity: [],
  httpHandlers: [],
  httpRoutes: [],
};

/** Reads, and whether what the first one finds leads to one more. */
interface Behaviour {
  readonly reads: readonly Read[];
  readonly leadsOn: boolean;
}

export class ViewWorld {
  readonly datastore: Datastore = new Datastore();
  readonly views: Views = new Views();
  readonly #rng: Rng;
  readonly #tables: readonly Table[];
  readonly #liveViews: ReadonlyMap<string, LiveView>;
  readonly #behaviours = new Map<string, Behaviour>();
  /** What the last committed run of each instance read. */
  readonly #reads = new Map<string, readonly Read[]>();
  readonly #callers: readonly (readonly [LiveView, ViewCaller])[];
  /** Instances run since the transaction began, with what they read. */
  readonly #runs = new Map<string, readonly Read[]>();
  /** Rows of instances that have ended may still be there. */
  #hasLeftovers = false;
  /** Re-runs, and how many there would be if every view was run in every commit. */
  runCount = 0;
  possibleCount = 0;

  constructor(rng: Rng, callerCount: number) {
    this.#rng = rng;
    this.#tables = [openTable(this.datastore, noteSketch), openTable(this.datastore, bagSketch)];
    commit(this.datastore, (tx) => createViewTables(this.datastore, tx, definition));
    this.#liveViews = liveViews(definition);
    this.#callers = [...this.#liveViews.values()].flatMap((view) =>
      Array.from({ length: view.definition.isAnonymous ? 1 : callerCount }, (_, i) => {
        const identity = new Uint8Array(32).fill(i + 1);
        const caller: ViewCaller = {
          identityHex: toHex(identity),
          sender: [BigInt(i), 0n, 0n, 0n],
          argHash: viewArgHash(view.definition, identity),
        };
        return [view, caller] as const;
      }),
    );
    for (const [view, caller] of this.#callers) {
      this.#behaviours.set(instanceKey(view, caller), {
        reads: Array.from({ length: rng.nextBelow(4) }, () => this.#randomRead()),
        leadsOn: rng.nextBelow(2) === 0,
      });
    }
  }

  #randomRead(): Read {
    const table = this.#rng.pick(this.#tables);
    const make = randomRows[table.schema.name] as MakeRow;
    return randomRead(this.#rng, table, () => Object.values(make(this.#rng)));
  }

  /** Runs an instance's behaviour; returns its rows and what it read. */
  #behave(key: string, reads: ReadSet): { result: Uint8Array; done: Read[] } {
    const { reads: wanted, leadsOn } = this.#behaviours.get(key) as Behaviour;
    const done = [...wanted];
    // In an order of their own: where rows lie may change although their contents do not.
    const found = wanted.map((read) => doRead(read, reads).sort((a, b) => Buffer.compare(a, b)));
    const [first] = wanted;
    const [row] = found[0] ?? [];
    if (leadsOn && first !== undefined && first.kind !== "count" && row !== undefined) {
      // Index 1 of either table is on column 1.
      const values = valuesOf(first.table, row);
      const next: Read = { kind: "point", table: first.table, index: 1, key: [values[1]] };
      found.push(doRead(next, reads));
      done.push(next);
    }
    const isKeyed = key.includes("keyed");
    // Without a key, equal rows are one.
    const rows = found.flat().map((data, n) => ({ n: isKeyed ? n : 0, data }));
    return { result: encode(resultCodec, rows), done };
  }

  readonly #run: RunView = (view, sender, reads) => {
    const [, caller] = this.#callers.find(
      ([one, { sender: other }]) => one === view && other[0] === sender[0],
    ) as readonly [LiveView, ViewCaller];
    const key = instanceKey(view, caller);
    const { result, done } = this.#behave(key, reads);
    this.#runs.set(key, done);
    return { kind: "rows", bytes: result, start: 0, end: result.length };
  };

  #write(tx: Transaction): void {
    const table = this.#rng.pick(this.#tables);
    const name = table.schema.name as "note" | "bag";
    const bytes = encoders[name]((randomRows[name] as MakeRow)(this.#rng));
    const row = table.findRow(bytes, 0, bytes.length);
    const choice = this.#rng.nextBelow(10);
    if (choice === 0) tx.clear(table);
    else if (choice < 4 && row >= 0) tx.delete(table, row);
    else if (choice < 7 && name === "note") {
      tx.update(table, table.indexes[0] as Table["indexes"][number], bytes, 0, bytes.length);
    } else tx.insert(table, bytes, 0, bytes.length);
  }

  #contents(): Map<Table, Map<string, Values>> {
    return new Map(
      this.#tables.map((table) => {
        const rows = new Map<string, Values>();
        for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
          const bytes = rowBytes(table, row);
          rows.set(toHex(bytes), valuesOf(table, bytes));
        }
        return [table, rows] as const;
      }),
    );
  }

  /** The instances that a change of contents concerns, by what they read when they were last run. */
  #concerned(before: Map<Table, Map<string, Values>>): string[] {
    const after = this.#contents();
    const changed = this.#tables.flatMap((table) => {
      const [old, now] = [before.get(table), after.get(table)] as [
        Map<string, Values>,
        Map<string, Values>,
      ];
      const gone = [...old].filter(([hex]) => !now.has(hex));
      const added = [...now].filter(([hex]) => !old.has(hex));
      return [...gone, ...added].map(([, values]) => ({ table, values }));
    });
    return [...this.#reads]
      .filter(([, reads]) =>
        reads.some((read) => changed.some(({ table, values }) => concerns(read, table, values))),
      )
      .map(([key]) => key)
      .sort();
  }

  #settle(tx: Transaction): void {
    this.datastore.commit(tx);
    this.datastore.release(tx);
    this.views.committed();
    for (const [key, reads] of this.#runs) this.#reads.set(key, reads);
  }

  #undo(tx: Transaction): void {
    this.datastore.rollBack(tx);
    this.views.rolledBack();
  }

  /** Computes one more instance, if there is one left. Returns faults. */
  materialise(): string[] {
    const left = this.#callers.filter(
      ([view, caller]) => this.views.find(instanceKey(view, caller)) === undefined,
    );
    if (left.length === 0) return [];
    const [view, caller] = this.#rng.pick(left);
    this.#runs.clear();
    const tx = this.datastore.begin();
    const table = this.datastore.tableByName(view.definition.name) as Table;
    this.views.materialise(tx, this.#run, view, caller, table);
    if (this.#rng.nextBelow(4) === 0) this.#undo(tx);
    else this.#settle(tx);
    return this.#stale();
  }

  /** One transaction. Returns what is not as it should be. */
  transaction(): string[] {
    const before = this.#contents();
    this.#runs.clear();
    const tx = this.datastore.begin();
    for (let i = this.#rng.nextBelow(6); i >= 0; i--) this.#write(tx);
    const expected = this.#concerned(before);
    for (const instance of this.views.affectedBy(tx)) this.views.run(tx, this.#run, instance);
    const run = [...this.#runs.keys()].sort();
    this.runCount += run.length;
    this.possibleCount += this.views.count;
    if (this.#rng.nextBelow(4) === 0) this.#undo(tx);
    else this.#settle(tx);
    const faults = this.#stale();
    if (run.join() !== expected.join()) faults.push(`ran ${run.join()}, not ${expected.join()}`);
    return faults;
  }

  /** Gives up what nobody uses, in parts; at times not all of it. Returns faults. */
  sweep(nowMillis: number): string[] {
    while ((this.#hasLeftovers = this.views.endIdle(nowMillis)) && this.#rng.nextBelow(8) > 0) {
      const tx = this.datastore.begin();
      this.views.deleteLeftovers(tx, 1 + this.#rng.nextBelow(5));
      this.#runs.clear();
      this.#settle(tx);
    }
    for (const [view, caller] of this.#callers) {
      const key = instanceKey(view, caller);
      if (this.views.find(key) === undefined) this.#reads.delete(key);
    }
    return this.#stale();
  }

  /** Instances whose rows are not those that they would return now. */
  #stale(): string[] {
    return this.#callers.flatMap(([view, caller]) => {
      const key = instanceKey(view, caller);
      const table = this.datastore.tableByName(view.definition.name) as Table;
      const hash = toHex(caller.argHash);
      const stored: string[] = [];
      for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
        const hex = toHex(rowBytes(table, row));
        if (hex.startsWith(hash)) stored.push(hex.slice(hash.length));
      }
      const isKept = this.views.find(key) !== undefined;
      if (!isKept && this.#hasLeftovers) return [];
      const fresh = isKept ? this.#freshRows(key) : [];
      return stored.sort().join() === fresh.sort().join() ? [] : [`${key} is stale`];
    });
  }

  #freshRows(key: string): string[] {
    const { result } = this.#behave(key, new ReadSet());
    const rows = decode(resultCodec, result) as readonly ProductValue[];
    return [...new Set(rows.map((row) => toHex(encode(rowCodec, row))))];
  }
}
