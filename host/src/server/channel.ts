// What crosses between the server's thread and a database's: plain data, frames in slabs (design decision 4).
import type { ErrorCode } from "@lightcone/abi";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { UpdatePlan } from "../database/database.ts";
import type { PublishPolicy } from "../database/publish.ts";
import type { ThreadUsage } from "../base/thread-usage.ts";
import type { DatabaseStats } from "../database/stats.ts";
import type { RouteOutcome, RouteRequest } from "../database/http-routes.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import type { WireChoice } from "../session/frame-style.ts";
import type { SealedSlab } from "../session/slab.ts";
import type { PgRequests } from "./pg/contract.ts";

/** A caller in a form that threads can hand each other. */
export interface CallerData {
  readonly identity: bigint;
  readonly connectionId: bigint;
  readonly jwtPayload: string;
}

/** What a database's thread starts with. */
export interface WorkerStart {
  readonly identity: bigint;
  readonly directory: string;
  /** Two words that the server's thread watches: see call-watch.ts. */
  readonly watch: SharedArrayBuffer;
  readonly snapshots: SnapshotOptions;
  readonly modules: ModuleLimits;
  /** Why the thread before this one ended, for the module's log. */
  readonly lastFailure: string | undefined;
  /** The thread before was stuck while it disconnected clients that a crash had left behind. */
  readonly skipsDisconnectReducer: boolean;
  /** Who becomes the owner of a log that came from another database. */
  readonly adoptedBy: bigint | undefined;
  /** Where code made of modules is kept; databases share it. */
  readonly cacheDirectory: string;
  readonly moduleHttp: ModuleHttp;
  readonly strictSql: boolean;
  /** Whether `energy` messages are wanted. */
  readonly reportsEnergy: boolean;
}

/** Where modules may send HTTP requests: nowhere, to public addresses, or anywhere. */
export type ModuleHttp = "off" | "public" | "anywhere";

/** Requests that are answered, by name, with what they are answered with. */
export interface Requests extends PgRequests {
  readonly publish: {
    readonly params: {
      readonly program: Uint8Array;
      readonly owner: bigint;
      readonly policy: PublishPolicy;
      readonly confirmationMillis: number | undefined;
    };
    readonly result: "created" | "updated" | "unchanged";
  };
  readonly planPublish: {
    readonly params: { readonly program: Uint8Array };
    readonly result: UpdatePlan;
  };
  readonly program: { readonly params: null; readonly result: Uint8Array };
  readonly programHash: { readonly params: null; readonly result: string };
  readonly durableOffset: { readonly params: null; readonly result: number };
  readonly call: {
    readonly params: {
      readonly name: string;
      readonly argumentsJson: string;
      readonly caller: CallerData;
    };
    readonly result: CallResultData;
  };
  readonly route: {
    readonly params: RouteRequest;
    readonly result: RouteOutcome;
  };
  readonly sql: {
    readonly params: {
      readonly text: string;
      readonly caller: CallerData;
      readonly confirmed: boolean;
    };
    readonly result: SqlResultData;
  };
  readonly schema: { readonly params: { readonly version: 9 | 10 }; readonly result: string };
  readonly logs: {
    readonly params: { readonly lineCount: number | undefined };
    readonly result: string;
  };
  readonly followLogs: {
    readonly params: { readonly lineCount: number; readonly followId: number };
    readonly result: string;
  };
  readonly stopFollow: { readonly params: { readonly followId: number }; readonly result: null };
  readonly stats: { readonly params: null; readonly result: ThreadStats };
  readonly close: { readonly params: { readonly reason: string }; readonly result: null };
}

/** What a database's thread tells of itself. */
export interface ThreadStats {
  readonly database: DatabaseStats;
  readonly thread: ThreadUsage;
  /** Query sets that clients watch, and how many clients do. */
  readonly watches: { readonly setCount: number; readonly clientCount: number };
  /** The files of the log. */
  readonly logBytes: number;
}

export interface CallResultData {
  readonly kind:
    | "committed"
    | "failed"
    | "fatal"
    | "outOfEnergy"
    | "unknown"
    | "invalid"
    | "refused"
    | "returned"
    | "procedureFailed";
  /** What went wrong; for "returned", the value as JSON. */
  readonly message: string;
  /** What the module's code used, 0 for a call that was refused. */
  readonly energyUsed: number;
  readonly durationMicros: number;
}

export type SqlResultData =
  | {
      readonly kind: "rows";
      /** UTF-8, each piece in memory of its own: they change threads without being copied. */
      readonly pieces: readonly Uint8Array[];
      readonly durationMicros: number;
    }
  | { readonly kind: "refused"; readonly message: string };

export type RequestName = keyof Requests;

/** In the word of a frame's length: the frame is text. */
export const textFrameBit = 0x80000000;

/** From the server's thread. `frames`: `count` times socket u32, length u32 (or `textFrameBit`), bytes, in `buffer[0, length)`. */
export type ToWorker =
  | { readonly kind: "frames"; readonly buffer: ArrayBuffer; readonly length: number }
  | {
      readonly kind: "connect";
      readonly socket: number;
      readonly caller: CallerData;
      readonly token: string;
      readonly confirmed: boolean;
      readonly wire: WireChoice;
    }
  | { readonly kind: "disconnect"; readonly socket: number }
  /** A part of a long answer has left; its memory comes back. */
  | {
      readonly kind: "written";
      readonly socket: number;
      readonly byteCount: number;
      readonly memory: ArrayBuffer;
    }
  | {
      readonly kind: "request";
      readonly id: number;
      readonly name: RequestName;
      readonly params: unknown;
    };

/** An error on its way through a thread's border. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reasons: readonly string[];
  /** For whoever runs the host, not for clients: where a bug shows. */
  readonly detail?: string;
}

/** From a database's thread. */
export type FromWorker =
  | { readonly kind: "opened" }
  /** `isBatchTaken` stands for a message `taken` that follows. */
  | { readonly kind: "slab"; readonly slab: SealedSlab; readonly isBatchTaken: boolean }
  /** What messages of sockets have used, in units of energy. */
  | {
      readonly kind: "energy";
      readonly used: readonly { readonly socket: number; readonly units: number }[];
    }
  /** One more batch of frames has been worked on. */
  | { readonly kind: "taken" }
  | {
      readonly kind: "closeSocket";
      readonly socket: number;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly kind: "dropSocket"; readonly socket: number }
  | { readonly kind: "reducers"; readonly names: readonly string[] }
  | { readonly kind: "logText"; readonly followId: number; readonly text: string }
  | { readonly kind: "failed"; readonly error: ErrorData }
  | {
      readonly kind: "reply";
      readonly id: number;
      readonly result: unknown;
      /** Memory of the result that goes over whole. */
      readonly transfer: readonly ArrayBuffer[];
    }
  | { readonly kind: "refusal"; readonly id: number; readonly error: ErrorData };
