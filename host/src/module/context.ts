// What imports see of the call under way: one object per instance, refilled for each call.
import type { Datastore, IndexHandle } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { Clock } from "../base/clock.ts";
import { ByteSink, ByteSources } from "./byte-streams.ts";
import type { LoadOptions } from "./load.ts";
import { GuestMemory } from "./memory.ts";
import {
  type CallBudget,
  CallMeter,
  defaultCallBudget,
  type EnergyCount,
} from "./meter/call-meter.ts";
import type { ReadSet } from "./read-set.ts";
import { RowIterators } from "./row-iterator.ts";
import { traceOf } from "./trace.ts";
import { GuestTrap } from "./trap.ts";

export type LogLevel = "Error" | "Warn" | "Info" | "Debug" | "Trace" | "Panic";

/** A line of a module's log (runtime.md section 10). */
export interface LogRecord {
  readonly level: LogLevel;
  readonly target?: string;
  readonly filename?: string;
  readonly lineNumber?: number;
  readonly functionName?: string;
  readonly message: string;
  /** Frames of the guest's stack, innermost first, each with its function and, if it is known, its line; for panics. */
  readonly trace?: readonly string[];
}

/** What a database gives its module's instances. */
export interface ModuleEnvironment {
  readonly datastore: Datastore;
  readonly clock: Clock;
  /** The database's own identity, 32 bytes as on the wire. */
  readonly databaseIdentity: Uint8Array;
  readonly log: (record: LogRecord) => void;
  /** What one call may use; 60 s and as much fuel if not given. */
  readonly callBudget?: CallBudget;
  /** How modules are prepared. */
  readonly load?: LoadOptions;
  /** What all calls of all instances have used is added here. */
  readonly energy?: EnergyCount;
  /** Queues a call by the database itself, outside of every transaction. Returns false if too many wait. */
  readonly scheduleImmediately: (functionName: string, args: Uint8Array) => boolean;
}

/** Work in the host in terms of a guest's own: to find, copy or delete a row, and to move bytes. */
const unitsPerRow = 200;
const bytesShift = 4;

/** The state behind the imports of one instance. */
export class CallContext {
  readonly environment: ModuleEnvironment;
  readonly datastore: Datastore;
  readonly iterators: RowIterators = new RowIterators((message) => this.trap(message));
  readonly sources: ByteSources = new ByteSources((message) => this.trap(message));
  readonly sink: ByteSink = new ByteSink((message) => this.trap(message));
  /** Where an HTTP handler writes the body of its answer; closed in every other call. */
  readonly bodySink: ByteSink = new ByteSink((message) => this.trap(message), 2);
  readonly timers: Map<number, { readonly name: string; readonly startMillis: number }> = new Map();
  readonly meter: CallMeter;
  /** The open transaction, if the call has one. */
  tx: Transaction | undefined;
  /** While a view runs: what it has read. */
  reads: ReadSet | undefined;
  /** Reducer, or what the instance is doing. */
  functionName = "";
  /** Set once the instance is described: start-up code may not ask for calls. */
  isStarted = false;
  /** Set once an import trapped: a guest that catches the exception gets no further. */
  isDead = false;
  /**
   * Whether an import is changing rows. Still set when the guest has returned or trapped, it tells that the change was left
   * half done: by a fault of the host, or by the end of the stack, which can come anywhere. The rows cannot be trusted then.
   */
  isWriting = false;
  #memory: GuestMemory | undefined;
  #code: WebAssembly.Module | undefined;

  constructor(environment: ModuleEnvironment) {
    this.environment = environment;
    this.datastore = environment.datastore;
    const { clock, callBudget = defaultCallBudget, energy = { units: 0 } } = environment;
    this.meter = new CallMeter(clock, callBudget, energy);
  }

  setMemory(memory: WebAssembly.Memory): void {
    this.#memory = new GuestMemory(memory, (message) => this.trap(message));
  }

  /** Says what code runs, for its traces. */
  setCode(code: WebAssembly.Module): void {
    this.#code = code;
  }

  /** The guest's frames of a stack, innermost first (docs/source-maps.md). */
  trace(stack: string | undefined): string[] {
    if (stack === undefined || this.#code === undefined) return [];
    return traceOf(stack, { module: this.#code, functionCount: this.meter.functionCount });
  }

  get memory(): GuestMemory {
    if (this.#memory === undefined) {
      return this.trap("the module called an import before its memory existed");
    }
    return this.#memory;
  }

  /** Ends the call as a trap. */
  trap(message: string): never {
    this.isDead = true;
    throw new GuestTrap(message);
  }

  /** Begins a top-level call; of a view, whose reads are recorded, if `reads` is given. */
  begin(functionName: string, tx: Transaction | undefined, reads?: ReadSet): void {
    this.functionName = functionName;
    this.tx = tx;
    this.reads = reads;
    this.isWriting = false;
    this.sink.open();
    this.meter.begin();
  }

  /** Ends it: no handle outlives the call. */
  end(): void {
    this.meter.end();
    this.tx = undefined;
    this.reads = undefined;
    this.sink.close();
    this.bodySink.close();
    this.sources.closeAll();
    this.iterators.closeAll();
  }

  /**
   * The table that a guest means by an id. What views return is not theirs to read or write, and a view does not see rows of
   * event tables, since those are gone after the transaction.
   */
  tableById(id: number): Table | undefined {
    const table = this.datastore.tableById(id >>> 0);
    return table !== undefined && this.#isVisible(table) ? table : undefined;
  }

  /** The index that a guest means by an id. */
  indexById(id: number): IndexHandle | undefined {
    const handle = this.datastore.indexById(id >>> 0);
    return handle !== undefined && this.#isVisible(handle.table) ? handle : undefined;
  }

  #isVisible({ schema }: Table): boolean {
    return !schema.isEphemeral && !(schema.isEvent && this.reads !== undefined);
  }

  /** Work of an import that grows with what it was asked for; traps once the call has run too long. */
  worked(rowCount: number, byteCount: number): void {
    const isInTime = this.meter.work(rowCount * unitsPerRow + (byteCount >>> bytesShift));
    if (!isInTime) this.trap("its work in the host took too long");
  }

  /** Traps again where an import has trapped or broken off before: a guest that caught that must not go on to write or commit. */
  checkIsSound(): void {
    if (this.isDead || this.isWriting) this.trap("the instance has trapped");
  }

  /** The reference host lets a view write; its rows would then depend on how often it is run (abi.md section 6). */
  checkMayWrite(): void {
    this.checkIsSound();
    if (this.reads !== undefined) this.trap("a view may not write");
  }
}
