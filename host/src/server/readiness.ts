// Whether this host should be sent clients: for load balancers, and for what asks before a restart.
import { messageOf } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";

/** Written and removed again to see whether the disk takes anything. */
const probePath = "ready-check";
const probeBytes = 4096;

/** An answer about the disk is good for so long: whoever asks more often does not make the disk work more. */
const probeMillis = 5000;

export type ReadyState =
  { readonly isReady: true } | { readonly isReady: false; readonly reason: string };

export class Readiness {
  readonly #disk: Disk;
  readonly #clock: Clock;
  #isDraining = false;
  #probedAtMillis = -Infinity;
  #probe: Promise<string | undefined> = Promise.resolve(undefined);

  /** Probes the data directory `disk`. */
  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** The host is stopping: no new connections, requests or calls. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  async state(): Promise<ReadyState> {
    if (this.#isDraining) return { isReady: false, reason: "the host is stopping" };
    const now = this.#clock.nowMillis();
    if (now - this.#probedAtMillis >= probeMillis) {
      this.#probedAtMillis = now;
      this.#probe = this.#probeDisk();
    }
    const fault = await this.#probe;
    return fault === undefined ? { isReady: true } : { isReady: false, reason: fault };
  }

  /** Why the disk cannot be written to, if it cannot. */
  async #probeDisk(): Promise<string | undefined> {
    try {
      await this.#disk.remove(probePath);
      const file = await this.#disk.open(probePath, "create");
      try {
        file.writeSync(0, new Uint8Array(probeBytes), 0, probeBytes);
        await file.sync();
      } finally {
        await file.close();
        await this.#disk.remove(probePath);
      }
      return undefined;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }
}
