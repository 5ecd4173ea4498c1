// `publish/variant-p99-ratio`: what the calls of one database notice while the code of another one's procedures is being made.
import type { BenchRun } from "../contract.ts";
import { BankServer } from "../transfer/bank-server.ts";
import type { LoadWindow } from "../transfer/load-client.ts";
import { finishLoad, openLoad } from "../transfer/sockets-case.ts";
import { edition, variantCount, variantsMade } from "./program.ts";

const roundCount = 3;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(roundCount - 1) / 2] as number;
}

export function variantCase(): BenchRun {
  const name = "publish/variant-p99-ratio";
  return {
    names: [name],
    run: async (context) => {
      const { warmUpSeconds, windowSeconds } = context.timing;
      const server = await BankServer.start(context.workshop);
      const load = await openLoad(context, server.target(0, false), 1, 1);
      const run = (seconds: number): Promise<LoadWindow> => load.call("runSeconds", { seconds });
      const alone: LoadWindow[] = [];
      const beside: LoadWindow[] = [];
      let doneCount = 0;
      await run(warmUpSeconds);
      for (let i = 0; i < roundCount; i++) {
        alone.push(await run(windowSeconds));
        await server.publish("other", edition(i));
        beside.push(await run(windowSeconds));
        if (variantCount(server.cacheDirectory) > i) doneCount++;
        await variantsMade(server.cacheDirectory, i + 1);
      }
      await server.stop(await finishLoad(load));
      const ratios = alone.map(
        (window, i) => (beside[i] as LoadWindow).p99Micros / window.p99Micros,
      );
      const settings = {
        seconds: windowSeconds,
        rounds: roundCount,
        variantsMadeInWindow: doneCount,
        p50MicrosAlone: median(alone.map(({ p50Micros }) => p50Micros)),
        p50MicrosBeside: median(beside.map(({ p50Micros }) => p50Micros)),
        p99MicrosAlone: median(alone.map(({ p99Micros }) => p99Micros)),
        p99MicrosBeside: median(beside.map(({ p99Micros }) => p99Micros)),
      };
      return [{ name, value: median(ratios), unit: "times", settings }];
    },
  };
}
