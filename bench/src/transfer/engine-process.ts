// The process of `engine/…/alpha-*`: one bank, as each database of a host has a thread of its own. What the engine of
// JavaScript learns from one case would slow the next one down.
import { callCommits, engineIdentity } from "../open-engine.ts";
import { answerParent } from "../remote.ts";
import type { Timing } from "../contract.ts";
import { openBank } from "./bank-engine.ts";
import { EngineRun, type EngineWindow } from "./engine-run.ts";
import { argumentBytes, drawPairs, encodeArguments } from "./frames.ts";
import type { BankLanguage } from "./settings.ts";
import { verifyBank } from "./verify.ts";

export type EngineMethods = {
  measure: { params: EngineParams; result: EngineWindow };
};

interface EngineParams {
  readonly directory: string;
  readonly language: BankLanguage;
  readonly alpha: number;
  readonly timing: Timing;
}

async function measure(params: EngineParams): Promise<EngineWindow> {
  const { directory, language, alpha, timing } = params;
  const bank = await openBank(directory, () => undefined, {}, language);
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
  return measured;
}

answerParent<EngineMethods>({ measure });
