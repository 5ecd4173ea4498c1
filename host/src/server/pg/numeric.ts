// PostgreSQL's numbers of any size, in their binary form: digits of base 10,000 with the weight of the first one.
//
//     digit count i16 | weight i16 | sign u16 | digits behind the point i16 | digits i16 each
import type { MessageReader } from "./message-reader.ts";
import type { MessageWriter } from "./message-writer.ts";

const base = 10_000n;
const negative = 0x4000;
const notANumber = 0xc000;

/** Digits that a parameter may have: more than any integer of the host has. */
const digitCountMax = 64;

/** Writes an integer. */
export function numericBinary(value: bigint, out: MessageWriter): void {
  const digits: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest /= base) {
    digits.push(Number(rest % base));
  }
  const weight = digits.length - 1;
  // Zeros at the end are told by the weight.
  let first = 0;
  while (digits[first] === 0) first++;
  out.i16(digits.length - first);
  out.i16(Math.max(0, weight));
  out.i16(value < 0n ? negative : 0);
  out.i16(0);
  for (let i = digits.length - 1; i >= first; i--) out.i16(digits[i] as number);
}

/** A number as decimal text, or undefined for one of too many digits or none at all. */
export function numericText(reader: MessageReader): string | undefined {
  const count = reader.i16();
  const weight = reader.i16();
  const sign = reader.u16();
  const scale = reader.i16();
  if (sign === notANumber) return "NaN";
  if (count < 0 || count > digitCountMax || Math.abs(weight) > digitCountMax) return undefined;
  if (scale < 0 || (sign !== 0 && sign !== negative)) return undefined;
  const digits: string[] = [];
  for (let i = 0; i < count; i++) {
    const digit = reader.i16();
    if (digit < 0 || digit >= 10_000) return undefined;
    digits.push(String(digit).padStart(4, "0"));
  }
  // The digits make a whole number whose last one has this power of ten.
  const power = 4 * (weight - count + 1);
  return `${sign === negative ? "-" : ""}${digits.join("") || "0"}e${power}`;
}
