// Removes what snapshots have made superfluous: packs that nothing refers to, and where the policy
// says so old snapshots and the part of the log before them. Rules SNAP12 to SNAP14 of
// docs/snapshots.md.
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../../base/disk/contract.ts";
import { limit } from "../../base/limit.ts";
import type { Pause } from "../../base/pause.ts";
import { indexName } from "../offset-index.ts";
import { listSegments } from "../scan.ts";
import { segmentName } from "../segment.ts";
import {
  listSnapshots,
  manifestPath,
  packPath,
  snapshotDirectory,
  unfinishedPath,
} from "./files.ts";
import { type Manifest, snapshotFault } from "./manifest.ts";
import { readManifest, verifySnapshot } from "./read.ts";

/**
 * What becomes of segments of the log that snapshots cover: they stay; they are deleted; they move
 * to `archiveDirectory`. Unless they stay, older snapshots are deleted as well.
 */
export type PrunePolicy = "keep" | "delete" | "archive";

/** Where archived segments lie inside a database's directory. */
export const archiveDirectory = "archive";

/** What there is; all ascending. */
export interface PruneState {
  /** The first transactions of the segments. */
  readonly segments: readonly number[];
  readonly snapshots: readonly SnapshotState[];
}

interface SnapshotState {
  readonly offset: number;
  /** Whether its manifest is whole and known here. Another may be of a later version. */
  readonly isReadable: boolean;
}

/** What is to go, in this order. */
export interface PrunePlan {
  readonly snapshots: readonly number[];
  readonly segments: readonly number[];
}

/** Decides what is superfluous. Nothing is, until there are as many snapshots as are to be kept. */
export function planPrune(policy: PrunePolicy, { segments, snapshots }: PruneState): PrunePlan {
  const kept = snapshots.filter(({ isReadable }) => isReadable).slice(-limit.snapshotKeptCount);
  const [oldest] = kept;
  if (policy === "keep" || oldest === undefined || kept.length < limit.snapshotKeptCount) {
    return { snapshots: [], segments: [] };
  }
  return {
    snapshots: snapshots.map(({ offset }) => offset).filter((offset) => offset < oldest.offset),
    // The segment with the snapshot's last transaction stays: it shows that the log got so far.
    segments: segments.filter((_, i) => (segments[i + 1] ?? Infinity) <= oldest.offset),
  };
}

/** What a pruning needs of its surroundings. */
export interface PruneTarget {
  readonly disk: Disk;
  readonly logDirectory: string;
  /** Awaited now and then, to let others run. What it throws ends the pruning. */
  readonly pause: Pause;
}

/**
 * Carries the policy out. A crash on the way leaves a log without a gap behind the snapshots that
 * are there. Throws LC_DISK; LC_SNAPSHOT if the newest snapshot cannot be read back, and then
 * nothing is gone; and what `pause` throws.
 */
export async function prune(target: PruneTarget, policy: PrunePolicy): Promise<void> {
  const { disk, logDirectory } = target;
  const { snapshots, newest } = await readSnapshots(target);
  const segments = (await listSegments(disk, logDirectory)).map(([, firstOffset]) => firstOffset);
  const plan = planPrune(policy, { segments, snapshots });
  if (plan.snapshots.length + plan.segments.length > 0 && newest !== undefined) {
    await verifySnapshot(disk, newest, target.pause);
    for (const offset of plan.snapshots) await disk.remove(manifestPath(offset));
    await disk.syncDirectory(snapshotDirectory);
    if (policy === "archive") await disk.makeDirectory(archiveDirectory);
    for (const firstOffset of plan.segments) {
      const path = `${logDirectory}/${segmentName(firstOffset)}`;
      if (policy === "archive") await archiveSegment(target, segmentName(firstOffset));
      else for (const each of [indexName(path), path]) await disk.remove(each);
      // The oldest goes for good before the next one may, so that the log never has a gap.
      await disk.syncDirectory(logDirectory);
    }
  }
  await removeUnused(target);
}

async function archiveSegment({ disk, logDirectory }: PruneTarget, name: string): Promise<void> {
  for (const each of [indexName(name), name]) {
    const from = `${logDirectory}/${each}`;
    const to = `${archiveDirectory}/${each}`;
    if (!(await disk.exists(from))) continue;
    if (await disk.exists(to)) throw snapshotFault(to, `it is there already, and so is ${from}`);
    await disk.rename(from, to);
  }
  await disk.syncDirectory(archiveDirectory);
}

/** Removes packs and unfinished manifests that no snapshot refers to. Throws LC_DISK. */
export async function removeUnused(target: PruneTarget): Promise<void> {
  const { disk } = target;
  const { packs, unfinished } = await listSnapshots(disk);
  const { snapshots, usedPacks } = await readSnapshots(target);
  for (const offset of unfinished) await disk.remove(unfinishedPath(offset));
  // A manifest that cannot be read may refer to any of them.
  if (!snapshots.every(({ isReadable }) => isReadable)) return;
  for (const pack of packs) if (!usedPacks.has(pack)) await disk.remove(packPath(pack));
}

interface ReadSnapshots {
  readonly snapshots: readonly SnapshotState[];
  /** The newest that is readable. */
  readonly newest: Manifest | undefined;
  readonly usedPacks: ReadonlySet<number>;
}

async function readSnapshots({ disk, pause }: PruneTarget): Promise<ReadSnapshots> {
  const snapshots: SnapshotState[] = [];
  const usedPacks = new Set<number>();
  let newest: Manifest | undefined;
  for (const offset of (await listSnapshots(disk)).manifests) {
    const manifest = await readIfWhole(disk, offset);
    snapshots.push({ offset, isReadable: manifest !== undefined });
    for (const { number } of manifest?.packs ?? []) usedPacks.add(number);
    newest = manifest ?? newest;
    await pause();
  }
  return { snapshots, newest, usedPacks };
}

async function readIfWhole(disk: Disk, offset: number): Promise<Manifest | undefined> {
  try {
    return await readManifest(disk, offset);
  } catch (thrown) {
    if (thrown instanceof LightconeError && thrown.code === "LC_SNAPSHOT") return undefined;
    throw thrown;
  }
}
