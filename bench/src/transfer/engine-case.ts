// `engine/rust/alpha-*`, `engine/as/alpha-*`: transfers without sockets and frames, but with arguments as bytes,
// commits, and a log whose groups are synced. Counted are calls that were durable when the clock
// stopped.
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { EngineMethods } from "./engine-process.ts";
import { accountCount, type BankLanguage } from "./settings.ts";

export function engineCase(language: BankLanguage, alpha: number): BenchRun {
  const name = `engine/${language}/alpha-${alpha}`;
  return {
    names: [name],
    run: async (context) => [await measure(name, language, alpha, context)],
  };
}

async function measure(
  name: string,
  language: BankLanguage,
  alpha: number,
  { timing, workshop }: RunContext,
): Promise<Figure> {
  const directory = workshop.makeDirectory();
  const script = new URL("./engine-process.js", import.meta.url);
  const engine = new Remote<EngineMethods>("engine", workshop.startProcess(script));
  const window = await engine.call("measure", { directory, language, alpha, timing });
  await engine.end();
  workshop.removeDirectory(directory);
  return {
    name,
    value: window.committedCount / window.seconds,
    unit: "calls/s",
    settings: {
      accounts: accountCount,
      alpha,
      seconds: timing.windowSeconds,
      cpuMicrosPerCall: Number(window.cpuMicrosPerCall.toFixed(2)),
    },
  };
}
