// What a benchmark of recovery writes and recovers: one of these for each way to keep rows on a disk.
// A way that is added needs one entry here and one in bench.ts.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Datastore,
  logDirectory,
  nodeDisk,
  recoverLog,
  recoverDatastore,
  Replay,
} from "@lightcone/host/engine";
import { databaseIdentity, LoggedTable } from "../logged-table.ts";
import { rowNumber } from "../rows.ts";
import { openSqlite } from "../sqlite.ts";
import { verifyRows } from "../verify-rows.ts";

interface Store {
  /** Leaves rows with the keys 0 to `rowCount - 1` in an empty directory. */
  write(directory: string, rowCount: number): Promise<void> | void;
  /** Brings them back; returns what throws unless all of them are there. */
  recover(directory: string, rowCount: number): Promise<() => void> | (() => void);
}

export type StoreKind = "single-row" | "bulk" | "snapshot" | "sqlite" | "json-lines";

const bulkRowCount = 50_000;

/** A log of commits that insert `rowsPerCommit` rows each. */
function logStore(rowsPerCommit: number): Store {
  return {
    write: async (directory, rowCount) => {
      const table = await LoggedTable.create(directory, rowCount, () => undefined);
      for (let first = 0; first < rowCount; first += rowsPerCommit) {
        table.insert(first, Math.min(rowsPerCommit, rowCount - first));
        if (table.log.isBackpressured) await table.log.flush();
      }
      await table.log.close();
    },
    recover: async (directory, rowCount) => {
      const datastore = new Datastore();
      const replay = new Replay(datastore);
      await recoverLog(nodeDisk(directory), logDirectory, replay);
      replay.finish();
      return () => {
        verifyRows(datastore, rowCount);
      };
    },
  };
}

/** A snapshot of a table whose log is not needed to rebuild it. */
const snapshotStore: Store = {
  write: async (directory, rowCount) => {
    const table = await LoggedTable.create(directory, rowCount, () => undefined);
    for (let first = 0; first < rowCount; first += bulkRowCount) {
      table.insert(first, Math.min(bulkRowCount, rowCount - first));
      await table.log.flush();
    }
    await table.snapshot();
    await table.log.close();
  },
  recover: async (directory, rowCount) => {
    const { datastore, recovered } = await recoverDatastore(nodeDisk(directory), databaseIdentity);
    if (recovered.snapshot === undefined)
      throw new Error("verification failed: no snapshot was used");
    return () => {
      verifyRows(datastore, rowCount);
    };
  },
};

/** The sum of the values of all rows. */
function sumOf(rowCount: number): number {
  return (3 * rowCount * (rowCount - 1)) / 2;
}

function verifySum(found: number, rowCount: number): void {
  const expected = sumOf(rowCount);
  if (found !== expected) {
    throw new Error(`verification failed: the sum of values: ${found}, expected ${expected}`);
  }
}

/** A database of better-sqlite3, opened and read once from end to end. */
const sqliteStore: Store = {
  write: (directory, rowCount) => {
    const database = openSqlite(join(directory, "rows.db"));
    database.pragma("journal_mode = WAL");
    database.exec("CREATE TABLE entry (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)");
    const insert = database.prepare("INSERT INTO entry VALUES (?, ?, ?)");
    database.exec("BEGIN");
    for (let key = 0; key < rowCount; key++) insert.run(key, rowNumber(key, 0), key);
    database.exec("COMMIT");
    database.close();
  },
  recover: (directory, rowCount) => {
    const database = openSqlite(join(directory, "rows.db"));
    let sum = 0;
    for (const row of database.prepare("SELECT id, a, b FROM entry").raw().iterate()) {
      sum += (row as readonly [number, number, number])[1];
    }
    return () => {
      database.close();
      verifySum(sum, rowCount);
    };
  },
};

/** A file with a line of JSON for each row, read into a Map of objects. */
const jsonLinesStore: Store = {
  write: (directory, rowCount) => {
    const lines: string[] = [];
    for (let key = 0; key < rowCount; key++) {
      lines.push(JSON.stringify({ id: key, a: rowNumber(key, 0), b: key }));
    }
    writeFileSync(join(directory, "rows.jsonl"), lines.join("\n"));
  },
  recover: (directory, rowCount) => {
    const rows = new Map<number, { readonly a: number }>();
    for (const line of readFileSync(join(directory, "rows.jsonl"), "utf8").split("\n")) {
      const row = JSON.parse(line) as { readonly id: number; readonly a: number };
      rows.set(row.id, row);
    }
    return () => {
      let sum = 0;
      for (const { a } of rows.values()) sum += a;
      verifySum(sum, rowCount);
    };
  },
};

export const stores: Readonly<Record<StoreKind, Store>> = {
  "single-row": logStore(1),
  bulk: logStore(bulkRowCount),
  snapshot: snapshotStore,
  sqlite: sqliteStore,
  "json-lines": jsonLinesStore,
};

/** Bytes of the files in a directory, folders below it included. */
export function directoryBytes(directory: string): number {
  let total = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    total += entry.isDirectory() ? directoryBytes(path) : statSync(path).size;
  }
  return total;
}
