// A module run as it is and with a meter, side by side.
import { ManualClock } from "../../src/base/clock.ts";
import { CallMeter, type CallBudget } from "../../src/module/meter/call-meter.ts";
import { meterModule } from "../../src/module/meter/meter.ts";

/** How a call ended: its result, or the message of what it threw. */
export type Ending = number | bigint | undefined | string;

export function endingOf(run: () => unknown): Ending {
  try {
    return run() as Ending;
  } catch (thrown) {
    if (thrown instanceof WebAssembly.Exception) return "an exception";
    return thrown instanceof Error ? thrown.message : "something else";
  }
}

export interface MeteredRun {
  readonly ending: Ending;
  readonly used: number;
  readonly isExhausted: boolean;
}

const generous: CallBudget = { fuelUnits: 1e12, millis: 1e9 };

/** An instance with a meter. */
export class MeteredInstance {
  readonly instance: WebAssembly.Instance;
  readonly meter: CallMeter;
  readonly clock: ManualClock = new ManualClock();

  constructor(bytes: Uint8Array, budget: CallBudget = generous, imports: WebAssembly.Imports = {}) {
    this.meter = new CallMeter(this.clock, budget, { units: 0 });
    this.instance = new WebAssembly.Instance(new WebAssembly.Module(meterModule(bytes)), imports);
    this.meter.attach(this.instance.exports);
  }

  run(name = "run", ...args: readonly (number | bigint)[]): MeteredRun {
    const exported = this.instance.exports[name] as (...args: unknown[]) => unknown;
    this.meter.begin();
    const ending = endingOf(() => exported(...args));
    this.meter.end();
    return { ending, used: this.meter.lastUsed, isExhausted: this.meter.isExhausted };
  }
}

/** The bytes of an instance's memory, if it exports one. */
export function memoryOf({ exports }: WebAssembly.Instance): Uint8Array {
  const memory = exports["memory"] as WebAssembly.Memory | undefined;
  return memory === undefined ? new Uint8Array(0) : new Uint8Array(memory.buffer);
}
