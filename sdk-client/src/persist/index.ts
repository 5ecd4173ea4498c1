// Rows that outlive the page: those of the last visit are shown until the server has sent its own.
import type { Persistence, PersistenceHost } from "../persistence.ts";
import { RowKeeper } from "./row-keeper.ts";

export interface PersistOptions {
  /** The name of the store in this origin: one for each database that a page connects to. */
  readonly name: string;
  /** Rows that were kept under another version are dropped, as they are when the bindings changed. By default 1. */
  readonly version?: number | undefined;
  /** With more rows than this none are kept. By default 50,000. */
  readonly rowCountMax?: number | undefined;
  /** With more bytes than this, as rows are sent, none are kept. By default 32 MiB. */
  readonly byteLengthMax?: number | undefined;
}

/** What `withPersistence` takes. */
export interface RowPersistence extends Persistence {
  /** Removes what is kept, and keeps nothing more of the present connection: when somebody logs out. */
  clear(): Promise<void>;
}

const defaults = { version: 1, rowCountMax: 50_000, byteLengthMax: 32 * 1024 * 1024 };

/**
 * Keeps the rows of a connection in IndexedDB. They are shown again only to a connection with the same server, database,
 * token and schema; whoever comes with another token finds nothing, and what was kept is removed. Where a page may not
 * keep anything, or no more, the connection goes on without it and `onError` is told once (LC_PERSISTENCE).
 */
export function persist({ name, ...options }: PersistOptions): RowPersistence {
  const keepers: RowKeeper[] = [];
  return {
    attach: (host: PersistenceHost) => {
      const keeper = new RowKeeper(host, {
        name,
        version: options.version ?? defaults.version,
        rowCountMax: options.rowCountMax ?? defaults.rowCountMax,
        byteLengthMax: options.byteLengthMax ?? defaults.byteLengthMax,
      });
      keepers.push(keeper);
      void keeper.run();
    },
    clear: async () => {
      for (const keeper of keepers.splice(0)) await keeper.clear();
    },
  };
}
