// A directory of files, as an interface. Whoever keeps something for good gets one of these and no
// other way to a disk, so that a test can hand in a disk that fails, fills up or loses what was not
// synced.
//
// Paths are relative to the disk's root, with `/` between names, without `.` or `..`; "" is the
// root itself. Every failure is a LightconeError LC_DISK whose message names the operation, the
// path and the system's reason.

/**
 * How a file is opened: `read` an existing one; `write` an existing one, for reading and writing,
 * keeping its bytes; `create` a new one for the same, refusing a path that is taken.
 */
export type OpenMode = "read" | "write" | "create";

/** An open file. Positions and lengths are in bytes. */
export interface DiskFile {
  readonly path: string;

  size(): Promise<number>;

  /**
   * Fills `target[start, end)` from position `at` on and returns how many bytes there were; fewer
   * than asked only at the end of the file.
   */
  read(at: number, target: Uint8Array, start: number, end: number): Promise<number>;

  /**
   * Writes `source[start, end)` at position `at`, before it returns: to the system, not yet for
   * good. A failure may leave any first part written.
   */
  writeSync(at: number, source: Uint8Array, start: number, end: number): void;

  /**
   * Makes everything written or cut before the call survive a loss of power. Two calls may be under
   * way at once.
   */
  sync(): Promise<void>;

  /** Cuts the file to `size` bytes or extends it with zeros. */
  truncate(size: number): Promise<void>;

  /** Gives the file back; further use is a bug. Does not sync. */
  close(): Promise<void>;
}

/** A directory and all below it. */
export interface Disk {
  /** Names in a directory, sorted by code unit; none if the directory is not there. */
  list(directory: string): Promise<string[]>;

  exists(path: string): Promise<boolean>;

  /** All bytes of a file. */
  readFile(path: string): Promise<Uint8Array>;

  open(path: string, mode: OpenMode): Promise<DiskFile>;

  /**
   * Moves a file or directory at one stroke, replacing a file of the new name. For good after
   * `syncDirectory`.
   */
  rename(from: string, to: string): Promise<void>;

  /**
   * Removes a file, or a directory with all in it; a path that is not there is no error. For good
   * after `syncDirectory`.
   */
  remove(path: string): Promise<void>;

  /**
   * Makes a directory and those above it, as far as they are missing, and makes all of them survive
   * a loss of power.
   */
  makeDirectory(path: string): Promise<void>;

  /**
   * Makes the names in a directory survive a loss of power: files made, renamed into, out of or
   * removed from it.
   */
  syncDirectory(path: string): Promise<void>;
}
