// Opens a log after whatever happened to it: replays it, repairs its end as rules LOG7 to LOG9 say,
// and makes certain that what was read can be relied on (rule LOG20).
import type { Disk, DiskFile } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import type { ReplayVisitor } from "./contract.ts";
import { indexName, readIndex } from "./offset-index.ts";
import { type CoveredPoint, type ScannedSegment, scanLog } from "./scan.ts";
import { isCurrentVersion } from "./segment.ts";
import { isUnfinishedSegment } from "./segment-file.ts";

/** A log whose end is in order, all of it durable. */
export interface RecoveredLog {
  /** The offset that the next transaction gets. */
  readonly nextOffset: number;
  /** The epoch of the last commit; new ones carry it too. */
  readonly epoch: number;
  /** The segment where writing goes on; none if a new one is to begin. */
  readonly continued: ScannedSegment | undefined;
  /** The segment whose end was torn by a crash (LOG9), which is worth a line to the operator. */
  readonly torn: ScannedSegment | undefined;
}

/**
 * Replays the log in `directory` into `visitor` and prepares it for `openLog`; with `covered`, the
 * transactions after that one, if the log has got so far. A directory that is not there is made: a
 * log without transactions. Throws LC_LOG_CORRUPT, LC_LOG_FORMAT and LC_DISK,
 * and what the visitor throws; the log is then as it was.
 */
export async function recoverLog(
  disk: Disk,
  directory: string,
  visitor: ReplayVisitor,
  covered?: CoveredPoint,
): Promise<RecoveredLog> {
  await disk.makeDirectory(directory);
  const { nextOffset, epoch, last, empty } = await scanLog(disk, directory, visitor, covered);
  for (const name of await disk.list(directory)) {
    if (isUnfinishedSegment(name)) await disk.remove(`${directory}/${name}`);
  }
  for (const segment of empty) {
    await disk.remove(indexName(segment.path));
    await disk.remove(segment.path);
  }
  if (last !== undefined) await secure(disk, last);
  await disk.syncDirectory(directory);
  const torn = last?.stop === "torn" ? last : undefined;
  const canContinue = torn === undefined && isCurrentVersion(last?.headerBytes ?? 0);
  return { nextOffset, epoch, continued: canContinue ? last : undefined, torn };
}

/**
 * Makes the end of the last segment durable. It may have been read from the system's cache: written
 * by a host that was killed before its sync, or by one whose sync failed, after which the system no
 * longer knows that these bytes are not on the disk. So what lies beyond the last index entry,
 * which is a proof of a sync, is written once more.
 */
async function secure(disk: Disk, segment: ScannedSegment): Promise<void> {
  const { path, wholeBytes } = segment;
  const entries = await readIndex(disk, path);
  const proven = entries.findLast((entry) => entry.position < wholeBytes)?.position ?? 0;
  const file = await disk.open(path, "write");
  try {
    if (segment.stop === "remnant") await file.truncate(wholeBytes);
    await rewrite(file, proven, wholeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function rewrite(file: DiskFile, from: number, to: number): Promise<void> {
  const chunk = new Uint8Array(Math.min(to - from, limit.logReadBytes));
  for (let at = from; at < to; at += chunk.length) {
    const count = await file.read(at, chunk, 0, Math.min(chunk.length, to - at));
    file.writeSync(at, chunk, 0, count);
  }
}
