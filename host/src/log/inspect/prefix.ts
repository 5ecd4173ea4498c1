// The part of a log up to one durable transaction, while the log goes on: segments are only ever
// appended to, so what is named here stays as it is.
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../../base/disk/contract.ts";
import { readIndex } from "../offset-index.ts";
import { listSegments } from "../scan.ts";
import { segmentHeader } from "../segment.ts";
import { CommitReader } from "./commit-reader.ts";

/** The first bytes of a file. */
export interface FilePart {
  readonly path: string;
  readonly bytes: number;
}

/**
 * The files of the log in a directory that hold transactions 0 to `lastOffset`, which is durable.
 * LC_LOG_CORRUPT if they do not; LC_DISK.
 */
export async function logPrefix(
  disk: Disk,
  directory: string,
  lastOffset: number,
): Promise<FilePart[]> {
  const segments = await listSegments(disk, directory);
  const wanted = segments.filter(([, firstOffset]) => firstOffset <= lastOffset);
  if (wanted[0]?.[1] !== 0) {
    throw new LightconeError(
      "LC_LOG_CORRUPT",
      `the log in ${directory} does not begin with transaction 0, so it is not the whole database`,
    );
  }
  const parts: FilePart[] = [];
  for (const [i, [path]] of wanted.entries()) {
    const reader = await CommitReader.open(disk, path);
    try {
      const isLast = i === wanted.length - 1;
      const bytes = isLast ? await commitEnd(disk, reader, lastOffset) : reader.fileBytes;
      parts.push({ path, bytes });
    } finally {
      await reader.close();
    }
  }
  return parts;
}

/** Where the commit of a transaction ends in its segment. */
async function commitEnd(disk: Disk, reader: CommitReader, offset: number): Promise<number> {
  const entries = await readIndex(disk, reader.path);
  const entry = entries.findLast((one) => one.offset <= offset);
  if (entry !== undefined && entry.position < reader.fileBytes) {
    reader.seek(entry.position);
    // The index is advice: without a commit there, the segment is read from its beginning.
    const isThere = (await reader.next()) === "whole" && reader.frame.offset === entry.offset;
    reader.seek(isThere ? entry.position : segmentHeader.length);
  }
  while ((await reader.next()) === "whole") {
    const { frame } = reader;
    if (frame.offset + frame.recordCount > offset) return reader.endPosition;
  }
  throw new LightconeError(
    "LC_LOG_CORRUPT",
    `the log segment ${reader.path} at byte ${reader.position}: ` +
      `transaction ${offset}, which is durable, is not found`,
  );
}
