// Answers that take long to read are made in parts, in turns with each other and with everything else that the thread has to
// do: the writer never waits for a reader (design decision 3).
import { LightconeError, messageOf } from "@lightcone/abi";
import type { Pause } from "../base/pause.ts";

/** Work in parts. */
export interface LongRead {
  /** Does the next part; false once there is no more. */
  step(): boolean;
  /** Nobody wants it any more. */
  cancel(): void;
}

export class LongReads {
  readonly #pause: Pause;
  readonly #step: (read: LongRead) => boolean;
  readonly #reads = new Set<LongRead>();
  #isRunning = false;

  /** `step` does one part of a read and says whether it goes on. It must not throw. */
  constructor(pause: Pause, step: (read: LongRead) => boolean) {
    this.#pause = pause;
    this.#step = step;
  }

  add(read: LongRead): void {
    this.#reads.add(read);
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  remove(read: LongRead): void {
    this.#reads.delete(read);
  }

  cancelAll(): void {
    const reads = [...this.#reads];
    this.#reads.clear();
    for (const read of reads) read.cancel();
  }

  /** Does `step` again and again until it says false; rejects with what it throws, or with LC_DATABASE_UNAVAILABLE. */
  finish(step: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const doPart = (): boolean => {
        try {
          if (step()) return true;
          resolve();
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
        }
        return false;
      };
      const cancel = (): void => {
        reject(new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closing"));
      };
      this.add({ step: doPart, cancel });
    });
  }

  async #run(): Promise<void> {
    while (this.#reads.size > 0) {
      for (const read of this.#reads) {
        // Each part is followed by a pause, so that many long reads hold up nobody longer than one does.
        await this.#pause();
        if (this.#reads.has(read) && !this.#step(read)) this.#reads.delete(read);
      }
    }
    this.#isRunning = false;
  }
}
