// A thread that has loaded the host's code and waits for a database: loading takes longer than opening most databases does.
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { WorkerStart } from "./channel.ts";

/** What a database's thread is given when it is made: where it hears which database it is. */
export interface SpareStart {
  readonly port: MessagePort;
}

/** A database that was just opened is left the processor for its first requests. */
const refillDelayMillis = 500;

interface Spare {
  readonly worker: Worker;
  readonly port: MessagePort;
}

function startThread(): Spare {
  const { port1, port2 } = new MessageChannel();
  const workerData: SpareStart = { port: port2 };
  const url = new URL("./worker.js", import.meta.url);
  const worker = new Worker(url, { workerData, transferList: [port2] });
  // One that nobody needs keeps no process alive.
  worker.unref();
  return { worker, port: port1 };
}

export class SpareThread {
  #spare: Spare | undefined;
  #isClosed = false;

  /** Has a thread ready for the next database, if there is none. */
  refill(): void {
    if (this.#spare !== undefined || this.#isClosed) return;
    const spare = startThread();
    const forget = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    // Whoever takes the next one learns what is wrong.
    spare.worker.on("error", forget).on("exit", forget);
    this.#spare = spare;
  }

  refillSoon(): void {
    setTimeout(() => {
      this.refill();
    }, refillDelayMillis).unref();
  }

  /** A thread that opens a database. Whoever takes it calls `refillSoon` when that has been done. */
  take(start: WorkerStart): Worker {
    const { worker, port } = this.#spare ?? startThread();
    this.#spare = undefined;
    worker.removeAllListeners();
    worker.ref();
    port.postMessage(start);
    return worker;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const spare = this.#spare;
    this.#spare = undefined;
    await spare?.worker.terminate();
  }
}
