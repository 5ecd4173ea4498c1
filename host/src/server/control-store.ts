// A small database of the host's own: our datastore over our log, with writes that are durable
// before they return.
import type { LightconeError } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { Datastore } from "../datastore/datastore.ts";
import { Replay } from "../datastore/replay.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { Log } from "../log/contract.ts";
import { recoverLog } from "../log/recover.ts";
import { openLog } from "../log/writer.ts";

/** Changes tables inside the open transaction; what it throws undoes all of them. */
export type Change = (datastore: Datastore, tx: Transaction) => void;

interface OpenState {
  readonly datastore: Datastore;
  readonly log: Log;
}

export class ControlStore {
  readonly #disk: Disk;
  readonly #directory: string;
  #state: OpenState;
  /** The log is of no use any more: the next write opens it anew. */
  #isFailed = false;
  /** The write under way and those that wait for it. */
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(disk: Disk, directory: string, state: OpenState) {
    this.#disk = disk;
    this.#directory = directory;
    this.#state = state;
  }

  /**
   * Opens the store with its log in `directory`, empty where that does not exist. LC_LOG_* and
   * LC_DISK as recovery says.
   */
  static async open(disk: Disk, directory: string): Promise<ControlStore> {
    return new ControlStore(disk, directory, await openState(disk, directory));
  }

  /** The state to read from. It may hold what a write under way has not made durable yet. */
  get datastore(): Datastore {
    return this.#state.datastore;
  }

  /**
   * Applies a change and makes it durable. Writes follow one another. If the disk fails, this
   * rejects with LC_DISK and the change is undone; whether the log holds it is decided by reading
   * that again, which the next write begins with.
   */
  write(change: Change): Promise<void> {
    const writing = this.#writes.then(() => this.#write(change));
    this.#writes = writing.catch(() => undefined);
    return writing;
  }

  async #write(change: Change): Promise<void> {
    if (this.#isFailed) await this.#reopen();
    const { datastore, log } = this.#state;
    const tx = datastore.begin();
    try {
      change(datastore, tx);
      const changes = datastore.commit(tx);
      if (changes !== undefined) await this.#makeDurable(log, changes.tables);
    } catch (thrown) {
      datastore.rollBack(tx);
      throw thrown;
    }
    datastore.release(tx);
  }

  async #makeDurable(log: Log, tables: Parameters<Log["append"]>[1]): Promise<void> {
    try {
      log.append(undefined, tables);
      await log.flush();
    } catch (thrown) {
      this.#isFailed = true;
      throw thrown;
    }
  }

  async #reopen(): Promise<void> {
    // A failed log has told its failure already; closing it only gives its files back.
    await this.#state.log.close().catch((failure: LightconeError) => failure);
    this.#state = await openState(this.#disk, this.#directory);
    this.#isFailed = false;
  }

  /** Waits for the writes under way and gives the files back. */
  async close(): Promise<void> {
    await this.#writes;
    await this.#state.log.close();
  }
}

async function openState(disk: Disk, directory: string): Promise<OpenState> {
  const datastore = new Datastore();
  const replay = new Replay(datastore);
  const recovered = await recoverLog(disk, directory, replay);
  replay.finish();
  const log = await openLog(recovered, {
    disk,
    directory,
    // Writes wait for `flush`, which tells success and failure alike.
    listener: { onDurable: () => undefined, onFailure: () => undefined },
    schedule: queueMicrotask,
  });
  return { datastore, log };
}
