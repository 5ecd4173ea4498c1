// What one database owns, one of each: the steps of the way of the data take these as parameters.
import type { Identity } from "@lightcone/abi";
import type { CallClock } from "../base/call-clock.ts";
import type { Clock } from "../base/clock.ts";
import type { Datastore } from "../datastore/datastore.ts";
import type { Log, RecordInputs } from "../log/contract.ts";
import type { EnergyCount } from "../module/meter/call-meter.ts";
import type { Evaluator } from "../subscription/evaluate.ts";
import type { Subscriber, SubscriptionRegistry } from "../subscription/registry.ts";
import type { LiveModule } from "./live-module.ts";
import type { ModuleLog } from "./module-log.ts";
import type { Schedules } from "./schedule/schedules.ts";
import type { Views } from "./views/views.ts";

/** What `CallWatch.begin` is told where it is not a reducer that clients call. */
export const WatchCode = {
  loading: -1,
  init: -2,
  onConnect: -3,
  onDisconnect: -4,
  view: -5,
  procedure: -6,
} as const;

/** Told of each stretch of guest code, so that one that never ends can be noticed from another thread. */
export interface CallWatch {
  /** `what` is the id of a reducer or a `WatchCode`. */
  begin(what: number): void;
  end(): void;
  /** Told how each came out, after its end: whether its code returned without an error. For who counts; absent in a server. */
  readonly onResult?: (kind: "reducer" | "procedure" | "view", name: string, isOk: boolean) => void;
}

/** Told of each commit that changed what somebody sees. */
export interface UpdateListener {
  /**
   * `affected` subscribers have `parts`, to be turned into messages before this returns. `caller`'s own are left for the answer to
   * its call. `inputs`, good until the next transaction, tell of the reducer that made the changes, if one did.
   */
  onUpdates(
    affected: readonly Subscriber[],
    caller: Subscriber | undefined,
    inputs: RecordInputs | undefined,
  ): void;
}

/** Starts procedures that nobody waits for. */
interface ProcedureStarter {
  /**
   * Starts a procedure as the database itself; `args` are the BSATN of its parameters. `onEnd` is called once, when it has ended
   * in whatever way, also before this returns. What stands in the way, wrong arguments included, is for the module's log.
   */
  startScheduled(name: string, args: Uint8Array, onEnd: () => void): void;
}

export interface DatabaseParts {
  readonly identity: Identity;
  readonly datastore: Datastore;
  readonly log: Log;
  readonly moduleLog: ModuleLog;
  readonly registry: SubscriptionRegistry;
  readonly evaluator: Evaluator;
  readonly views: Views;
  readonly clock: Clock;
  /** What time it is to calls. */
  readonly callClock: CallClock;
  readonly watch: CallWatch;
  readonly energy: EnergyCount;
  readonly listener: UpdateListener;
  readonly schedules: Schedules;
  readonly procedures: ProcedureStarter;
  /** Undefined before the first publish. */
  module: LiveModule | undefined;
  owner: Identity | undefined;
}
