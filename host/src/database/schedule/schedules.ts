// The calls to come of one database: what its scheduled tables hold, by when it is due. Commits keep it current; a start or a
// new program builds it anew. Reference: runtime.md section 5, abi.md section 10.
import { present } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Index } from "../../datastore/index/contract.ts";
import { readScheduleAt, type ScheduleAt } from "../../datastore/schedule-at.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import { Anchors } from "./anchors.ts";
import { DueQueue, type Queued } from "./due-queue.ts";
import { intervalMicrosMin, nextTick } from "./next-tick.ts";

/** A table whose rows are calls to come. */
export interface ScheduledTable {
  readonly table: Table;
  /** The reducer or procedure that is called. */
  readonly functionName: string;
  readonly calls: Map<bigint, DueCall>;
}

/** What one row of a scheduled table asks for. */
export interface DueCall extends Queued {
  scheduled: ScheduledTable;
  /** The row's primary key. */
  readonly key: bigint;
  /** 0 for a call that is made once. */
  intervalMicros: number;
  /** An interval's ticks are this plus its multiples. */
  anchorMicros: number;
  /** A procedure is under way: the same row is not called once more meanwhile. */
  isRunning: boolean;
}

/** What the commit under way does to one row. */
interface Change {
  readonly scheduled: ScheduledTable;
  readonly key: bigint;
  /** Undefined for a row that goes. */
  readonly at: ScheduleAt | undefined;
  readonly anchorMicros: number;
}

export class Schedules {
  readonly #datastore: Datastore;
  readonly #clock: Clock;
  readonly #anchors: Anchors;
  readonly #queue = new DueQueue<DueCall>();
  readonly #tables = new Map<number, ScheduledTable>();
  readonly #changes: Change[] = [];
  readonly #keyBytes = new Uint8Array(8);
  readonly #keyView = new DataView(this.#keyBytes.buffer);
  #isActive = false;

  constructor(datastore: Datastore, clock: Clock) {
    this.#datastore = datastore;
    this.#clock = clock;
    this.#anchors = new Anchors(datastore);
  }

  /** Whether commits must be shown to `prepare`: there are scheduled tables, and `rebuild` has seen them. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** Whether the last transaction prepared waits for `apply`. */
  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  /** What is due first. */
  get first(): DueCall | undefined {
    return this.#queue.first;
  }

  get count(): number {
    return this.#queue.size;
  }

  /** The row of a call, or -1 if it is gone. */
  findRow(call: DueCall): number {
    return this.#findKey(call.scheduled.table, call.key);
  }

  /**
   * For a transaction that is about to be committed: notes what it does to scheduled tables, and writes the anchors of
   * intervals into it. An interval counts from the call's own time or from now, whichever is later.
   */
  prepare(tx: Transaction, timestampMicros: bigint): void {
    this.#changes.length = 0;
    const { touchedCount } = tx;
    for (let i = 0; i < touchedCount; i++) {
      const table = tx.touched[i] as Table;
      if (table.schema.schedule === undefined || !table.collectDelta()) continue;
      const scheduled = this.#tables.get(table.schema.id);
      if (scheduled !== undefined) this.#note(scheduled, timestampMicros);
    }
    for (const { scheduled, key, at, anchorMicros } of this.#changes) {
      const { id } = scheduled.table.schema;
      if (at?.isInterval === true) this.#anchors.set(tx, id, key, anchorMicros);
      else this.#anchors.remove(tx, id, key);
    }
  }

