// The disk of the machine: a directory of its file system. The only place that imports node:fs.
import { writeSync } from "node:fs";
import { access, type FileHandle, mkdir, open, readdir, readFile } from "node:fs/promises";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { getSystemErrorMap } from "node:util";
import type { Disk, DiskFile, OpenMode } from "./contract.ts";
import { assertPath, diskError } from "./error.ts";

const flagsByMode: Record<OpenMode, string> = { read: "r", write: "r+", create: "wx+" };

// A database's files are its owner's: nobody else on the machine needs to read them.
const fileMode = 0o600;
const directoryMode = 0o700;

function errnoOf(thrown: unknown): number | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).errno : undefined;
}

/**
 * A failure in the form of the contract, without the absolute path that Node puts into its
 * messages. What the system did not say is no failure of the disk and stays as it is.
 */
function failure(operation: string, path: string, thrown: unknown): unknown {
  const known = getSystemErrorMap().get(errnoOf(thrown) ?? 0);
  return known === undefined ? thrown : diskError(operation, path, `${known[0]} (${known[1]})`);
}

async function attempt<T>(operation: string, path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    throw failure(operation, path, thrown);
  }
}

/** As `attempt`, with `absent` for a path that is not there. */
async function attemptPresent<T>(
  operation: string,
  path: string,
  promise: Promise<T>,
  absent: T,
): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    if (thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === "ENOENT")
      return absent;
    throw failure(operation, path, thrown);
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await attempt("measure", this.path, this.#handle.stat())).size;
  }

  async read(at: number, target: Uint8Array, start: number, end: number): Promise<number> {
    let done = start;
    while (done < end) {
      const reading = this.#handle.read(target, done, end - done, at + (done - start));
      const { bytesRead } = await attempt("read", this.path, reading);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done - start;
  }

  writeSync(at: number, source: Uint8Array, start: number, end: number): void {
    try {
      let done = start;
      while (done < end) {
        done += writeSync(this.#handle.fd, source, done, end - done, at + (done - start));
      }
    } catch (thrown) {
      throw failure("write to", this.path, thrown);
    }
  }

  async sync(): Promise<void> {
    await attempt("sync", this.path, this.#handle.datasync());
  }

  async truncate(size: number): Promise<void> {
    await attempt("cut", this.path, this.#handle.truncate(size));
  }

  async close(): Promise<void> {
    await attempt("close", this.path, this.#handle.close());
  }
}

class NodeDisk implements Disk {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #absolute(path: string): string {
    assertPath(path);
    return join(this.#root, path);
  }

  async list(directory: string): Promise<string[]> {
    const names = await attemptPresent("list", directory, readdir(this.#absolute(directory)), []);
    return names.sort();
  }

  async exists(path: string): Promise<boolean> {
    const looking = access(this.#absolute(path)).then(() => true);
    return attemptPresent("look for", path, looking, false);
  }

  async readFile(path: string): Promise<Uint8Array> {
    const bytes = await attempt("read", path, readFile(this.#absolute(path)));
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const opening = open(this.#absolute(path), flagsByMode[mode], fileMode);
    return new NodeFile(path, await attempt(mode === "create" ? "create" : "open", path, opening));
  }

  async rename(from: string, to: string): Promise<void> {
    await attempt("rename", from, rename(this.#absolute(from), this.#absolute(to)));
  }

  async remove(path: string): Promise<void> {
    await attempt("remove", path, rm(this.#absolute(path), { recursive: true, force: true }));
  }

  async makeDirectory(path: string): Promise<void> {
    const target = this.#absolute(path);
    const options = { recursive: true, mode: directoryMode } as const;
    const highestMade = await attempt("make", path, mkdir(target, options));
    if (highestMade === undefined) return;
    // A new name is durable once the directory that holds it is synced: from the lowest made to the
    // highest.
    for (let made = target; made.length >= highestMade.length; made = dirname(made)) {
      await attempt("sync the directory above", path, syncDirectory(dirname(made)));
    }
  }

  async syncDirectory(path: string): Promise<void> {
    await attempt("sync the directory", path, syncDirectory(this.#absolute(path)));
  }
}

async function syncDirectory(absolutePath: string): Promise<void> {
  // Windows cannot sync a directory; its file system writes names in order by itself.
  if (process.platform === "win32") return;
  const handle = await open(absolutePath, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The directory `root` of the machine, an absolute path. Files made are for the running user alone.
 */
export function nodeDisk(root: string): Disk {
  return new NodeDisk(root);
}
