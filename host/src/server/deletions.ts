// Deleting databases so that they can come back for a while, and doing away with what a crash has left behind.
//
// Control data goes first on the way out and last on the way back, so that at any moment it says what is to be: a start puts
// the directories where it says.
import type { Identity } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { CancelTimer, Timers } from "../base/timers.ts";
import type { Databases } from "./contract.ts";
import type { Control } from "./control.ts";
import type { Report } from "./report.ts";

export interface DeletionsOptions {
  readonly control: Control;
  readonly databases: Databases;
  readonly timers: Timers;
  /** How long a deleted database can come back, in milliseconds of service; 0 deletes at once. */
  readonly graceMillis: number;
  readonly report: Report;
}

export class Deletions {
  readonly #options: DeletionsOptions;
  /** Work on one database follows one another. */
  readonly #turns = new Map<string, Promise<void>>();
  #cancelTimer: CancelTimer = () => undefined;
  #savedAtMicros = 0n;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(options: DeletionsOptions) {
    this.#options = options;
  }

  /** Puts right what a crash has left. What the disk refuses is reported and left to the next start. */
  static async open(options: DeletionsOptions): Promise<Deletions> {
    const { control, databases, report } = options;
    const deletions = new Deletions(options);
    try {
      for (const identity of control.beginnings()) {
        await databases.remove(identity);
        await control.dropBeginning(identity);
      }
      await databases.tidyDiscarded(control.deleted.list().map(({ identity }) => identity));
    } catch (thrown) {
      report(thrown, "clearing up after an earlier run");
    }
    deletions.#arm();
    return deletions;
  }

  /** How long a database deleted now can come back, in milliseconds of service. */
  get graceMillis(): number {
    return this.#options.graceMillis;
  }

  /** Deletes a database, for good if `isFinal`. LC_FORBIDDEN if it is locked. */
  delete(identity: Identity, isFinal: boolean): Promise<void> {
    return this.#inTurn(identity, async () => {
      const { control, databases, graceMillis } = this.#options;
      const hasGrace = graceMillis > 0 && !isFinal;
      await control.deleted.add(identity, BigInt(Math.ceil(graceMillis * 1000)));
      await databases.discard(identity);
      if (hasGrace) this.#arm();
      else await this.#purge(identity);
    });
  }

  /** Brings a deleted database back. LC_DATABASE_UNKNOWN if it is not among those. */
  undelete(identity: Identity): Promise<void> {
    return this.#inTurn(identity, async () => {
      const { control, databases } = this.#options;
      if (control.deleted.find(identity) !== undefined) await databases.recover(identity);
      await control.deleted.restore(identity);
    });
  }

  /** Rows first: files without a row go at the next start at the latest. */
  async #purge(identity: Identity): Promise<void> {
    const { control, databases } = this.#options;
    await control.deleted.purge(identity);
    await databases.purge(identity);
  }

  #inTurn(identity: Identity, work: () => Promise<void>): Promise<void> {
    const key = identity.toHex();
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(key) === settled) this.#turns.delete(key);
      });
    this.#turns.set(key, settled);
    return turn;
  }

  /** Sleeps until the next database goes, if there is one; no longer than service time may stay unsaved. */
  #arm(delayMinMicros = 0): void {
    this.#cancelTimer();
    if (this.#isClosed) return;
    const { control, timers } = this.#options;
    const [next] = control.deleted.list();
    if (next === undefined) return;
    const left = Number(next.endsAtMicros - control.deleted.serviceMicros());
    const delay = Math.max(delayMinMicros, Math.min(left, limit.serviceSaveMillis * 1000));
    this.#cancelTimer = timers.after(delay, () => {
      this.#sweeping = this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    const { control, report } = this.#options;
    let pauseMicros = 0;
    try {
      const now = control.deleted.serviceMicros();
      if (now - this.#savedAtMicros >= BigInt(limit.serviceSaveMillis) * 1000n) {
        await control.deleted.saveServiceTime();
        this.#savedAtMicros = now;
      }
      for (const { identity, endsAtMicros } of control.deleted.list()) {
        if (endsAtMicros > now) break;
        await this.#inTurn(identity, async () => {
          // It may have come back meanwhile.
          const record = control.deleted.find(identity);
          if (record !== undefined && record.endsAtMicros <= now) await this.#purge(identity);
        });
      }
    } catch (thrown) {
      report(thrown, "removing databases that were deleted");
      pauseMicros = limit.serviceSaveMillis * 1000;
    }
    this.#arm(pauseMicros);
  }

  /** Ends the waiting and writes down how long there was service. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#sweeping;
    await Promise.all(this.#turns.values());
    const { control, report } = this.#options;
    if (control.deleted.list().length === 0) return;
    await control.deleted.saveServiceTime().catch((thrown: unknown) => {
      report(thrown, "writing down the time of service");
    });
  }
}
