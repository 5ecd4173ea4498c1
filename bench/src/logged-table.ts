// A table and its commit log on a real disk, without module and server: each transaction is logged as
// the call of a reducer is.
import { type Identity, identityFromClaims } from "@lightcone/abi";
import {
  Datastore,
  type Log,
  logDirectory,
  makeInputsHead,
  nodeDisk,
  openLog,
  type RecordInputs,
  recoverLog,
  Replay,
  Snapshots,
  systemPause,
  type Table,
} from "@lightcone/host/engine";
import { createRowTable, numbersRowBytes, RowBuffer } from "./rows.ts";

/** Who calls, and to whom snapshots belong. */
export const databaseIdentity: Identity = identityFromClaims("localhost", "bench");
const caller = databaseIdentity.toBytes();
const connection = new Uint8Array(16).fill(1);
const reducerName = new TextEncoder().encode("insert");

export class LoggedTable {
  readonly #directory: string;
  readonly #datastore: Datastore;
  readonly #log: Log;
  readonly #table: Table;
  readonly #row: RowBuffer;
  readonly #inputs: { -readonly [K in keyof RecordInputs]: RecordInputs[K] };

  private constructor(directory: string, datastore: Datastore, log: Log, rowCountMax: number) {
    this.#directory = directory;
    this.#datastore = datastore;
    this.#log = log;
    this.#row = new RowBuffer("numbers", rowCountMax);
    this.#table = createRowTable(datastore, "numbers", "btree", (tables) => {
      log.append(undefined, tables);
    });
    this.#inputs = {
      name: reducerName,
      caller,
      connection,
      head: makeInputsHead(reducerName, caller, connection),
      timestampMicros: 1_700_000_000_000_000n,
      argBytes: this.#row.bytes,
      argStart: 0,
      argEnd: numbersRowBytes,
    };
  }

  /**
   * Makes the table in a directory that has no log yet. `onDurable` gets the number of each last
   * transaction that is safe; the first one made the table.
   */
  static async create(
    directory: string,
    rowCountMax: number,
    onDurable: (offset: number) => void,
  ): Promise<LoggedTable> {
    const disk = nodeDisk(directory);
    const datastore = new Datastore();
    const recovered = await recoverLog(disk, logDirectory, new Replay(datastore));
    const log = await openLog(recovered, {
      disk,
      directory: logDirectory,
      schedule: queueMicrotask,
      listener: {
        onDurable,
        onFailure: (error) => {
          throw error;
        },
      },
    });
    const table = new LoggedTable(directory, datastore, log, rowCountMax);
    await log.flush();
    return table;
  }

  get log(): Log {
    return this.#log;
  }

  /** Takes a snapshot of the table as it is now. */
  async snapshot(): Promise<void> {
    const snapshots = new Snapshots({
      disk: nodeDisk(this.#directory),
      logDirectory,
      identity: caller,
      log: this.#log,
      epoch: 0,
      last: undefined,
      pause: systemPause,
      freeze: () => this.#datastore.freeze(),
      warn: (text) => {
        throw new Error(text);
      },
    });
    await snapshots.take();
  }

  /** Commits one transaction that inserts the rows with the keys from `first` on. */
  insert(first: number, rowCount: number): void {
    const datastore = this.#datastore;
    const tx = datastore.begin();
    for (let key = first; key < first + rowCount; key++) {
      const end = this.#row.fill(key, 0);
      const outcome = tx.insert(this.#table, this.#row.bytes, 0, end);
      if (outcome !== "done") throw new Error(`inserting key ${key}: ${outcome}`);
    }
    const data = datastore.commit(tx);
    if (data !== undefined) this.#log.append(this.#inputs, data.tables);
    datastore.release(tx);
  }
}
