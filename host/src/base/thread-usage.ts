// What the present thread takes of the machine.
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

export interface ThreadUsage {
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Memory of buffers, rows among them. */
  readonly externalBytes: number;
  /** How long the thread has been busy since it began. */
  readonly activeMillis: number;
}

export function threadUsage(): ThreadUsage {
  const heap = getHeapStatistics();
  return {
    heapUsedBytes: heap.used_heap_size,
    heapTotalBytes: heap.total_heap_size,
    externalBytes: heap.external_memory,
    activeMillis: performance.eventLoopUtilization().active,
  };
}
