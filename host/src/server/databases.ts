// All databases of one data directory.
import type { Identity } from "@lightcone/abi";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { Manifest } from "./backup/archive.ts";
import {
  archiveFault,
  type Backup,
  type BackupFacts,
  openBackup,
  receiveArchive,
} from "./backup/transfer.ts";
import type { ModuleHttp } from "./channel.ts";
import type { Databases, OpenStats } from "./contract.ts";
import { WorkerDatabase } from "./database-handle.ts";
import type { Report } from "./report.ts";
import { SpareThread } from "./spare-thread.ts";
import { discard, purge, recover, replicaPath, replicasDirectory, tidyTrash } from "./trash.ts";

export interface DatabasesOptions {
  /** The data directory on the server's own disk, and its path for the threads, which open it themselves. */
  readonly disk: Disk;
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** How long one call may run before its thread is ended. */
  readonly callTimeLimitMillis: number;
  /** When databases take snapshots of themselves, and what becomes of the log behind them. */
  readonly snapshots: SnapshotOptions;
  readonly modules: ModuleLimits;
  /** Where modules may send HTTP requests. */
  readonly moduleHttp: ModuleHttp;
  /** Whether SQL over HTTP is of the reference's dialect alone. */
  readonly strictSql: boolean;
  /** Whether threads tell what sockets' messages have used. */
  readonly reportsEnergy: boolean;
  /** Told of databases that end by themselves. */
  readonly report: Report;
}

/** Where archives are received: what a crash leaves here is nobody's, and the next start removes it. */
export const restoringDirectory = "restoring";

/** Opens no database yet: each gets its thread when it is first used. */
export function openDatabases(options: DatabasesOptions): Databases {
  return new WorkerDatabases(options);
}

class WorkerDatabases implements Databases {
  readonly #options: DatabasesOptions;
  readonly #threads = new SpareThread();
  readonly #handles = new Map<string, WorkerDatabase>();

  constructor(options: DatabasesOptions) {
    this.#options = options;
    this.#threads.refill();
  }

  get(identity: Identity): WorkerDatabase {
    const key = identity.toHex();
    let handle = this.#handles.get(key);
    if (handle === undefined) {
      const { disk, ...options } = this.#options;
      const path = replicaPath(identity);
      handle = new WorkerDatabase({
        ...options,
        identity,
        directory: `${options.dataDirectory}/${path}`,
        threads: this.#threads,
        removeDirectory: () => disk.remove(path),
      });
      this.#handles.set(key, handle);
    }
    return handle;
  }

  remove(identity: Identity): Promise<void> {
    return this.#end(identity, (disk) => disk.remove(replicaPath(identity)));
  }

  discard(identity: Identity): Promise<void> {
    return this.#end(identity, discard);
  }

  /** Closes a database and does away with its directory. */
  async #end(
    identity: Identity,
    takeDirectory: (disk: Disk, identity: Identity) => Promise<void>,
  ): Promise<void> {
    const key = identity.toHex();
    const take = (): Promise<void> => takeDirectory(this.#options.disk, identity);
    const handle = this.#handles.get(key);
    if (handle === undefined) {
      await take();
      return;
    }
    await handle.remove(take);
    this.#handles.delete(key);
  }

  recover(identity: Identity): Promise<void> {
    return recover(this.#options.disk, identity);
  }

  purge(identity: Identity): Promise<void> {
    return purge(this.#options.disk, identity);
  }

  tidyDiscarded(deleted: readonly Identity[]): Promise<void> {
    return tidyTrash(this.#options.disk, deleted);
  }

  async backup(identity: Identity, facts: BackupFacts): Promise<Backup> {
    const lastOffset = await this.get(identity).durableOffset();
    return openBackup(this.#options.disk, replicaPath(identity), lastOffset, facts);
  }

  async restore(
    identity: Identity,
    owner: Identity,
    archive: AsyncIterable<Uint8Array>,
  ): Promise<Manifest> {
    const { disk } = this.#options;
    const manifest = await receive(disk, replicaPath(identity), identity, archive);
    try {
      await this.get(identity).adopt(owner);
    } catch (thrown) {
      await this.remove(identity);
      throw archiveFault(thrown);
    }
    return manifest;
  }

  stats(timeoutMillis: number): Promise<ReadonlyMap<string, OpenStats>> {
    return askAll(this.#handles, timeoutMillis);
  }

  async closeAll(timeoutMillis?: number): Promise<void> {
    const handles = [...this.#handles.values()];
    const reason = "the host is stopping";
    await Promise.all(handles.map((handle) => handle.close(reason, timeoutMillis)));
    await this.#threads.close();
    this.#handles.clear();
  }
}

/** What open databases tell of themselves. */
async function askAll(
  handles: ReadonlyMap<string, WorkerDatabase>,
  timeoutMillis: number,
): Promise<ReadonlyMap<string, OpenStats>> {
  const open = new Map<string, OpenStats>();
  const asked = [...handles].map(async ([key, handle]) => {
    const stats = await handle.stats(timeoutMillis);
    if (stats !== undefined) open.set(key, stats);
  });
  await Promise.all(asked);
  return open;
}

/** Puts the files of an archive in their place, all of them or none. */
async function receive(
  disk: Disk,
  path: string,
  identity: Identity,
  archive: AsyncIterable<Uint8Array>,
): Promise<Manifest> {
  const staging = `${restoringDirectory}/${identity.toHex()}`;
  try {
    const manifest = await receiveArchive(disk, staging, archive);
    await disk.makeDirectory(replicasDirectory);
    await disk.rename(staging, path);
    await disk.syncDirectory(replicasDirectory);
    return manifest;
  } finally {
    await disk.remove(staging);
  }
}