  #note(scheduled: ScheduledTable, timestampMicros: bigint): void {
    const { table } = scheduled;
    const now = this.#clock.nowMicros();
    const anchorMicros = Number(now > timestampMicros ? now : timestampMicros);
    const { inserts, deletes } = table.delta;
    for (let i = 0; i < deletes.count; i++) {
      const key = keyOf(table, deletes.at(i));
      // A row that was replaced is among the inserts as well.
      const isGone = this.#findKey(table, key) < 0;
      if (isGone) this.#changes.push({ scheduled, key, at: undefined, anchorMicros });
    }
    for (let i = 0; i < inserts.count; i++) {
      const row = inserts.at(i);
      const at = readScheduleAt(table, row);
      this.#changes.push({ scheduled, key: keyOf(table, row), at, anchorMicros });
    }
  }

  /** The transaction prepared last is committed: arms, moves and cancels calls. */
  apply(): void {
    for (const { scheduled, key, at, anchorMicros } of this.#changes) {
      const call = scheduled.calls.get(key);
      if (at !== undefined) {
        this.#arm(call ?? newCall(scheduled, key), at, anchorMicros);
      } else if (call !== undefined) {
        this.#queue.remove(call);
        scheduled.calls.delete(key);
      }
    }
    this.#changes.length = 0;
  }

  #arm(call: DueCall, at: ScheduleAt, anchorMicros: number): void {
    call.scheduled.calls.set(call.key, call);
    call.intervalMicros = intervalOf(at);
    call.anchorMicros = anchorMicros;
    this.#queue.set(call, at.isInterval ? anchorMicros + call.intervalMicros : Number(at.micros));
  }

  /** Takes the next call that is due; undefined if there is none. */
  takeDue(nowMicros: number): DueCall | undefined {
    for (;;) {
      const { first } = this.#queue;
      if (first === undefined || first.dueMicros > nowMicros) return undefined;
      this.#queue.remove(first);
      // What is under way is queued again when it has ended.
      if (!first.isRunning) return first;
    }
  }

  /** Whether a call that was taken is still what its row asked for: nobody armed it anew or cancelled it. */
  isTaken(call: DueCall): boolean {
    return call.position < 0 && call.scheduled.calls.get(call.key) === call;
  }

  /** Queues a taken call once more: an interval for its next tick, another for the time it has. */
  requeue(call: DueCall): void {
    const { anchorMicros, intervalMicros, dueMicros } = call;
    const now = Number(this.#clock.nowMicros());
    const next = intervalMicros === 0 ? dueMicros : nextTick(anchorMicros, intervalMicros, now);
    this.#queue.set(call, next);
  }

  /** Until `rebuild` or `resume`, commits leave the schedules alone: a program's tables are being changed. */
  suspend(): void {
    this.#isActive = false;
    this.#changes.length = 0;
  }

  resume(): void {
    this.#isActive = this.#tables.size > 0;
  }

  /** Inside the transaction of a publish, once the tables have changed: anchors follow tables that have a new id. */
  follow(tx: Transaction): void {
    for (const [id, { table, calls }] of this.#tables) {
      const next = this.#datastore.tableByName(table.schema.name);
      if (next === undefined || next === table) continue;
      for (const key of calls.keys()) this.#anchors.move(tx, id, key, next.schema.id);
    }
  }

  /**
   * Reads all scheduled tables, at a start and after a publish. `write` runs a transaction for anchors that are missing, as in
   * logs of other hosts, or left over; it is not called if there are none.
   */
  rebuild(write: (run: (tx: Transaction) => void) => void): void {
    // By name, which a table that is made anew keeps.
    const before = new Map([...this.#tables.values()].map((one) => [one.table.schema.name, one]));
    this.#tables.clear();
    this.#queue.clear();
    this.#changes.length = 0;
    const now = Number(this.#clock.nowMicros());
    const missing: DueCall[] = [];
    for (const table of this.#datastore.userTables()) {
      const { id, name, schedule } = table.schema;
      if (schedule === undefined) continue;
      const { functionName } = schedule;
      const scheduled: ScheduledTable = { table, functionName, calls: new Map() };
      this.#tables.set(id, scheduled);
      this.#readRows(scheduled, before.get(name), now, missing);
    }
    const surplus = this.#anchors.all().filter(({ tableId, rowKey }) => {
      const call = this.#tables.get(tableId)?.calls.get(rowKey);
      return call === undefined || call.intervalMicros === 0;
    });
    if (missing.length + surplus.length > 0) {
      write((tx) => {
        for (const { tableId, rowKey } of surplus) this.#anchors.remove(tx, tableId, rowKey);
        for (const { scheduled, key } of missing) {
          this.#anchors.set(tx, scheduled.table.schema.id, key, now);
        }
      });
    }
    this.resume();
  }

  #readRows(
    scheduled: ScheduledTable,
    before: ScheduledTable | undefined,
    nowMicros: number,
    missing: DueCall[],
  ): void {
    const { table, calls } = scheduled;
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const key = keyOf(table, row);
      const at = readScheduleAt(table, row);
      const known = before?.calls.get(key);
      const call = known ?? newCall(scheduled, key);
      call.scheduled = scheduled;
      calls.set(key, call);
      const anchor = at.isInterval ? this.#anchors.get(table.schema.id, key) : nowMicros;
      if (anchor === undefined) missing.push(call);
      const anchorMicros = anchor ?? nowMicros;
      const intervalMicros = intervalOf(at);
      // What was due before a publish is not missed for it.
      const isSame = call.anchorMicros === anchorMicros && call.intervalMicros === intervalMicros;
      call.anchorMicros = anchorMicros;
      call.intervalMicros = intervalMicros;
      if (!at.isInterval) this.#queue.set(call, Number(at.micros));
      else if (known !== undefined && isSame) this.#queue.set(call, call.dueMicros);
      else this.#queue.set(call, nextTick(anchorMicros, intervalMicros, nowMicros));
    }
  }

  #findKey(table: Table, key: bigint): number {
    this.#keyView.setBigUint64(0, key, true);
    return keyIndexOf(table).find(this.#keyBytes, 0, this.#keyBytes.length);
  }
}

function newCall(scheduled: ScheduledTable, key: bigint): DueCall {
  return {
    scheduled,
    key,
    intervalMicros: 0,
    anchorMicros: 0,
    isRunning: false,
    dueMicros: 0,
    order: 0,
    position: -1,
  };
}

function intervalOf({ isInterval, micros }: ScheduleAt): number {
  return isInterval ? Math.max(Number(micros), intervalMicrosMin) : 0;
}

/** A scheduled table has a primary key of type u64: publishing checks that. */
function keyOf(table: Table, row: number): bigint {
  const column = present(table.schema.primaryKey, "the key of a scheduled table");
  const start = table.layout.columnStart(column, table.rows.page(row), table.rows.start(row));
  return table.rows.view(row).getBigUint64(start, true);
}

function keyIndexOf(table: Table): Index {
  const { indexes, primaryKey } = table.schema;
  const position = indexes.findIndex(
    ({ columns, isUnique }) => isUnique && columns.length === 1 && columns[0] === primaryKey,
  );
  return present(table.indexes[position], "the key's index of a scheduled table");
}
