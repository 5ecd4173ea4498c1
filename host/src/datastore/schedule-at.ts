// When a row of a scheduled table asks for its call (module-def.md section 3, runtime.md section 5).
import { present } from "@lightcone/abi";
import type { Table } from "./table.ts";

/** The tag of `Interval`; that of `Time` is 1. An i64 of microseconds follows either. */
const intervalTag = 0;

/** The value of a ScheduleAt column. */
export interface ScheduleAt {
  readonly isInterval: boolean;
  /** The interval, its sign taken off, or the time since the Unix epoch. */
  readonly micros: bigint;
}

/** What a row of a scheduled table asks for; the row may be one that the open transaction deleted. */
export function readScheduleAt(table: Table, row: number): ScheduleAt {
  const { atColumn } = present(table.schema.schedule, "the schedule of a scheduled table");
  const start = table.layout.columnStart(atColumn, table.rows.page(row), table.rows.start(row));
  const view = table.rows.view(row);
  const isInterval = view.getUint8(start) === intervalTag;
  const micros = view.getBigInt64(start + 1, true);
  return { isInterval, micros: isInterval && micros < 0n ? -micros : micros };
}

/** How far ahead of `nowMicros` the call lies; negative for a time that has passed. */
export function delayMicros(at: ScheduleAt, nowMicros: bigint): bigint {
  return at.isInterval ? at.micros : at.micros - nowMicros;
}
