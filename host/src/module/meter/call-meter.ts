// The host's side of one instance's meter: hands out fuel slice by slice, looks at the clock in between, and counts what calls use.
import { assert } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import { limit } from "../../base/limit.ts";
import { functionsBeforeTake, MeterExport, sliceUnits } from "./meter.ts";

/** What all instances of a database's modules have used together. */
export interface EnergyCount {
  /** In units of fuel (abi.md section 12); exact up to 2^53, two months of one call after another. */
  units: number;
}

/** What one call may use; whichever ends first. */
export interface CallBudget {
  readonly fuelUnits: number;
  readonly millis: number;
}

export const defaultCallBudget: CallBudget = {
  fuelUnits: limit.callFuelUnitsMax,
  millis: limit.callBudgetMillis,
};

/** The meter of an instance that no database runs, with the usual budget. */
export function attachMeter({ exports }: WebAssembly.Instance, clock: Clock): CallMeter {
  const meter = new CallMeter(clock, defaultCallBudget, { units: 0 });
  meter.attach(exports);
  return meter;
}

/**
 * A module in binary that does nothing but export what it imports: only functions of modules can be put into tables.
 *
 *     (module (import "" "" (func (result i32))) (export "" (func 0)))
 */
const adapter = new WebAssembly.Module(
  Uint8Array.from(
    [
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      [1, 5, 1, 0x60, 0, 1, 0x7f],
      [2, 5, 1, 0, 0, 0, 0],
      [7, 4, 1, 0, 0, 0],
    ].flat(),
  ),
);

export class CallMeter {
  readonly #clock: Clock;
  readonly #budget: CallBudget;
  readonly #total: EnergyCount;
  readonly #grant: () => number;
  #take: (() => number) | undefined;
  #functionCount = Infinity;
  /** Fuel handed out in the present call, with the slice that it began with. */
  #granted = sliceUnits;
  /** Most calls end within their first slice and never ask what time it is. */
  #startMillis: number | undefined;
  /** Before the call waited last. */
  #spentMillis = 0;
  /** Work of the host's since the last look at the clock. */
  #hostUnits = 0;
  #isExhausted = false;
  #lastUsed = 0;
  #depth = 0;

  constructor(clock: Clock, budget: CallBudget, total: EnergyCount) {
    this.#clock = clock;
    this.#budget = budget;
    this.#total = total;
    this.#grant = () => this.#nextSlice();
  }

  /** Takes charge of an instance before any of its code runs. One that is not metered runs without a budget. */
  attach(exports: WebAssembly.Exports): void {
    const host = exports[MeterExport.host];
    if (host === undefined) return;
    const { exports: adapted } = new WebAssembly.Instance(adapter, { "": { "": this.#grant } });
    (host as WebAssembly.Table).set(0, adapted[""]);
    const take = exports[MeterExport.take] as () => number;
    this.#take = take;
    // The name of a function of a module is its number.
    this.#functionCount = Number(take.name) - functionsBeforeTake;
  }

  /** Functions from this number on are the meter's own. */
  get functionCount(): number {
    return this.#functionCount;
  }

  /** Whether the present or last call has used up its budget: it ended with a trap. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** What the last call used, in units of fuel. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  /** A call begins. One inside another shares its budget. */
  begin(): void {
    if (this.#depth++ > 0) return;
    this.#isExhausted = false;
    this.#startMillis = undefined;
    this.#spentMillis = 0;
    this.#granted = sliceUnits;
  }

  /** The call waits: that time is not its own. */
  wait(): void {
    if (this.#startMillis === undefined) return;
    this.#spentMillis += this.#clock.nowMillis() - this.#startMillis;
    this.#startMillis = undefined;
  }

  end(): void {
    assert(this.#depth > 0, "a call ended that had not begun");
    if (--this.#depth > 0 || this.#take === undefined) return;
    this.#lastUsed = this.#granted - this.#take();
    this.#total.units += this.#lastUsed;
  }

  /**
   * An import did work in the host: `units` are what as much work of the guest's own would use. It costs nothing, but the clock is
   * looked at as often. False once the call has run too long.
   */
  work(units: number): boolean {
    this.#hostUnits += units;
    return this.#hostUnits < sliceUnits || this.#hasTime();
  }

  #hasTime(): boolean {
    this.#hostUnits = 0;
    const now = this.#clock.nowMillis();
    this.#startMillis ??= now;
    if (this.#spentMillis + now - this.#startMillis < this.#budget.millis) return true;
    this.#isExhausted = true;
    return false;
  }

  #nextSlice(): number {
    if (this.#isExhausted) return 0;
    const { fuelUnits } = this.#budget;
    if (!this.#hasTime() || this.#granted >= fuelUnits) {
      this.#isExhausted = true;
      return 0;
    }
    const slice = Math.min(sliceUnits, fuelUnits - this.#granted);
    this.#granted += slice;
    return slice;
  }
}
