// Cutting a log back to its last good transaction, for whoever has no copy of it. What is cut is
// kept beside the log, and nothing is done that was not said before.
import { assert, LightconeError } from "@lightcone/abi";
import type { Disk, DiskFile } from "../../base/disk/contract.ts";
import { limit } from "../../base/limit.ts";
import { indexName } from "../offset-index.ts";
import type { Finding, LogReport, SegmentReport } from "./check.ts";

/** A part of the log that no longer belongs to it. */
interface Cut {
  /** The segment. */
  readonly path: string;
  /** Everything from here on; 0 for the whole file. */
  readonly position: number;
  readonly bytes: number;
  /** Where it is kept. */
  readonly keptAs: string;
}

export interface RepairPlan {
  /** Why the log does not open. */
  readonly closing: Finding;
  readonly cuts: readonly Cut[];
  /** Indexes whose segment is missing; they go aside, since the log is closed while they are there. */
  readonly indexes: readonly string[];
  /** The first transaction that is lost. */
  readonly firstLost: number;
  /** The last one known of; undefined if none behind the damage could be read. */
  readonly lastLost: number | undefined;
  /** How many of those are whole and lost all the same. */
  readonly wholeLost: number;
}

/**
 * What has to be cut so that a host starts again; undefined if it starts as it is. Throws
 * LC_LOG_FORMAT for a log of another format and LC_LOG_CORRUPT if nothing would be left.
 */
export function planRepair(report: LogReport): RepairPlan | undefined {
  const { closing, segments, nextOffset, lost, missing } = report;
  if (closing === undefined) return undefined;
  if (closing.rule === "LOG6") throw new LightconeError("LC_LOG_FORMAT", closing.text);
  const lastGood = segments.findLastIndex((segment) => segment.wholeBytes > 0);
  if (lastGood < 0) {
    throw new LightconeError(
      "LC_LOG_CORRUPT",
      `${closing.path} at byte ${closing.position}: ${closing.text} (${closing.rule}): ` +
        `no cut helps, since no transaction would be left`,
    );
  }
  const cuts = segments.slice(lastGood).flatMap(cutOf);
  return {
    closing,
    cuts,
    indexes: missing.map(indexName),
    firstLost: nextOffset,
    lastLost: lost.lastOffset,
    wholeLost: lost.wholeCount,
  };
}

/** All of a segment behind its last good commit; nothing if it ends there. */
function cutOf({ path, wholeBytes, fileBytes }: SegmentReport): Cut[] {
  if (wholeBytes === fileBytes && fileBytes > 0) return [];
  const bytes = fileBytes - wholeBytes;
  return [{ path, position: wholeBytes, bytes, keptAs: `${path}.cut-${wholeBytes}` }];
}

/**
 * Does what a plan says. The last segments go first, so that a crash in between leaves a log that
 * can be repaired again. Throws LC_DISK; a copy that is there already is refused.
 */
export async function repairLog(disk: Disk, plan: RepairPlan): Promise<void> {
  const directory = directoryOf(plan.closing.path);
  for (const { keptAs } of plan.cuts) {
    if (!(await disk.exists(keptAs))) continue;
    const rule = "a repair before this one has left it; move it away first";
    throw new LightconeError("LC_DISK", `${keptAs} is there already: ${rule}`);
  }
  for (const cut of [...plan.cuts].reverse()) {
    await (cut.position === 0 ? moveAside(disk, cut) : cutTail(disk, cut));
    await disk.syncDirectory(directory);
  }
  for (const index of plan.indexes) await disk.rename(index, `${index}.cut-0`);
  await disk.syncDirectory(directory);
}

async function moveAside(disk: Disk, { path, keptAs }: Cut): Promise<void> {
  const index = indexName(path);
  if (await disk.exists(index)) await disk.rename(index, `${index}.cut-0`);
  await disk.rename(path, keptAs);
}

/** The index stays: what it says of the part that is gone is ignored, being advice alone. */
async function cutTail(disk: Disk, { path, position, bytes, keptAs }: Cut): Promise<void> {
  const segment = await disk.open(path, "write");
  try {
    const copy = await disk.open(keptAs, "create");
    try {
      await copyRange(segment, position, bytes, copy);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await disk.syncDirectory(directoryOf(path));
    await segment.truncate(position);
    await segment.sync();
  } finally {
    await segment.close();
  }
}

async function copyRange(
  from: DiskFile,
  position: number,
  bytes: number,
  to: DiskFile,
): Promise<void> {
  const chunk = new Uint8Array(Math.min(bytes, limit.logReadBytes));
  for (let done = 0; done < bytes;) {
    const wanted = Math.min(chunk.length, bytes - done);
    const count = await from.read(position + done, chunk, 0, wanted);
    assert(count > 0, "a segment became shorter while it was being repaired");
    to.writeSync(done, chunk, 0, count);
    done += count;
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
