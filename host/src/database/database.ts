// One database: the owner of one of each part. Opened from its directory, it takes commands one at a time; clock, disk and
// log scheduling are handed in, so that it does not know which thread it is in (design decisions 1 and 4).
import { Identity, LightconeError, type ModuleDef, moduleDefToJson, present } from "@lightcone/abi";
import { CallClock } from "../base/call-clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { HttpClient } from "../base/http/client.ts";
import { type Pause, systemPause } from "../base/pause.ts";
import { systemTimers, type Timers } from "../base/timers.ts";
import { Datastore } from "../datastore/datastore.ts";
import { Replay } from "../datastore/replay.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import type { Log, LogListener, Schedule } from "../log/contract.ts";
import type { RecoveredLog } from "../log/recover.ts";
import { type RecoveredState, recoverState } from "../log/snapshot/recover.ts";
import { openLog } from "../log/writer.ts";
import type { CodeCache } from "../module/code-cache.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import { defaultLoad, prepareModule } from "../module/load.ts";
import type { Turn } from "../module/procedure/runner.ts";
import { Evaluator } from "../subscription/evaluate.ts";
import { SubscriptionRegistry } from "../subscription/registry.ts";
import type { SqlCaller } from "../sql/bind/visibility.ts";
import { adopt } from "./adopt.ts";
import type { Client } from "./client.ts";
import {
  clearConnections,
  connectClient,
  disconnectClient,
  disconnectLeftovers,
  type LifecycleFailure,
} from "./lifecycle.ts";
import { LiveModule } from "./live-module.ts";
import { describePlan } from "./migration/describe.ts";
import { migrationToken } from "./migration/token.ts";
import { environmentLimits, type ModuleLimits } from "./module-limits.ts";
import { hostRecord, ModuleLog } from "./module-log.ts";
import type { CallWatch, DatabaseParts, UpdateListener } from "./parts.ts";
import { type ProcedureOptions, Procedures } from "./procedures.ts";
import {
  addMissingViews,
  type EndedClients,
  planUpdate,
  publishFirst,
  type PublishPolicy,
  publishUpdate,
  refusalHeading,
} from "./publish.ts";
import { ScheduleRunner } from "./schedule/runner.ts";
import { Schedules } from "./schedule/schedules.ts";
import { type SnapshotOptions, type SnapshotParts, Snapshots } from "./snapshots.ts";
import { callerViews } from "./views/live-view.ts";
import { sweepViews } from "./views/use.ts";
import { Views } from "./views/views.ts";

/** Where a database's commit log lies inside its directory. */
export const logDirectory = "clog";

export interface DatabaseOptions {
  readonly identity: Identity;
  /** The database's own directory. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly watch: CallWatch;
  readonly updates: UpdateListener;
  readonly logListener: LogListener;
  /** Why the database had to be opened again, for the module's log. */
  readonly lastFailure?: string | undefined;
  /** Clients left behind lose their rows without `client_disconnected`: it did not end the last time. */
  readonly skipsDisconnectReducer?: boolean;
  readonly snapshots?: SnapshotOptions;
  readonly modules?: ModuleLimits;
  /** Lets others have the thread while a snapshot is taken; the next turn if not given. */
  readonly pause?: Pause;
  /** Wakes procedures; the machine's if not given. */
  readonly timers?: Timers;
  /** Sends the requests of procedures. Without it they are told that this is switched off. */
  readonly http?: HttpClient | undefined;
  /** Where code made of modules is kept, which several databases may share; not kept if not given. */
  readonly cache?: Disk | undefined;
  /** Runs what a timer or a socket woke as a turn of its own; as it is if not given. */
  readonly turn?: Turn;
  /** The log came from another database: it becomes this one's, and this identity its owner. */
  readonly adoptedBy?: Identity | undefined;
}

/** What publishing a program would come to. */
export type UpdatePlan =
  | {
      readonly kind: "possible";
      readonly text: string;
      readonly breaksClients: boolean;
      /** What `publish` wants to be given where clients break, as hex in display order. */
      readonly token: string;
      readonly isMajorUpgrade: boolean;
    }
  | { readonly kind: "impossible"; readonly reason: string; readonly isMajorUpgrade: boolean };

