// The process of `metering/*`: each kernel as it is and with a meter, in turns, so that both meet the machine in the same state.
import { attachMeter, meterModule, systemClock } from "@lightcone/host/engine";
import wabt from "wabt";
import { answerParent } from "../remote.ts";
import { type Kernel, kernels } from "./kernels.ts";

export interface KernelTimes {
  readonly name: string;
  /** The shortest of all runs, in milliseconds: what came between only ever adds to one. */
  readonly plainMillis: number;
  readonly meteredMillis: number;
  readonly fuelUnits: number;
}

export type KernelMethods = {
  measure: { params: { readonly seconds: number }; result: readonly KernelTimes[] };
};

type Run = () => number;

function instantiate(bytes: Uint8Array): WebAssembly.Instance {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes));
}

function runOf({ exports }: WebAssembly.Instance): Run {
  return exports["run"] as Run;
}

function timed(run: Run, expected: number, name: string): number {
  const start = performance.now();
  const result = run();
  const millis = performance.now() - start;
  if (result !== expected) throw new Error(`${name} computed ${result}, not ${expected}`);
  return millis;
}

function measureKernel(
  { name, expected }: Kernel,
  bytes: Uint8Array,
  seconds: number,
): KernelTimes {
  const plain = runOf(instantiate(bytes));
  const metered = instantiate(meterModule(bytes));
  const meter = attachMeter(metered, systemClock);
  const meteredRun = runOf(metered);
  const best = { plainMillis: Infinity, meteredMillis: Infinity };
  const end = performance.now() + seconds * 1000;
  do {
    best.plainMillis = Math.min(best.plainMillis, timed(plain, expected, name));
    meter.begin();
    best.meteredMillis = Math.min(best.meteredMillis, timed(meteredRun, expected, name));
    meter.end();
  } while (performance.now() < end);
  return { name, ...best, fuelUnits: meter.lastUsed };
}

async function measure({ seconds }: { readonly seconds: number }): Promise<readonly KernelTimes[]> {
  const assembler = await wabt();
  return kernels.map((kernel) => {
    const parsed = assembler.parseWat(`${kernel.name}.wat`, kernel.text);
    const bytes = parsed.toBinary({}).buffer;
    parsed.destroy();
    return measureKernel(kernel, bytes, seconds);
  });
}

answerParent<KernelMethods>({ measure });
