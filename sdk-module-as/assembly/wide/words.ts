// Arithmetic of integers beyond 64 bits: `words` 64-bit words at an address, the least significant
// first, in two's complement. A number's object holds nothing but its words, so that its address is
// theirs; results go into the object just made for them. All but comparison and shifting to the right
// is the same for signed numbers and unsigned ones.

/** out = a + b, without the carry. */
export function add(out: usize, a: usize, b: usize, words: i32): void {
  let carry: u64 = 0;
  for (let i = 0; i < words; i++) {
    const offset = (<usize>i) << 3;
    const left = load<u64>(a + offset);
    const sum = left + load<u64>(b + offset);
    const total = sum + carry;
    carry = u64(sum < left) | u64(total < sum);
    store<u64>(out + offset, total);
  }
}

/** out = a - b, without the borrow. */
export function subtract(out: usize, a: usize, b: usize, words: i32): void {
  let borrow: u64 = 0;
  for (let i = 0; i < words; i++) {
    const offset = (<usize>i) << 3;
    const left = load<u64>(a + offset);
    const difference = left - load<u64>(b + offset);
    const total = difference - borrow;
    borrow = u64(difference > left) | u64(total > difference);
    store<u64>(out + offset, total);
  }
}

/** out = -a. They may be the same. */
export function negate(out: usize, a: usize, words: i32): void {
  let carry: u64 = 1;
  for (let i = 0; i < words; i++) {
    const offset = (<usize>i) << 3;
    const total = ~load<u64>(a + offset) + carry;
    carry = u64(carry != 0 && total == 0);
    store<u64>(out + offset, total);
  }
}

/** out = a * b, cut to its words. `out` must be zero and neither a nor b. */
export function multiply(out: usize, a: usize, b: usize, words: i32): void {
  const limbs = words << 1;
  for (let i = 0; i < limbs; i++) {
    const left: u64 = load<u32>(a + ((<usize>i) << 2));
    if (left == 0) continue;
    let carry: u64 = 0;
    for (let j = 0; i + j < limbs; j++) {
      const place = out + ((<usize>(i + j)) << 2);
      const total = left * load<u32>(b + ((<usize>j) << 2)) + load<u32>(place) + carry;
      store<u32>(place, <u32>total);
      carry = total >> 32;
    }
  }
}

/** out = a << count, for a count from 0 to below the bits. */
export function shiftLeft(out: usize, a: usize, words: i32, count: i32): void {
  const whole = count >> 6;
  const part: u64 = count & 63;
  for (let i = words - 1; i >= 0; i--) {
    const from = i - whole;
    let value: u64 = 0;
    if (from >= 0) {
      value = load<u64>(a + ((<usize>from) << 3)) << part;
      if (part != 0 && from > 0) value |= load<u64>(a + ((<usize>(from - 1)) << 3)) >> (64 - part);
    }
    store<u64>(out + ((<usize>i) << 3), value);
  }
}

/** out = a >> count, for a count from 0 to below the bits; `fill` (0 or all ones) comes in. */
export function shiftRight(out: usize, a: usize, words: i32, count: i32, fill: u64): void {
  const whole = count >> 6;
  const part: u64 = count & 63;
  for (let i = 0; i < words; i++) {
    const from = i + whole;
    let value = fill;
    if (from < words) {
      value = load<u64>(a + ((<usize>from) << 3)) >> part;
      const above = from + 1 < words ? load<u64>(a + ((<usize>(from + 1)) << 3)) : fill;
      if (part != 0) value |= above << (64 - part);
    }
    store<u64>(out + ((<usize>i) << 3), value);
  }
}

/** All ones for a negative number, else 0. */
export function signOf(a: usize, words: i32): u64 {
  return <u64>(load<i64>(a + ((<usize>(words - 1)) << 3)) >> 63);
}

export function isZero(a: usize, words: i32): bool {
  for (let i = 0; i < words; i++) if (load<u64>(a + ((<usize>i) << 3)) != 0) return false;
  return true;
}

/** Whether two numbers are the same; either may be null. */
export function equal(a: usize, b: usize, words: i32): bool {
  if (a == b) return true;
  if (a == 0 || b == 0) return false;
  for (let i = 0; i < words; i++) {
    const offset = (<usize>i) << 3;
    if (load<u64>(a + offset) != load<u64>(b + offset)) return false;
  }
  return true;
}

/** Below, at or above zero as a < b, a == b, a > b. */
export function compareUnsigned(a: usize, b: usize, words: i32): i32 {
  for (let i = words - 1; i >= 0; i--) {
    const offset = (<usize>i) << 3;
    const left = load<u64>(a + offset);
    const right = load<u64>(b + offset);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

export function compareSigned(a: usize, b: usize, words: i32): i32 {
  const left = signOf(a, words);
  const right = signOf(b, words);
  if (left != right) return left != 0 ? -1 : 1;
  return compareUnsigned(a, b, words);
}

/** The nearest f64 of an unsigned number, ties to even. */
export function toF64(a: usize, words: i32): f64 {
  let top = words - 1;
  while (top > 0 && load<u64>(a + ((<usize>top) << 3)) == 0) top--;
  let head = load<u64>(a + ((<usize>top) << 3));
  if (top == 0) return <f64>head;
  const spare = clz(head);
  const below = load<u64>(a + ((<usize>(top - 1)) << 3));
  if (spare != 0) head = (head << spare) | (below >> (64 - spare));
  // What is cut off can only break a tie, for which one bit tells enough.
  let rest = spare == 0 ? below : below << spare;
  for (let i = top - 2; i >= 0; i--) rest |= load<u64>(a + ((<usize>i) << 3));
  if (rest != 0) head |= 1;
  let value = <f64>head;
  for (let exponent = (top << 6) - <i32>spare; exponent > 0; exponent--) value *= 2;
  return value;
}
