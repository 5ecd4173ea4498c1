// What a process holds once all garbage is gone.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface MemorySample {
  /** Physical memory of the process. */
  readonly rssBytes: number;
  /** Buffers outside the JavaScript heap; the part of them never written to is not physical. */
  readonly bufferBytes: number;
  /** Live objects on the JavaScript heap. */
  readonly heapBytes: number;
}

let collect: (() => void) | undefined;

/** Collects all garbage: the flag makes V8 offer that to contexts made from then on. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

export function sampleMemory(): MemorySample {
  // Buffers of objects that the first round finds dead are given back in the second.
  collectGarbage();
  collectGarbage();
  const { rss, arrayBuffers, heapUsed } = process.memoryUsage();
  return { rssBytes: rss, bufferBytes: arrayBuffers, heapBytes: heapUsed };
}
