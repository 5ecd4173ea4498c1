// Runs the benchmark that the command line names and prints its figures.
import { type BenchRequest, readArguments, UsageError } from "./arguments.ts";
import { clientBench } from "./client/bench.ts";
import type { Bench, Figure } from "./contract.ts";
import { describeMachine, loadAverage, type Machine } from "./machine.ts";
import { datastoreBench } from "./datastore/bench.ts";
import { logBench } from "./log/bench.ts";
import { meteringBench } from "./metering/bench.ts";
import { publishBench } from "./publish/bench.ts";
import { recoveryBench } from "./recovery/bench.ts";
import { jsonLine, machineLine, table } from "./report.ts";
import { runBench } from "./run-bench.ts";
import { subscriptionsBench } from "./subscriptions/bench.ts";
import { transferBench } from "./transfer/bench.ts";
import { transferProfile } from "./transfer/profile.ts";
import { isTemporaryInMemory, Workshop } from "./workshop.ts";

const benches: readonly Bench[] = [
  transferBench,
  transferProfile,
  datastoreBench,
  recoveryBench,
  logBench,
  meteringBench,
  publishBench,
  subscriptionsBench,
  clientBench,
];

/**
 * Exit codes: a run that failed or whose verification did, and a command line that cannot be
 * followed.
 */
const exitFailed = 1;
const exitUsage = 2;

const warmUpSecondsMax = 2;

function help(): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  return [
    "Usage: npm run bench -- NAME [--json] [--seconds N] [--case PATTERN]",
    "",
    ...benches.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "  --json          one line of JSON for each figure and nothing else",
    "  --seconds N     how long a case measures; each benchmark has its own default",
    "  --case PATTERN  only cases whose name contains this; * stands for anything",
    "",
    "Cases:",
    ...benches.flatMap(({ runs }) => runs.flatMap(({ names }) => names.map((name) => `  ${name}`))),
  ].join("\n");
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function follow(request: BenchRequest, workshop: Workshop, machine: Machine): Promise<void> {
  const bench = benches.find(({ name }) => name === request.benchName);
  if (bench === undefined) {
    const names = benches.map(({ name }) => name).join(", ");
    throw new UsageError(`no benchmark is named ${request.benchName}; there are ${names}`);
  }
  if (!bench.runs.some(({ names }) => names.some(request.isWanted))) {
    throw new UsageError(`no case of ${bench.name} matches; --help lists them`);
  }
  if (isTemporaryInMemory()) {
    note(
      "the temporary directory lies in memory, where a sync costs nothing: set TMPDIR to a disk",
    );
  }
  const { isWanted, isJson } = request;
  const windowSeconds = request.windowSeconds ?? bench.windowSeconds;
  const timing = { windowSeconds, warmUpSeconds: Math.min(warmUpSecondsMax, windowSeconds) };
  const load = loadAverage();
  const figures: Figure[] = [];
  await runBench(
    bench,
    { timing, workshop, isWanted },
    {
      onRun: (names) => {
        if (!isJson) note(`running ${names[0]}${names.length > 1 ? " and others" : ""}`);
      },
      onLeftOut: (reason) => {
        note(`left out: ${reason}`);
      },
      onFigure: (figure) => {
        figures.push(figure);
        if (isJson) process.stdout.write(`${jsonLine(bench.name, figure, machine, load)}\n`);
      },
    },
  );
  if (isJson) return;
  process.stdout.write(`${machineLine(machine, load)}\n${table(figures)}\n`);
}

async function main(): Promise<void> {
  const workshop = new Workshop();
  process.once("exit", () => {
    workshop.close();
  });
  // Ends by way of "exit", with the code a shell gives a program that a signal ended.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  try {
    const request = readArguments(process.argv.slice(2));
    if (request === "help") process.stdout.write(`${help()}\n`);
    else await follow(request, workshop, describeMachine());
  } catch (thrown) {
    if (thrown instanceof UsageError) {
      note(`${thrown.message}\n\n${help()}`);
      process.exitCode = exitUsage;
    } else {
      note(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      process.exitCode = exitFailed;
    }
  } finally {
    workshop.close();
  }
}

await main();
