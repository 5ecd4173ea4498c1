// `engine/rust/alpha-*`: transfers without sockets and frames, but with arguments as bytes,
// commits, and a log whose groups are synced. Counted are calls that were durable when the clock
// stopped.
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { callCommits, engineIdentity } from "../open-engine.ts";
import { openBank } from "./bank-engine.ts";
import { EngineRun } from "./engine-run.ts";
import { argumentBytes, drawPairs, encodeArguments } from "./frames.ts";
import { accountCount } from "./settings.ts";
import { verifyBank } from "./verify.ts";

export function engineCase(alpha: number): BenchRun {
  const name = `engine/rust/alpha-${alpha}`;
  return {
    names: [name],
    run: async (context) => [await measure(name, alpha, context)],
  };
}

async function measure(
  name: string,
  alpha: number,
  { timing, workshop }: RunContext,
): Promise<Figure> {
  const directory = workshop.makeDirectory();
  const bank = await openBank(directory, () => undefined);
  const args = encodeArguments(drawPairs(alpha));
  const run = new EngineRun(bank.service, (i) => {
    const start = (i * argumentBytes) % args.length;
    return callCommits(bank, "transfer", args, start, start + argumentBytes);
  });
  const warmUp = await run.run(timing.warmUpSeconds);
  const measured = await run.run(timing.windowSeconds);
  await bank.service.close("measured");
  await verifyBank(directory, engineIdentity, {
    committedCount: warmUp.committedCount + measured.committedCount,
    refusedCount: warmUp.refusedCount + measured.refusedCount,
  });
  workshop.removeDirectory(directory);
  return {
    name,
    value: measured.committedCount / measured.seconds,
    unit: "calls/s",
    settings: {
      accounts: accountCount,
      alpha,
      seconds: timing.windowSeconds,
      cpuMicrosPerCall: Number(measured.cpuMicrosPerCall.toFixed(2)),
    },
  };
}
