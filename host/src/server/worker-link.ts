// One running worker thread of a database, from the server's side: batches of frames out, slabs and answers in.
import type { Worker } from "node:worker_threads";
import { LightconeError, messageOf } from "@lightcone/abi";
import { endJobTurn } from "../base/job-turn.ts";
import type { ModuleLimits } from "../database/module-limits.ts";
import { WatchCode } from "../database/parts.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import { type DeliverFrames, openSlab } from "../session/slab.ts";
import { CallWatchdog, describeWatched, makeWatchMemory } from "./call-watch.ts";
import type { FromWorker, ModuleHttp, RequestName, Requests, ToWorker } from "./channel.ts";
import { Incoming, type IncomingSocket } from "./incoming.ts";
import type { SpareThread } from "./spare-thread.ts";

/** Whom a link tells. After `ended` nothing more comes. */
export interface LinkListener {
  /** `wantsReceipt`: `WorkerLink.written` is to be called once the frames have left. */
  readonly frames: DeliverFrames;
  /** All frames of a turn are there. */
  framesEnd(): void;
  closeSocket(socket: number, code: number, reason: string): void;
  dropSocket(socket: number): void;
  /** A socket's messages have used so many units. */
  energyUsed(socket: number, units: number): void;
  logText(followId: number, text: string): void;
  /** `detail` is for whoever runs the host. */
  ended(error: LightconeError, detail?: string): void;
}

export interface LinkOptions {
  readonly threads: SpareThread;
  readonly identity: bigint;
  readonly directory: string;
  readonly callTimeLimitMillis: number;
  readonly snapshots: SnapshotOptions;
  readonly modules: ModuleLimits;
  readonly cacheDirectory: string;
  readonly moduleHttp: ModuleHttp;
  readonly strictSql: boolean;
  readonly reportsEnergy: boolean;
  readonly nowMillis: () => number;
  /** Settles when the thread before this one is gone: two must not have the same files open. */
  readonly after: Promise<void>;
  readonly lastFailure: string | undefined;
  readonly skipsDisconnectReducer: boolean;
  readonly adoptedBy: bigint | undefined;
}

interface Pending {
  /** The function called, or the request's name. */
  readonly what: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: LightconeError) => void;
}

