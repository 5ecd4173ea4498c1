// Jobs of all threads, one at a time: one word of shared memory names the thread whose job runs. Every thread of the process finds
// the word by itself, so nobody has to hand it down.
/// <reference lib="es2024.sharedmemory" />
import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";

const key = "lightcone:job-turn";
const nobody = 0;

/** Threads that are started from now on inherit what is set here; the main thread does so before it starts any. */
function sharedWord(): Int32Array<SharedArrayBuffer> {
  const inherited = getEnvironmentData(key);
  if (inherited instanceof SharedArrayBuffer) return new Int32Array(inherited);
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(key, memory);
  return new Int32Array(memory);
}

const word = sharedWord();

/** The main thread's id is 0. */
const holderOf = (thread: number): number => thread + 1;

/** Resolves when no other job runs; this thread's one then has to end with `endJobTurn`. */
export async function takeJobTurn(): Promise<void> {
  for (;;) {
    const holder = Atomics.compareExchange(word, 0, nobody, holderOf(threadId));
    if (holder === nobody) return;
    const wait = Atomics.waitAsync(word, 0, holder);
    if (wait.async) await wait.value;
  }
}

/** Lets the next job run. A thread that has ended within its turn is named by whoever saw it end; one without the turn may be, too. */
export function endJobTurn(thread: number = threadId): void {
  const holder = holderOf(thread);
  if (Atomics.compareExchange(word, 0, holder, nobody) === holder) Atomics.notify(word, 0, 1);
}
