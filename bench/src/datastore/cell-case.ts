// `wasm/insert-cell` and `wasm/scan-cell`: what a reducer of a Rust module does with rows.
import type { BenchRun } from "../contract.ts";
import { Remote } from "../remote.ts";
import { cellCount, cellsPerCall } from "./cell-settings.ts";
import type { CellMethods } from "./cell-process.ts";

export function cellCase(method: keyof CellMethods): BenchRun {
  const name = `wasm/${method}-cell`;
  return {
    names: [name],
    run: async ({ timing, workshop }) => {
      const directory = workshop.makeDirectory();
      const script = new URL("./cell-process.js", import.meta.url);
      const cells = new Remote<CellMethods>("cell", workshop.startProcess(script));
      const window = await cells.call(method, { directory, timing });
      await cells.end();
      workshop.removeDirectory(directory);
      const rowsPerCall = method === "insert" ? cellsPerCall : cellCount;
      const settings = {
        rows: cellCount,
        rowsPerCall,
        seconds: Number(window.seconds.toFixed(2)),
        cpuNanosPerRow: Math.round((window.cpuMicros * 1000) / window.rowCount),
      };
      return [{ name, value: window.rowCount / window.seconds, unit: "rows/s", settings }];
    },
  };
}
