// `publish/variant-p99-ratio`: what the calls of one database notice while the code of another one's procedures is being made; and
// `publish/stranger-p99-ratio`: what they notice of a process of the same priority that has nothing to do with the host. Where
// processors share a core, as virtual ones do, only the difference of the two is the host's.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import type { BenchRun } from "../contract.ts";
import { BankServer } from "../transfer/bank-server.ts";
import type { LoadWindow } from "../transfer/load-client.ts";
import { finishLoad, openLoad } from "../transfer/sockets-case.ts";
import { edition, variantCount, variantsMade } from "./program.ts";

const roundCount = 3;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(roundCount - 1) / 2] as number;
}

/** A process that is as busy as the one that makes code, and steps back as far. */
async function startStranger(): Promise<ChildProcess> {
  const stranger = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  await once(stranger, "spawn");
  setPriority(stranger.pid as number, constants.priority.PRIORITY_BELOW_NORMAL);
  return stranger;
}

function medianRatio(windows: readonly LoadWindow[], alone: readonly LoadWindow[]): number {
  return median(windows.map(({ p99Micros }, i) => p99Micros / (alone[i] as LoadWindow).p99Micros));
}

export function variantCase(): BenchRun {
  const name = "publish/variant-p99-ratio";
  const strangerName = "publish/stranger-p99-ratio";
  return {
    names: [name, strangerName],
    run: async (context) => {
      const { warmUpSeconds, windowSeconds } = context.timing;
      const server = await BankServer.start(context.workshop);
      const load = await openLoad(context, server.target(0, false), 1, 1);
      const run = (seconds: number): Promise<LoadWindow> => load.call("runSeconds", { seconds });
      const alone: LoadWindow[] = [];
      const beside: LoadWindow[] = [];
      const withStranger: LoadWindow[] = [];
      let doneCount = 0;
      await run(warmUpSeconds);
      for (let i = 0; i < roundCount; i++) {
        alone.push(await run(windowSeconds));
        await server.publish("other", edition(i));
        beside.push(await run(windowSeconds));
        if (variantCount(server.cacheDirectory) > i) doneCount++;
        await variantsMade(server.cacheDirectory, i + 1);
        const stranger = await startStranger();
        withStranger.push(await run(windowSeconds));
        stranger.kill("SIGKILL");
      }
      await server.stop(await finishLoad(load));
      const settings = {
        seconds: windowSeconds,
        rounds: roundCount,
        variantsMadeInWindow: doneCount,
        p50MicrosAlone: median(alone.map(({ p50Micros }) => p50Micros)),
        p50MicrosBeside: median(beside.map(({ p50Micros }) => p50Micros)),
        p99MicrosAlone: median(alone.map(({ p99Micros }) => p99Micros)),
        p99MicrosBeside: median(beside.map(({ p99Micros }) => p99Micros)),
        p99MicrosWithStranger: median(withStranger.map(({ p99Micros }) => p99Micros)),
      };
      return [
        { name, value: medianRatio(beside, alone), unit: "times", settings },
        {
          name: strangerName,
          value: medianRatio(withStranger, alone),
          unit: "times",
          settings: { seconds: windowSeconds, rounds: roundCount },
        },
      ];
    },
  };
}
