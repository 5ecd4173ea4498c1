// From any integer to a wide one: signed ones keep their value where it fits, and wrap else.
import { I128 } from "../types/i128";
import { I256 } from "../types/i256";
import { U128 } from "../types/u128";
import { U256 } from "../types/u256";
import { signOf } from "./words";

/** A new wide integer of class W with the value of an integer of any kind. */
export function widen<W, T>(value: T): W {
  const size = offsetof<W>();
  const wide = changetype<W>(__new(size, idof<W>()));
  const at = changetype<usize>(wide);
  let filled: usize = 8;
  let fill: u64 = 0;
  if (isInteger<T>()) {
    store<u64>(at, <u64>value);
    if (isSigned<T>()) fill = <u64>((<i64>value) >> 63);
  } else {
    requireWide<T>();
    const from = changetype<usize>(value);
    filled = min(offsetof<T>(), size);
    memory.copy(at, from, filled);
    if (idof<T>() == idof<I128>() || idof<T>() == idof<I256>()) {
      fill = signOf(from, <i32>(offsetof<T>() >> 3));
    }
  }
  for (; filled < size; filled += 8) store<u64>(at + filled, fill);
  return wide;
}

/** Refuses at compile time what is no integer: the words of another object would be its addresses. */
function requireWide<T>(): void {
  if (!isReference<T>()) ERROR("from() takes integers; floats are to be rounded first");
  if (isNullable<T>()) ERROR("from() takes integers, not null");
  if (idof<T>() != idof<I128>() && idof<T>() != idof<U128>()) {
    if (idof<T>() != idof<I256>() && idof<T>() != idof<U256>()) {
      ERROR("from() takes integers; texts are for parse() or tryParse()");
    }
  }
}
