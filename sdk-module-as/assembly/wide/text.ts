// Wide integers as text: any radix from 2 to 36 out; decimal and hexadecimal (0x) in.
import { divideBy, multiplyBy } from "./divide";
import { isZero, negate, signOf } from "./words";

const bitsMax = 256;
const wordsMax = bitsMax / 64;

/** The number that is being taken apart or put together. */
const scratch: usize = memory.data(wordsMax * 8);

// UTF-16 units, written from the end: a digit for each bit, what one step writes beyond them, a sign.
const roomMax = bitsMax + 33;
const room: usize = memory.data(roomMax * 2);

/** The digits of a number; `signed` tells whether its highest bit is a sign. */
export function format(a: usize, words: i32, signed: bool, radix: i32): string {
  assert(radix >= 2 && radix <= 36, "a radix must be from 2 to 36");
  const negative = signed && signOf(a, words) != 0;
  if (negative) negate(scratch, a, words);
  else memory.copy(scratch, a, (<usize>words) << 3);
  // As many digits as fit 32 bits are divided off in one go.
  let step = <u32>radix;
  let digits = 1;
  while (<u64>step * radix <= u32.MAX_VALUE) {
    step *= radix;
    digits++;
  }
  let at = room + roomMax * 2;
  do {
    let rest = divideBy(scratch, words << 1, step);
    for (let i = 0; i < digits; i++) {
      const digit = rest % radix;
      rest /= radix;
      at -= 2;
      store<u16>(at, <u16>(digit < 10 ? 0x30 + digit : 0x57 + digit));
    }
  } while (!isZero(scratch, words));
  const last = room + (roomMax - 1) * 2;
  while (at < last && load<u16>(at) == 0x30) at += 2;
  if (negative) {
    at -= 2;
    store<u16>(at, 0x2d);
  }
  return String.UTF16.decodeUnsafe(at, room + roomMax * 2 - at);
}

/** All the hex digits of a number, leading zeros too, without `0x`. */
export function hexDigits(a: usize, bytes: i32): string {
  let at = room;
  for (let i = bytes - 1; i >= 0; i--) {
    const byte: u32 = load<u8>(a + i);
    store<u16>(at, hexDigit(byte >> 4));
    store<u16>(at + 2, hexDigit(byte & 15));
    at += 4;
  }
  return String.UTF16.decodeUnsafe(room, (<usize>bytes) << 2);
}

function hexDigit(value: u32): u16 {
  return <u16>(value < 10 ? 0x30 + value : 0x57 + value);
}

/**
 * Reads a number into `out`: digits, or `0x` and hex digits, after a `-` if `signed`. Whether the
 * text is one and fits.
 */
export function parse(out: usize, text: string, words: i32, signed: bool): bool {
  let at = 0;
  const negative = signed && text.startsWith("-");
  if (negative) at++;
  const isHex = text.startsWith("0x", at);
  if (isHex) at += 2;
  if (at == text.length) return false;
  const radix: u32 = isHex ? 16 : 10;
  const size = (<usize>words) << 3;
  memory.fill(scratch, 0, size);
  for (; at < text.length; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (digit >= radix || multiplyBy(scratch, words << 1, radix, digit) != 0) return false;
  }
  if (negative) negate(scratch, scratch, words);
  // The sign of the result shows an overflow into it; zero has no sign.
  if (signed && (signOf(scratch, words) != 0) != negative && !isZero(scratch, words)) return false;
  memory.copy(out, scratch, size);
  return true;
}

/** Reads exactly `2 * bytes` hex digits, most significant first, into `out`. Whether they are. */
export function parseHexDigits(out: usize, text: string, start: i32, bytes: i32): bool {
  if (text.length - start != bytes << 1) return false;
  for (let i = 0; i < bytes; i++) {
    const high = digitOf(text.charCodeAt(start + (i << 1)));
    const low = digitOf(text.charCodeAt(start + (i << 1) + 1));
    if (high > 15 || low > 15) return false;
    store<u8>(out + bytes - 1 - i, <u8>((high << 4) | low));
  }
  return true;
}

/** 0 to 35, or more for what is no digit. */
function digitOf(unit: i32): u32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return lower - 0x61 + 10;
  return u32.MAX_VALUE;
}
