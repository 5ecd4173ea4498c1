// Procedures and HTTP handlers under way: each in an instance of its own, beside the reducers and beside each other (runtime.md
// sections 6 and 7). They hold no transaction while they wait, so the database keeps its single writer.
import { assert, ConnectionId, present } from "@lightcone/abi";
import type { HttpClient } from "../base/http/client.ts";
import { limit } from "../base/limit.ts";
import type { CancelTimer, Timers } from "../base/timers.ts";
import type { CodeCache } from "../module/code-cache.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import type { ProcedureHost } from "../module/procedure/host.ts";
import type { ProcedureEnd, ProcedureInstance } from "../module/procedure/instance.ts";
import type { Turn } from "../module/procedure/runner.ts";
import { type CallRefusal, commit, fatalMessage, undo } from "./call.ts";
import { type Client, makeClient } from "./client.ts";
import { argumentsFault, type CallableProcedure, type LiveModule } from "./live-module.ts";
import { hostRecord } from "./module-log.ts";
import { type DatabaseParts, WatchCode } from "./parts.ts";
import { isStartFailure, ProcedurePool } from "./procedure-pool.ts";
import { sameSchema } from "./same-schema.ts";

/** How a call ended. What its transactions committed stays, however it ended. */
export type ProcedureOutcome =
  | {
      readonly kind: "returned";
      /** BSATN of the declared type. */
      readonly value: Uint8Array;
      readonly timestampMicros: bigint;
      readonly durationMicros: bigint;
    }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly timestampMicros: bigint;
      readonly durationMicros: bigint;
    };

/** What runs beside the database's own turns. */
export interface ProcedureOptions {
  readonly timers: Timers;
  /** Undefined: modules may not send HTTP requests. */
  readonly http: HttpClient | undefined;
  readonly cache: CodeCache | undefined;
  /** Runs what a timer or a socket woke as a turn of the database. */
  readonly turn: Turn;
}

/** A call from its admission to its end. */
export interface ProcedureJob {
  readonly module: LiveModule;
  /** Bytes of its arguments or its request, which are kept until it ends. */
  readonly inputBytes: number;
  readonly start: (instance: ProcedureInstance, onEnd: (end: ProcedureEnd) => void) => void;
  /** Told once. `isLogged` tells that the module's log says why already. */
  readonly onEnd: (end: ProcedureEnd, isLogged: boolean) => void;
}

const closing = "the database is closing";

/** The procedure that `client` may call by that name with these arguments, or why not (protocol.md section 7.3). */
export function admitProcedure(
  module: LiveModule,
  client: Client,
  name: string,
  args: Uint8Array,
  argsStart: number,
  argsEnd: number,
): CallableProcedure | CallRefusal {
  const procedure = module.procedure(name);
  if (procedure === undefined || (procedure.definition.isPrivate && !client.isOwner)) {
    return { kind: "unknown", message: "No such procedure" };
  }
  if (procedure.walkArguments(args, argsStart, argsEnd) < 0) {
    const message = argumentsFault("procedure", procedure, args, argsStart, argsEnd);
    return { kind: "invalid", message };
  }
  return procedure;
}

export class Procedures {
  readonly #parts: DatabaseParts;
  readonly #environment: ModuleEnvironment;
  readonly #options: ProcedureOptions;
  readonly #turn: Turn;
  readonly #flights = new Map<ProcedureInstance, ProcedureJob>();
  readonly #queue: ProcedureJob[] = [];
  readonly #pools = new WeakMap<LiveModule, ProcedurePool>();
  /** Modules whose tables are no longer the database's: a call of theirs may not write. */
  readonly #outdated = new WeakSet<LiveModule>();
  /** Of the calls that wait and those under way. */
  #inputBytes = 0;
  #isPumping = false;
  #isClosed = false;

