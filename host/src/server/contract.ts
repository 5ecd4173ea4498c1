// What the HTTP and WebSocket side of the server asks of a database, wherever the database runs: on a worker thread in
// production, in place in tests. Everything crosses as plain data.
import type { ConnectionId, Identity } from "@lightcone/abi";
import type { WireChoice } from "../session/frame-style.ts";
import type { UpdatePlan } from "../database/database.ts";
import type { PublishPolicy } from "../database/publish.ts";
import type { RouteOutcome, RouteRequest } from "../database/http-routes.ts";
import type { Manifest } from "./backup/archive.ts";
import type { Meter } from "./limits/traffic.ts";
import type { Backup, BackupFacts } from "./backup/transfer.ts";
import type { ThreadStats } from "./channel.ts";
import type { PgDatabase } from "./pg/contract.ts";

/** Who calls: each HTTP call and each WebSocket is a connection of its own. */
export interface Caller {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  /** The claims of the caller's token, as the JSON text that was signed. */
  readonly jwtPayload: string;
}

/** What a call took. */
export interface CallCost {
  /** Units of fuel (docs/metering.md). */
  readonly energyUsed: number;
  readonly durationMicros: number;
}

/** How a call over HTTP ended (http-and-auth.md section 6.1). */
export type CallResult =
  | ({ readonly kind: "committed" } & CallCost)
  /** The reducer returned an error, or its code trapped: 530. */
  | ({ readonly kind: "failed"; readonly message: string } & CallCost)
  /** It used up its budget: 402. */
  | ({ readonly kind: "outOfEnergy" } & CallCost)
  /** Neither reducer nor procedure, or private to this caller: 404. */
  | { readonly kind: "unknown" }
  /** Wrong arguments or a lifecycle reducer: 400. */
  | { readonly kind: "invalid"; readonly message: string }
  /** `client_connected` refused the caller: 403. */
  | { readonly kind: "refused"; readonly message: string }
  /** A procedure's value as positional SATS-JSON: 200. */
  | { readonly kind: "returned"; readonly json: string; readonly durationMicros: number }
  /** A procedure trapped or could not run: 500. What it committed stays. */
  | { readonly kind: "procedureFailed"; readonly message: string };

export interface SqlResult {
  /** The body of the answer: a JSON array with one entry, as UTF-8. */
  readonly pieces: readonly Uint8Array[];
  readonly durationMicros: number;
}

/** What publishing a program came to. */
export type PublishResult = { readonly kind: "created" | "updated" | "unchanged" };

export interface PublishRequest {
  readonly program: Uint8Array;
  readonly owner: Identity;
  /** Drop all data first; `init` runs again. */
  readonly clear: boolean;
  /** Whether clients may be disconnected. */
  readonly policy: PublishPolicy;
  /** How long to wait until it is durable; LC_PUBLISH_UNCONFIRMED then. For ever if not given. */
  readonly confirmationMillis?: number;
}

/** Where a database's frames for one WebSocket go. */
export interface SocketSink {
  /**
   * Bytes of whole WebSocket frames, headers included. They must be written before anything else is. `onWritten` is called once they
   * have left; never, if the socket ends before.
   */
  write(frames: Uint8Array, onWritten?: () => void): void;
  /** No more is written in this turn: what was written leaves at once. */
  endTurn(): void;
  /** Sends a Close frame with a code and a reason of at most 123 bytes, after what was written. */
  close(code: number, reason: string): void;
  /** Ends the TCP connection without a Close frame: `client_connected` refused. */
  drop(): void;
  /** Stops or resumes reading from the client, while the database cannot keep up. */
  pause(isPaused: boolean): void;
}

/** One WebSocket as a database sees it. */
export interface DatabaseConnection {
  /** One message from the client, whose bytes must not change any more. */
  receive(message: Uint8Array, isText: boolean): void;
  /** The socket is gone: subscriptions end and `client_disconnected` runs. */
  closed(): void;
}

export interface ConnectOptions {
  readonly caller: Caller;
  /** Sent back to the client in the first message. */
  readonly token: string;
  readonly confirmed: boolean;
  readonly wire: WireChoice;
  /** What its messages count for. */
  readonly meter?: Meter;
}

/** An open follow of the module's log. */
export interface LogFollow {
  stop(): void;
}

