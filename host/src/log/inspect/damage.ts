// Damage at a position of a segment: in words, and what lies behind it.
import type { IndexEntry } from "../offset-index.ts";
import type { CommitReader, NextCommit } from "./commit-reader.ts";

/** What stands where a segment should have a commit. */
export type Fault = Exclude<NextCommit, "whole" | "end">;

const faultTexts: Readonly<Record<Fault, string>> = {
  unfinished: "a commit ends too early",
  damaged: "a commit has a wrong checksum",
  blank: "zeros stand in place of a commit",
  remnant: "too few bytes for a commit's header",
};

export function faultText(fault: Fault): string {
  return faultTexts[fault];
}

export function behindText({ wholeCount }: CommitsBehind): string {
  return wholeCount === 0 ? "" : `; ${wholeCount} whole transactions behind it were never durable`;
}

/** Whole commits behind damage. */
export interface CommitsBehind {
  readonly wholeCount: number;
  readonly lastOffset: number | undefined;
  /** The first of them that the index names. */
  readonly durable: IndexEntry | undefined;
}

/** Reads on behind damage wherever a length (`from`) or the index says that a commit starts. */
export async function commitsBehind(
  reader: CommitReader,
  damagedAt: number,
  from: number | undefined,
  entries: readonly IndexEntry[],
): Promise<CommitsBehind> {
  const later = entries.filter((entry) => entry.position > damagedAt);
  let wholeCount = 0;
  let lastOffset: number | undefined;
  let durable: IndexEntry | undefined;
  let start = from ?? later[0]?.position;
  while (start !== undefined && start < reader.fileBytes) {
    reader.seek(start);
    while ((await reader.next()) === "whole") {
      const { offset, recordCount } = reader.frame;
      wholeCount += recordCount;
      lastOffset = offset + recordCount - 1;
      const entry = later.find((one) => one.position === reader.position);
      if (entry?.offset === offset) durable ??= entry;
    }
    const stoppedAt = reader.position;
    start = later.find((entry) => entry.position > Math.max(stoppedAt, damagedAt))?.position;
  }
  return { wholeCount, lastOffset, durable };
}
