// Random WebAssembly that ends: every loop and every call counts down one number that all of them share.
import type { Rng } from "@lightcone/fixtures/rng";

const localCount = 4;
const functionCount = 5;
const depthMax = 4;
/** Turns of all loops and calls of functions together. */
const turnCount = 300;

interface Label {
  readonly name: string;
  /** Whether a jump to it takes a number along. */
  readonly takesValue: boolean;
}

const countDown = `(if (i32.eqz (global.get $turns)) (then (return (local.get 1))))
  (global.set $turns (i32.sub (global.get $turns) (i32.const 1)))`;

/** The text of a module with `run: (i32) -> i32` and its memory; what it computes depends on the seed alone. */
export function randomModule(rng: Rng): string {
  const functions = Array.from({ length: functionCount }, (_, i) => new Writer(rng, i).text());
  const entries = Array.from({ length: functionCount - 1 }, (_, i) => `$f${i}`).join(" ");
  const run = functionCount - 1;
  return `(module (memory (export "memory") 1) (global $turns (mut i32) (i32.const 0)) (tag $e (param i32))
    (table ${functionCount} funcref) (elem (i32.const 0) ${rng.nextBelow(2) === 0 ? entries : "$f0"})
    (type $t (func (param i32) (result i32)))
    ${functions.join("\n")}
    (func (export "run") (param i32) (result i32)
      (global.set $turns (i32.const ${turnCount})) (call $f${run} (local.get 0))))`;
}

class Writer {
  readonly #rng: Rng;
  readonly #index: number;
  #labelCount = 0;
  #labels: Label[] = [];
  #depth = 0;

  constructor(rng: Rng, index: number) {
    this.#rng = rng;
    this.#index = index;
  }

  text(): string {
    // Some functions are small enough to be paid for by their callers.
    const isSmall = this.#rng.nextBelow(3) === 0 && this.#index < functionCount - 1;
    const body = isSmall ? "" : `${countDown} ${this.#statements()}`;
    const locals = Array.from({ length: localCount - 1 }, () => "(local i32)").join(" ");
    const value = isSmall ? `(i32.add (local.get 0) (i32.const 5))` : this.#value();
    return `(func $f${this.#index} (param i32) (result i32) ${locals} ${body} ${value})`;
  }

  #inside<T>(label: Label | undefined, write: () => T): T {
    const labels = this.#labels;
    if (label !== undefined) this.#labels = [...labels, label];
    this.#depth++;
    try {
      return write();
    } finally {
      this.#depth--;
      this.#labels = labels;
    }
  }

  #label(takesValue: boolean): Label {
    return { name: `$l${this.#labelCount++}`, takesValue };
  }

  #statements(): string {
    return Array.from({ length: 1 + this.#rng.nextBelow(3) }, () => this.#statement()).join(" ");
  }

  #local(): number {
    return this.#rng.nextBelow(localCount);
  }

  #statement(): string {
    const leaves = [
      () => `(local.set ${this.#local()} ${this.#value()})`,
      () => `(i32.store (i32.and ${this.#value()} (i32.const 0xfff)) ${this.#value()})`,
      () => this.#jump(),
      () => `(memory.fill (i32.const 8) (i32.const 3) (i32.and ${this.#value()} (i32.const 255)))`,
    ];
    const nests = [
      () => this.#loop(),
      () => this.#loop(),
      () => this.#block(),
      () => `(if ${this.#value()} (then ${this.#nested()}) (else ${this.#nested()}))`,
      () => `(try (do ${this.#nested()}) (catch $e (local.set ${this.#local()})))`,
    ];
    return this.#rng.pick(this.#depth < depthMax ? [...leaves, ...nests] : leaves)();
  }

  #nested(): string {
    return this.#inside(undefined, () => this.#statements());
  }

  #loop(): string {
    const label = this.#label(false);
    const body = this.#inside(label, () => this.#statements());
    return `(loop ${label.name}
      ${countDown}
      ${body} (br_if ${label.name} ${this.#value()}))`;
  }

  #block(): string {
    const label = this.#label(this.#rng.nextBelow(2) === 0);
    const body = this.#inside(label, () => this.#statements());
    if (!label.takesValue) return `(block ${label.name} ${body})`;
    return `(local.set ${this.#local()} (block ${label.name} (result i32) ${body} ${this.#value()}))`;
  }

  #jump(): string {
    const rng = this.#rng;
    const plain = this.#labels.filter(({ takesValue }) => !takesValue).map(({ name }) => name);
    const valued = this.#labels.filter(({ takesValue }) => takesValue).map(({ name }) => name);
    const choices = [
      () => `(if ${this.#value()} (then (return ${this.#value()})))`,
      () => `(if (i32.eq ${this.#value()} (i32.const 3)) (then (throw $e ${this.#value()})))`,
    ];
    if (plain.length > 0) {
      choices.push(
        () => `(br_if ${rng.pick(plain)} ${this.#value()})`,
        () => `(if ${this.#value()} (then (br ${rng.pick(plain)})))`,
        () =>
          `(if ${this.#value()} (then (br_table ${rng.pick(plain)} ${rng.pick(plain)} ${rng.pick(plain)} ${this.#value()})))`,
      );
    }
    if (valued.length > 0) {
      choices.push(() => `(drop (br_if ${rng.pick(valued)} ${this.#value()} ${this.#value()}))`);
    }
    return rng.pick(choices)();
  }

  #value(depth = 0): string {
    const rng = this.#rng;
    const value = (): string => this.#value(depth + 1);
    const leaves = [
      () => `(local.get ${this.#local()})`,
      () => `(i32.const ${rng.nextBelow(9) - 2})`,
    ];
    const nests = [
      () => `(i32.${rng.pick(["add", "sub", "mul", "xor", "lt_s", "eq"])} ${value()} ${value()})`,
      () => `(i32.load (i32.and ${value()} (i32.const 0xfff)))`,
      () => `(select ${value()} ${value()} ${value()})`,
      () => `(call_indirect (type $t) ${value()} (i32.and ${value()} (i32.const 3)))`,
      ...(this.#index === 0 ? [] : [() => `(call $f${rng.nextBelow(this.#index)} ${value()})`]),
    ];
    return rng.pick(depth < 2 ? [...leaves, ...nests] : leaves)();
  }
}
