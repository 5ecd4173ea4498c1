// Doing something again whenever a source has changed. Looking again and again works for files that a compiler replaces and for
// servers alike.
import { setTimeout as sleep } from "node:timers/promises";
import { LightconeError } from "@lightcone/abi";
import { CommandError } from "../exit.ts";
import type { Found, Look } from "./source.ts";

export interface WatchOptions {
  readonly look: Look;
  /** Told of each state of the source, the first one included. */
  readonly onFound: (found: Found) => void;
  /** Told why there is no state to be told, or what `onFound` threw; not twice the same in a row. */
  readonly onFault: (fault: CommandError | LightconeError) => void;
  readonly intervalMillis: number;
  readonly stop: AbortSignal;
}

/**
 * Watches until `stop`. A new state is told once two looks have found the same, since a compiler writes its file in pieces. Rejects
 * if the very first look does, or what it is told for.
 */
export async function watchSource(options: WatchOptions): Promise<void> {
  const { look, onFound, onFault, intervalMillis, stop } = options;
  const first = await look();
  onFound(first);
  let told = first.stamp;
  let last = first.stamp;
  let fault = "";
  while (!stop.aborted) {
    try {
      await sleep(intervalMillis, undefined, { signal: stop });
      const found = await look();
      const isSettled = found.stamp === last;
      last = found.stamp;
      if (!isSettled || found.stamp === told) continue;
      // One that cannot be used is told of once, too.
      told = found.stamp;
      onFound(found);
      fault = "";
    } catch (thrown) {
      if (stop.aborted) return;
      if (!(thrown instanceof CommandError) && !(thrown instanceof LightconeError)) throw thrown;
      if (thrown.message !== fault) onFault(thrown);
      fault = thrown.message;
    }
  }
}
