// Rebuilds a database's state: from the newest snapshot that is whole and fits the log, and the log
// behind it. Rules SNAP8 to SNAP11 of docs/snapshots.md; the source is runtime.md sections 13 and 14.
import { LightconeError, messageOf } from "@lightcone/abi";
import { sameDigest } from "../../base/digest.ts";
import type { Disk } from "../../base/disk/contract.ts";
import type { StoredTable } from "../../datastore/image.ts";
import type { ReplayVisitor } from "../contract.ts";
import { type RecoveredLog, recoverLog } from "../recover.ts";
import { listSegments } from "../scan.ts";
import { invalidPath, listSnapshots, manifestPath, snapshotDirectory } from "./files.ts";
import { type Manifest, snapshotFault } from "./manifest.ts";
import { readManifest, readTables } from "./read.ts";

/** What a state is rebuilt from and into. */
export interface RecoveryOptions {
  readonly disk: Disk;
  /** Where the log lies on the disk. */
  readonly logDirectory: string;
  /** The database's identity, 32 bytes as on the wire. */
  readonly identity: Uint8Array;
  /**
   * Begins a new state, empty or with these tables, and returns who takes the transactions after
   * it. May be called several times; the last call counts. May refuse tables with LC_SNAPSHOT.
   */
  begin(tables: readonly StoredTable[] | undefined): ReplayVisitor;
}

/** A rebuilt state. */
export interface RecoveredState {
  readonly log: RecoveredLog;
  /** The snapshot that it began with. */
  readonly snapshot: Manifest | undefined;
  /** Why newer snapshots could not be used: lines for the operator. */
  readonly notes: readonly string[];
}

/**
 * Rebuilds the newest state. Throws LC_SNAPSHOT if the log does not begin at 0 and no snapshot leads
 * to it, and what `recoverLog` throws.
 */
export async function recoverState(options: RecoveryOptions): Promise<RecoveredState> {
  const { disk, logDirectory } = options;
  const { manifests } = await listSnapshots(disk);
  const [oldestSegment] = await listSegments(disk, logDirectory);
  const newest = manifests.at(-1);
  if (newest !== undefined && oldestSegment === undefined) {
    const fault = `the log in ${logDirectory}, which was durable up to it, has no segment any more`;
    throw refusal(manifestPath(newest), fault, []);
  }
  const [logPath, firstOffset] = oldestSegment ?? [logDirectory, 0];
  const notes: string[] = [];
  for (const offset of manifests.toReversed()) {
    const result = await attempt(options, offset, firstOffset);
    if (typeof result !== "string") return { ...result, notes };
    notes.push(result);
  }
  if (firstOffset > 0) {
    const fault = `it begins with transaction ${firstOffset}, and no snapshot in ${snapshotDirectory} leads to it`;
    throw refusal(logPath, fault, notes);
  }
  const log = await recoverLog(disk, logDirectory, options.begin(undefined));
  return { log, snapshot: undefined, notes };
}

function refusal(path: string, fault: string, notes: readonly string[]): LightconeError {
  const help = "put the missing files back, or see what there is with `lightcone log verify`";
  const text = [fault, ...notes].join("; ");
  return new LightconeError("LC_SNAPSHOT", `${path}: ${text}; ${help}`, notes);
}

/** The state by way of the snapshot at `offset`, or why there is none. */
async function attempt(
  options: RecoveryOptions,
  offset: number,
  firstOffset: number,
): Promise<{ log: RecoveredLog; snapshot: Manifest } | string> {
  const { disk, logDirectory } = options;
  const path = manifestPath(offset);
  if (firstOffset > offset + 1) {
    return `${path} is not used: the log begins with transaction ${firstOffset}`;
  }
  const loaded = await load(options, offset);
  if (typeof loaded === "string") return loaded;
  const { manifest, visitor } = loaded;
  const log = await recoverLog(disk, logDirectory, visitor, manifest);
  if (log.nextOffset > offset) return { log, snapshot: manifest };
  await disk.rename(path, invalidPath(offset));
  await disk.syncDirectory(snapshotDirectory);
  return `${path} is not used and was renamed: the log ends before transaction ${log.nextOffset}`;
}

/** The snapshot's state, checked before any of it was used, or why it cannot be used. */
async function load(
  options: RecoveryOptions,
  offset: number,
): Promise<{ manifest: Manifest; visitor: ReplayVisitor } | string> {
  const { disk, identity } = options;
  try {
    const manifest = await readManifest(disk, offset);
    if (!sameDigest(manifest.identity, identity)) {
      throw snapshotFault(manifestPath(offset), "it belongs to another database");
    }
    return { manifest, visitor: options.begin(await readTables(disk, manifest)) };
  } catch (thrown) {
    const isUnusable =
      thrown instanceof LightconeError &&
      (thrown.code === "LC_SNAPSHOT" || thrown.code === "LC_DISK");
    if (!isUnusable) throw thrown;
    return `${manifestPath(offset)} is not used: ${messageOf(thrown)}`;
  }
}
