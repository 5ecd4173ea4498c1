// `publish/first-ms`, `publish/again-ms`, `publish/update-ms`: from the request to its answer, which tells that all is durable.
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRun, Figure } from "../contract.ts";
import { BankServer } from "../transfer/bank-server.ts";
import { edition, variantsMade } from "./program.ts";

/** Each figure but the first is the median of so many. */
const publishCount = 7;
/** What comes behind a publish is over by then. */
const restMillis = 1500;

interface Publish {
  readonly millis: number;
  /** Of all threads of the host, until the answer. */
  readonly cpuMillis: number;
}

async function timed(server: BankServer, name: string, program: Uint8Array): Promise<Publish> {
  await sleep(restMillis);
  const cpuBefore = await server.host.call("cpuMicros", null);
  const start = performance.now();
  await server.publish(name, program);
  const millis = performance.now() - start;
  const cpuMicros = (await server.host.call("cpuMicros", null)) - cpuBefore;
  return { millis, cpuMillis: cpuMicros / 1000 };
}

/** The median of several publishes, one after another, in milliseconds. */
function figureOf(name: string, publishes: readonly Publish[]): Figure {
  const sorted = [...publishes].sort((a, b) => a.millis - b.millis);
  const times = sorted.map(({ millis }) => millis);
  const cpuMillis = publishes.map((one) => one.cpuMillis).sort((a, b) => a - b);
  const middle = (publishes.length - 1) / 2;
  const settings = {
    programBytes: edition(0).length,
    publishes: publishes.length,
    minMs: Math.round(times[0] as number),
    maxMs: Math.round(times.at(-1) as number),
    hostCpuMs: Math.round(cpuMillis[middle] as number),
  };
  return { name, value: times[middle] as number, unit: "ms", settings };
}

export function timesCase(): BenchRun {
  const [first, again, update] = ["publish/first-ms", "publish/again-ms", "publish/update-ms"];
  return {
    names: [first, again, update],
    run: async ({ workshop }) => {
      const server = await BankServer.start(workshop);
      const firsts = [await timed(server, "first", edition(0))];
      await variantsMade(server.cacheDirectory, 1);
      const others: Publish[] = [];
      for (let i = 0; i < publishCount; i++) {
        others.push(await timed(server, `again-${i}`, edition(0)));
      }
      await server.publish("first", edition(1));
      await variantsMade(server.cacheDirectory, 2);
      const updates: Publish[] = [];
      for (let i = 0; i < publishCount; i++) {
        updates.push(await timed(server, "first", edition(i % 2)));
      }
      await server.stop({ committedCount: 0, refusedCount: 0 });
      return [figureOf(first, firsts), figureOf(again, others), figureOf(update, updates)];
    },
  };
}
