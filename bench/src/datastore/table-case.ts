// A scenario as cases of the benchmark.
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { Remote } from "../remote.ts";
import { sqliteLeftOut } from "../sqlite.ts";
import { figureName, type Operation, type Scenario } from "./scenario.ts";
import type { TableMethods } from "./table-process.ts";

/** Tables are large and caches warm soon, so a case warms up for less than others do. */
const warmUpSecondsMax = 0.5;

function unitOf(operation: Operation): string {
  if (operation === "bytes-per-row") return "B";
  return operation === "js-heap-mb" ? "MB" : "rows/s";
}

export function tableCase(scenario: Scenario): BenchRun {
  const nameOf = (operation: Operation): string => figureName(scenario, operation);
  return {
    names: scenario.operations.map(nameOf),
    ...(scenario.engine === "sqlite" ? { leftOut: sqliteLeftOut } : {}),
    run: async ({ timing, workshop, isWanted }: RunContext): Promise<readonly Figure[]> => {
      const script = new URL("./table-process.js", import.meta.url);
      const table = new Remote<TableMethods>("table", workshop.startProcess(script));
      const measured = await table.call("run", {
        scenario,
        operations: scenario.operations.filter((operation) => isWanted(nameOf(operation))),
        timing: {
          windowSeconds: timing.windowSeconds,
          warmUpSeconds: Math.min(timing.warmUpSeconds, warmUpSecondsMax),
        },
      });
      await table.end();
      return measured.map(({ operation, value, settings }) => ({
        name: nameOf(operation),
        value,
        unit: unitOf(operation),
        settings,
      }));
    },
  };
}
