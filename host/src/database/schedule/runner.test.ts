// What a scheduled procedure is given and when, beside stand-ins for those that run it and for the log.
import { test } from "tap";
import {
  encode,
  compileCodec,
  Identity,
  product,
  scheduleAtType,
  Timestamp,
  TimeDuration,
} from "@lightcone/abi";
import { CallClock } from "../../base/call-clock.ts";
import { ManualClock } from "../../base/clock.ts";
import { createTable } from "../../datastore/create-table.ts";
import { Datastore } from "../../datastore/datastore.ts";
import type { Table } from "../../datastore/table.ts";
import { MemoryLog } from "../../log/memory-log.ts";
import { Evaluator } from "../../subscription/evaluate.ts";
import { SubscriptionRegistry } from "../../subscription/registry.ts";
import { commit } from "../call.ts";
import type { DatabaseParts } from "../parts.ts";
import { ScheduleRunner } from "./runner.ts";
import { Views } from "../views/views.ts";
import { Schedules } from "./schedules.ts";

const columns = { id: { kind: "u64" }, at: scheduleAtType } as const;
const codec = compileCodec(product(columns));
const startMicros = 1_700_000_000_000_000n;

function makeTable(datastore: Datastore): Table {
  const tx = datastore.begin();
  const table = createTable(datastore, tx, {
    name: "timer",
    alias: "timer",
    access: "public",
    columns: Object.entries(columns).map(([name, type]) => ({ name, alias: name, type })),
    primaryKey: 0,
    indexes: [{ name: "timer_id", alias: "timer_id", kind: "btree", columns: [0] }],
    constraints: [{ name: "timer_key", columns: [0] }],
    sequences: [],
    schedule: { name: "timer_sched", functionName: "work", atColumn: 1 },
    isEvent: false,
  });
  datastore.commit(tx);
  datastore.release(tx);
  return table;
}

/** A database whose module has a procedure named `work`, and whose log is durable when the test says so. */
class World {
  readonly clock = new ManualClock(startMicros);
  readonly datastore = new Datastore();
  readonly log = new MemoryLog({ onDurable: () => undefined, onFailure: () => undefined });
  readonly table: Table = makeTable(this.datastore);
  /** What was started: milliseconds, name, bytes of arguments. */
  readonly started: [number, string, number][] = [];
  /** Ends those under way, in the order of their starts. */
  readonly ends: (() => void)[] = [];
  readonly logged: string[] = [];
  readonly parts: DatabaseParts;
  readonly runner: ScheduleRunner;

  constructor() {
    const registry = new SubscriptionRegistry();
    const parts = {
      identity: Identity.zero,
      datastore: this.datastore,
      log: this.log,
      moduleLog: { append: ({ message }: { message: string }) => this.logged.push(message) },
      registry,
      evaluator: new Evaluator(registry),
      clock: this.clock,
      callClock: new CallClock(this.clock),
      watch: { begin: () => undefined, end: () => undefined },
      listener: { onUpdates: () => undefined },
      views: new Views(),
      schedules: new Schedules(this.datastore, this.clock),
      procedures: {
        startScheduled: (name: string, args: Uint8Array, onEnd: () => void) => {
          this.started.push([this.millis, name, args.length]);
          this.ends.push(onEnd);
        },
      },
      module: {
        reducer: () => undefined,
        procedure: (name: string) => (name === "work" ? {} : undefined),
      },
      owner: undefined,
    };
    this.parts = parts as unknown as DatabaseParts;
    this.runner = new ScheduleRunner(this.parts);
    this.runner.rebuild();
  }

  get millis(): number {
    return Number(this.clock.nowMicros() - startMicros) / 1000;
  }

  put(id: bigint, at: { tag: string; value: Timestamp | TimeDuration }): void {
    const bytes = encode(codec, { id, at });
    const tx = this.datastore.begin();
    const row = this.table.nextRow(-1);
    if (row >= 0) tx.update(this.table, this.table.indexes[0]!, bytes, 0, bytes.length);
    else tx.insert(this.table, bytes, 0, bytes.length);
    commit(this.parts, tx, undefined, undefined);
  }

  once(id: bigint, millis: number): void {
    const at = startMicros + BigInt(millis * 1000);
    this.put(id, { tag: "Time", value: new Timestamp(at) });
  }

  every(id: bigint, millis: number): void {
    this.put(id, { tag: "Interval", value: new TimeDuration(BigInt(millis * 1000)) });
  }

  clear(): void {
    const tx = this.datastore.begin();
    tx.clear(this.table);
    commit(this.parts, tx, undefined, undefined);
  }

  pass(millis: number): void {
    const end = this.millis + millis;
    for (let now = this.millis; now <= end; now++) {
      if (now > this.millis) this.clock.advance(1000n);
      this.runner.run();
    }
  }
}

void test("[SCHED13] a procedure for a single call starts when the end of its row is durable, and once", async (t) => {
  const world = new World();
  world.once(1n, 10);
  world.pass(20);
  t.equal(world.table.rowCount, 0, "the row goes first");
  t.same(world.started, []);
  t.equal(world.runner.nextWakeMicros, Infinity);
  world.log.makeDurable(world.log.nextOffset - 1);
  t.equal(world.runner.nextWakeMicros, 0);
  world.pass(5);
  t.same(world.started, [[20, "work", 17]]);
  world.ends[0]?.();
  world.pass(50);
  t.equal(world.started.length, 1);
});

void test("[SCHED9] an interval's procedure never runs twice at once, and keeps its phase", async (t) => {
  const world = new World();
  world.every(1n, 10);
  world.pass(34);
  t.same(world.started, [[10, "work", 17]], "it is still under way");
  t.equal(world.runner.nextWakeMicros, Infinity);
  world.ends[0]?.();
  world.pass(10);
  t.same(world.started.at(-1), [40, "work", 17]);
  t.equal(world.started.length, 2);
});

void test("[SCHED9] a row that is replaced while its procedure runs waits for the end of it", async (t) => {
  const world = new World();
  world.every(1n, 10);
  world.pass(10);
  world.once(1n, 15);
  world.pass(20);
  t.equal(world.started.length, 1);
  t.equal(world.table.rowCount, 1);
  world.ends[0]?.();
  world.pass(0);
  t.equal(world.table.rowCount, 0, "a single call by now");
  world.log.makeDurable(world.log.nextOffset - 1);
  world.pass(0);
  t.same(world.started.at(-1), [30, "work", 17]);
});

void test("[SCHED1] a row that is deleted while its procedure runs is not called again", async (t) => {
  const world = new World();
  world.every(1n, 10);
  world.pass(10);
  world.clear();
  world.ends[0]?.();
  t.equal(world.runner.nextWakeMicros, Infinity);
});

void test("[SCHED9] what is under way when a program is published is not started beside itself", async (t) => {
  const world = new World();
  world.every(1n, 10);
  world.pass(10);
  world.runner.rebuild();
  world.pass(30);
  t.equal(world.started.length, 1);
  world.ends[0]?.();
  world.pass(10);
  t.same(world.started.at(-1), [50, "work", 17]);
});

void test("[SCHED4] immediate calls of procedures, and of nobody", async (t) => {
  const world = new World();
  world.runner.immediateCalls.add("work", new Uint8Array(3));
  world.runner.immediateCalls.add("nobody", new Uint8Array(3));
  t.equal(world.runner.nextWakeMicros, 0);
  world.runner.run();
  t.same(world.started, [[0, "work", 3]]);
  t.same(world.logged, ["an immediate call of nobody was refused: no such reducer"]);
  t.equal(world.runner.nextWakeMicros, Infinity);
});
