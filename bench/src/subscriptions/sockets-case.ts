// Cases over sockets: one change for many clients, one small subscription after another, one very large one.
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { ClientsMethods, SocketTarget } from "./clients-process.ts";
import { accountCount, firstRowBytes, firstRowCount, socketCount } from "./settings.ts";
import { WatchedServer } from "./watched-server.ts";

function startClients({ workshop }: RunContext): Remote<ClientsMethods> {
  const script = new URL("./clients-process.js", import.meta.url);
  return new Remote<ClientsMethods>("clients", workshop.startProcess(script));
}

async function startBank({ workshop }: RunContext): Promise<WatchedServer> {
  const server = await WatchedServer.start(workshop, "bank");
  await server.call("seed", [accountCount, 1_000_000]);
  return server;
}

/** What can say how much CPU time it has used. */
type Measured = Remote<Pick<ClientsMethods, "cpuMicros">>;

/** What `work` yields, and the microseconds of CPU time that a process used meanwhile. */
async function withCpu<T>(process: Measured, work: () => Promise<T>): Promise<[T, number]> {
  const before = await process.call("cpuMicros", null);
  const result = await work();
  return [result, (await process.call("cpuMicros", null)) - before];
}

const fanOutWarmUp = 20;
const fanOutCount = 100;

export function fanOutCase(): BenchRun {
  const name = `fan-out-${socketCount}-last-ms`;
  return {
    names: [name],
    run: async (context): Promise<readonly Figure[]> => {
      const server = await startBank(context);
      const clients = startClients(context);
      const query = "SELECT * FROM account WHERE id = 1";
      const { target } = server;
      await clients.call("watch", { target, clientCount: socketCount, query });
      await clients.call("fanOut", { count: fanOutWarmUp });
      const [times, cpu] = await withCpu(server.host, () =>
        clients.call("fanOut", { count: fanOutCount }),
      );
      await clients.end();
      await server.stop();
      const { p50Millis, p99Millis, maxMillis } = times;
      const settings = {
        sockets: socketCount,
        calls: fanOutCount,
        hostCpuMillisPerCall: Number((cpu / 1000 / fanOutCount).toFixed(2)),
        p99Millis,
        maxMillis,
      };
      return [{ name, value: p50Millis, unit: "ms", settings }];
    },
  };
}

const subscribeWarmUp = 500;
const subscribeCount = 3000;

export function subscribeCase(): BenchRun {
  const name = "subscribe-indexed-p50-us";
  return {
    names: [name],
    run: async (context): Promise<readonly Figure[]> => {
      const server = await startBank(context);
      const clients = startClients(context);
      const { target } = server;
      await clients.call("subscribeEach", { target, count: subscribeWarmUp });
      const times = await clients.call("subscribeEach", { target, count: subscribeCount });
      await clients.end();
      await server.stop();
      const settings = { subscriptions: subscribeCount, p99Micros: times.p99Millis * 1000 };
      return [{ name, value: times.p50Millis * 1000, unit: "us", settings }];
    },
  };
}

const megabyte = 1e6;
const insertCount = 50_000;
const roundCount = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

interface FirstRound {
  readonly millis: number;
  readonly hostCpuMillis: number;
  readonly readerCpuMillis: number;
  /** The longest that another client waited for an answer. */
  readonly stallMillis: number;
  /** The same without anybody who reads, for as long. */
  readonly idleStallMillis: number;
}

/** The longest of the answers that a client waits for while `work` goes on. */
async function stallDuring(
  callers: Remote<ClientsMethods>,
  target: SocketTarget,
  firstId: number,
  work: () => Promise<unknown>,
): Promise<number> {
  await callers.call("startCalls", { target, firstId });
  await work();
  return (await callers.call("stopCalls", null)).maxMillis;
}

/** Ids that no other round inserts. */
const roundIds = 2 ** 24;

async function firstRound(
  server: WatchedServer,
  readers: Remote<ClientsMethods>,
  callers: Remote<ClientsMethods>,
  round: number,
): Promise<FirstRound> {
  const { target, host } = server;
  const firstId = 2 ** 31 + round * roundIds;
  let answer = { millis: 0, cpuMillis: 0 };
  let cpu = 0;
  const stallMillis = await stallDuring(callers, target, firstId, async () => {
    [answer, cpu] = await withCpu(host, () => readers.call("readCells", { target }));
  });
  await readers.call("verifyRead", null);
  const { millis, cpuMillis: readerCpuMillis } = answer;
  const idleStallMillis = await stallDuring(callers, target, firstId + roundIds / 2, () =>
    sleep(millis),
  );
  return { millis, hostCpuMillis: cpu / 1000, readerCpuMillis, stallMillis, idleStallMillis };
}

/** First rows while another client makes one call after another. */
export function firstRowsCase(): BenchRun {
  const [rows, megabytes, stall, memory] = [
    "first-rows-per-second",
    "first-mb-per-second",
    "first-longest-stall-ms",
    "first-peak-memory-mb",
  ] as const;
  return {
    names: [rows, megabytes, stall, memory],
    run: async (context): Promise<readonly Figure[]> => {
      const server = await WatchedServer.start(context.workshop, "cell");
      for (let first = 0; first < firstRowCount; first += insertCount) {
        await server.call("insert_cells", [first, insertCount]);
      }
      const readers = startClients(context);
      const callers = startClients(context);
      await firstRound(server, readers, callers, 0);
      const before = await server.host.call("memory", null);
      const rounds: FirstRound[] = [];
      for (let round = 1; round <= roundCount; round++) {
        rounds.push(await firstRound(server, readers, callers, round));
      }
      const after = await server.host.call("memory", null);
      await readers.end();
      await callers.end();
      await server.stop();
      const millis = median(rounds.map((each) => each.millis));
      const settings = {
        rows: firstRowCount,
        rowBytes: firstRowBytes,
        rounds: roundCount,
        hostCpuMillis: Math.round(median(rounds.map(({ hostCpuMillis }) => hostCpuMillis))),
        readerCpuMillis: Math.round(median(rounds.map(({ readerCpuMillis }) => readerCpuMillis))),
      };
      const rate = firstRowCount / (millis / 1000);
      const stalls = {
        longestWithoutReaderMillis: Math.max(...rounds.map((each) => each.idleStallMillis)),
        medianMillis: median(rounds.map(({ stallMillis }) => stallMillis)),
        medianWithoutReaderMillis: median(rounds.map((each) => each.idleStallMillis)),
      };
      const longest = Math.max(...rounds.map(({ stallMillis }) => stallMillis));
      const beforeMegabytes = Math.round(before.nowBytes / megabyte);
      return [
        { name: rows, value: rate, unit: "rows/s", settings },
        { name: megabytes, value: (rate * firstRowBytes) / megabyte, unit: "MB/s", settings },
        { name: stall, value: longest, unit: "ms", settings: { ...settings, ...stalls } },
        {
          name: memory,
          value: after.peakBytes / megabyte,
          unit: "MB",
          settings: { ...settings, beforeMegabytes },
        },
      ];
    },
  };
}
