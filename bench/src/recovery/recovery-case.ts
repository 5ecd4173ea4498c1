// A way to keep rows as cases of the benchmark: written once, recovered by several processes.
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { Remote } from "../remote.ts";
import { sqliteLeftOut } from "../sqlite.ts";
import { directoryBytes, type StoreKind } from "./store.ts";
import type { RecoveryTime, StoreMethods } from "./store-process.ts";

const script = new URL("./store-process.js", import.meta.url);

/** Of an odd number of recoveries the median is one of them. */
const recoveryCount = 3;

export interface RecoveryCase {
  readonly name: string;
  readonly kind: StoreKind;
  readonly rowCount: number;
  /** What is counted, of which each row is one. */
  readonly unit: "commits/s" | "rows/s";
}

export function recoveryCase({ name, kind, rowCount, unit }: RecoveryCase): BenchRun {
  const names = [name, `${name}/mb-per-s`, `${name}/seconds`];
  return {
    names,
    ...(kind === "sqlite" ? { leftOut: sqliteLeftOut } : {}),
    run: async ({ workshop }: RunContext): Promise<readonly Figure[]> => {
      const directory = workshop.makeDirectory();
      const params = { kind, directory, rowCount };
      const inProcess = async <T>(use: (store: Remote<StoreMethods>) => Promise<T>): Promise<T> => {
        const store = new Remote<StoreMethods>("store", workshop.startProcess(script));
        const result = await use(store);
        await store.end();
        return result;
      };
      await inProcess((store) => store.call("write", params));
      const bytes = directoryBytes(directory);
      const taken: RecoveryTime[] = [];
      for (let i = 0; i < recoveryCount; i++) {
        taken.push(await inProcess((store) => store.call("recover", params)));
      }
      workshop.removeDirectory(directory);
      taken.sort((a, b) => a.seconds - b.seconds);
      const { seconds, cpuSeconds } = taken[(recoveryCount - 1) / 2] as RecoveryTime;
      const settings = {
        rows: rowCount,
        bytesPerRow: Number((bytes / rowCount).toFixed(1)),
        medianOf: recoveryCount,
        cpuSeconds: Number(cpuSeconds.toFixed(2)),
      };
      return [
        { name, value: rowCount / seconds, unit, settings },
        { name: `${name}/mb-per-s`, value: bytes / seconds / 1e6, unit: "MB/s", settings },
        { name: `${name}/seconds`, value: seconds, unit: "s", settings },
      ];
    },
  };
}
