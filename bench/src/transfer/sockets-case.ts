// `sockets/rust/*`, `sockets/as/*` and `ws-echo`: the same clients, once against a host that makes each call
// durable before it answers, once against a server that only sends back.
import type { BenchRun, Figure, RunContext, Settings } from "../contract.ts";
import { Remote } from "../remote.ts";
import { BankServer } from "./bank-server.ts";
import type { EchoMethods } from "./echo-process.ts";
import type { LoadWindow } from "./load-client.ts";
import type { LoadMethods, LoadTarget } from "./load.ts";
import { accountCount, type BankLanguage, clientCount, inFlightCount } from "./settings.ts";
import type { ToldCounts } from "./verify.ts";

/** Opens clients in a process of their own. */
export async function openLoad(
  context: RunContext,
  target: LoadTarget,
  clients: number,
  inFlight: number,
): Promise<Remote<LoadMethods>> {
  const script = new URL("./load.js", import.meta.url);
  const load = new Remote<LoadMethods>("load", context.workshop.startProcess(script));
  await load.call("open", { target, clientCount: clients, inFlightCount: inFlight });
  await load.call("start", null);
  return load;
}

/** Waits for all answers and ends the clients' process. */
export async function finishLoad(load: Remote<LoadMethods>): Promise<ToldCounts> {
  const told = await load.call("finish", null);
  await load.end();
  return told;
}

/** What can say how much CPU time it has used. */
type Measured = Remote<Pick<LoadMethods, "cpuMicros">>;

export interface FullWindow extends LoadWindow {
  readonly serverCpuMicrosPerCall: number;
  readonly loadCpuMicrosPerCall: number;
}

async function measureWindow(
  { timing }: RunContext,
  load: Remote<LoadMethods>,
  server: Measured,
): Promise<FullWindow> {
  const processes: readonly Measured[] = [server, load];
  const usage = (): Promise<number[]> =>
    Promise.all(processes.map((each) => each.call("cpuMicros", null)));
  const before = await usage();
  const window = await load.call("runSeconds", { seconds: timing.windowSeconds });
  const after = await usage();
  const perCall = (i: number): number =>
    ((after[i] as number) - (before[i] as number)) / window.committedCount;
  return { ...window, serverCpuMicrosPerCall: perCall(0), loadCpuMicrosPerCall: perCall(1) };
}

function windowSettings({ timing }: RunContext, window: FullWindow): Settings {
  return {
    clients: clientCount,
    inFlight: inFlightCount,
    seconds: timing.windowSeconds,
    serverCpuMicrosPerCall: Number(window.serverCpuMicrosPerCall.toFixed(2)),
    loadCpuMicrosPerCall: Number(window.loadCpuMicrosPerCall.toFixed(2)),
  };
}

/**
 * Runs the full load against a host. `around` gets the host when it is warm and the window to run,
 * for those who want to know more than its figures.
 */
export async function runFullLoad(
  context: RunContext,
  language: BankLanguage,
  alpha: number,
  around: (server: BankServer, window: () => Promise<FullWindow>) => Promise<FullWindow>,
): Promise<FullWindow> {
  const server = await BankServer.start(context.workshop, language);
  const load = await openLoad(context, server.target(alpha, true), clientCount, inFlightCount);
  await load.call("runSeconds", { seconds: context.timing.warmUpSeconds });
  const window = await around(server, () => measureWindow(context, load, server.host));
  await server.stop(await finishLoad(load));
  return window;
}

export function socketsCase(language: BankLanguage, alpha: number): BenchRun {
  const name = `sockets/${language}/alpha-${alpha}`;
  return {
    names: [name, `${name}/p50-ms`, `${name}/p99-ms`],
    run: async (context) => {
      const around = async (_server: BankServer, measure: () => Promise<FullWindow>) => measure();
      const window = await runFullLoad(context, language, alpha, around);
      const settings = {
        accounts: accountCount,
        alpha,
        confirmed: true,
        ...windowSettings(context, window),
      };
      const { committedCount, seconds, p50Micros, p99Micros } = window;
      return [
        { name, value: committedCount / seconds, unit: "calls/s", settings },
        { name: `${name}/p50-ms`, value: p50Micros / 1000, unit: "ms", settings },
        { name: `${name}/p99-ms`, value: p99Micros / 1000, unit: "ms", settings },
      ];
    },
  };
}

const singleCallCount = 3000;

/** One client that waits for each answer. */
export function oneInFlightCase(isConfirmed: boolean): BenchRun {
  const kind = isConfirmed ? "confirmed" : "unconfirmed";
  const name = `sockets/rust/one-in-flight/${kind}/p50-us`;
  return {
    names: [name],
    run: async (context): Promise<readonly Figure[]> => {
      const server = await BankServer.start(context.workshop);
      const load = await openLoad(context, server.target(0, isConfirmed), 1, 1);
      await load.call("runSeconds", { seconds: context.timing.warmUpSeconds });
      const { p50Micros, p99Micros } = await load.call("runCalls", { count: singleCallCount });
      await server.stop(await finishLoad(load));
      const settings = {
        accounts: accountCount,
        alpha: 0,
        confirmed: isConfirmed,
        clients: 1,
        inFlight: 1,
        calls: singleCallCount,
        p99Micros,
      };
      return [{ name, value: p50Micros, unit: "us", settings }];
    },
  };
}

/** Round trips of frames that nobody works on: what sockets alone cost here. */
export function echoCase(): BenchRun {
  const name = "ws-echo";
  return {
    names: [name],
    run: async (context) => {
      const script = new URL("./echo-process.js", import.meta.url);
      const server = new Remote<EchoMethods>("echo", context.workshop.startProcess(script));
      const port = await server.call("start", null);
      const target: LoadTarget = { kind: "echo", url: `ws://127.0.0.1:${port}` };
      const load = await openLoad(context, target, clientCount, inFlightCount);
      await load.call("runSeconds", { seconds: context.timing.warmUpSeconds });
      const window = await measureWindow(context, load, server);
      await finishLoad(load);
      await server.end();
      const settings = windowSettings(context, window);
      return [{ name, value: window.committedCount / window.seconds, unit: "calls/s", settings }];
    },
  };
}
