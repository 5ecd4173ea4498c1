// What a run is told as.
import type { RuleResult } from "./runner.ts";

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function summary(results: readonly RuleResult[]): Summary {
  const count = (outcome: RuleResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

/** One line a rule: JSON, or columns with the reason and the place where the rule is written below what did not pass. */
export function table(results: readonly RuleResult[], isJson: boolean): string[] {
  if (isJson) {
    return results.map(({ rule: { id, about, states }, outcome, reason }) =>
      JSON.stringify({ id, where: whereOf(about), states, outcome, reason }),
    );
  }
  const width = Math.max(...results.map(({ rule }) => rule.id.length));
  return results.flatMap(({ rule, outcome, reason }) => {
    const line = `${outcome.padEnd(7)}  ${rule.id.padEnd(width)}  ${rule.states}`;
    return outcome === "passed" ? [line] : [line, `         ${whereOf(rule.about)}: ${reason}`];
  });
}

function whereOf(about: string): string {
  return `ABI.md, ${about}`;
}
