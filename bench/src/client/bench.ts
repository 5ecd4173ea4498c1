// The benchmark `client`: what the cache of a client costs; README.md tells what each case is.
import type { Bench, BenchRun, Figure } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { ClientMethods } from "./client-process.ts";

const rowCount = 1_000_000;
const transactionSizes = [1, 100] as const;

const names = {
  load: "first-rows",
  memory: "memory-per-row",
  update: (size: number) => `update-${size}`,
  build: "index-build-ms",
  updateIndexed: "update-100-indexed",
} as const;

function cacheRun(): BenchRun {
  return {
    names: [
      names.load,
      names.memory,
      ...transactionSizes.map(names.update),
      names.build,
      names.updateIndexed,
    ],
    run: async ({ timing, workshop }) => {
      const script = new URL("./client-process.js", import.meta.url);
      const client = new Remote<ClientMethods>("client", workshop.startProcess(script));
      const loaded = await client.call("load", { rowCount });
      const rowBytes = Number(loaded.rowBytes.toFixed(1));
      const base = { rows: rowCount, rowBytes };
      const figures: Figure[] = [
        {
          name: names.load,
          value: rowCount / loaded.seconds,
          unit: "rows/s",
          settings: { ...base, cpuMicrosPerRow: Number(loaded.cpuMicrosPerRow.toFixed(3)) },
        },
        { name: names.memory, value: loaded.bytesPerRow, unit: "bytes", settings: base },
      ];
      const update = async (name: string, changesPerTransaction: number): Promise<void> => {
        const seconds = timing.windowSeconds;
        const result = await client.call("update", { changesPerTransaction, seconds });
        const cpuMicrosPerChange = Number(result.cpuMicrosPerChange.toFixed(3));
        const settings = { ...base, changesPerTransaction, cpuMicrosPerChange };
        figures.push({ name, value: result.changesPerSecond, unit: "changes/s", settings });
      };
      for (const size of transactionSizes) await update(names.update(size), size);
      const value = await client.call("buildIndex", null);
      figures.push({ name: names.build, value, unit: "ms CPU", settings: base });
      await update(names.updateIndexed, 100);
      await client.end();
      return figures;
    },
  };
}

export const clientBench: Bench = {
  name: "client",
  summary: "what the cache of a client costs: a million rows, changes, memory",
  windowSeconds: 5,
  runs: [cacheRun()],
};
