// Types of values that generated bindings name and that have no class: see abi's value.ts for all others.
import type { TimeDuration, Timestamp } from "@lightcone/abi";

/** When a scheduled row is due: again and again, or once. */
export type ScheduleAt =
  | { readonly tag: "Interval"; readonly value: TimeDuration }
  | { readonly tag: "Time"; readonly value: Timestamp };

/** A product without fields. */
export type Unit = Readonly<Record<string, never>>;
