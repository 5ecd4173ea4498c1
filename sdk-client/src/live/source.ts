// What adapters of frameworks are made of: something that can be read at any time and tells when it has changed.
//
// Reading is always up to date. Telling waits for the end of the present task: a transaction that changes five tables,
// or a frame with ten transactions, is told once, when all of it is there to be read.
import { Listeners, type Stop } from "../event.ts";

/** Both functions may be passed on without their object. */
export interface Source<T> {
  /** The same value until it changes. */
  readonly get: () => T;
  /** Calls `listener` soon after each change. */
  readonly subscribe: (listener: () => void) => Stop;
}

/** The listeners of one source. */
export class Notifier {
  readonly #listeners = new Listeners<[]>();
  #isDue = false;

  get isEmpty(): boolean {
    return this.#listeners.isEmpty;
  }

  add(listener: () => void): Stop {
    return this.#listeners.add(listener);
  }

  /** Has the listeners called once before the next task, however often this is called until then. */
  notify(): void {
    if (this.#isDue || this.#listeners.isEmpty) return;
    this.#isDue = true;
    if (due.push(this) === 1) queueMicrotask(flush);
  }

  call(): void {
    this.#isDue = false;
    this.#listeners.emit(reportThrown);
  }
}

let due: Notifier[] = [];

function flush(): void {
  const notifiers = due;
  due = [];
  for (const notifier of notifiers) notifier.call();
}

function reportThrown(thrown: unknown): void {
  console.error(thrown);
}
