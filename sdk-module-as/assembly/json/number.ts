// Numbers of JSON as f64. The standard library's own parser is a factor of ten off for some numbers of
// 17 digits (1.4282497147772712e+39), so that the power of ten is worked out exactly here.
import { divideBy, multiplyBy } from "../wide/divide";
import { toF64 } from "../wide/words";

const words = 24;
const limbs = words * 2;
/** Holds 19 digits times 10^310, and 19 digits shifted so far that 10^345 divides off. */
const scratch: usize = memory.data(words * 8);

/** Powers of ten are multiplied in or divided off nine at a time. */
const powers: StaticArray<u32> = [
  1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
];
const powerMax = 9;

/**
 * The f64 nearest to a number as JSON writes it. Beyond 19 digits, and below 2.3e-308, it may be the
 * one next to it.
 */
export function parseF64(text: string): f64 {
  let mantissa: u64 = 0;
  let exponent = 0;
  let isPastPoint = false;
  let isCut = false;
  let at = 0;
  const negative = text.charCodeAt(0) == 0x2d;
  for (at = i32(negative); at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x2e) isPastPoint = true;
    else if (unit < 0x30 || unit > 0x39) break;
    else if (mantissa < 1_000_000_000_000_000_000) {
      mantissa = mantissa * 10 + (unit - 0x30);
      exponent -= i32(isPastPoint);
    } else {
      isCut = isCut || unit != 0x30;
      exponent += i32(!isPastPoint);
    }
  }
  if (at < text.length) exponent += exponentAt(text, at + 1);
  const size = scale(mantissa, exponent, isCut);
  return negative ? -size : size;
}

function exponentAt(text: string, start: i32): i32 {
  const sign = text.charCodeAt(start);
  let value = 0;
  for (let at = start + i32(sign == 0x2b || sign == 0x2d); at < text.length; at++) {
    value = min(value * 10 + (text.charCodeAt(at) - 0x30), 100_000);
  }
  return sign == 0x2d ? -value : value;
}

/** mantissa * 10^exponent; `isCut` if the mantissa is a little too small. */
function scale(mantissa: u64, exponent: i32, isCut: bool): f64 {
  if (mantissa == 0 || exponent < -345) return 0;
  if (exponent > 310) return Infinity;
  memory.fill(scratch, 0, words * 8);
  if (exponent >= 0) {
    store<u64>(scratch, mantissa);
    for (let left = exponent; left > 0; left -= powerMax) {
      multiplyBy(scratch, limbs, unchecked(powers[min(left, powerMax)]), 0);
    }
    if (isCut) store<u8>(scratch, load<u8>(scratch) | 1);
    return toF64(scratch, words);
  }
  // Shifted by more than the bits of the power of ten and of an f64, whatever is below counts as one
  // bit that breaks ties.
  const shift = ((-exponent * 3402) >> 10) + 66;
  const place = scratch + ((<usize>(shift >> 6)) << 3);
  const part: u64 = shift & 63;
  store<u64>(place, mantissa << part);
  if (part != 0) store<u64>(place + 8, mantissa >> (64 - part));
  let rest = u32(isCut);
  for (let left = -exponent; left > 0; left -= powerMax) {
    rest |= divideBy(scratch, limbs, unchecked(powers[min(left, powerMax)]));
  }
  if (rest != 0) store<u8>(scratch, load<u8>(scratch) | 1);
  const near = min(shift, 1000);
  return toF64(scratch, words) * powerOfTwo(-near) * powerOfTwo(near - shift);
}

function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<u64>(1023 + exponent)) << 52);
}