/**
 * One database. Every method rejects with a LightconeError; LC_DATABASE_UNAVAILABLE means that it is closed for now (a failed
 * disk, a restart) and may work later.
 */
export interface DatabaseHandle {
  readonly identity: Identity;
  /**
   * Creates the database (first publish) or updates it. Answers when the publish is durable. LC_MODULE_*, LC_REDUCER_FAILED (init)
   * and LC_PUBLISH_* leave everything as it was.
   */
  publish(request: PublishRequest): Promise<PublishResult>;
  /** Says what `publish` would do, changing nothing. */
  planPublish(program: Uint8Array): Promise<UpdatePlan>;
  /** Keccak-256 of the present program, hex in display order. */
  programHash(): Promise<string>;
  /** The present program's bytes. */
  program(): Promise<Uint8Array>;
  /** Runs connect, the reducer or procedure, disconnect. `argumentsJson`: a JSON array in order or an object by parameter name. */
  call(name: string, argumentsJson: string, caller: Caller): Promise<CallResult>;
  /** Answers a request to one of the module's own routes. */
  route(request: RouteRequest): Promise<RouteOutcome>;
  /** One statement. With `confirmed` the answer waits until what it shows is durable. LC_SQL_* for refused statements. */
  sql(text: string, caller: Caller, confirmed: boolean): Promise<SqlResult>;
  /** The module definition as JSON (http-and-auth.md section 6.3). */
  schema(version: 9 | 10): Promise<string>;
  /** The last `lineCount` lines of the module's log, or all: newline-delimited JSON. */
  logs(lineCount: number | undefined): Promise<string>;
  /** First the last `lineCount` lines, then each new line as it is written, until stopped. */
  followLogs(
    lineCount: number,
    onText: (text: string) => void,
    onEnd: () => void,
  ): Promise<LogFollow>;
  /** Attaches a WebSocket that has been upgraded. `client_connected` runs, then the first message is written. */
  connect(options: ConnectOptions, sink: SocketSink): DatabaseConnection;
  /**
   * Connects a client that speaks PostgreSQL's protocol: `client_connected` runs. Rejects with PgFault, 28000 if it is refused.
   * `onEnd` is called if the database ends before the client does.
   */
  connectPg(caller: Caller, onEnd: (reason: string) => void): Promise<PgDatabase>;
  /** Closes it: what is committed becomes durable first. Sockets get `closeReason` with code 1001. */
  close(closeReason: string): Promise<void>;
}

/** What is known of a database that is open. */
export interface OpenStats {
  /** Messages of sockets, and requests, that its thread has not worked on or answered yet. */
  readonly queues: { readonly messages: number; readonly requests: number };
  /** Undefined if it did not answer in time. */
  readonly stats: ThreadStats | undefined;
}

/** Opens databases on first use and keeps them. */
export interface Databases {
  /** The database with this identity; its directory may not exist yet (before the first publish). */
  get(identity: Identity): DatabaseHandle;
  /** Closes it, sockets with 1001 `module exited`, and deletes its directory. */
  remove(identity: Identity): Promise<void>;
  /** As `remove`, but its directory is kept among the discarded ones. */
  discard(identity: Identity): Promise<void>;
  /** Puts a discarded directory back, so that `get` finds the database again. */
  recover(identity: Identity): Promise<void>;
  /** Deletes a discarded directory. */
  purge(identity: Identity): Promise<void>;
  /** Before the first use: makes the discarded directories those of `deleted`, and no others. */
  tidyDiscarded(deleted: readonly Identity[]): Promise<void>;
  /** All that is durable of a database by now, as an archive; it goes on meanwhile. */
  backup(identity: Identity, facts: BackupFacts): Promise<Backup>;
  /**
   * Makes a new database of an archive, with this identity and owner. LC_REQUEST_INVALID for a bad
   * one, LC_MODULE_* for one whose program does not start; nothing remains then.
   */
  restore(
    identity: Identity,
    owner: Identity,
    archive: AsyncIterable<Uint8Array>,
  ): Promise<Manifest>;
  /** What open databases tell of themselves within that time, by identity in hex. Those that sleep are not woken. */
  stats(timeoutMillis: number): Promise<ReadonlyMap<string, OpenStats>>;
  /** Closes all of them; those that have not closed after so many milliseconds are ended as they are: what is durable stays so. */
  closeAll(timeoutMillis?: number): Promise<void>;
}
