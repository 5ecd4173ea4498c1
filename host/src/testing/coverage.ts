// Which functions of a module the tests have run, and how that went. Forks count into the same tally as what they were forked from.
import type { ModuleDef } from "@lightcone/abi";

type FunctionKind = "reducer" | "procedure" | "view";

/** One function of the module. */
export interface FunctionCoverage {
  readonly kind: FunctionKind;
  readonly name: string;
  /** How often it ran, whoever called it. */
  readonly calls: number;
  /** How often it returned an error, trapped or was stopped. */
  readonly failures: number;
}

/** All functions, in the order of the module. As text it is a table. */
export interface Coverage {
  readonly functions: readonly FunctionCoverage[];
  /** Names of those that never ran to their end. */
  readonly missing: readonly string[];
  toString(): string;
}

interface Count {
  calls: number;
  failures: number;
}

/** Counts calls. */
export class CallTally {
  readonly #counts = new Map<string, Count>();

  add(kind: FunctionKind, name: string, isOk: boolean): void {
    const key = keyOf(kind, name);
    const count = this.#counts.get(key) ?? { calls: 0, failures: 0 };
    this.#counts.set(key, count);
    count.calls++;
    if (!isOk) count.failures++;
  }

  coverage({ reducers, procedures, views }: ModuleDef): Coverage {
    const functions = [
      ...reducers.map(({ name }) => this.#function("reducer", name)),
      ...procedures.map(({ name }) => this.#function("procedure", name)),
      ...views.map(({ name }) => this.#function("view", name)),
    ];
    return {
      functions,
      missing: functions.filter((one) => one.calls === one.failures).map(({ name }) => name),
      toString: () => tableText(functions),
    };
  }

  #function(kind: FunctionKind, name: string): FunctionCoverage {
    return { kind, name, ...(this.#counts.get(keyOf(kind, name)) ?? { calls: 0, failures: 0 }) };
  }
}

function keyOf(kind: FunctionKind, name: string): string {
  return `${kind} ${name}`;
}

function tableText(functions: readonly FunctionCoverage[]): string {
  const lines = [
    ["kind", "name", "calls", "failures"],
    ...functions.map(({ kind, name, calls, failures }) => [kind, name, `${calls}`, `${failures}`]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...lines.map((line) => (line[i] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