/** What a publish came to. */
export interface Published {
  readonly kind: "created" | "updated" | "unchanged";
  /** Who is to be disconnected, by the new program. */
  readonly ended: EndedClients;
}

const nobody: EndedClients = new Set();

export class Database {
  readonly #parts: DatabaseParts;
  readonly #environment: ModuleEnvironment;
  readonly #snapshots: Snapshots;
  readonly #runner: ScheduleRunner;
  readonly #procedures: Procedures;
  readonly #cache: CodeCache | undefined;

  private constructor(
    parts: DatabaseParts,
    environment: ModuleEnvironment,
    snapshots: Snapshots,
    runner: ScheduleRunner,
    procedures: Procedures,
    cache: CodeCache | undefined,
  ) {
    this.#parts = parts;
    this.#environment = environment;
    this.#snapshots = snapshots;
    this.#runner = runner;
    this.#procedures = procedures;
    this.#cache = cache;
  }

  /**
   * Opens a directory: takes its newest snapshot and replays the log behind it, starts its module, disconnects the clients that a
   * crash left behind, reads its schedules. An empty directory is a database before its first publish. Throws LC_LOG_*, LC_SNAPSHOT, LC_DISK, LC_MODULE_*.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { identity, disk, clock } = options;
    const { datastore, recovered } = await recoverDatastore(disk, identity);
    let snapshots: Snapshots | undefined;
    let procedures: Procedures | undefined;
    const log = await openLog(recovered.log, {
      disk,
      directory: logDirectory,
      listener: {
        onDurable: (offset) => {
          options.logListener.onDurable(offset);
          snapshots?.onDurable();
        },
        onFailure: (error) => {
          snapshots?.cancel();
          options.logListener.onFailure(error);
        },
      },
      schedule: options.schedule,
    });
    const moduleLog = new ModuleLog(disk, clock);
    await moduleLog.open();
    const registry = new SubscriptionRegistry();
    const parts: DatabaseParts = {
      identity,
      datastore,
      log,
      moduleLog,
      registry,
      evaluator: new Evaluator(registry),
      views: new Views(),
      clock,
      callClock: new CallClock(clock),
      watch: options.watch,
      energy: { units: 0 },
      listener: options.updates,
      schedules: new Schedules(datastore, clock),
      procedures: {
        startScheduled: (name, args, onEnd) => {
          present(procedures, "procedures").startScheduled(name, args, onEnd);
        },
      },
      module: undefined,
      owner: undefined,
    };
    const runner = new ScheduleRunner(parts);
    const environment: ModuleEnvironment = {
      datastore,
      clock,
      databaseIdentity: identity.toBytes(),
      ...environmentLimits(options.modules ?? {}),
      energy: parts.energy,
      log: (record) => {
        moduleLog.append(record);
      },
      scheduleImmediately: (functionName, args) => runner.immediateCalls.add(functionName, args),
    };
    snapshots = new Snapshots(
      snapshotParts(parts, disk, recovered, options.pause ?? systemPause),
      options.snapshots,
    );
    const cache = codeCache(options, parts);
    procedures = new Procedures(parts, environment, procedureOptions(options, cache));
    const database = new Database(parts, environment, snapshots, runner, procedures, cache);
    logFaults(moduleLog, [...recovered.notes, tornText(recovered.log), options.lastFailure]);
    await database.#startModule(options);
    parts.callClock.endTurn();
    return database;
  }

  async #startModule({
    adoptedBy,
    skipsDisconnectReducer = false,
  }: DatabaseOptions): Promise<void> {
    const parts = this.#parts;
    const [found] = parts.datastore.catalog.rows(systemTableId.module);
    if (found === undefined) return;
    await this.prepare(found["program_bytes"] as Uint8Array);
    const row = adoptedBy === undefined ? found : adopt(parts, found, adoptedBy);
    const stored = new Identity(row["database_identity"] as bigint);
    if (!stored.equals(parts.identity)) {
      throw new LightconeError(
        "LC_LOG_REPLAY",
        `the log belongs to database ${stored.toHex()}, not to ${parts.identity.toHex()}`,
      );
    }
    parts.owner = new Identity(row["owner_identity"] as bigint);
    const program = row["program_bytes"] as Uint8Array;
    parts.module = new LiveModule(program, this.#environment, parts.watch);
    addMissingViews(parts, parts.module);
    const count = disconnectLeftovers(parts, parts.module, skipsDisconnectReducer);
    if (count > 0) {
      const text = `disconnected ${count} clients that were connected when the host stopped`;
      parts.moduleLog.append(hostRecord("Info", text));
    }
    clearConnections(parts);
    this.#runner.rebuild();
  }

  /** For the steps beside this file and the session layer. */
  get parts(): DatabaseParts {
    return this.#parts;
  }

