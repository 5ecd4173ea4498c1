// `publish/variant-p99-ratio`: what the calls of one database notice while the code of another one's procedures is being made;
// `publish/stranger-p99-ratio`: what they notice of an idle process that has nothing to do with the host; and `publish/control-p99-ratio`:
// what they notice of nothing at all. Where processors share a core, as virtual ones do, only what exceeds the two others is the host's.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import type { BenchRun, Figure, Settings } from "../contract.ts";
import type { Remote } from "../remote.ts";
import { BankServer } from "../transfer/bank-server.ts";
import type { LoadWindow } from "../transfer/load-client.ts";
import type { LoadMethods } from "../transfer/load.ts";
import { finishLoad, openLoad } from "../transfer/sockets-case.ts";
import { edition, variantCount, variantsMade } from "./program.ts";

const roundCount = 3;
/** Short enough that several fit into the making, long enough for a thousand calls. */
const sliceSeconds = 0.25;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)] as number, sorted[Math.ceil(middle)] as number];
  return (low + high) / 2;
}

/** Writes all over 16 MiB, as one who makes code does, and gets idle processors alone. */
const strangerSource =
  "const m=new Uint32Array(1<<22);for(let i=1;;i=Math.imul(i,1664525)+1013904223|0)m[i>>>10]++;";

async function startStranger(): Promise<ChildProcess> {
  const stranger = spawn(process.execPath, ["-e", strangerSource], { stdio: "ignore" });
  await once(stranger, "spawn");
  const pid = stranger.pid as number;
  const { status } = spawnSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(pid)]);
  if (status !== 0) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return stranger;
}

/** What the slices of one state had, one after another. */
type Slices = readonly LoadWindow[];

/** One turn of all states. */
interface Round {
  readonly alone: Slices;
  readonly beside: Slices;
  readonly withStranger: Slices;
}

const p99 = (slices: Slices): number => median(slices.map(({ p99Micros }) => p99Micros));
const p50 = (slices: Slices): number => median(slices.map(({ p50Micros }) => p50Micros));

/** Slices until `isOver`, at most `countMax`. */
async function runSlices(
  load: Remote<LoadMethods>,
  countMax: number,
  isOver: () => boolean = () => false,
): Promise<Slices> {
  const slices: LoadWindow[] = [];
  do slices.push(await load.call("runSeconds", { seconds: sliceSeconds }));
  while (slices.length < countMax && !isOver());
  return slices;
}

async function runRound(
  server: BankServer,
  load: Remote<LoadMethods>,
  number: number,
  countMax: number,
): Promise<Round> {
  const alone = await runSlices(load, countMax);
  await server.publish("other", edition(number));
  const isMade = (): boolean => variantCount(server.cacheDirectory) > number;
  const beside = await runSlices(load, countMax, isMade);
  await variantsMade(server.cacheDirectory, number + 1);
  const stranger = await startStranger();
  const withStranger = await runSlices(load, countMax);
  stranger.kill("SIGKILL");
  return { alone, beside, withStranger };
}

/** The median of the rounds' ratios of `slices` to `base`. */
function figureOf(
  name: string,
  rounds: readonly Round[],
  slices: (round: Round) => Slices,
  base: (round: Round) => Slices,
  settings: Settings = {},
): Figure {
  const ratios = rounds.map((round) => p99(slices(round)) / p99(base(round)));
  const medians = (of: (slices: Slices) => number, each: (round: Round) => Slices): number =>
    Math.round(median(rounds.map((round) => of(each(round)))));
  return {
    name,
    value: median(ratios),
    unit: "times",
    settings: {
      rounds: rounds.length,
      ratioMin: Number(Math.min(...ratios).toFixed(2)),
      ratioMax: Number(Math.max(...ratios).toFixed(2)),
      p50MicrosBefore: medians(p50, base),
      p50Micros: medians(p50, slices),
      p99MicrosBefore: medians(p99, base),
      p99Micros: medians(p99, slices),
      ...settings,
    },
  };
}

export function variantCase(): BenchRun {
  const name = "publish/variant-p99-ratio";
  const strangerName = "publish/stranger-p99-ratio";
  const controlName = "publish/control-p99-ratio";
  return {
    names: [name, strangerName, controlName],
    run: async (context) => {
      const { warmUpSeconds, windowSeconds } = context.timing;
      const server = await BankServer.start(context.workshop);
      const load = await openLoad(context, server.target(0, false), 1, 1);
      const countMax = Math.max(2, Math.round(windowSeconds / sliceSeconds));
      await load.call("runSeconds", { seconds: warmUpSeconds });
      const rounds: Round[] = [];
      while (rounds.length < roundCount) {
        rounds.push(await runRound(server, load, rounds.length, countMax));
      }
      await server.stop(await finishLoad(load));
      const secondsBeside = rounds.map(({ beside }) => beside.length * sliceSeconds);
      const alone = (round: Round): Slices => round.alone;
      const half = countMax >> 1;
      return [
        figureOf(name, rounds, ({ beside }) => beside, alone, {
          seconds: median(secondsBeside),
        }),
        figureOf(strangerName, rounds, ({ withStranger }) => withStranger, alone),
        figureOf(
          controlName,
          rounds,
          (round) => round.alone.slice(half),
          (round) => round.alone.slice(0, half),
        ),
      ];
    },
  };
}
