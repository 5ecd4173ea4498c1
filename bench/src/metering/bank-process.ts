// The process of `metering/bank`: two banks that differ in the meter alone, in turns.
import { callCommits } from "../open-engine.ts";
import { answerParent } from "../remote.ts";
import { openBank } from "../transfer/bank-engine.ts";
import { EngineRun } from "../transfer/engine-run.ts";
import { argumentBytes, drawPairs, encodeArguments } from "../transfer/frames.ts";

export interface BankTimes {
  /** CPU time of a call, the median of all windows. */
  readonly plainMicros: number;
  readonly meteredMicros: number;
  readonly windowCount: number;
}

export type BankMethods = {
  measure: { params: BankParams; result: BankTimes };
};

interface BankParams {
  readonly plainDirectory: string;
  readonly meteredDirectory: string;
  readonly seconds: number;
}

/** Short enough that company on the machine strikes both alike. */
const windowSeconds = 0.2;

async function openRun(directory: string, isMetered: boolean): Promise<EngineRun> {
  const bank = await openBank(directory, () => undefined, { isMetered });
  const args = encodeArguments(drawPairs(0));
  return new EngineRun(bank.service, (i) => {
    const start = (i * argumentBytes) % args.length;
    return callCommits(bank, "transfer", args, start, start + argumentBytes);
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

async function measure(params: BankParams): Promise<BankTimes> {
  const plain = await openRun(params.plainDirectory, false);
  const metered = await openRun(params.meteredDirectory, true);
  const plainMicros: number[] = [];
  const meteredMicros: number[] = [];
  const warmUpEnd = performance.now() + 2000;
  const end = warmUpEnd + params.seconds * 2000;
  while (performance.now() < end) {
    const isWarm = performance.now() > warmUpEnd;
    const windows = [await plain.run(windowSeconds), await metered.run(windowSeconds)] as const;
    if (!isWarm) continue;
    plainMicros.push(windows[0].cpuMicrosPerCall);
    meteredMicros.push(windows[1].cpuMicrosPerCall);
  }
  return {
    plainMicros: median(plainMicros),
    meteredMicros: median(meteredMicros),
    windowCount: plainMicros.length,
  };
}

answerParent<BankMethods>({ measure });
