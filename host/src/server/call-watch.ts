// Two words of shared memory by which one thread sees that another is stuck in guest code.
//
//   word 0   0 outside guest code, else a number that differs from call to call
//   word 1   id of the reducer, or a WatchCode
import { type CallWatch, WatchCode } from "../database/parts.ts";

const wordCount = 2;

/** Memory for one database's watch. */
export function makeWatchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(wordCount * Int32Array.BYTES_PER_ELEMENT);
}

/** The watched side. Plain stores are enough: the other side looks again and again, and one look late does no harm. */
export class SharedCallWatch implements CallWatch {
  readonly #words: Int32Array;
  #number = 0;
  /** What runs, the innermost last: a procedure commits, and views run inside of that. */
  readonly #running: number[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  begin(what: number): void {
    this.#running.push(what);
    this.#show(what);
  }

  end(): void {
    this.#running.pop();
    const outer = this.#running.at(-1);
    if (outer === undefined) this.#words[0] = 0;
    else this.#show(outer);
  }

  #show(what: number): void {
    this.#number = (this.#number + 1) & 0x3fffffff;
    this.#words[1] = what;
    this.#words[0] = this.#number + 1;
  }
}

/** The watching side: tells when one call has been going on for longer than a limit. */
export class CallWatchdog {
  readonly #words: Int32Array;
  readonly #limitMillis: number;
  #seen = 0;
  #sinceMillis = 0;

  constructor(memory: SharedArrayBuffer, limitMillis: number) {
    this.#words = new Int32Array(memory);
    this.#limitMillis = limitMillis;
  }

  /** Looks once; returns what has run too long, if anything has. */
  look(nowMillis: number): number | undefined {
    const current = Atomics.load(this.#words, 0);
    if (current === 0 || current !== this.#seen) {
      this.#seen = current;
      this.#sinceMillis = nowMillis;
      return undefined;
    }
    return nowMillis - this.#sinceMillis >= this.#limitMillis
      ? Atomics.load(this.#words, 1)
      : undefined;
  }
}

/** What ran too long, for people. */
export function describeWatched(what: number, reducerNames: readonly string[]): string {
  switch (what) {
    case WatchCode.loading:
      return "loading the module";
    case WatchCode.init:
      return "the init reducer";
    case WatchCode.onConnect:
      return "the reducer for clients that connect";
    case WatchCode.onDisconnect:
      return "the reducer for clients that disconnect";
    case WatchCode.view:
      return "a view";
    case WatchCode.procedure:
      return "a procedure";
    default:
      return `reducer ${reducerNames[what] ?? what}`;
  }
}
