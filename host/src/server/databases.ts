// All databases of one data directory.
import type { Identity } from "@lightcone/abi";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { Manifest } from "./backup/archive.ts";
import { archiveFault, openBackup, receiveArchive } from "./backup/transfer.ts";
import type { ModuleHttp } from "./channel.ts";
import type { Databases, OpenStats } from "./contract.ts";
import { WorkerDatabase } from "./database-handle.ts";
import type { Report } from "./report.ts";
import { SpareThread } from "./spare-thread.ts";

/** Where databases lie inside the data directory, each in a folder named by its identity. */
export const replicasDirectory = "replicas";

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
  /** Told of databases that end by themselves. */
  readonly report: Report;
}

/** Where archives are received: what a crash leaves here is nobody's, and the next start removes it. */
export const restoringDirectory = "restoring";

/** Opens no database yet: each gets its thread when it is first used. */
export function openDatabases(options: DatabasesOptions): Databases {
  const threads = new SpareThread();
  threads.refill();
  const handles = new Map<string, WorkerDatabase>();
  const pathOf = (identity: Identity): string => `${replicasDirectory}/${identity.toHex()}`;
  const get = (identity: Identity): WorkerDatabase => {
    const key = identity.toHex();
    let handle = handles.get(key);
    if (handle === undefined) {
      const { dataDirectory, clock, callTimeLimitMillis, snapshots, modules, disk, report } =
        options;
      const { moduleHttp, strictSql } = options;
      handle = new WorkerDatabase({
        identity,
        directory: `${dataDirectory}/${pathOf(identity)}`,
        callTimeLimitMillis,
        snapshots,
        modules,
        moduleHttp,
        strictSql,
        threads,
        clock,
        removeDirectory: () => disk.remove(pathOf(identity)),
        dataDirectory,
        report,
      });
      handles.set(key, handle);
    }
    return handle;
  };
  const remove = async (identity: Identity): Promise<void> => {
    const key = identity.toHex();
    const handle = handles.get(key);
    if (handle === undefined) {
      await options.disk.remove(pathOf(identity));
      return;
    }
    await handle.remove();
    handles.delete(key);
  };
  return {
    get,
    remove,
    async backup(identity, facts) {
      const lastOffset = await get(identity).durableOffset();
      return openBackup(options.disk, pathOf(identity), lastOffset, facts);
    },
    async restore(identity, owner, archive) {
      const manifest = await receive(options.disk, pathOf(identity), identity, archive);
      try {
        await get(identity).adopt(owner);
      } catch (thrown) {
        await remove(identity);
        throw archiveFault(thrown);
      }
      return manifest;
    },
    stats: (timeoutMillis) => askAll(handles, timeoutMillis),
    async closeAll(): Promise<void> {
      await Promise.all(
        [...handles.values()].map((handle) => handle.close("the host is stopping")),
      );
      await threads.close();
      handles.clear();
    },
  };
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
