// Compute-heavy code without calls of the host, in the text format of WebAssembly: where a meter costs the most. Each module exports
// `run: () -> i32`, a number that tells whether it computed what it should.

export interface Kernel {
  readonly name: string;
  readonly text: string;
  /** What `run` returns. */
  readonly expected: number;
}

/** Bytes that SHA-256 is taken of, all zero. */
const hashedBytes = 65_536;
const tableAt = 131_072;
const scheduleAt = 132_096;
const stateAt = 133_120;

const primes = Array.from({ length: 312 }, (_, i) => i).filter(
  (n) => n > 1 && !Array.from({ length: 17 }, (_, i) => i + 2).some((d) => d < n && n % d === 0),
);

/** The first 32 bits behind the point. */
function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
}

function word(value: number): string {
  return [0, 8, 16, 24]
    .map((shift) => `\\${((value >>> shift) & 0xff).toString(16).padStart(2, "0")}`)
    .join("");
}

const roundWords = primes.slice(0, 64).map((p) => word(fraction(Math.cbrt(p))));
const firstState = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));

function rotated(value: string, ...counts: readonly number[]): string {
  const [first = 0, ...others] = counts;
  const one = `(i32.rotr (local.get ${value}) (i32.const ${first}))`;
  return others.length === 0 ? one : `(i32.xor ${one} ${rotated(value, ...others)})`;
}

const names = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `$${name}`);

const sha256 = `(module
  (memory 3)
  (data (i32.const ${tableAt}) "${roundWords.join("")}")
  (func $swap (param $x i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))
  (func $compress (param $block i32)
    ${names.map((name) => `(local ${name} i32)`).join(" ")}
    (local $i i32) (local $s i32) (local $t i32) (local $x i32) (local $y i32)
    (loop $copy
      (i32.store offset=${scheduleAt} (local.get $i)
        (call $swap (i32.load (i32.add (local.get $block) (local.get $i)))))
      (br_if $copy (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
    (loop $extend
      (local.set $x (i32.load offset=${scheduleAt - 60} (local.get $i)))
      (local.set $y (i32.load offset=${scheduleAt - 8} (local.get $i)))
      (i32.store offset=${scheduleAt} (local.get $i)
        (i32.add
          (i32.add (i32.load offset=${scheduleAt - 64} (local.get $i))
            (i32.load offset=${scheduleAt - 28} (local.get $i)))
          (i32.add
            (i32.xor ${rotated("$x", 7, 18)} (i32.shr_u (local.get $x) (i32.const 3)))
            (i32.xor ${rotated("$y", 17, 19)} (i32.shr_u (local.get $y) (i32.const 10))))))
      (br_if $extend (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
    ${names.map((name, i) => `(local.set ${name} (i32.load offset=${stateAt + 4 * i} (i32.const 0)))`).join("\n")}
    (local.set $i (i32.const 0))
    (loop $round
      (local.set $s (i32.add (i32.add (local.get $h) ${rotated("$e", 6, 11, 25)})
        (i32.add
          (i32.xor (i32.and (local.get $e) (local.get $f))
            (i32.and (i32.xor (local.get $e) (i32.const -1)) (local.get $g)))
          (i32.add (i32.load offset=${tableAt} (local.get $i))
            (i32.load offset=${scheduleAt} (local.get $i))))))
      (local.set $t (i32.add ${rotated("$a", 2, 13, 22)}
        (i32.xor (i32.xor (i32.and (local.get $a) (local.get $b))
          (i32.and (local.get $a) (local.get $c))) (i32.and (local.get $b) (local.get $c)))))
      (local.set $h (local.get $g)) (local.set $g (local.get $f)) (local.set $f (local.get $e))
      (local.set $e (i32.add (local.get $d) (local.get $s)))
      (local.set $d (local.get $c)) (local.set $c (local.get $b)) (local.set $b (local.get $a))
      (local.set $a (i32.add (local.get $s) (local.get $t)))
      (br_if $round (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
    ${names.map((name, i) => `(i32.store offset=${stateAt + 4 * i} (i32.const 0) (i32.add (local.get ${name}) (i32.load offset=${stateAt + 4 * i} (i32.const 0))))`).join("\n")})
  (func (export "run") (result i32) (local $at i32)
    ${firstState.map((value, i) => `(i32.store offset=${stateAt + 4 * i} (i32.const 0) (i32.const ${value}))`).join("\n")}
    (i32.store8 (i32.const ${hashedBytes}) (i32.const 0x80))
    (i32.store (i32.const ${hashedBytes + 60}) (call $swap (i32.const ${hashedBytes * 8})))
    (loop $blocks
      (call $compress (local.get $at))
      (br_if $blocks (i32.le_u
        (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const ${hashedBytes}))))
    (i32.load offset=${stateAt} (i32.const 0))))`;

const sieveMax = 1_000_000;