  get log(): Log {
    return this.#parts.log;
  }

  /** What the module's code has used since the database was opened, in units of fuel (docs/metering.md). */
  get energyUsed(): number {
    return this.#parts.energy.units;
  }

  /** Procedures and HTTP handlers. */
  get procedures(): Procedures {
    return this.#procedures;
  }

  get isPublished(): boolean {
    return this.#parts.module !== undefined;
  }

  /** The running module; refuses a database before its first publish. */
  get module(): LiveModule {
    const { module } = this.#parts;
    if (module === undefined) {
      throw new LightconeError("LC_DATABASE_UNKNOWN", "No such database.");
    }
    return module;
  }

  get definition(): ModuleDef {
    return this.module.definition;
  }

  isOwner(identity: Identity): boolean {
    return this.#parts.owner?.equals(identity) ?? false;
  }

  /** Who asks, as SQL needs it. */
  sqlCaller(client: Client): SqlCaller {
    return {
      identity: client.identity,
      isOwner: client.isOwner,
      view: callerViews(this.module.views, client.identityBytes),
    };
  }

  /** Runs `client_connected`; returns why it refused the client. */
  connect(client: Client): LifecycleFailure | undefined {
    return connectClient(this.#parts, this.module, client);
  }

  /** Ends a client: idempotent. */
  disconnect(client: Client): void {
    disconnectClient(this.#parts, this.module, client);
  }

  /**
   * Does beforehand what a publish of this program needs that takes long and can be had from the cache; changes nothing in the
   * database. What is wrong with the program its publish tells.
   */
  async prepare(program: Uint8Array): Promise<void> {
    if (this.#cache === undefined) return;
    try {
      await prepareModule(program, this.#environment.load ?? defaultLoad, this.#cache);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
    }
  }

  /** Creates or updates the program. Durable once `log.flush()` resolves. */
  publish(program: Uint8Array, owner: Identity, policy: PublishPolicy): Published {
    const { module, schedules } = this.#parts;
    if (module !== undefined && sameBytes(module.program, program)) {
      return { kind: "unchanged", ended: nobody };
    }
    // A publish writes rows and moves them: none of that is a call cancelled or asked for anew.
    schedules.suspend();
    let published: Published;
    try {
      published = this.#publish(module, program, owner, policy);
    } catch (thrown) {
      schedules.resume();
      throw thrown;
    }
    this.#runner.rebuild();
    return published;
  }

  #publish(
    module: LiveModule | undefined,
    program: Uint8Array,
    owner: Identity,
    policy: PublishPolicy,
  ): Published {
    const parts = this.#parts;
    if (module === undefined) {
      publishFirst(parts, this.#environment, program, owner);
      return { kind: "created", ended: nobody };
    }
    const { owner: presentOwner = owner } = parts;
    const ended = publishUpdate(parts, this.#environment, module, presentOwner, program, policy);
    this.#procedures.replaced(module);
    return { kind: "updated", ended };
  }

  /** Says what `publish` of a new program would do. */
  planPublish(program: Uint8Array): UpdatePlan {
    const current = this.module;
    const { module, plan } = planUpdate(this.#parts, this.#environment, current, program);
    const isMajorUpgrade = current.definition.version < module.definition.version;
    if (plan.refusals.length > 0) {
      const reason = [refusalHeading, ...plan.refusals].join("\n");
      return { kind: "impossible", reason, isMajorUpgrade };
    }
    const { identity } = this.#parts;
    return {
      kind: "possible",
      text: describePlan(plan),
      breaksClients: plan.breaksClients,
      token: migrationToken(identity, current.programHash, module.programHash),
      isMajorUpgrade,
    };
  }

  schemaJson(version: 9 | 10): string {
    return moduleDefToJson(this.definition, version);
  }

  /** When `runDue` is to be called next, in microseconds since the Unix epoch: 0 is at once, infinity not at all. */
  get nextWakeMicros(): number {
    return this.#runner.nextWakeMicros;
  }

  /** Makes calls that schedules ask for by now: as many as a turn may take. */
  runDue(): void {
    this.#runner.run();
  }

  /** Ends the turn: what the module logged is written. */
  endTurn(): void {
    this.#parts.callClock.endTurn();
    if (this.#parts.views.isActive) sweepViews(this.#parts);
    this.#parts.moduleLog.write();
  }

  /**
   * Takes a snapshot of the present state and returns the offset of its last transaction; see `Snapshots.take`. Not to be called
   * inside a transaction.
   */
  async snapshot(): Promise<number> {
    return this.#snapshots.take();
  }

  /** Makes durable what is committed and gives the files back. */
  async close(): Promise<void> {
    this.#procedures.close();
    await this.#snapshots.close();
    await this.#parts.log.close();
    await this.#parts.moduleLog.close();
  }
}

/** The state on a database's own disk, as far as its snapshots and its log lead. */
export async function recoverDatastore(
  disk: Disk,
  identity: Identity,
): Promise<{ datastore: Datastore; recovered: RecoveredState }> {
  // Making one takes a while: there is another one only if a snapshot turns out to be of no use.
  const begun: { readonly datastore: Datastore; readonly replay: Replay }[] = [];
  const recovered = await recoverState({
    disk,
    logDirectory,
    identity: identity.toBytes(),
    begin: (tables) => {
      const datastore = new Datastore();
      if (tables !== undefined) datastore.restore(tables);
      const replay = new Replay(datastore);
      begun.push({ datastore, replay });
      return replay;
    },
  });
  const { datastore, replay } = present(begun.at(-1), "a recovery that never began");
  replay.finish();
  return { datastore, recovered };
}

function codeCache(
  { cache: disk }: DatabaseOptions,
  { identity, moduleLog }: DatabaseParts,
): CodeCache | undefined {
  if (disk === undefined) return undefined;
  const warn = (text: string): void => {
    moduleLog.append(hostRecord("Warn", text));
  };
  return { disk, writer: identity.toHex(), warn };
}

function procedureOptions(
  { timers = systemTimers, http, turn = (work) => work() }: DatabaseOptions,
  cache: CodeCache | undefined,
): ProcedureOptions {
  return { timers, http, turn, cache };
}

function snapshotParts(
  { datastore, identity, log, moduleLog }: DatabaseParts,
  disk: Disk,
  { log: { epoch }, snapshot }: RecoveredState,
  pause: Pause,
): SnapshotParts {
  return {
    disk,
    logDirectory,
    identity: identity.toBytes(),
    log,
    epoch,
    last: snapshot,
    pause,
    freeze: () => datastore.freeze(),
    warn: (text) => {
      moduleLog.append(hostRecord("Warn", text));
    },
  };
}

function logFaults(moduleLog: ModuleLog, faults: readonly (string | undefined)[]): void {
  for (const fault of faults) {
    if (fault !== undefined) moduleLog.append(hostRecord("Warn", fault));
  }
}

function tornText({ torn }: RecoveredLog): string | undefined {
  if (torn === undefined) return undefined;
  return `the log's end was torn by a crash: ${torn.path} is kept up to byte ${torn.wholeBytes}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
