// When the collector runs: between calls, when enough was allocated since it last did. The compiler's own
// trigger would be the length of a call, since no reference of the stack may be overlooked; between calls
// there is no stack, so the quickest of its runtimes, "minimal", is enough.

/** Bytes that may be allocated between two collections, or as many as were alive after the last. */
const GARBAGE_MIN: usize = 128 * 1024;

/** Bytes of all objects that stood after the last collection. */
let alive: usize = 0;

export function collectWhereDue(): void {
  // @ts-ignore: the transform adds this function to the runtime
  const bytes = __lightcone_allocated() as usize;
  if (bytes - alive < max(GARBAGE_MIN, alive)) return;
  __collect();
  // @ts-ignore: as above
  alive = __lightcone_allocated() as usize;
}
