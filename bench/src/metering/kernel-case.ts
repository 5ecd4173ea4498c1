// `metering/KERNEL` and `metering/kernels-mean`: how many times as long compute-heavy code takes with its meter.
import type { BenchRun, Figure } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { KernelMethods } from "./kernel-process.ts";
import { kernels } from "./kernels.ts";

const unit = "times as long";

export function kernelCase(): BenchRun {
  const meanName = "metering/kernels-mean";
  return {
    names: [...kernels.map(({ name }) => `metering/${name}`), meanName],
    run: async ({ timing, workshop }) => {
      const script = new URL("./kernel-process.js", import.meta.url);
      const remote = new Remote<KernelMethods>("kernels", workshop.startProcess(script));
      const all = await remote.call("measure", { seconds: timing.windowSeconds });
      await remote.end();
      const figures: Figure[] = all.map((times) => ({
        name: `metering/${times.name}`,
        value: times.meteredMillis / times.plainMillis,
        unit,
        settings: {
          plainMillis: Number(times.plainMillis.toFixed(3)),
          meteredMillis: Number(times.meteredMillis.toFixed(3)),
          fuelUnits: times.fuelUnits,
        },
      }));
      const product = figures.reduce((result, { value }) => result * value, 1);
      const mean = product ** (1 / figures.length);
      return [
        ...figures,
        { name: meanName, value: mean, unit, settings: { kernels: figures.length } },
      ];
    },
  };
}
