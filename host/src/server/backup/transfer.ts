// The files of a database into an archive while it runs, and out of one into a directory that is
// not yet a database. Memory is that of a piece, whatever the size.
import { assert, LightconeError } from "@lightcone/abi";
import type { Disk } from "../../base/disk/contract.ts";
import { type FilePart, logPrefix } from "../../log/inspect/prefix.ts";
import {
  archivedBytes,
  ArchiveReader,
  encodeHead,
  type Manifest,
  newPiece,
  pieceBytes,
  sealPiece,
} from "./archive.ts";

/** An archive that is made as it is read. */
export interface Backup {
  readonly lastOffset: number;
  /** Of the whole archive. */
  readonly bytes: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** What a manifest says besides the files. */
export type BackupFacts = Omit<Manifest, "files" | "lastOffset">;

/**
 * The archive of the database in `directory`, up to its durable transaction `lastOffset`. The
 * database may go on meanwhile. LC_LOG_CORRUPT, LC_DISK; the pieces may throw these, too.
 */
export async function openBackup(
  disk: Disk,
  directory: string,
  lastOffset: number,
  facts: BackupFacts,
): Promise<Backup> {
  const parts = await logPrefix(disk, `${directory}/clog`, lastOffset);
  const files = parts.map(({ path, bytes }) => ({ name: path.slice(directory.length + 1), bytes }));
  const head = encodeHead({ ...facts, lastOffset, files });
  const bytes = files.reduce((sum, file) => sum + archivedBytes(file), head.length);
  return { lastOffset, bytes, pieces: readPieces(disk, head, parts) };
}

async function* readPieces(
  disk: Disk,
  head: Uint8Array,
  parts: readonly FilePart[],
): AsyncGenerator<Uint8Array> {
  yield head;
  for (const { path, bytes } of parts) {
    const file = await disk.open(path, "read");
    try {
      for (let at = 0; at < bytes; at += pieceBytes) {
        const wanted = Math.min(bytes - at, pieceBytes);
        const piece = newPiece(wanted);
        const got = await file.read(at, piece, 0, wanted);
        assert(got === wanted, "what is durable of a segment does not become shorter");
        sealPiece(piece);
        yield piece;
      }
    } finally {
      await file.close();
    }
  }
}

/**
 * Writes the files of an archive into `directory`, which must not be there, and makes them durable.
 * LC_REQUEST_INVALID for an archive that is damaged or cut off, LC_DISK; the directory then holds
 * some of it, for the caller to remove.
 */
export async function receiveArchive(
  disk: Disk,
  directory: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<Manifest> {
  const reader = new ArchiveReader(archive);
  const manifest = await reader.manifest();
  await disk.makeDirectory(`${directory}/clog`);
  for (const archived of manifest.files) {
    const file = await disk.open(`${directory}/${archived.name}`, "create");
    try {
      let at = 0;
      for await (const piece of reader.file(archived)) {
        file.writeSync(at, piece, 0, piece.length);
        at += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await reader.end();
  await disk.syncDirectory(`${directory}/clog`);
  return manifest;
}

/** A fault of the log that came in an archive is the archive's, not the host's. */
export function archiveFault(thrown: unknown): unknown {
  if (!(thrown instanceof LightconeError)) return thrown;
  // A log without a published program is no database either.
  const isOfLog = thrown.code.startsWith("LC_LOG_") || thrown.code === "LC_DATABASE_UNKNOWN";
  if (!isOfLog) return thrown;
  return new LightconeError(
    "LC_REQUEST_INVALID",
    `the backup does not open as a database: ${thrown.message}`,
  );
}
