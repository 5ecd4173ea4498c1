// Whether guesses of one kind have been right of late: a wrong one costs about as much as a right one saves.

const scoreMax = 15;
const startScore = 8;
const neverScore = -1;
/** Where guesses have been wrong, one in so many is made all the same: rows may have come into another order. */
const retryEvery = 256;

export class GuessRecord {
  #score: number;
  #passedOver = 0;

  /** `isWanted` false: no guess is ever made. */
  constructor(isWanted = true) {
    this.#score = isWanted ? startScore : neverScore;
  }

  /** Whether to make the next guess. */
  isWorthIt(): boolean {
    if (this.#score > 0) return true;
    if (this.#score === neverScore) return false;
    this.#passedOver = (this.#passedOver + 1) % retryEvery;
    return this.#passedOver === 0;
  }

  /** Tells how a guess came out. */
  note(wasRight: boolean): void {
    if (wasRight) {
      if (this.#score < scoreMax) this.#score++;
    } else if (this.#score > 0) {
      this.#score--;
    }
  }
}
