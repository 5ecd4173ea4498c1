// A database as the server's routes and sockets see it: opened on first use on its own thread, opened again after a failure.
import { CloseCode, closeReason, type Identity, LightconeError } from "@lightcone/abi";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { UpdatePlan } from "../database/database.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import type { Clock } from "../base/clock.ts";
import type { RouteOutcome, RouteRequest } from "../database/http-routes.ts";
import { callerData, callResult } from "./call-data.ts";
import type { ModuleHttp, RequestName, Requests } from "./channel.ts";
import type {
  Caller,
  CallResult,
  ConnectOptions,
  DatabaseConnection,
  DatabaseHandle,
  LogFollow,
  OpenStats,
  PublishRequest,
  PublishResult,
  SocketSink,
  SqlResult,
} from "./contract.ts";
import { IncomingSocket } from "./incoming.ts";
import type { PgDatabase } from "./pg/contract.ts";
import { connectPgClient } from "./pg/link.ts";
import type { Report } from "./report.ts";
import type { SpareThread } from "./spare-thread.ts";
import { settledWithin } from "./within.ts";
import { type LinkOptions, WorkerLink } from "./worker-link.ts";

/** Code made of modules; may be removed. */
export const cacheDirectory = "cache";

export interface HandleOptions {
  readonly identity: Identity;
  readonly directory: string;
  /** The data directory, for what is said to whoever runs the host. */
  readonly dataDirectory: string;
  readonly callTimeLimitMillis: number;
  readonly snapshots: SnapshotOptions;
  readonly modules: ModuleLimits;
  readonly moduleHttp: ModuleHttp;
  readonly strictSql: boolean;
  readonly reportsEnergy: boolean;
  readonly threads: SpareThread;
  readonly clock: Clock;
  /** Deletes the database's directory. */
  readonly removeDirectory: () => Promise<void>;
  /** Told why a thread ended that nobody asked to end. */
  readonly report: Report;
}

/** After a failed disk the database is opened again no sooner than this. */
const reopenMillis = 250;

/** A database that takes longer to close than this is ended as it is: what is durable stays so. */
const closeMillisMax = 10_000;

interface Follower {
  readonly onText: (text: string) => void;
  readonly onEnd: () => void;
}

