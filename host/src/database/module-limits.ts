// What whoever runs a host gives its modules, as plain data that threads can hand each other.
import { limit } from "../base/limit.ts";
import type { ModuleEnvironment } from "../module/context.ts";

export interface ModuleLimits {
  /** How long one call may run, in milliseconds; 60 s if not given. It also has a fuel budget, which is not chosen. */
  readonly callBudgetMillis?: number;
  /** What a module's memory may grow to; 1 GiB if not given. */
  readonly memoryBytesMax?: number;
  /** False for comparisons alone: nothing stops an endless loop then. */
  readonly isMetered?: boolean;
}

/** The same, as instances take it. */
export function environmentLimits({
  callBudgetMillis = limit.callBudgetMillis,
  memoryBytesMax = limit.moduleMemoryBytesMax,
  isMetered = true,
}: ModuleLimits): Required<Pick<ModuleEnvironment, "callBudget" | "load">> {
  return {
    callBudget: { millis: callBudgetMillis, fuelUnits: limit.callFuelUnitsMax },
    load: { memoryBytesMax, isMetered },
  };
}
