// How SATS values look in JavaScript. One mapping for the client, the host's own tables and the
// command line.
//
//   bool, string           boolean, string
//   i8…u32, f32, f64       number
//   i64…u256               bigint
//   Array<U8>              Uint8Array; other arrays: Array
//   product                object by field name (an unnamed field is called by its position: "0")
//   sum                    { tag, value }; a variant without payload has value undefined
//   Option<T>              T or undefined; where T may itself be undefined (Option, unit): { some: T } or undefined
//   Result<T, E>           { ok: T } or { err: E }
//   Identity, ConnectionId, Timestamp, TimeDuration, Uuid    classes; ScheduleAt is the sum it looks like
import type { ConnectionId, Identity, Uuid } from "../identity.ts";
import type { TimeDuration, Timestamp } from "../time.ts";
import { type AlgebraicType, isUnit, resolve, specialKind, type Typespace } from "./type.ts";

export interface SumValue {
  readonly tag: string;
  readonly value: Value;
}

export interface ProductValue {
  readonly [field: string]: Value;
}

export type Value =
  | boolean
  | number
  | bigint
  | string
  | undefined
  | Uint8Array
  | Identity
  | ConnectionId
  | Timestamp
  | TimeDuration
  | Uuid
  | readonly Value[]
  | SumValue
  | ProductValue;

/**
 * Whether an option's content is boxed as `{ some }`, because the content itself may be undefined.
 */
export function optionIsBoxed(content: AlgebraicType, types: Typespace): boolean {
  const resolved = resolve(content, types);
  return specialKind(resolved) === "option" || isUnit(resolved);
}
