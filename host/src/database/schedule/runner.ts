// Makes the calls that are due, as the database itself (runtime.md section 5). Driven from outside: whoever owns the database
// asks when it wants to be woken, and runs it then.
import { ConnectionId } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { admitCall, commit, runCall } from "../call.ts";
import { type Client, makeClient } from "../client.ts";
import type { CallableReducer, LiveModule } from "../live-module.ts";
import { hostRecord } from "../module-log.ts";
import type { DatabaseParts } from "../parts.ts";
import { ImmediateCalls } from "./immediate-calls.ts";
import type { DueCall } from "./schedules.ts";

/** A procedure whose row is deleted, and which starts once that is durable: so it never starts twice. */
interface PendingStart {
  /** The offset of the transaction that deleted the row. */
  readonly offset: number;
  readonly functionName: string;
  readonly args: Uint8Array;
}

export class ScheduleRunner {
  readonly immediateCalls: ImmediateCalls = new ImmediateCalls();
  readonly #parts: DatabaseParts;
  /** The database as a caller: without a connection, and free to call what is private. */
  readonly #self: Client;
  /** Ascending by offset. */
  readonly #pendingStarts: PendingStart[] = [];

  constructor(parts: DatabaseParts) {
    this.#parts = parts;
    this.#self = makeClient(0, parts.identity, ConnectionId.zero, "", true);
  }

  /** When `run` is to be called next, in microseconds since the Unix epoch: 0 is at once, infinity not at all. */
  get nextWakeMicros(): number {
    if (this.immediateCalls.count > 0 || this.#isStartReady()) return 0;
    return this.#parts.schedules.first?.dueMicros ?? Infinity;
  }

  /** Reads the scheduled tables, at a start and after a publish. */
  rebuild(): void {
    const { datastore, schedules } = this.#parts;
    schedules.rebuild((run) => {
      const tx = datastore.begin();
      run(tx);
      const refusal = commit(this.#parts, tx, undefined, undefined, true);
      if (refusal !== undefined) throw refusal;
    });
  }

  /** Makes calls that are due: no row twice, and no more than fit into a slice of time once one is made. */
  run(): void {
    const { clock, log, module, schedules } = this.#parts;
    if (module === undefined) return;
    const now = Number(clock.nowMicros());
    const endMillis = clock.nowMillis() + limit.scheduleSliceMillis;
    while (this.#isStartReady()) this.#startNext();
    // What these calls ask for in turn is for the next time.
    let immediateCount = this.immediateCalls.count;
    do {
      if (immediateCount > 0) this.#runImmediate(module);
      const call = schedules.takeDue(now);
      if (call !== undefined) this.#fire(module, call);
      else if (immediateCount <= 0) return;
      immediateCount--;
    } while (!log.isBackpressured && clock.nowMillis() < endMillis);
  }

  #fire(module: LiveModule, call: DueCall): void {
    const { table, functionName } = call.scheduled;
    const row = this.#parts.schedules.findRow(call);
    if (row < 0) return;
    const start = table.rows.start(row);
    // The call may replace its own row.
    const args = table.rows.page(row).slice(start, start + table.rows.size(row));
    const reducer = module.reducer(functionName);
    if (reducer === undefined) this.#fireProcedure(call, args);
    else this.#fireReducer(module, reducer, call, args);
  }

  /** The row is there while its reducer runs; that of a single call goes afterwards, whatever came of it. */
  #fireReducer(
    module: LiveModule,
    reducer: CallableReducer,
    call: DueCall,
    args: Uint8Array,
  ): void {
    const { schedules } = this.#parts;
    this.#callReducer(module, reducer, args, BigInt(call.dueMicros));
    if (!schedules.isTaken(call)) return;
    if (call.intervalMicros > 0) schedules.requeue(call);
    else this.#deleteRow(call);
  }

  #callReducer(
    module: LiveModule,
    reducer: CallableReducer,
    args: Uint8Array,
    intendedMicros: bigint,
  ): void {
    const parts = this.#parts;
    if (reducer.walkArguments(args, 0, args.length) < 0) {
      this.#log(`reducer ${reducer.definition.name} does not take the rows of its scheduled table`);
      return;
    }
    const now = parts.callClock.next();
    const timestamp = intendedMicros > now ? intendedMicros : now;
    runCall(parts, module, reducer, this.#self, args, 0, args.length, timestamp);
  }

  /** The row of a single call goes before its procedure starts, and for good: it starts once at most. */
  #fireProcedure(call: DueCall, args: Uint8Array): void {
    const { schedules, log, procedures } = this.#parts;
    const { functionName } = call.scheduled;
    if (call.intervalMicros === 0) {
      if (!this.#deleteRow(call)) return;
      this.#pendingStarts.push({ offset: log.nextOffset - 1, functionName, args });
      return;
    }
    call.isRunning = true;
    procedures.startScheduled(functionName, args, () => {
      call.isRunning = false;
      if (schedules.isTaken(call)) schedules.requeue(call);
    });
  }

  #isStartReady(): boolean {
    const next = this.#pendingStarts[0];
    return next !== undefined && next.offset <= this.#parts.log.durableOffset;
  }

  #startNext(): void {
    const next = this.#pendingStarts.shift();
    if (next === undefined) return;
    this.#parts.procedures.startScheduled(next.functionName, next.args, () => undefined);
  }

  /** Deletes a call's row in a transaction of its own; returns whether that worked. */
  #deleteRow(call: DueCall): boolean {
    const { datastore, schedules } = this.#parts;
    const { table } = call.scheduled;
    const tx = datastore.begin();
    tx.delete(table, schedules.findRow(call));
    // No view may have a call made again.
    const refusal = commit(this.#parts, tx, undefined, undefined, true);
    if (refusal === undefined) return true;
    this.#log(
      `the row of a scheduled call stays in table ${table.schema.name}: ${refusal.message}`,
    );
    return false;
  }

  #runImmediate(module: LiveModule): void {
    const call = this.immediateCalls.take();
    if (call === undefined) return;
    const { functionName, args } = call;
    if (
      module.reducer(functionName) === undefined &&
      module.procedure(functionName) !== undefined
    ) {
      this.#parts.procedures.startScheduled(functionName, args, () => undefined);
      return;
    }
    const admitted = admitCall(module, this.#self, functionName, args, 0, args.length);
    if ("kind" in admitted) {
      this.#log(`an immediate call of ${functionName} was refused: ${admitted.message}`);
      return;
    }
    this.#callReducer(module, admitted, args, 0n);
  }

  #log(message: string): void {
    this.#parts.moduleLog.append(hostRecord("Error", message));
  }
}
