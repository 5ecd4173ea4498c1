// Growing lists of 32-bit numbers: what is noted of a module of a megabyte would be hundreds of thousands of objects else.

/** Sums end here: a cost is an `i32` in the metered code, and fuel minus a cost must be one as well. */
const sumMax = 2 ** 30;

export class Words {
  #words = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends and returns the index of the new entry. */
  push(word: number): number {
    if (this.#length === this.#words.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#length] = word;
    return this.#length++;
  }

  at(index: number): number {
    return this.#words[index] as number;
  }

  set(index: number, word: number): void {
    this.#words[index] = word;
  }

  /** Adds to an entry, which becomes `sumMax` at most. */
  add(index: number, amount: number): void {
    this.#words[index] = Math.min(this.at(index) + amount, sumMax);
  }
}