export class WorkerDatabase implements DatabaseHandle {
  readonly identity: Identity;
  readonly #options: HandleOptions;
  #link: WorkerLink | undefined;
  #failedAtMillis = -Infinity;
  #failure: LightconeError | undefined;
  #lastNumber = 0;
  readonly #sinks = new Map<number, SocketSink>();
  /** What the sockets have sent. */
  readonly #incoming = new Map<number, IncomingSocket>();
  readonly #follows = new Map<number, Follower>();
  /** Told, by the numbers of their connections, when the thread ends. */
  readonly #pgEnds = new Map<number, (reason: string) => void>();
  /** Sinks that the turn under way writes to. */
  readonly #written = new Set<SocketSink>();
  #isClosing = false;
  #closeReason = "";
  #isRemoved = false;
  /** The thread before the present one; its end is awaited. */
  #threadEnded: Promise<void> = Promise.resolve();
  #lastFailureText: string | undefined;
  #skipsDisconnectReducer = false;
  #adoptedBy: Identity | undefined;
  /** Publishing, closing and removing exclude each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: HandleOptions) {
    this.#options = options;
    this.identity = options.identity;
  }

  #open(): WorkerLink {
    if (this.#link !== undefined) return this.#link;
    if (this.#isRemoved) throw new LightconeError("LC_DATABASE_UNKNOWN", "No such database.");
    if (this.#isClosing) throw unavailable("the database is closing");
    this.#refuseSoonAfterFailure();
    const { clock, identity, directory, callTimeLimitMillis, snapshots, modules } = this.#options;
    const { dataDirectory, moduleHttp, strictSql, reportsEnergy, threads } = this.#options;
    const options: LinkOptions = {
      threads,
      identity: identity.value,
      directory,
      callTimeLimitMillis,
      snapshots,
      modules,
      cacheDirectory: `${dataDirectory}/${cacheDirectory}`,
      moduleHttp,
      strictSql,
      reportsEnergy,
      nowMillis: () => clock.nowMillis(),
      after: this.#threadEnded,
      lastFailure: this.#lastFailureText,
      skipsDisconnectReducer: this.#skipsDisconnectReducer,
      adoptedBy: this.#adoptedBy?.value,
    };
    this.#lastFailureText = undefined;
    const link = new WorkerLink(options, {
      frames: (socket, frames, wantsReceipt) => {
        const sink = this.#sinks.get(socket);
        if (sink === undefined) return;
        this.#written.add(sink);
        if (!wantsReceipt) sink.write(frames);
        else {
          sink.write(frames, () => {
            link.written(socket, frames);
          });
        }
      },
      framesEnd: () => {
        for (const sink of this.#written) sink.endTurn();
        this.#written.clear();
      },
      closeSocket: (socket, code, reason) => {
        this.#takeSink(socket)?.close(code, reason);
      },
      dropSocket: (socket) => {
        this.#takeSink(socket)?.drop();
      },
      energyUsed: (socket, units) => {
        if (this.#incoming.get(socket)?.meter?.energy(units) !== false) return;
        this.#takeSink(socket)?.close(CloseCode.tryAgainLater, "energy budget used up");
      },
      logText: (followId, text) => this.#follows.get(followId)?.onText(text),
      ended: (error, detail) => {
        this.#ended(link, error, detail);
      },
    });
    this.#link = link;
    return link;
  }

  /** A disk that has just failed is left alone for a moment; a call that was stopped is no reason to wait. */
  #refuseSoonAfterFailure(): void {
    const failure = this.#failure;
    if (failure === undefined || failure.code === "LC_CALL_TIME_LIMIT") return;
    if (this.#options.clock.nowMillis() - this.#failedAtMillis < reopenMillis) {
      throw this.#closedForNow(failure);
    }
  }

  /** Why the database does not answer now, in words for its clients. */
  #closedForNow(cause: LightconeError): LightconeError {
    const { code, message } = cause;
    if (code === "LC_DATABASE_UNAVAILABLE" || code === "LC_DATABASE_UNKNOWN") return cause;
    const command = `lightcone log verify ${this.identity.toHex()}`;
    const advice = isLogFault(cause) ? `; on the host, \`${command}\` tells more` : "";
    return unavailable(`the database is closed for now: ${message}${advice}`);
  }

  #takeSink(socket: number): SocketSink | undefined {
    const sink = this.#sinks.get(socket);
    this.#sinks.delete(socket);
    return sink;
  }

  /** The thread is gone: sockets learn why, and the next use opens the database again. */
  #ended(link: WorkerLink, error: LightconeError, detail: string | undefined): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#threadEnded = link.ended;
    if (!this.#isClosing) {
      this.#failure = error;
      this.#failedAtMillis = this.#options.clock.nowMillis();
      this.#lastFailureText = error.message;
      this.#skipsDisconnectReducer = error.code === "LC_CALL_TIME_LIMIT" && !link.isOpen;
      const words = `--data-dir ${this.#options.dataDirectory} ${this.identity.toHex()}`;
      const advice = isLogFault(error) ? `; \`lightcone log verify ${words}\` tells more` : "";
      const text = (detail ?? error.message) + advice;
      this.#options.report(text, `database ${this.identity.toHex()}`);
    }
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    const code = this.#isClosing ? CloseCode.goingAway : CloseCode.internalError;
    const reason = this.#isClosing ? this.#closeReason : error.message;
    for (const sink of sinks) sink.close(code, closeReason(reason));
    for (const onEnd of this.#pgEnds.values()) onEnd(reason);
    this.#pgEnds.clear();
    for (const { onEnd } of this.#follows.values()) onEnd();
    this.#follows.clear();
  }

  /** The open link; rejects with why there is none. */
  async #opened(): Promise<WorkerLink> {
    const link = this.#open();
    await link.opened;
    this.#failure = undefined;
    this.#skipsDisconnectReducer = false;
    return link;
  }

  async #request<Name extends RequestName>(
    name: Name,
    params: Requests[Name]["params"],
  ): Promise<Requests[Name]["result"]> {
    return (await this.#ready()).request(name, params);
  }

  /** The open link; rejects with why there is none, in words for clients. */
  async #ready(): Promise<WorkerLink> {
    try {
      return await this.#opened();
    } catch (thrown) {
      throw thrown instanceof LightconeError ? this.#closedForNow(thrown) : thrown;
    }
  }

  /** Runs `work` when all that excludes it is done. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  publish(request: PublishRequest): Promise<PublishResult> {
    return this.#exclusively(async () => {
      if (request.clear) {
        await this.#checkProgram(request.program);
        await this.#clear();
      }
      const { program, owner, policy, confirmationMillis } = request;
      const params = { program, owner: owner.value, policy, confirmationMillis };
      return { kind: await this.#request("publish", params) };
    });
  }

  /** Refuses a program that cannot run before the data makes way for it. */
  async #checkProgram(program: Uint8Array): Promise<void> {
    let link: WorkerLink;
    try {
      link = await this.#opened();
    } catch (thrown) {
      // Data that cannot be read may be cleared, and says nothing about programs.
      if (thrown instanceof LightconeError && thrown.code.startsWith("LC_LOG_")) return;
      throw thrown instanceof LightconeError ? this.#closedForNow(thrown) : thrown;
    }
    try {
      await link.request("planPublish", { program });
    } catch (thrown) {
      // Nor does a database before its first program.
      if (thrown instanceof LightconeError && thrown.code === "LC_DATABASE_UNKNOWN") return;
      throw thrown;
    }
  }

  /** Closes the database and forgets its data. */
  async #clear(): Promise<void> {
    try {
      await this.#within(closeMillisMax, () => this.#shutDown("module exited"));
      await this.#options.removeDirectory();
      this.#failure = undefined;
    } finally {
      this.#isClosing = false;
    }
  }

  /** Closes the database for good; `takeDirectory` deletes its data or moves it away. */
  remove(takeDirectory: () => Promise<void>): Promise<void> {
    return this.#exclusively(async () => {
      await this.#within(closeMillisMax, () => this.#shutDown("module exited"));
      await takeDirectory();
      this.#isRemoved = true;
    });
  }

  planPublish(program: Uint8Array): Promise<UpdatePlan> {
    return this.#request("planPublish", { program });
  }

  program(): Promise<Uint8Array> {
    return this.#request("program", null);
  }

  programHash(): Promise<string> {
    return this.#request("programHash", null);
  }

  /** What the database tells of itself, unless it sleeps, fails or does not answer in time: nothing is woken for this. */
  async stats(timeoutMillis: number): Promise<OpenStats | undefined> {
    const link = this.#link;
    if (link?.isOpen !== true) return undefined;
    const queues = link.queueLengths;
    const stats = await settledWithin(link.request("stats", null), timeoutMillis);
    return { queues, stats };
  }

  /** The last offset that survives a crash, with all that was committed before this was asked. */
  durableOffset(): Promise<number> {
    return this.#request("durableOffset", null);
  }

  /**
   * Opens a log that came from another database and makes it this one's, for good. LC_LOG_* and
   * LC_MODULE_* if it is not fit for that.
   */
  async adopt(owner: Identity): Promise<void> {
    this.#adoptedBy = owner;
    try {
      const link = await this.#opened();
      // Answered by a database with a module alone: an empty log is none.
      await link.request("programHash", null);
    } finally {
      this.#adoptedBy = undefined;
    }
  }

  async call(name: string, argumentsJson: string, caller: Caller): Promise<CallResult> {
    const params = { name, argumentsJson, caller: callerData(caller) };
    return callResult(await this.#request("call", params));
  }

  route(request: RouteRequest): Promise<RouteOutcome> {
    return this.#request("route", request);
  }

  async sql(text: string, caller: Caller, confirmed: boolean): Promise<SqlResult> {
    const result = await this.#request("sql", { text, caller: callerData(caller), confirmed });
    if (result.kind === "refused") throw new LightconeError("LC_FORBIDDEN", result.message);
    return result;
  }

  schema(version: 9 | 10): Promise<string> {
    return this.#request("schema", { version });
  }

  logs(lineCount: number | undefined): Promise<string> {
    return this.#request("logs", { lineCount });
  }

  async followLogs(
    lineCount: number,
    onText: (text: string) => void,
    onEnd: () => void,
  ): Promise<LogFollow> {
    const followId = ++this.#lastNumber;
    // Lines that come before the earlier ones have arrived must wait for them.
    let early: string[] | undefined = [];
    let hasBegun = false;
    this.#follows.set(followId, {
      onText: (text) => {
        if (early === undefined) onText(text);
        else early.push(text);
      },
      onEnd: () => {
        // Before it has begun, the request itself tells of the failure.
        if (hasBegun) onEnd();
      },
    });
    try {
      onText(await this.#request("followLogs", { lineCount, followId }));
      hasBegun = true;
    } catch (thrown) {
      this.#follows.delete(followId);
      throw thrown;
    }
    for (const text of early) onText(text);
    early = undefined;
    return {
      stop: () => {
        if (!this.#follows.delete(followId)) return;
        // The thread may be gone, and the follow with it.
        this.#request("stopFollow", { followId }).catch(() => undefined);
      },
    };
  }

  connect(options: ConnectOptions, sink: SocketSink): DatabaseConnection {
    const socket = ++this.#lastNumber;
    let link: WorkerLink;
    try {
      link = this.#open();
    } catch (thrown) {
      const reason = thrown instanceof LightconeError ? thrown.message : "the database is closed";
      sink.close(CloseCode.internalError, closeReason(reason));
      return { receive: () => undefined, closed: () => undefined };
    }
    this.#sinks.set(socket, sink);
    const incoming = new IncomingSocket(socket, sink, options.meter);
    this.#incoming.set(socket, incoming);
    const { caller, token, confirmed, wire } = options;
    link.post({ kind: "connect", socket, caller: callerData(caller), token, confirmed, wire });
    return {
      receive: (message, isText) => {
        if (this.#link === link) link.addFrame(incoming, message, isText);
      },
      closed: () => {
        // Also after a close by the database itself: it knows then that there is nothing to do.
        this.#sinks.delete(socket);
        this.#incoming.delete(socket);
        if (this.#link === link) link.disconnect(incoming);
      },
    };
  }

  async connectPg(caller: Caller, onEnd: (reason: string) => void): Promise<PgDatabase> {
    const link = await this.#ready();
    const connection = ++this.#lastNumber;
    this.#pgEnds.set(connection, onEnd);
    return connectPgClient(
      (name, params) => link.request(name, params),
      connection,
      callerData(caller),
      () => this.#pgEnds.delete(connection),
    );
  }

  /** What waits for the database, such as a publish, is ended with it when the time is over. */
  close(reason: string, timeoutMillis: number = closeMillisMax): Promise<void> {
    return this.#within(timeoutMillis, () => this.#exclusively(() => this.#shutDown(reason)));
  }

  /** Ends the thread as it is if `work`, which closes it, takes too long. */
  async #within(timeoutMillis: number, work: () => Promise<void>): Promise<void> {
    const timer = setTimeout(() => {
      this.#options.report(
        `not closed within ${timeoutMillis} ms: its thread is ended`,
        `database ${this.identity.toHex()}`,
      );
      void this.#link?.terminate();
    }, timeoutMillis);
    try {
      await work();
    } finally {
      clearTimeout(timer);
    }
  }

  async #shutDown(reason: string): Promise<void> {
    this.#isClosing = true;
    this.#closeReason = reason;
    const link = this.#link;
    if (link !== undefined) {
      try {
        await link.opened;
        await link.request("close", { reason });
      } catch (thrown) {
        // A database that failed has nothing left to save.
        if (!(thrown instanceof LightconeError)) throw thrown;
      }
      await link.terminate();
    }
    await this.#threadEnded;
  }
}

function unavailable(message: string): LightconeError {
  return new LightconeError("LC_DATABASE_UNAVAILABLE", message);
}

function isLogFault({ code }: LightconeError): boolean {
  return code.startsWith("LC_LOG_");
}
