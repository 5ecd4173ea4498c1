// The benchmark `transfer-profile`: where the microseconds of a transfer go, stage by stage, in the
// engine and on the threads of a host. Sampling costs a little, so sums are above what `transfer`
// says.
import { ConnectionId, Writer, writeCallReducer } from "@lightcone/abi";
import { openSlab } from "@lightcone/host/engine";
import type { Bench, BenchRun, Figure, RunContext, Settings } from "../contract.ts";
import { ProcessProfiler } from "../profile/process-profiler.ts";
import { type Stage, type StageTimes, stages } from "../profile/stages.ts";
import { type Engine, engineIdentity } from "../open-engine.ts";
import { openBank } from "./bank-engine.ts";
import { EngineRun } from "./engine-run.ts";
import { argumentBytes, drawPairs, encodeArguments } from "./frames.ts";
import { accountCount, alphas, clientCount, inFlightCount } from "./settings.ts";
import { runFullLoad } from "./sockets-case.ts";
import { verifyBank } from "./verify.ts";

/** A thread of which figures are told, and which stages it can be in. */
interface Profiled {
  readonly prefix: string;
  /** What is not among these is told as "other". */
  readonly stages: readonly Stage[];
}

/** Figures beside those of the stages: all of them together, and when the thread waited. */
const sums = ["busy", "idle"] as const;

function figureNames({ prefix, stages: told }: Profiled): string[] {
  return [...told, ...sums].map((stage) => `${prefix}/${stage}`);
}

/** A figure for each stage, in microseconds a call. */
function stageFigures(
  { prefix, stages: told }: Profiled,
  times: StageTimes,
  callCount: number,
  settings: Settings,
): Figure[] {
  const busy = sumOf(stages, times);
  const other = busy - sumOf(told, times) + times.other;
  const micros: Readonly<Record<Stage | "busy" | "idle", number>> = { ...times, other, busy };
  return [...told, ...sums].map((stage) => ({
    name: `${prefix}/${stage}`,
    value: micros[stage] / callCount,
    unit: "us/call",
    settings,
  }));
}

function sumOf(some: readonly Stage[], times: StageTimes): number {
  return some.reduce((sum, stage) => sum + times[stage], 0);
}

/** Transfers as messages of protocol v2, back to back, all of one length. */
function encodeMessages(alpha: number): {
  readonly bytes: Uint8Array;
  readonly messageBytes: number;
} {
  const args = encodeArguments(drawPairs(alpha));
  const writer = new Writer();
  let messageBytes = 0;
  for (let at = 0; at < args.length; at += argumentBytes) {
    const start = writer.length;
    writeCallReducer(writer, 0, "transfer", args.subarray(at, at + argumentBytes));
    messageBytes = writer.length - start;
  }
  return { bytes: writer.finish(), messageBytes };
}

const socket = 1;

/** Attaches a client with a socket, whose calls are then made one message at a time. */
function messageCalls({ service }: Engine, alpha: number): EngineRun {
  const connectionId = new ConnectionId(2n);
  service.connect(socket, { identity: engineIdentity, connectionId, jwtPayload: "{}" }, "", true);
  const { bytes, messageBytes } = encodeMessages(alpha);
  return new EngineRun(service, (i) => {
    const start = (i * messageBytes) % bytes.length;
    service.receive(socket, bytes, start, start + messageBytes);
    return true;
  });
}

async function profileEngine(
  profiled: Profiled,
  alpha: number,
  { timing, workshop }: RunContext,
): Promise<Figure[]> {
  const directory = workshop.makeDirectory();
  const bank = await openBank(directory, (slab) => {
    openSlab(slab, () => undefined);
  });
  const run = messageCalls(bank, alpha);
  const warmUp = await run.run(timing.warmUpSeconds);
  const profiler = new ProcessProfiler();
  await profiler.start();
  const measured = await run.run(timing.windowSeconds);
  const [times] = await profiler.stop();
  bank.service.disconnect(socket);
  await bank.service.close("measured");
  await verifyBank(directory, engineIdentity, {
    committedCount: warmUp.committedCount + measured.committedCount,
    refusedCount: 0,
  });
  workshop.removeDirectory(directory);
  if (times === undefined) throw new Error("the profiler saw no thread");
  const settings = { accounts: accountCount, alpha, seconds: timing.windowSeconds };
  return stageFigures(profiled, times, measured.committedCount, settings);
}

/** The engine with a session around it: messages in, frames out, no sockets. */
function engineProfile(alpha: number): BenchRun {
  const profiled = {
    prefix: `engine/rust/alpha-${alpha}`,
    stages: stages.filter((stage) => stage !== "send"),
  };
  return {
    names: figureNames(profiled),
    run: (context) => profileEngine(profiled, alpha, context),
  };
}

/** A host under the full load: its thread of sockets and that of the database. */
function socketsProfile(alpha: number): BenchRun {
  const all: readonly Profiled[] = [
    {
      prefix: `sockets-thread/rust/alpha-${alpha}`,
      stages: ["frame", "send", "gc", "runtime", "other"],
    },
    { prefix: `database-thread/rust/alpha-${alpha}`, stages },
  ];
  return {
    names: all.flatMap(figureNames),
    run: async (context) => {
      let threads: readonly StageTimes[] = [];
      const window = await runFullLoad(context, "rust", alpha, async ({ host }, measure) => {
        await host.call("startProfile", null);
        const measured = await measure();
        threads = await host.call("stopProfile", null);
        return measured;
      });
      const settings = {
        accounts: accountCount,
        alpha,
        clients: clientCount,
        inFlight: inFlightCount,
        seconds: context.timing.windowSeconds,
      };
      return all.flatMap((profiled, i) => {
        const times = threads[i];
        if (times === undefined) throw new Error(`the host has only ${threads.length} threads`);
        return stageFigures(profiled, times, window.committedCount, settings);
      });
    },
  };
}

export const transferProfile: Bench = {
  name: "transfer-profile",
  summary: "where the microseconds of a transfer go, by stage of its way",
  windowSeconds: 8,
  runs: [...alphas.map(engineProfile), ...alphas.map(socketsProfile)],
};
