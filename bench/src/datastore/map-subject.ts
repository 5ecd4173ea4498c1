// A Map of objects under the benchmark: what a program without a database would do, with neither
// transactions nor order.
import { type RowShape, rowNumber } from "../rows.ts";
import type { Subject } from "./subject.ts";

interface NumbersRow {
  readonly id: number;
  a: number;
  readonly b: number;
}

interface StringsRow {
  readonly id: number;
  a: string;
}

export class MapSubject implements Subject {
  readonly commits = "once";
  readonly #numbers = new Map<number, NumbersRow>();
  readonly #strings = new Map<number, StringsRow>();
  readonly #isNumbers: boolean;
  readonly #texts: readonly string[];

  /** `texts` are those of all rows, by number; none for rows of numbers. */
  constructor(shape: RowShape, texts: readonly string[]) {
    this.#isNumbers = shape === "numbers";
    this.#texts = texts;
  }

  get rowCount(): number {
    return this.#numbers.size + this.#strings.size;
  }

  begin(): void {
    // Changes are there at once.
  }

  commit(): void {
    // They were there before.
  }

  insert(keys: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const id = keys[i] as number;
      if (this.#isNumbers) this.#numbers.set(id, { id, a: rowNumber(id, 0), b: id });
      else this.#strings.set(id, { id, a: this.#text(id, 0) });
    }
  }

  #text(key: number, version: number): string {
    return this.#texts[(key + version) % this.#texts.length] as string;
  }

  read(keys: Uint32Array, from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      sum += this.#isNumbers
        ? (this.#numbers.get(key) as NumbersRow).a
        : (this.#strings.get(key) as StringsRow).a.length;
    }
    return sum;
  }

  update(keys: Uint32Array, from: number, to: number, version: number): void {
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      if (this.#isNumbers) (this.#numbers.get(key) as NumbersRow).a = rowNumber(key, version);
      else (this.#strings.get(key) as StringsRow).a = this.#text(key, version);
    }
  }

  delete(keys: Uint32Array, from: number, to: number): void {
    const rows = this.#isNumbers ? this.#numbers : this.#strings;
    for (let i = from; i < to; i++) rows.delete(keys[i] as number);
  }

  close(): void {
    this.#numbers.clear();
    this.#strings.clear();
  }
}
