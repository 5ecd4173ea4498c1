// The directory of the snapshots: what its files are called. Rule SNAP1 of docs/snapshots.md.
import type { Disk } from "../../base/disk/contract.ts";

/** Where snapshots lie inside a database's directory, beside the log's. */
export const snapshotDirectory = "snapshots";

const manifestSuffix = ".snapshot";
const unfinishedSuffix = ".snapshot.tmp";
const invalidSuffix = ".invalid_snapshot";
const packSuffix = ".pack";
const offsetDigits = 20;
const packDigits = 10;

function path(number: number, digits: number, suffix: string): string {
  return `${snapshotDirectory}/${String(number).padStart(digits, "0")}${suffix}`;
}

/** The manifest of the state after transaction `offset`. */
export function manifestPath(offset: number): string {
  return path(offset, offsetDigits, manifestSuffix);
}

/** The same before it is complete. */
export function unfinishedPath(offset: number): string {
  return path(offset, offsetDigits, unfinishedSuffix);
}

/** The same after the log turned out to end before it. */
export function invalidPath(offset: number): string {
  return path(offset, offsetDigits, invalidSuffix);
}

/** A pack of objects. */
export function packPath(pack: number): string {
  return path(pack, packDigits, packSuffix);
}

function numberIn(name: string, digits: number, suffix: string): number | undefined {
  const text = name.slice(0, -suffix.length);
  const isOurs = name.endsWith(suffix) && text.length === digits && !/\D/.test(text);
  return isOurs ? Number(text) : undefined;
}

/** What lies in the directory, each ascending. */
export interface SnapshotFiles {
  /** Offsets of the manifests. */
  readonly manifests: readonly number[];
  /** Numbers of the packs. */
  readonly packs: readonly number[];
  /** Offsets of manifests that never got their names. */
  readonly unfinished: readonly number[];
}

/** Looks into the directory. Files of other names are left alone. Throws LC_DISK. */
export async function listSnapshots(disk: Disk): Promise<SnapshotFiles> {
  const names = await disk.list(snapshotDirectory);
  const numbers = (digits: number, suffix: string): number[] =>
    names.map((name) => numberIn(name, digits, suffix)).filter((each) => each !== undefined);
  return {
    manifests: numbers(offsetDigits, manifestSuffix),
    packs: numbers(packDigits, packSuffix),
    unfinished: numbers(offsetDigits, unfinishedSuffix),
  };
}
