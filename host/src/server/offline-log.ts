// The log of a database whose host need not run: found by name or by path, checked, summed up, taken
// apart and, if its host is stopped, repaired.
import { basename, dirname, join, resolve } from "node:path";
import { type Identity, LightconeError } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { systemRandom } from "../base/random.ts";
import { logDirectory } from "../database/database.ts";
import { Datastore } from "../datastore/datastore.ts";
import { Replay } from "../datastore/replay.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import { checkLog, type Finding, type LogReport } from "../log/inspect/check.ts";
import { listSegments } from "../log/scan.ts";
import { dumpLog, type DumpOptions } from "../log/inspect/dump.ts";
import { planRepair, repairLog, type RepairPlan } from "../log/inspect/repair.ts";
import { type LogSummary, summarizeLog } from "../log/inspect/summary.ts";
import { scanLog } from "../log/scan.ts";
import { describeModule } from "../module/describe.ts";
import { controlLogDirectory } from "./control.ts";
import { nameTable } from "./control-data/tables.ts";
import { parseDatabaseRef } from "./database-name.ts";
import { replicasDirectory } from "./trash.ts";
import { lockDataDir } from "./lock-file.ts";
import { unknownName } from "./resolve.ts";

/** Which log: that of a database of a data directory, by name or identity, or the one in a directory. */
export type LogPlace =
  { readonly dataDir: string; readonly database: string } | { readonly path: string };

/** A log at rest. All but `repair` write nothing. LC_DISK if it cannot be read. */
export interface OfflineLog {
  /** The directory of its segments, from the machine's root. Paths in reports begin above its last name. */
  readonly path: string;
  /** Whether snapshots lie beside it, which these functions do not look at. */
  readonly hasSnapshots: boolean;
  /** Reads every byte and applies every transaction, in as much memory as a host would take. */
  verify(): Promise<LogReport>;
  summarize(): Promise<LogSummary>;
  dump(options: Pick<DumpOptions, "from" | "to" | "table" | "onTransaction">): Promise<LogReport>;
  /**
   * Cuts the log so that a host starts with it, after `agree` has let it: what that throws ends it
   * with nothing done. Resolves with undefined if the log is well. LC_DATA_DIR_IN_USE while a host
   * runs, LC_LOG_FORMAT and LC_LOG_CORRUPT if no cut helps.
   */
  repair(agree: (plan: RepairPlan) => Promise<void>): Promise<RepairPlan | undefined>;
}

/**
 * Finds a log. LC_DATABASE_UNKNOWN and LC_CONFIG if it is not there; LC_LOG_* if the name has to be
 * looked up in control data that cannot be read.
 */
export async function openOfflineLog(place: LogPlace): Promise<OfflineLog> {
  const { path, identity } = "path" in place ? bare(place.path) : await find(place);
  const disk = nodeDisk(dirname(path));
  const directory = basename(path);
  if (!(await disk.exists(directory))) {
    throw new LightconeError("LC_CONFIG", `${path} is not there: no log can be read from it`);
  }
  const hasSnapshots = await disk.exists("snapshots");
  const verify = async (): Promise<LogReport> => verifyLog(disk, directory, identity, hasSnapshots);
  return {
    path,
    hasSnapshots,
    verify,
    summarize: () => summarizeLog(disk, directory),
    dump: (options) => dumpLog({ ...options, disk, directory, describeModule }),
    repair: (agree) =>
      withoutHost(path, async () => {
        const plan = planRepair(await verify());
        if (plan === undefined) return undefined;
        await agree(plan);
        await repairLog(disk, plan);
        return plan;
      }),
  };
}

interface Found {
  readonly path: string;
  /** Whose log it must be; undefined if that is not known. */
  readonly identity: bigint | undefined;
}

function bare(path: string): Found {
  return { path: resolve(path), identity: undefined };
}

async function find(place: { dataDir: string; database: string }): Promise<Found> {
  const dataDir = resolve(place.dataDir);
  const ref = parseDatabaseRef(place.database);
  const identity =
    ref.kind === "identity" ? ref.identity : await lookUp(nodeDisk(dataDir), dataDir, ref.name);
  const path = join(dataDir, replicasDirectory, identity.toHex(), logDirectory);
  return { path, identity: identity.value };
}

/** The identity behind a name, from the log of control data, which stays as it is. */
async function lookUp(disk: Disk, dataDir: string, name: string): Promise<Identity> {
  if (!(await disk.exists(controlLogDirectory))) {
    const rule = `it has no ${controlLogDirectory}`;
    throw new LightconeError("LC_CONFIG", `${dataDir} is no data directory of a host: ${rule}`);
  }
  const datastore = new Datastore();
  await scanLog(disk, controlLogDirectory, new Replay(datastore));
  const isEmpty = datastore.tableByName("database_name") === undefined;
  const [row] = isEmpty ? [] : nameTable.find(datastore, "name", name);
  if (row === undefined) throw unknownName(name);
  return row.database;
}

async function verifyLog(
  disk: Disk,
  directory: string,
  identity: bigint | undefined,
  hasSnapshots: boolean,
): Promise<LogReport> {
  const datastore = new Datastore();
  const [oldest] = await listSegments(disk, directory);
  // A snapshot may stand for the log's beginning; what is left is then checked without its rows.
  const firstOffset = hasSnapshots ? (oldest?.[1] ?? 0) : 0;
  const visitor = firstOffset === 0 ? new Replay(datastore) : undefined;
  const report = await checkLog({ disk, directory, visitor, firstOffset });
  if (report.closing !== undefined || identity === undefined) return report;
  const [row] = datastore.catalog.rows(systemTableId.module);
  if (row === undefined || row["database_identity"] === identity) return report;
  const closing: Finding = {
    path: directory,
    position: 0,
    rule: "replay",
    closesLog: true,
    text: "the log belongs to another database than its directory is named after",
  };
  return { ...report, findings: [...report.findings, closing], closing };
}

/** How far above a log the data directory may lie. */
const dataDirDistanceMax = 3;

/** Runs `work` while no host can use the data directory that a log lies in, if it lies in one. */
async function withoutHost<T>(path: string, work: () => Promise<T>): Promise<T> {
  let dataDir = path;
  for (let distance = 1; distance <= dataDirDistanceMax; distance++) {
    dataDir = dirname(dataDir);
    const disk = nodeDisk(dataDir);
    if (!(await disk.exists(controlLogDirectory))) continue;
    const lock = await lockDataDir(dataDir, disk, systemRandom);
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }
  return work();
}
