// All databases of one data directory.
import type { Identity } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { DatabaseHandle, Databases } from "./contract.ts";
import { WorkerDatabase } from "./database-handle.ts";
import type { Report } from "./report.ts";

/** Where databases lie inside the data directory, each in a folder named by its identity. */
const replicasDirectory = "replicas";

export interface DatabasesOptions {
  /** The data directory on the server's own disk, and its path for the threads, which open it themselves. */
  readonly disk: Disk;
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** How long one call may run before its thread is ended. */
  readonly callTimeLimitMillis: number;
  /** Told of databases that end by themselves. */
  readonly report: Report;
}

/** Opens no database yet: each starts its thread when it is first used. */
export function openDatabases(options: DatabasesOptions): Databases {
  const handles = new Map<string, WorkerDatabase>();
  const pathOf = (identity: Identity): string => `${replicasDirectory}/${identity.toHex()}`;
  return {
    get(identity: Identity): DatabaseHandle {
      const key = identity.toHex();
      let handle = handles.get(key);
      if (handle === undefined) {
        const { dataDirectory, clock, callTimeLimitMillis, disk, report } = options;
        handle = new WorkerDatabase({
          identity,
          directory: `${dataDirectory}/${pathOf(identity)}`,
          callTimeLimitMillis,
          clock,
          removeDirectory: () => disk.remove(pathOf(identity)),
          report,
        });
        handles.set(key, handle);
      }
      return handle;
    },
    async remove(identity: Identity): Promise<void> {
      const key = identity.toHex();
      const handle = handles.get(key);
      if (handle === undefined) {
        await options.disk.remove(pathOf(identity));
        return;
      }
      await handle.remove();
      handles.delete(key);
    },
    async closeAll(): Promise<void> {
      await Promise.all(
        [...handles.values()].map((handle) => handle.close("the host is stopping")),
      );
      handles.clear();
    },
  };
}
