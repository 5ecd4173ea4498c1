// The part of the host that is simulated, and how it is put together: as a database does it, but
// without modules and clients. Nothing here knows that the world is not real.
import type { Disk } from "../../src/base/disk/contract.ts";
import { createTable } from "../../src/datastore/create-table.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import { Replay } from "../../src/datastore/replay.ts";
import type { Log, LogListener, ReplayVisitor, Schedule } from "../../src/log/contract.ts";
import { recoverLog, type RecoveredLog } from "../../src/log/recover.ts";
import { openLog } from "../../src/log/writer.ts";

/** The functions of the host that are simulated; a mutant brings others. */
export interface Engine {
  readonly Datastore: typeof Datastore;
  readonly Replay: typeof Replay;
  readonly createTable: typeof createTable;
  readonly recoverLog: typeof recoverLog;
  readonly openLog: typeof openLog;
}

/** The host as it is. */
export const hostEngine: Engine = { Datastore, Replay, createTable, recoverLog, openLog };

export const logDirectory = "clog";

/** State that was read from a disk. */
export interface Recovered {
  readonly datastore: Datastore;
  readonly log: RecoveredLog;
}

/** Told of each transaction that recovery reads. */
export type InputsListener = (offset: number, inputs: string) => void;

/** Hands everything on to a replay and shows a listener the inputs. */
class Witness implements ReplayVisitor {
  readonly #replay: ReplayVisitor;
  readonly #listener: InputsListener;
  #inputs = "";

  constructor(replay: ReplayVisitor, listener: InputsListener) {
    this.#replay = replay;
    this.#listener = listener;
  }

  onTransaction(offset: number): void {
    this.#inputs = "";
    this.#replay.onTransaction(offset);
  }

  onInputs(bytes: Uint8Array, start: number, end: number): void {
    this.#inputs = Buffer.from(bytes.subarray(start, end)).toString("latin1");
    this.#replay.onInputs(bytes, start, end);
  }

  rowEnd(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#replay.rowEnd(tableId, bytes, start, end);
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#replay.onInsert(tableId, bytes, start, end);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#replay.onDelete(tableId, bytes, start, end);
  }

  onTruncate(tableId: number): void {
    this.#replay.onTruncate(tableId);
  }

  onTransactionEnd(offset: number): void {
    this.#replay.onTransactionEnd(offset);
    this.#listener(offset, this.#inputs);
  }
}

/**
 * Reads what a disk holds. The seam for recovery by other ways than the whole log: whoever has one
 * (a snapshot) hands another function of this form to `World`.
 */
export type Recover = (engine: Engine, disk: Disk, listener: InputsListener) => Promise<Recovered>;

/** Reads the whole log. */
export async function recoverFromLog(
  engine: Engine,
  disk: Disk,
  listener: InputsListener,
): Promise<Recovered> {
  const datastore = new engine.Datastore();
  const replay = new engine.Replay(datastore);
  const log = await engine.recoverLog(disk, logDirectory, new Witness(replay, listener));
  replay.finish();
  return { datastore, log };
}

/** A running database. */
export interface Machine {
  readonly datastore: Datastore;
  readonly log: Log;
}

/** What a machine is started with, beside its disk. */
export interface MachineOptions {
  readonly engine: Engine;
  readonly recover: Recover;
  readonly onReplayed: InputsListener;
  readonly listener: LogListener;
  readonly schedule: Schedule;
  readonly segmentBytesMax: number;
}

/** Starts a machine. Rejects as recovery and `openLog` do. */
export async function startMachine(disk: Disk, options: MachineOptions): Promise<Machine> {
  const { engine, listener, schedule, segmentBytesMax } = options;
  const { datastore, log: recovered } = await options.recover(engine, disk, options.onReplayed);
  const log = await engine.openLog(recovered, {
    disk,
    directory: logDirectory,
    listener,
    schedule,
    segmentBytesMax,
  });
  return { datastore, log };
}