export class WorkerLink {
  #worker: Worker | undefined;
  /** Messages for a thread that has not started yet. */
  readonly #waiting: { readonly message: ToWorker; readonly transfer: readonly ArrayBuffer[] }[] =
    [];
  #ended: Promise<void> = Promise.resolve();
  readonly #listener: LinkListener;
  readonly #options: LinkOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #opened: Promise<void>;
  #settleOpened: Pending | undefined;
  readonly #watchTimer: NodeJS.Timeout;
  readonly #watchdog: CallWatchdog;
  #reducerNames: readonly string[] = [];
  #lastRequest = 0;
  #hasEnded = false;
  #isOpen = false;
  /** What a call that ran too long was asked for as. */
  #stuckIn: string | undefined;
  #isFlushScheduled = false;
  readonly #incoming: Incoming;
  #flushTimer: NodeJS.Timeout | undefined;
  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    if (this.#hasEnded) return;
    clearTimeout(this.#flushTimer);
    const waitMillis = this.#incoming.flush();
    if (waitMillis > 0) this.#flushTimer = setTimeout(this.#flush, waitMillis);
  };

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#incoming = new Incoming(options.nowMillis, (buffer, length) => {
      this.#send({ kind: "frames", buffer, length }, [buffer]);
    });
    const watch = makeWatchMemory();
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpened = { what: "open", resolve: () => resolve(), reject };
    });
    // Whoever opens learns of a failure through `opened`; nobody else needs to.
    this.#opened.catch(() => undefined);
    void options.after.then(() => {
      if (!this.#hasEnded) this.#start(watch);
    });
    this.#watchdog = new CallWatchdog(watch, options.callTimeLimitMillis);
    const interval = Math.max(10, Math.min(500, options.callTimeLimitMillis / 10));
    this.#watchTimer = setInterval(() => {
      this.#watch();
    }, interval);
    this.#watchTimer.unref();
  }

  #start(watch: SharedArrayBuffer): void {
    const { identity, directory, snapshots, modules, lastFailure } = this.#options;
    const { skipsDisconnectReducer, adoptedBy, cacheDirectory, moduleHttp } = this.#options;
    const { strictSql, reportsEnergy } = this.#options;
    const worker = this.#options.threads.take({
      identity,
      directory,
      watch,
      snapshots,
      modules,
      lastFailure,
      skipsDisconnectReducer,
      adoptedBy,
      cacheDirectory,
      moduleHttp,
      strictSql,
      reportsEnergy,
    });
    const { threadId } = worker;
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => {
      this.#receive(message);
    });
    worker.on("error", (thrown) => {
      this.#end(unavailable(`the database's thread failed: ${messageOf(thrown)}`), thrown.stack);
    });
    worker.on("exit", () => {
      endJobTurn(threadId);
      this.#end(unavailable("the database is closed"));
    });
    for (const { message, transfer } of this.#waiting) worker.postMessage(message, transfer);
    this.#waiting.length = 0;
  }

  /** Whether the thread has said that the database is open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Messages of sockets, and requests, that the thread has not answered or worked on yet. */
  get queueLengths(): { readonly messages: number; readonly requests: number } {
    return { messages: this.#incoming.messageCount, requests: this.#pending.size };
  }

  /** Settles when the thread is gone. Valid once the link has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when the database is open; rejects with why it cannot be. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  #watch(): void {
    const watched = this.#watchdog.look(this.#options.nowMillis());
    if (watched === undefined) return;
    const name = describeWatched(watched, this.#reducerNames);
    this.#stuckIn = this.#reducerNames[watched] ?? (isPublishing(watched) ? "publish" : undefined);
    const seconds = this.#options.callTimeLimitMillis / 1000;
    this.#end(
      new LightconeError(
        "LC_CALL_TIME_LIMIT",
        `${name} ran longer than ${seconds} s (--call-time-limit) and was stopped`,
      ),
    );
  }

  #receive(message: FromWorker): void {
    // A thread that is being ended may have spoken before.
    if (this.#hasEnded) return;
    switch (message.kind) {
      case "slab":
        openSlab(message.slab, this.#listener.frames);
        this.#listener.framesEnd();
        if (message.isBatchTaken) this.#batchTaken();
        return;
      case "taken":
        this.#batchTaken();
        return;
      case "energy":
        for (const { socket, units } of message.used) this.#listener.energyUsed(socket, units);
        return;
      case "opened":
        this.#isOpen = true;
        this.#options.threads.refillSoon();
        this.#settleOpened?.resolve(undefined);
        return;
      case "reducers":
        this.#reducerNames = message.names;
        return;
      case "closeSocket":
        this.#listener.closeSocket(message.socket, message.code, message.reason);
        return;
      case "dropSocket":
        this.#listener.dropSocket(message.socket);
        return;
      case "logText":
        this.#listener.logText(message.followId, message.text);
        return;
      case "failed":
        this.#end(
          new LightconeError(message.error.code, message.error.message, message.error.reasons),
          message.error.detail,
        );
        return;
      case "reply":
        this.#take(message.id)?.resolve(message.result);
        return;
      case "refusal": {
        const { code, message: text, reasons } = message.error;
        this.#take(message.id)?.reject(new LightconeError(code, text, reasons));
      }
    }
  }

  #batchTaken(): void {
    this.#incoming.taken();
    this.#flushSoon();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** Ends the thread and everything that waits for it. */
  #end(error: LightconeError, detail?: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#watchTimer);
    clearTimeout(this.#flushTimer);
    const worker = this.#worker;
    this.#ended =
      worker === undefined ? Promise.resolve() : worker.terminate().then(() => undefined);
    this.#settleOpened?.reject(error);
    for (const { what, reject } of this.#pending.values()) reject(this.#errorFor(what, error));
    this.#pending.clear();
    this.#listener.ended(error, detail);
  }

  /** Only the call that ran too long is told that it did; the others that waited may try again. */
  #errorFor(what: string, error: LightconeError): LightconeError {
    if (error.code !== "LC_CALL_TIME_LIMIT" || what === this.#stuckIn) return error;
    return unavailable(`the database is starting again: ${error.message}`);
  }

  /** Ends the thread; what it had to say has been said. */
  async terminate(): Promise<void> {
    this.#end(unavailable("the database is closed"));
    await this.#ended;
  }

  /** Sends a request after all frames so far and waits for its answer. */
  async request<Name extends RequestName>(
    name: Name,
    params: Requests[Name]["params"],
  ): Promise<Requests[Name]["result"]> {
    if (this.#hasEnded) throw unavailable("the database is closed");
    const id = ++this.#lastRequest;
    this.post({ kind: "request", id, name, params });
    const isPublish = name === "publish" || name === "planPublish";
    const called = name === "call" ? (params as Requests["call"]["params"]).name : name;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        what: isPublish ? "publish" : called,
        resolve: resolve as (result: unknown) => void,
        reject,
      });
    });
  }

  /** Sends a message after the frames so far, except for what sockets have sent beyond their turn. */
  post(message: ToWorker): void {
    if (!this.#hasEnded) this.#incoming.sendBatch();
    this.#send(message, []);
  }

  /** A socket is gone: the thread learns of it after all that it has sent. */
  disconnect(socket: IncomingSocket): void {
    if (this.#hasEnded) return;
    this.#incoming.after(socket, () => {
      this.post({ kind: "disconnect", socket: socket.id });
    });
  }

  #send(message: ToWorker, transfer: readonly ArrayBuffer[]): void {
    if (this.#hasEnded) return;
    if (this.#worker === undefined) this.#waiting.push({ message, transfer });
    else this.#worker.postMessage(message, transfer);
  }

  /** Frames with a receipt have left for a socket. Their memory goes back. */
  written(socket: number, frames: Uint8Array): void {
    const memory = frames.buffer as ArrayBuffer;
    this.#send({ kind: "written", socket, byteCount: frames.length, memory }, [memory]);
  }

  /** Takes one client's message, which must not change any more. */
  addFrame(from: IncomingSocket, message: Uint8Array, isText: boolean): void {
    if (this.#incoming.add(from, message, isText)) this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(this.#flush);
  }
}

/** Whether the code that ran too long may have run for a publish. */
function isPublishing(watched: number): boolean {
  return watched < 0 && watched !== WatchCode.procedure;
}

function unavailable(message: string): LightconeError {
  return new LightconeError("LC_DATABASE_UNAVAILABLE", message);
}
