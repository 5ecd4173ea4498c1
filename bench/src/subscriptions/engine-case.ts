// Cases without sockets: what subscriptions cost each transaction, and whether those that do not match cost anything.
import type { BenchRun, Figure, RunContext, Settings } from "../contract.ts";
import { Remote } from "../remote.ts";
import type { Cost, EngineMethods } from "./engine-process.ts";
import { type GrowthKind, rowCount, socketCount, watcherCounts } from "./settings.ts";

async function inEngine<T>(
  { workshop }: RunContext,
  use: (engine: Remote<EngineMethods>) => Promise<T>,
): Promise<T> {
  const script = new URL("./engine-process.js", import.meta.url);
  const engine = new Remote<EngineMethods>("engine", workshop.startProcess(script));
  const result = await use(engine);
  await engine.end();
  return result;
}

function costSettings(cost: Cost): Settings {
  return {
    rows: rowCount,
    transactions: cost.transactionCount,
    messagesPerTransaction: Number(cost.messagesPerTransaction.toFixed(3)),
  };
}

function checkMessages({ messagesPerTransaction }: Cost, expected: number): void {
  if (Math.abs(messagesPerTransaction - expected) < 0.001 * expected) return;
  throw new Error(
    `verification failed: ${messagesPerTransaction} messages a transaction, not ${expected}`,
  );
}

export function growthCase(kind: GrowthKind): BenchRun {
  const [few, many] = watcherCounts;
  const name = `${kind}-growth-${few}-to-${many}`;
  const names = [name, ...watcherCounts.map((count) => `${kind}-growth/us-at-${count}`)];
  return {
    names,
    run: async (context): Promise<readonly Figure[]> => {
      const { timing } = context;
      const costs = await inEngine(context, (engine) => engine.call("growth", { kind, timing }));
      for (const cost of costs) checkMessages(cost, 1);
      const [small, large] = costs as [Cost, Cost];
      return [
        {
          name,
          value: large.cpuMicros / small.cpuMicros,
          unit: "times",
          settings: { rows: rowCount },
        },
        ...costs.map((cost, i) => ({
          name: names[i + 1] as string,
          value: cost.cpuMicros,
          unit: "us CPU",
          settings: costSettings(cost),
        })),
      ];
    },
  };
}

export function semijoinCase(): BenchRun {
  const name = "semijoin-100k-us";
  return {
    names: [name],
    run: async (context) => {
      const { timing } = context;
      const cost = await inEngine(context, (engine) => engine.call("semijoin", { timing }));
      return [{ name, value: cost.cpuMicros, unit: "us CPU", settings: costSettings(cost) }];
    },
  };
}

export function fanOutEngineCase(): BenchRun {
  const name = `fan-out-${socketCount}-engine-us`;
  return {
    names: [name],
    run: async (context) => {
      const { timing } = context;
      const cost = await inEngine(context, (engine) => engine.call("fanOut", { timing }));
      checkMessages(cost, socketCount);
      const encodings = cost.encodingsPerTransaction;
      const settings = { ...costSettings(cost), encodings };
      return [{ name, value: cost.cpuMicros, unit: "us CPU", settings }];
    },
  };
}
