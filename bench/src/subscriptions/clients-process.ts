// A process of clients, apart from the host as clients are.
import { Writer } from "@lightcone/abi";
import { Histogram } from "../histogram.ts";
import { answerParent, cpuMicros } from "../remote.ts";
import { RowsReader } from "./rows-reader.ts";
import { verifyCells } from "./verify-cells.ts";
import { type SocketTarget, Watcher } from "./watcher.ts";

export type { SocketTarget } from "./watcher.ts";

export interface Percentiles {
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly maxMillis: number;
}

export type ClientsMethods = {
  /** Opens so many clients that all watch the same, and one more that changes it. */
  watch: {
    params: {
      readonly target: SocketTarget;
      readonly clientCount: number;
      readonly query: string;
    };
    result: null;
  };
  /** Makes transfers, one at a time: how long from the call until the last client has heard of it. */
  fanOut: { params: { readonly count: number }; result: Percentiles };
  /** One client that asks for one query after another: how long from the question to its rows. */
  subscribeEach: {
    params: { readonly target: SocketTarget; readonly count: number };
    result: Percentiles;
  };
  /** One client that subscribes to all cells: how long it took until they were there, and the CPU time of this process. */
  readCells: {
    params: { readonly target: SocketTarget };
    result: { readonly millis: number; readonly cpuMillis: number };
  };
  /** Rejects if what was read is not all cells that there are. */
  verifyRead: { params: null; result: null };
  /** Begins to insert one cell after another, and goes on until `stopCalls`. */
  startCalls: {
    params: { readonly target: SocketTarget; readonly firstId: number };
    result: null;
  };
  cpuMicros: { params: null; result: number };
  /** What the calls took, one at a time, since they began. */
  stopCalls: { params: null; result: Percentiles };
};

/** Durations, one after another. */
class Times {
  readonly #histogram = new Histogram();
  #maxMillis = 0;

  record(millis: number): void {
    this.#histogram.record(millis * 1000);
    this.#maxMillis = Math.max(this.#maxMillis, millis);
  }

  get percentiles(): Percentiles {
    return {
      p50Millis: this.#histogram.percentile(0.5) / 1000,
      p99Millis: this.#histogram.percentile(0.99) / 1000,
      maxMillis: this.#maxMillis,
    };
  }
}

const args = new Writer();

function transferArguments(from: number, to: number): Uint8Array {
  args.clear();
  args.u32(from);
  args.u32(to);
  args.i64(1n);
  return args.finish();
}

function cellArguments(first: number): Uint8Array {
  args.clear();
  args.u64(BigInt(first));
  args.u32(1);
  return args.finish();
}

let watchers: readonly Watcher[] = [];
let caller: Watcher | undefined;

function opened(watcher: Watcher | undefined): Watcher {
  if (watcher === undefined) throw new Error("the client is not open");
  return watcher;
}

async function fanOut(count: number): Promise<Percentiles> {
  const times = new Times();
  const calling = opened(caller);
  for (let round = 0; round < count; round++) {
    let left = watchers.length;
    const told = new Promise<void>((resolve) => {
      for (const watcher of watchers) {
        watcher.onUpdate = () => {
          if (--left === 0) resolve();
        };
      }
    });
    const start = performance.now();
    const answered = calling.call("transfer", transferArguments(1, 2));
    await told;
    times.record(performance.now() - start);
    await answered;
  }
  return times.percentiles;
}

let reader: RowsReader | undefined;

let isCalling = false;
let calls: Promise<Percentiles> | undefined;

async function callOn(watcher: Watcher, firstId: number): Promise<Percentiles> {
  const times = new Times();
  for (let id = firstId; isCalling; id++) {
    const start = performance.now();
    await watcher.call("insert_cells", cellArguments(id));
    times.record(performance.now() - start);
  }
  await watcher.close();
  return times.percentiles;
}

answerParent<ClientsMethods>({
  watch: async ({ target, clientCount, query }) => {
    const open: Watcher[] = [];
    // A few at a time: a listener's queue is short.
    while (open.length < clientCount) {
      const count = Math.min(50, clientCount - open.length);
      const more = await Promise.all(Array.from({ length: count }, () => Watcher.open(target)));
      await Promise.all(more.map((watcher) => watcher.subscribe(1, query)));
      open.push(...more);
    }
    watchers = open;
    caller = await Watcher.open(target);
    return null;
  },
  fanOut: ({ count }) => fanOut(count),
  subscribeEach: async ({ target, count }) => {
    const watcher = await Watcher.open(target);
    const times = new Times();
    for (let i = 1; i <= count; i++) {
      const start = performance.now();
      await watcher.subscribe(i, `SELECT * FROM account WHERE id = ${i}`);
      times.record(performance.now() - start);
    }
    await watcher.close();
    return times.percentiles;
  },
  readCells: async ({ target }) => {
    reader = await RowsReader.open(target);
    const cpu = cpuMicros();
    const start = performance.now();
    await reader.subscribe("SELECT * FROM cell");
    return { millis: performance.now() - start, cpuMillis: (cpuMicros() - cpu) / 1000 };
  },
  verifyRead: async () => {
    if (reader === undefined) throw new Error("nothing was read");
    verifyCells(reader.message());
    await reader.close();
    return null;
  },
  startCalls: async ({ target, firstId }) => {
    const watcher = await Watcher.open(target);
    isCalling = true;
    calls = callOn(watcher, firstId);
    return null;
  },
  cpuMicros,
  stopCalls: async () => {
    isCalling = false;
    if (calls === undefined) throw new Error("no calls were begun");
    return calls;
  },
});
