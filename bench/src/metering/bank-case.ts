// `metering/bank`: how many times the CPU time a transfer takes whose module has its meter; all of the engine's work included.
import type { BenchRun } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { BankMethods } from "./bank-process.ts";

export function bankCase(): BenchRun {
  const name = "metering/bank";
  return {
    names: [name],
    run: async ({ timing, workshop }) => {
      const directories = [workshop.makeDirectory(), workshop.makeDirectory()] as const;
      const script = new URL("./bank-process.js", import.meta.url);
      const banks = new Remote<BankMethods>("banks", workshop.startProcess(script));
      const [plainDirectory, meteredDirectory] = directories;
      const seconds = timing.windowSeconds;
      const times = await banks.call("measure", { plainDirectory, meteredDirectory, seconds });
      await banks.end();
      for (const directory of directories) workshop.removeDirectory(directory);
      const settings = {
        plainMicros: Number(times.plainMicros.toFixed(3)),
        meteredMicros: Number(times.meteredMicros.toFixed(3)),
        windows: times.windowCount,
      };
      const value = times.meteredMicros / times.plainMicros;
      return [{ name, value, unit: "times the CPU", settings }];
    },
  };
}