const sieve = `(module (memory 16)
  (func (export "run") (result i32) (local $i i32) (local $j i32) (local $count i32)
    (loop $clear
      (i64.store (local.get $i) (i64.const 0))
      (br_if $clear (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const ${sieveMax}))))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i))) (then
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $j (i32.shl (local.get $i) (i32.const 1)))
        (block $marked (loop $mark
          (br_if $marked (i32.ge_u (local.get $j) (i32.const ${sieveMax})))
          (i32.store8 (local.get $j) (i32.const 1))
          (local.set $j (i32.add (local.get $j) (local.get $i)))
          (br $mark)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${sieveMax}))))
    (local.get $count)))`;

const fib = `(module
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "run") (result i32) (call $fib (i32.const 27))))`;

const bodyBytes = 56;
const bodyCount = 5;
const stepCount = 20_000;

/** Position and speed along one axis lie 24 bytes apart. */
function pull(axis: number): string {
  const speed = axis * 8 + 24;
  const change = (one: string, other: string, operation: string): string =>
    `(f64.store offset=${speed} (local.get ${one}) (f64.${operation}
      (f64.load offset=${speed} (local.get ${one}))
      (f64.mul (local.get $d${axis}) (f64.mul (f64.load offset=48 (local.get ${other})) (local.get $m)))))`;
  return change("$i", "$j", "sub") + change("$j", "$i", "add");
}

function distance(axis: number): string {
  return `(local.set $d${axis} (f64.sub (f64.load offset=${axis * 8} (local.get $i))
    (f64.load offset=${axis * 8} (local.get $j))))`;
}

function square(axis: number): string {
  return `(f64.mul (local.get $d${axis}) (local.get $d${axis}))`;
}

function advance(axis: number): string {
  const at = `offset=${axis * 8} (local.get $i)`;
  const speed = `(f64.load offset=${axis * 8 + 24} (local.get $i))`;
  return `(f64.store ${at} (f64.add (f64.load ${at}) (f64.mul (f64.const 0.01) ${speed})))`;
}

const bodiesEnd = bodyBytes * bodyCount;

const nBody = `(module (memory 1)
  (func $begin (local $i i32) (local $n f64)
    (loop $each
      (local.set $n (f64.convert_i32_u (local.get $i)))
      (f64.store offset=0 (local.get $i) (local.get $n))
      (f64.store offset=8 (local.get $i) (f64.sqrt (local.get $n)))
      (f64.store offset=16 (local.get $i) (f64.const 1))
      ${[24, 32, 40].map((at) => `(f64.store offset=${at} (local.get $i) (f64.const 0))`).join(" ")}
      (f64.store offset=48 (local.get $i) (f64.const 0.5))
      (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const ${bodyBytes}))) (i32.const ${bodiesEnd})))))
  (func $step (local $i i32) (local $j i32) (local $s f64) (local $m f64)
    (local $d0 f64) (local $d1 f64) (local $d2 f64)
    (loop $one
      (local.set $j (i32.add (local.get $i) (i32.const ${bodyBytes})))
      (block $paired (loop $other
        (br_if $paired (i32.ge_u (local.get $j) (i32.const ${bodiesEnd})))
        ${[0, 1, 2].map(distance).join(" ")}
        (local.set $s (f64.add ${square(0)} (f64.add ${square(1)} ${square(2)})))
        (local.set $m (f64.div (f64.const 0.01) (f64.mul (local.get $s) (f64.sqrt (local.get $s)))))
        ${[0, 1, 2].map(pull).join(" ")}
        (local.set $j (i32.add (local.get $j) (i32.const ${bodyBytes})))
        (br $other)))
      (br_if $one (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const ${bodyBytes}))) (i32.const ${bodiesEnd}))))
    (local.set $i (i32.const 0))
    (loop $move
      ${[0, 1, 2].map(advance).join(" ")}
      (br_if $move (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const ${bodyBytes}))) (i32.const ${bodiesEnd})))))
  (func (export "run") (result i32) (local $n i32)
    (call $begin)
    (loop $steps
      (call $step)
      (br_if $steps (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${stepCount}))))
    (i32.trunc_sat_f64_s (f64.mul (f64.load (i32.const 0)) (f64.const 1e6)))))`;

const sumBytes = 4_194_304;

const memorySum = `(module (memory ${sumBytes / 65_536})
  (func (export "run") (result i32) (local $at i32) (local $sum i32)
    (i32.store (i32.const 4096) (i32.const 7))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const ${sumBytes}))))
    (local.get $sum)))`;

export const kernels: readonly Kernel[] = [
  { name: "sha-256", text: sha256, expected: -567_335_584 },
  { name: "sieve", text: sieve, expected: 78_498 },
  { name: "fib", text: fib, expected: 196_418 },
  { name: "n-body", text: nBody, expected: 4_522_459 },
  { name: "memory-sum", text: memorySum, expected: 7 },
];