  constructor(parts: DatabaseParts, environment: ModuleEnvironment, options: ProcedureOptions) {
    this.#parts = parts;
    this.#environment = environment;
    this.#options = options;
    this.#turn = (work) => {
      options.turn(() => {
        this.#watched(work);
      });
    };
  }

  /** How many calls are under way, and how many wait. */
  get counts(): { readonly running: number; readonly waiting: number } {
    return { running: this.#flights.size, waiting: this.#queue.length };
  }

  /** Makes the code of procedures before the first call needs it. */
  prepare(): void {
    const { module } = this.#parts;
    if (module === undefined) return;
    const { procedures, httpHandlers } = module.definition;
    if (procedures.length + httpHandlers.length > 0) this.#pool(module).prepare();
  }

  /** The database runs another module now: calls under way end on the old one, new ones run on the new. */
  replaced(former: LiveModule): void {
    this.#pools.get(former)?.retire();
    const current = this.#parts.module;
    for (const module of new Set([former, ...this.#modulesInUse()])) {
      if (module === current || current === undefined) continue;
      if (!sameSchema(module.definition, current.definition)) this.#outdated.add(module);
    }
  }

  #modulesInUse(): LiveModule[] {
    return [...this.#flights.values(), ...this.#queue].map(({ module }) => module);
  }

  /** Calls an admitted procedure. `args[argsStart, argsLimit)` is copied. `onEnd` is told once, in this turn or a later one. */
  call(
    procedure: CallableProcedure,
    client: Client,
    args: Uint8Array,
    argsStart: number,
    argsLimit: number,
    onEnd: (outcome: ProcedureOutcome) => void,
  ): void {
    // Bytes behind the last parameter are nobody's (protocol.md section 4.1).
    const argsEnd = procedure.walkArguments(args, argsStart, argsLimit);
    assert(argsEnd >= 0, "admitProcedure let wrong arguments through");
    const { clock, callClock, module } = this.#parts;
    const own = args.slice(argsStart, argsEnd);
    const { id, name } = procedure.definition;
    const timestampMicros = callClock.next();
    const startMillis = clock.nowMillis();
    this.submit({
      module: present(module, "a call before the first publish"),
      inputBytes: own.length,
      start: (instance, ended) => {
        instance.callProcedure(id, name, client.words, timestampMicros, own, ended);
      },
      onEnd: (end, isLogged) => {
        const durationMicros = BigInt(Math.round((clock.nowMillis() - startMillis) * 1000));
        const result = this.#checked(procedure, end, isLogged);
        this.#parts.watch.onResult?.("procedure", name, result.kind === "returned");
        onEnd({ ...result, timestampMicros, durationMicros });
      },
    });
  }

  #checked(
    { definition: { name }, walkReturn }: CallableProcedure,
    end: ProcedureEnd,
    isLogged: boolean,
  ): { kind: "returned"; value: Uint8Array } | { kind: "failed"; message: string } {
    if (end.kind === "fatal") {
      if (isLogged) return { kind: "failed", message: end.message };
      this.#log("Panic", `procedure ${name} trapped: ${end.message}`, end.trace);
      return { kind: "failed", message: fatalMessage };
    }
    const { value } = end;
    if (walkReturn(value, 0, value.length) === value.length) return { kind: "returned", value };
    const message = `procedure ${name} returned bytes that are no value of its return type`;
    this.#log("Error", message);
    return { kind: "failed", message };
  }

  /**
   * Calls a procedure as the database itself: for schedules. `args` is the BSATN of its parameters. `onEnd` is told once, when it
   * has ended, or at once if the module has no such procedure; the module's log says what went wrong.
   */
  startScheduled(name: string, args: Uint8Array, onEnd: () => void): void {
    const { identity, module } = this.#parts;
    const client = makeClient(0, identity, ConnectionId.zero, "", true);
    const found =
      module === undefined
        ? { kind: "unknown" as const, message: "the database has no module" }
        : admitProcedure(module, client, name, args, 0, args.length);
    if ("kind" in found) {
      this.#log("Error", `procedure ${name} was not called: ${found.message}`);
      onEnd();
      return;
    }
    this.call(found, client, args, 0, args.length, onEnd);
  }

  /** Runs a call as soon as there is code and room for it. */
  submit(job: ProcedureJob): void {
    if (this.#isClosed) {
      job.onEnd({ kind: "fatal", message: closing }, true);
      return;
    }
    if (this.#queue.length >= limit.procedureQueueCountMax) {
      const message = `${limit.procedureQueueCountMax} calls of procedures are waiting already`;
      job.onEnd({ kind: "fatal", message }, true);
      return;
    }
    if (this.#inputBytes + job.inputBytes > limit.procedureInputBytesMax) {
      const message = "the calls of procedures that are waiting or under way have too many bytes";
      job.onEnd({ kind: "fatal", message }, true);
      return;
    }
    this.#inputBytes += job.inputBytes;
    this.#queue.push(job);
    // While others wait for room, it waits behind them; those whose code is being made are looked at when it is there.
    this.#pump(this.#queue.length - 1);
  }

  /** Starts what can be started from a place of the queue on; a call whose code is not ready yet lets others pass. */
  #pump(from = 0): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      let at = from;
      while (at < this.#queue.length && this.#hasRoom()) {
        const found = this.#tryStart(this.#queue[at] as ProcedureJob, at);
        if (found === "short") return;
        if (found === "stays") at++;
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #hasRoom(): boolean {
    if (this.#flights.size >= limit.procedureCountMax) return false;
    let memoryBytes = 0;
    for (const instance of this.#flights.keys()) memoryBytes += instance.memoryBytes;
    return memoryBytes < limit.procedureMemoryBytesMax;
  }

  /** Starts the job at a place of the queue: it left, it stays since its code is being made, or memory is short. */
  #tryStart(job: ProcedureJob, at: number): "left" | "stays" | "short" {
    const pool = this.#pool(job.module);
    const code = pool.prepare();
    if (code.kind === "making") return "stays";
    if (code.kind === "failed") {
      this.#queue.splice(at, 1);
      this.#inputBytes -= job.inputBytes;
      job.onEnd({ kind: "fatal", message: code.message }, true);
      return "left";
    }
    let instance: ProcedureInstance;
    try {
      instance = this.#watched(() => pool.take(code.code));
    } catch (thrown) {
      if (!isStartFailure(thrown)) throw thrown;
      // One that ends will give back its memory.
      if (this.#flights.size > 0) return "short";
      this.#queue.splice(at, 1);
      this.#inputBytes -= job.inputBytes;
      job.onEnd({ kind: "fatal", message: thrown.message }, false);
      return "left";
    }
    this.#queue.splice(at, 1);
    this.#fly(pool, instance, job);
    return "left";
  }

  #fly(pool: ProcedurePool, instance: ProcedureInstance, job: ProcedureJob): void {
    this.#flights.set(instance, job);
    this.#watched(() => {
      job.start(instance, (end) => {
        this.#flights.delete(instance);
        this.#inputBytes -= job.inputBytes;
        pool.giveBack(instance);
        job.onEnd(end, false);
        this.#pump();
      });
    });
  }

  /** The host's watch sees how long the guest runs. */
  #watched<T>(work: () => T): T {
    const { watch } = this.#parts;
    watch.begin(WatchCode.procedure);
    try {
      return work();
    } finally {
      watch.end();
    }
  }

  #pool(module: LiveModule): ProcedurePool {
    let pool = this.#pools.get(module);
    if (pool === undefined) {
      pool = new ProcedurePool(module, {
        environment: this.#environment,
        host: this.#host(module),
        cache: this.#options.cache,
        onCode: (failure) => {
          if (failure !== undefined) this.#log("Error", failure);
          this.#pump();
        },
      });
      this.#pools.set(module, pool);
    }
    return pool;
  }

  #host(module: LiveModule): ProcedureHost {
    const { clock, callClock, datastore, evaluator, log } = this.#parts;
    const { http, timers } = this.#options;
    return {
      nowMicros: () => clock.nowMicros(),
      wakeAt: (micros, wake) => wakeAt(() => clock.nowMicros(), timers, micros, wake),
      http,
      turn: this.#turn,
      begin: () => {
        if (this.#outdated.has(module)) {
          return "the module was updated while this procedure ran, and its tables have changed";
        }
        // Nothing reaches the disk before the procedure waits or ends.
        if (log.waitingBytes > limit.procedureBacklogBytesMax) {
          return `the procedure committed ${log.waitingBytes} bytes without a pause: it must sleep in between`;
        }
        // A procedure may begin one transaction after another in one turn: each has the time of its own beginning.
        callClock.endTurn();
        return { tx: datastore.begin(), micros: callClock.next() };
      },
      commit: (tx) => commit(this.#parts, tx, undefined, undefined)?.message,
      rollBack: (tx) => {
        evaluator.forget();
        undo(this.#parts, tx);
      },
    };
  }

  #log(level: "Error" | "Panic", message: string, trace?: readonly string[]): void {
    this.#parts.moduleLog.append(hostRecord(level, message, trace));
  }

  /** Gives up all calls: no timer and no socket is left, and nobody is told. None is taken from now on. */
  abandon(): void {
    this.#isClosed = true;
    for (const instance of this.#flights.keys()) instance.cancel();
    this.#flights.clear();
    this.#queue.length = 0;
  }

  /** Gives up all calls and tells their callers. */
  close(): void {
    const jobs = [...this.#flights.values(), ...this.#queue];
    this.abandon();
    for (const job of jobs) job.onEnd({ kind: "fatal", message: closing }, true);
  }
}

/** Calls `wake` once the calendar has reached `micros`. */
function wakeAt(
  nowMicros: () => bigint,
  timers: Timers,
  micros: bigint,
  wake: () => void,
): CancelTimer {
  let cancel: CancelTimer;
  const arm = (): void => {
    cancel = timers.after(Number(micros - nowMicros()), () => {
      if (nowMicros() >= micros) wake();
      else arm();
    });
  };
  arm();
  return () => {
    cancel();
  };
}
