// A database as the server's routes and sockets see it: opened on first use on its own thread, opened again after a failure.
import { CloseCode, closeReason, type Identity, LightconeError } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { CallerData, CallResultData, RequestName, Requests } from "./channel.ts";
import type {
  Caller,
  CallResult,
  ConnectOptions,
  DatabaseConnection,
  DatabaseHandle,
  LogFollow,
  PublishPlan,
  PublishRequest,
  PublishResult,
  SocketSink,
  SqlResult,
} from "./contract.ts";
import { WorkerLink } from "./worker-link.ts";

export interface HandleOptions {
  readonly identity: Identity;
  readonly directory: string;
  readonly callTimeLimitMillis: number;
  readonly clock: Clock;
  /** Deletes the database's directory. */
  readonly removeDirectory: () => Promise<void>;
}

/** After a failure the database is opened again no sooner than this. */
const reopenMillis = 250;

function callerData(caller: Caller): CallerData {
  return {
    identity: caller.identity.value,
    connectionId: caller.connectionId.value,
    jwtPayload: caller.jwtPayload,
  };
}

function callResult({ kind, message, durationMicros }: CallResultData): CallResult {
  switch (kind) {
    case "committed":
      return { kind, durationMicros };
    case "failed":
    case "fatal":
      return { kind: "failed", message, durationMicros };
    case "unknown":
      return { kind };
    default:
      return { kind, message };
  }
}

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
  readonly #follows = new Map<number, Follower>();
  #isCongested = false;
  #isClosing = false;

  constructor(options: HandleOptions) {
    this.#options = options;
    this.identity = options.identity;
  }

  #open(): WorkerLink {
    if (this.#link !== undefined) return this.#link;
    const { clock, identity, directory, callTimeLimitMillis } = this.#options;
    if (this.#isClosing)
      throw new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closing");
    if (this.#failure !== undefined && clock.nowMillis() - this.#failedAtMillis < reopenMillis) {
      throw unavailable(this.#failure);
    }
    const link = new WorkerLink(
      {
        identity: identity.value,
        directory,
        callTimeLimitMillis,
        nowMillis: () => clock.nowMillis(),
      },
      {
        frames: (socket, frames) => this.#sinks.get(socket)?.write(frames),
        closeSocket: (socket, code, reason) => {
          this.#takeSink(socket)?.close(code, reason);
        },
        dropSocket: (socket) => {
          this.#takeSink(socket)?.drop();
        },
        logText: (followId, text) => this.#follows.get(followId)?.onText(text),
        congested: (isCongested) => {
          this.#setCongested(isCongested);
        },
        ended: (error) => {
          this.#ended(link, error);
        },
      },
    );
    this.#link = link;
    return link;
  }

  #setCongested(isCongested: boolean): void {
    this.#isCongested = isCongested;
    for (const sink of this.#sinks.values()) sink.pause(isCongested);
  }

  #takeSink(socket: number): SocketSink | undefined {
    const sink = this.#sinks.get(socket);
    this.#sinks.delete(socket);
    return sink;
  }

  /** The thread is gone: sockets learn why, and the next use opens the database again. */
  #ended(link: WorkerLink, error: LightconeError): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#isCongested = false;
    if (!this.#isClosing) {
      this.#failure = error;
      this.#failedAtMillis = this.#options.clock.nowMillis();
    }
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    for (const sink of sinks) sink.close(CloseCode.internalError, closeReason(error.message));
    for (const { onEnd } of this.#follows.values()) onEnd();
    this.#follows.clear();
  }

  async #request<Name extends RequestName>(
    name: Name,
    params: Requests[Name]["params"],
  ): Promise<Requests[Name]["result"]> {
    const link = this.#open();
    try {
      await link.opened;
    } catch (thrown) {
      throw thrown instanceof LightconeError ? unavailable(thrown) : thrown;
    }
    this.#failure = undefined;
    return link.request(name, params);
  }

  async publish(request: PublishRequest): Promise<PublishResult> {
    if (request.clear) {
      await this.#checkProgram(request.program);
      await this.#clear();
    }
    const { program, owner } = request;
    return { kind: await this.#request("publish", { program, owner: owner.value }) };
  }

  /** Refuses a program that cannot run before the data makes way for it. */
  async #checkProgram(program: Uint8Array): Promise<void> {
    try {
      await this.#request("planPublish", { program });
    } catch (thrown) {
      const isProgramAtFault =
        thrown instanceof LightconeError &&
        (thrown.code.startsWith("LC_MODULE_") || thrown.code === "LC_NOT_YET");
      // A database that is empty or cannot be opened has nothing to say about programs.
      if (isProgramAtFault) throw thrown;
    }
  }

  /** Closes the database and forgets its data. */
  async #clear(): Promise<void> {
    await this.#shutDown("module exited");
    await this.#options.removeDirectory();
    this.#isClosing = false;
  }

  async planPublish(program: Uint8Array): Promise<PublishPlan> {
    const plan = await this.#request("planPublish", { program });
    if (plan.kind === "impossible") return plan;
    const { text, oldHash, newHash } = plan;
    return { kind: "possible", text, oldProgramHash: oldHash, newProgramHash: newHash };
  }

  programHash(): Promise<string> {
    return this.#request("programHash", null);
  }

  async call(name: string, argumentsJson: string, caller: Caller): Promise<CallResult> {
    const params = { name, argumentsJson, caller: callerData(caller) };
    return callResult(await this.#request("call", params));
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
    this.#follows.set(followId, {
      onText: (text) => {
        if (early === undefined) onText(text);
        else early.push(text);
      },
      onEnd,
    });
    try {
      onText(await this.#request("followLogs", { lineCount, followId }));
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
    if (this.#isCongested) sink.pause(true);
    const { caller, token, confirmed } = options;
    link.post({ kind: "connect", socket, caller: callerData(caller), token, confirmed });
    return {
      receive: (message) => {
        if (this.#link === link) link.addFrame(socket, message);
      },
      closed: () => {
        // Also after a close by the database itself: it knows then that there is nothing to do.
        this.#sinks.delete(socket);
        if (this.#link === link) link.post({ kind: "disconnect", socket });
      },
    };
  }

  async close(reason: string): Promise<void> {
    await this.#shutDown(reason);
  }

  async #shutDown(reason: string): Promise<void> {
    this.#isClosing = true;
    const link = this.#link;
    if (link === undefined) return;
    try {
      await link.opened;
      await link.request("close", { reason });
    } catch (thrown) {
      // A database that failed has nothing left to save.
      if (!(thrown instanceof LightconeError)) throw thrown;
    }
    await link.terminate();
  }
}

function unavailable(cause: LightconeError): LightconeError {
  if (cause.code === "LC_CALL_TIME_LIMIT" || cause.code === "LC_DATABASE_UNAVAILABLE") return cause;
  return new LightconeError(
    "LC_DATABASE_UNAVAILABLE",
    `the database is closed for now: ${cause.message}`,
  );
}
