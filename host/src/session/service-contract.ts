// What the service of a database is given, and who uses it.
import type { ConnectionId, Identity, LightconeError } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { HttpClient } from "../base/http/client.ts";
import type { Pause } from "../base/pause.ts";
import type { Timers } from "../base/timers.ts";
import type { CallOutcome, CallRefusal } from "../database/call.ts";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { ConnectRefusal, ProcedureAnswer } from "../database/one-off.ts";
import type { CallWatch } from "../database/parts.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import type { Schedule } from "../log/contract.ts";
import type { OutboxDelivery } from "./outbox.ts";

/** Where a service's output goes. */
export interface Delivery extends OutboxDelivery {
  /** The database cannot go on; nothing more comes from it. */
  failed(error: LightconeError): void;
}

export interface ServiceOptions {
  readonly identity: Identity;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** Lets others have the thread between two parts of a long read. */
  readonly pause: Pause;
  /** Wake the database when a schedule is due. */
  readonly timers: Timers;
  readonly watch: CallWatch;
  readonly delivery: Delivery;
  /** See `DatabaseOptions`. */
  readonly snapshots?: SnapshotOptions;
  readonly modules?: ModuleLimits;
  readonly lastFailure?: string | undefined;
  readonly skipsDisconnectReducer?: boolean;
  readonly adoptedBy?: Identity | undefined;
  readonly http?: HttpClient | undefined;
  readonly cache?: Disk | undefined;
  /** Whether SQL over HTTP is of the reference's dialect alone. */
  readonly strictSql?: boolean;
}

/** Who calls over HTTP or opens a socket. */
export interface ServiceCaller {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly jwtPayload: string;
}

/** How a call over HTTP came out. */
export type CallAnswer = CallOutcome | CallRefusal | ConnectRefusal | ProcedureAnswer;
