// What a database can tell of itself at any time, as plain data. Asking costs it well under a millisecond.
import type { CallStatsData } from "./call-stats.ts";
import type { Database } from "./database.ts";

interface TableStats {
  readonly id: number;
  readonly name: string;
  readonly rowCount: number;
  /** Memory of the rows, free slots included, without indexes. */
  readonly byteCount: number;
  /** Rows that committed transactions have inserted and deleted since the table was made or opened. */
  readonly insertedCount: number;
  readonly deletedCount: number;
}

interface ReducerStats extends CallStatsData {
  readonly name: string;
}

export interface DatabaseStats {
  /** Of the running program; empty before the first publish. */
  readonly reducers: readonly ReducerStats[];
  /** Without system tables. */
  readonly tables: readonly TableStats[];
  /** Keccak-256 of the program, hex in display order; empty before the first publish. */
  readonly programHash: string;
  /** Linear memory of the instance that runs reducers. */
  readonly moduleMemoryBytes: number;
  /** Since the database was opened, in units of fuel. */
  readonly energyUnits: number;
  readonly nextOffset: number;
  readonly durableOffset: number;
  /** Log bytes that wait for the disk. */
  readonly logWaitingBytes: number;
  /** Distinct queries that are watched, and by how many texts of query sets. */
  readonly queryCount: number;
  readonly listenerCount: number;
  /** Watched queries that changes have concerned, each once a transaction. */
  readonly matchedQueryCount: number;
}

export function readStats(database: Database): DatabaseStats {
  const { datastore, log, registry, evaluator } = database.parts;
  const module = database.isPublished ? database.module : undefined;
  return {
    reducers: module === undefined ? [] : module.reducerStats(),
    tables: datastore.userTables().map(({ schema, rowCount, rows, changes }) => ({
      id: schema.id,
      name: schema.name,
      rowCount,
      byteCount: rows.byteLength,
      insertedCount: changes.inserted,
      deletedCount: changes.deleted,
    })),
    programHash: module?.programHash ?? "",
    moduleMemoryBytes: module?.instance.memoryBytes ?? 0,
    energyUnits: database.energyUsed,
    nextOffset: log.nextOffset,
    durableOffset: log.durableOffset,
    logWaitingBytes: log.waitingBytes,
    queryCount: registry.queryCount,
    listenerCount: registry.listenerCount,
    matchedQueryCount: evaluator.matchedCount,
  };
}
