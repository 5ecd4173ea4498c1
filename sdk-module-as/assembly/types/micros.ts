// Arithmetic of microseconds. A time that wrapped around would be off by 584,000 years without a sign
// of it, so that an overflow ends the call.

export function addChecked(a: i64, b: i64): i64 {
  const sum = a + b;
  assert(((a ^ sum) & (b ^ sum)) >= 0, "a time overflows 64 bits of microseconds");
  return sum;
}

export function subtractChecked(a: i64, b: i64): i64 {
  const difference = a - b;
  assert(((a ^ b) & (a ^ difference)) >= 0, "a time overflows 64 bits of microseconds");
  return difference;
}

export function multiplyChecked(a: i64, b: i64): i64 {
  if (a == 0 || b == 0) return 0;
  // The quotient of the least number and -1 would trap.
  assert(!(a == i64.MIN_VALUE && b == -1), "a time overflows 64 bits of microseconds");
  const product = a * b;
  assert(b == -1 || product / b == a, "a time overflows 64 bits of microseconds");
  return product;
}
