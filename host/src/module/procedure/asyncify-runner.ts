// Runs guests that Asyncify has prepared. To wait, the guest unwinds its stack into memory and returns; to go on, it is entered
// again and rewinds to the same import, which then answers.
//
//   memory 0  position u32 | end u32 | frames of the stack ...      of the first `suspendedStackBytesMax` bytes
//
// That memory is the guest's own and only borrowed: what was there is put back before any of its code runs, and the frames are
// kept outside meanwhile. A page taken by memory.grow would not do: some allocators take all memory up to its end for theirs.
import { assert } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { CancelTimer } from "../../base/timers.ts";
import type { Guest } from "../guest.ts";
import { type RunEnd, type Runner, runToEnd, type Turn } from "./runner.ts";

const headBytes = 8;

interface AsyncifyExports {
  readonly startUnwind: (data: number) => void;
  readonly stopUnwind: () => void;
  readonly startRewind: (data: number) => void;
  readonly stopRewind: () => void;
}

function asyncifyExports(guest: Guest): AsyncifyExports {
  const named = (name: string): ((data: number) => void) => {
    const found = guest.exported<(data: number) => void>(name);
    assert(found !== undefined, `the variant has no export ${name}`);
    return found;
  };
  return {
    startUnwind: named("asyncify_start_unwind"),
    stopUnwind: named("asyncify_stop_unwind") as () => void,
    startRewind: named("asyncify_start_rewind"),
    stopRewind: named("asyncify_stop_rewind") as () => void,
  };
}

/** What a run that waits needs in order to go on. */
interface Suspended {
  readonly enter: () => number;
  readonly ended: (end: RunEnd) => void;
  readonly cancel: CancelTimer;
  readonly frames: Uint8Array;
}

export class AsyncifyRunner implements Runner {
  readonly #guest: Guest;
  readonly #turn: Turn;
  readonly #asyncify: AsyncifyExports;
  /** What lay in the borrowed memory, while it is borrowed. */
  #borrowed: Uint8Array | undefined;
  /** Set from the import that waits until the guest has returned. */
  #cancel: CancelTimer | undefined;
  #suspended: Suspended | undefined;
  /** The result that a rewinding guest is to find, boxed. */
  #result: { readonly value: unknown } | undefined;

  constructor(guest: Guest, turn: Turn) {
    this.#guest = guest;
    this.#turn = turn;
    this.#asyncify = asyncifyExports(guest);
  }

  run(enter: () => number, ended: (end: RunEnd) => void): void {
    assert(this.#suspended === undefined, "a guest that waits was entered");
    this.#enter(enter, ended);
  }

  #enter(enter: () => number, ended: (end: RunEnd) => void): void {
    const end = runToEnd(enter);
    const cancel = this.#cancel;
    if (cancel === undefined) {
      ended(end);
      return;
    }
    this.#cancel = undefined;
    if (end.kind === "thrown") {
      // The stack did not fit, or the guest's code is not what the pass expects.
      cancel();
      ended(end);
      return;
    }
    this.#asyncify.stopUnwind();
    this.#guest.context.meter.wait();
    this.#suspended = { enter, ended, cancel, frames: this.#takeFrames() };
  }

  wait<T, R extends number | bigint>(
    placeholder: R,
    begin: (done: (value: T) => void) => CancelTimer | R,
    finish: (value: T) => R,
  ): R {
    const result = this.#result;
    if (result !== undefined) {
      this.#result = undefined;
      this.#asyncify.stopRewind();
      this.#giveBack();
      return finish(result.value as T);
    }
    const begun = begin((value) => {
      this.#turn(() => {
        this.#resume(value);
      });
    });
    if (typeof begun !== "function") return begun;
    this.#cancel = begun;
    this.#borrow();
    this.#asyncify.startUnwind(0);
    return placeholder;
  }

  #resume(value: unknown): void {
    const suspended = this.#suspended;
    assert(suspended !== undefined, "a guest that does not wait was woken");
    this.#suspended = undefined;
    this.#borrow();
    this.#guest.context.memory.bytes().set(suspended.frames);
    this.#asyncify.startRewind(0);
    this.#result = { value };
    this.#enter(suspended.enter, suspended.ended);
  }

  cancel(): void {
    this.#suspended?.cancel();
    this.#suspended = undefined;
  }

  #borrow(): void {
    const { context } = this.#guest;
    const bytes = context.memory.bytes();
    const length = Math.min(bytes.length, limit.suspendedStackBytesMax);
    if (length < headBytes) context.trap("a module without memory cannot wait");
    this.#borrowed = bytes.slice(0, length);
    const view = context.memory.view();
    view.setUint32(0, headBytes, true);
    view.setUint32(4, length, true);
  }

  #giveBack(): void {
    assert(this.#borrowed !== undefined, "memory is given back that was not borrowed");
    this.#guest.context.memory.bytes().set(this.#borrowed);
    this.#borrowed = undefined;
  }

  /** The frames of a guest that has unwound; its memory is its own again. */
  #takeFrames(): Uint8Array {
    const { memory } = this.#guest.context;
    const frames = memory.bytes().slice(0, memory.view().getUint32(0, true));
    this.#giveBack();
    return frames;
  }
}
