// One running worker thread of a database, from the server's side: batches of frames out, slabs and answers in.
import { Worker } from "node:worker_threads";
import { LightconeError, messageOf } from "@lightcone/abi";
import { openSlab } from "../session/slab.ts";
import { CallWatchdog, makeWatchMemory } from "./call-watch.ts";
import type { FromWorker, RequestName, Requests, ToWorker, WorkerStart } from "./channel.ts";

/** Whom a link tells. After `ended` nothing more comes. */
export interface LinkListener {
  frames(socket: number, frames: Uint8Array): void;
  closeSocket(socket: number, code: number, reason: string): void;
  dropSocket(socket: number): void;
  logText(followId: number, text: string): void;
  /** Whether so much is under way to the thread that sockets must not be read from. */
  congested(isCongested: boolean): void;
  ended(error: LightconeError): void;
}

export interface LinkOptions {
  readonly identity: bigint;
  readonly directory: string;
  readonly callTimeLimitMillis: number;
  readonly nowMillis: () => number;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: LightconeError) => void;
}

const batchBytesMin = 4096;
/** Bytes of frames sent and not yet worked on, beyond which sockets are not read from. */
const congestionBytes = 16 * 1024 * 1024;
const headerBytes = 8;

export class WorkerLink {
  readonly #worker: Worker;
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
  #batch: Uint8Array = new Uint8Array(batchBytesMin);
  #batchLength = 0;
  #isFlushScheduled = false;
  #underWay = 0;
  #isCongested = false;
  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    this.#postBatch();
  };

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    const watch = makeWatchMemory();
    const workerData: WorkerStart = {
      identity: options.identity,
      directory: options.directory,
      watch,
    };
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpened = { resolve: () => resolve(), reject };
    });
    // Whoever opens learns of a failure through `opened`; nobody else needs to.
    this.#opened.catch(() => undefined);
    this.#worker.on("message", (message: FromWorker) => {
      this.#receive(message);
    });
    this.#worker.on("error", (thrown) => {
      this.#end(
        new LightconeError(
          "LC_DATABASE_UNAVAILABLE",
          `the database's thread failed: ${messageOf(thrown)}`,
        ),
      );
    });
    this.#worker.on("exit", () => {
      this.#end(new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closed"));
    });
    this.#watchdog = new CallWatchdog(watch, options.callTimeLimitMillis);
    const interval = Math.max(10, Math.min(500, options.callTimeLimitMillis / 10));
    this.#watchTimer = setInterval(() => {
      this.#watch();
    }, interval);
    this.#watchTimer.unref();
  }

  /** Resolves when the database is open; rejects with why it cannot be. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  #watch(): void {
    const reducer = this.#watchdog.look(this.#options.nowMillis());
    if (reducer === undefined) return;
    const name =
      reducer < 0 ? "loading the module" : `reducer ${this.#reducerNames[reducer] ?? reducer}`;
    const seconds = this.#options.callTimeLimitMillis / 1000;
    this.#end(
      new LightconeError(
        "LC_CALL_TIME_LIMIT",
        `${name} ran longer than ${seconds} s (--call-time-limit) and was stopped`,
      ),
    );
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "slab":
        openSlab(message.slab, (socket, frames) => {
          this.#listener.frames(socket, frames);
        });
        return;
      case "taken":
        this.#underWay -= message.byteCount;
        this.#tellCongestion();
        return;
      case "opened":
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

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** Ends the thread and everything that waits for it. */
  #end(error: LightconeError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#watchTimer);
    void this.#worker.terminate();
    this.#settleOpened?.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#listener.ended(error);
  }

  /** Ends the thread; what it had to say has been said. */
  async terminate(): Promise<void> {
    this.#end(new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closed"));
    await this.#worker.terminate();
  }

  /** Sends a request after all frames so far and waits for its answer. */
  async request<Name extends RequestName>(
    name: Name,
    params: Requests[Name]["params"],
  ): Promise<Requests[Name]["result"]> {
    if (this.#hasEnded)
      throw new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closed");
    const id = ++this.#lastRequest;
    this.post({ kind: "request", id, name, params });
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Sends a message after all frames so far. */
  post(message: ToWorker): void {
    this.#postBatch();
    if (!this.#hasEnded) this.#worker.postMessage(message);
  }

  /** Adds one client's message to the batch of this turn. */
  addFrame(socket: number, message: Uint8Array): void {
    const at = this.#batchLength;
    const end = at + headerBytes + message.length;
    if (end > this.#batch.length) {
      const next = new Uint8Array(Math.max(end, this.#batch.length * 2));
      next.set(this.#batch.subarray(0, at));
      this.#batch = next;
    }
    const batch = this.#batch;
    writeU32(batch, at, socket);
    writeU32(batch, at + 4, message.length);
    batch.set(message, at + headerBytes);
    this.#batchLength = end;
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(this.#flush);
  }

  #postBatch(): void {
    const length = this.#batchLength;
    if (length === 0 || this.#hasEnded) return;
    const buffer = this.#batch.buffer as ArrayBuffer;
    this.#batch = new Uint8Array(Math.max(batchBytesMin, Math.min(length * 2, 1024 * 1024)));
    this.#batchLength = 0;
    this.#underWay += length;
    this.#worker.postMessage({ kind: "frames", buffer, length } satisfies ToWorker, [buffer]);
    this.#tellCongestion();
  }

  #tellCongestion(): void {
    const isCongested = this.#isCongested
      ? this.#underWay > congestionBytes / 2
      : this.#underWay > congestionBytes;
    if (isCongested === this.#isCongested) return;
    this.#isCongested = isCongested;
    this.#listener.congested(isCongested);
  }
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
