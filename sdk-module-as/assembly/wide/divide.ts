// Long division of wide integers (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm
// D) in digits of 32 bits. The digits lie in memory of their own, since they are shifted.

const limbsMax = 8;

/** Shifted, the dividend is one digit longer; at the end it holds the remainder. */
const dividend: usize = memory.data((limbsMax + 1) * 4);
const divisor: usize = memory.data(limbsMax * 4);

/** quotient = a / b and remainder = a % b, unsigned. Either result may be 0 (not wanted), a or b. */
export function divide(quotient: usize, remainder: usize, a: usize, b: usize, words: i32): void {
  const size = (<usize>words) << 3;
  memory.copy(dividend, a, size);
  memory.copy(divisor, b, size);
  if (quotient != 0) memory.fill(quotient, 0, size);
  const n = significant(divisor, words << 1);
  const m = significant(dividend, words << 1);
  assert(n != 0, "division by zero");
  if (m >= n) {
    if (n == 1) divideShort(quotient, m);
    else divideLong(quotient, m, n);
  }
  if (remainder != 0) memory.copy(remainder, dividend, size);
}

/** a /= by, in place; the remainder. */
export function divideBy(a: usize, limbs: i32, by: u32): u32 {
  let rest: u64 = 0;
  for (let i = limbs - 1; i >= 0; i--) {
    const place = a + ((<usize>i) << 2);
    const value = (rest << 32) | load<u32>(place);
    store<u32>(place, <u32>(value / by));
    rest = value % by;
  }
  return <u32>rest;
}

/** a = a * by + plus, in place; what does not fit. */
export function multiplyBy(a: usize, limbs: i32, by: u32, plus: u32): u32 {
  let carry: u64 = plus;
  for (let i = 0; i < limbs; i++) {
    const place = a + ((<usize>i) << 2);
    const value = <u64>load<u32>(place) * by + carry;
    store<u32>(place, <u32>value);
    carry = value >> 32;
  }
  return <u32>carry;
}

function significant(a: usize, limbs: i32): i32 {
  while (limbs > 0 && load<u32>(a + ((<usize>(limbs - 1)) << 2)) == 0) limbs--;
  return limbs;
}

function divideShort(quotient: usize, m: i32): void {
  const rest = divideBy(dividend, m, load<u32>(divisor));
  if (quotient != 0) memory.copy(quotient, dividend, (<usize>m) << 2);
  memory.fill(dividend, 0, (<usize>m) << 2);
  store<u32>(dividend, rest);
}

function divideLong(quotient: usize, m: i32, n: i32): void {
  const shift = clz(load<u32>(divisor + ((<usize>(n - 1)) << 2)));
  moveUp(divisor, n, shift);
  store<u32>(dividend + ((<usize>m) << 2), moveUp(dividend, m, shift));
  for (let j = m - n; j >= 0; j--) {
    let digit = estimate(j, n);
    if (subtractMultiple(j, n, digit)) {
      digit--;
      addBack(j, n);
    }
    if (quotient != 0) store<u32>(quotient + ((<usize>j) << 2), <u32>digit);
  }
  moveDown(dividend, n, shift);
}

/** a <<= shift, for a shift below 32; what leaves at the top. */
function moveUp(a: usize, limbs: i32, shift: u32): u32 {
  return shift == 0 ? 0 : multiplyBy(a, limbs, (<u32>1) << shift, 0);
}

function moveDown(a: usize, limbs: i32, shift: u32): void {
  if (shift != 0) divideBy(a, limbs, (<u32>1) << shift);
}

/** The quotient's digit j from the leading digits; too large by one at most. */
function estimate(j: i32, n: i32): u64 {
  const at = dividend + ((<usize>(j + n)) << 2);
  const head: u64 = load<u32>(divisor + ((<usize>(n - 1)) << 2));
  const next: u64 = load<u32>(divisor + ((<usize>(n - 2)) << 2));
  const value = ((<u64>load<u32>(at)) << 32) | load<u32>(at - 4);
  let digit = value / head;
  let rest = value % head;
  while (digit >> 32 != 0 || digit * next > ((rest << 32) | load<u32>(at - 8))) {
    digit--;
    rest += head;
    if (rest >> 32 != 0) break;
  }
  return digit;
}

/** Takes digit * divisor from the dividend at j; whether that was too much. */
function subtractMultiple(j: i32, n: i32, digit: u64): bool {
  let borrow: u64 = 0;
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const place = dividend + ((<usize>(i + j)) << 2);
    const product = digit * load<u32>(divisor + ((<usize>i) << 2)) + carry;
    carry = product >> 32;
    const value = <u64>load<u32>(place) - <u64>(<u32>product) - borrow;
    store<u32>(place, <u32>value);
    borrow = value >> 63;
  }
  const place = dividend + ((<usize>(j + n)) << 2);
  const value = <u64>load<u32>(place) - carry - borrow;
  store<u32>(place, <u32>value);
  return value >> 63 != 0;
}

function addBack(j: i32, n: i32): void {
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const place = dividend + ((<usize>(i + j)) << 2);
    const value = carry + load<u32>(place) + load<u32>(divisor + ((<usize>i) << 2));
    store<u32>(place, <u32>value);
    carry = value >> 32;
  }
  const place = dividend + ((<usize>(j + n)) << 2);
  store<u32>(place, load<u32>(place) + <u32>carry);
}
