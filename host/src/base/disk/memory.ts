// A disk in memory that can fail and lose power: what is written and what would survive are kept
// apart, for the bytes of files and for their names alike.
import { assert } from "@lightcone/abi";
import type { Random } from "../random.ts";
import type { Disk, DiskFile, OpenMode } from "./contract.ts";
import { assertPath, diskError, parentOf } from "./error.ts";
import { type CrashEffects, MemoryFileData, noCrashEffects } from "./memory-file.ts";

/**
 * What can be made to fail: bytes written, bytes synced; names made, moved, removed or synced; each
 * of these.
 */
export type FaultyOperation = "write" | "sync" | "name" | "any";

const reasonByErrno = {
  ENOSPC: "ENOSPC (no space left on device)",
  EIO: "EIO (i/o error)",
} as const;

/** A name leads to a file or to a directory. */
type Entry = MemoryFileData | "directory";

type NameChange =
  | { readonly kind: "set"; readonly path: string; readonly entry: Entry }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "move"; readonly from: string; readonly to: string; readonly entry: Entry };

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** A change whose directory is not there, since that was lost, is lost with it. */
function applyNameChange(names: Map<string, Entry>, change: NameChange): void {
  if (change.kind === "set") {
    setName(names, change.path, change.entry);
    return;
  }
  const isFileMove = change.kind === "move" && change.entry !== "directory";
  if (isFileMove) {
    // The file moves even if the name that it had before was lost.
    if (names.get(change.from) === change.entry) names.delete(change.from);
    setName(names, change.to, change.entry);
    return;
  }
  const source = change.kind === "move" ? change.from : change.path;
  for (const [path, entry] of names) {
    if (!isWithin(path, source)) continue;
    names.delete(path);
    if (change.kind === "move") names.set(change.to + path.slice(source.length), entry);
  }
}

function setName(names: Map<string, Entry>, path: string, entry: Entry): void {
  if (names.get(parentOf(path)) === "directory") names.set(path, entry);
}

function touches(change: NameChange, directory: string): boolean {
  if (change.kind !== "move") return parentOf(change.path) === directory;
  return parentOf(change.from) === directory || parentOf(change.to) === directory;
}

/** Settings of a memory disk. */
export interface MemoryDiskOptions {
  /** Awaited by each sync of a file before it takes effect, so that a test can hold it back. */
  readonly beforeSync?: () => Promise<void>;
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #data: MemoryFileData;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(path: string, disk: MemoryDisk, data: MemoryFileData, isWritable: boolean) {
    this.path = path;
    this.#disk = disk;
    this.#data = data;
    this.#isWritable = isWritable;
  }

  async size(): Promise<number> {
    assert(this.#isOpen, `${this.path} is closed`);
    return this.#data.size;
  }

  async read(at: number, target: Uint8Array, start: number, end: number): Promise<number> {
    assert(this.#isOpen, `${this.path} is closed`);
    const bytes = this.#data.read(at, at + (end - start));
    target.set(bytes, start);
    return bytes.length;
  }

  writeSync(at: number, source: Uint8Array, start: number, end: number): void {
    assert(this.#isOpen && this.#isWritable, `${this.path} is not open for writing`);
    const reason = this.#disk.takeFault("write");
    // A write that fails may have come some way.
    const written = reason === undefined ? end : start + Math.floor((end - start) / 2);
    if (written > start) {
      this.#data.change({ kind: "write", at, bytes: source.slice(start, written) });
    }
    if (reason !== undefined) throw diskError("write to", this.path, reason);
  }

  async sync(): Promise<void> {
    assert(this.#isOpen, `${this.path} is closed`);
    const count = this.#data.pendingCount;
    await this.#disk.beforeSync();
    const reason = this.#disk.takeFault("sync");
    if (reason !== undefined) {
      this.#data.dropPending(count);
      throw diskError("sync", this.path, reason);
    }
    this.#data.sync(count);
  }

  async truncate(size: number): Promise<void> {
    assert(this.#isOpen && this.#isWritable, `${this.path} is not open for writing`);
    const reason = this.#disk.takeFault("write");
    if (reason !== undefined) throw diskError("cut", this.path, reason);
    this.#data.change({ kind: "truncate", size });
  }

  async close(): Promise<void> {
    assert(this.#isOpen, `${this.path} is closed`);
    this.#isOpen = false;
  }
}

/** A disk in memory, empty at first. */
export class MemoryDisk implements Disk {
  readonly #live = new Map<string, Entry>([["", "directory"]]);
  readonly #durable = new Map<string, Entry>([["", "directory"]]);
  readonly #pending: NameChange[] = [];
  readonly #options: MemoryDiskOptions;
  #fault: { operation: FaultyOperation; successCount: number; reason: string } | undefined;

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options;
  }

  /** Lets `successCount` more operations of a kind succeed, and none after them until `heal`. */
  failAfter(
    operation: FaultyOperation,
    successCount: number,
    errno: keyof typeof reasonByErrno,
  ): void {
    this.#fault = { operation, successCount, reason: reasonByErrno[errno] };
  }

  /** Ends the fault. */
  heal(): void {
    this.#fault = undefined;
  }

  /**
   * The disk that could be found after a loss of power at this moment: of what was not synced,
   * `random` decides what is there, for each file and each name on its own. This disk goes on as if
   * nothing had happened. What was lost is counted in `effects`.
   */
  crash(random: Random, effects: CrashEffects = noCrashEffects()): MemoryDisk {
    const names = new Map(this.#durable);
    for (const change of this.#survivingNameChanges(random, effects)) {
      applyNameChange(names, change);
    }
    const disk = new MemoryDisk();
    for (const [path, entry] of names) {
      disk.#install(path, entry === "directory" ? entry : entry.afterCrash(random, effects));
    }
    return disk;
  }

  /** A disk with the same files as this one has now, all of it safe there. */
  copy(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, entry] of this.#live) {
      disk.#install(path, entry === "directory" ? entry : entry.read(0, entry.size).slice());
    }
    return disk;
  }

  /** A first part of the pending changes, as a journal keeps them, or some of them in no order. */
  #survivingNameChanges(random: Random, effects: CrashEffects): readonly NameChange[] {
    const changes = this.#pending;
    if (changes.length === 0) return changes;
    const isOrdered = random.u32() % 2 === 0;
    const keptCount = random.u32() % (changes.length + 1);
    const kept = isOrdered
      ? changes.slice(0, keptCount)
      : changes.filter(() => random.u32() % 2 === 0);
    if (kept.length < changes.length) effects.lostNameCount++;
    if (kept.some((change, i) => change !== changes[i])) effects.reorderedNameCount++;
    return kept;
  }

  /** Puts a file there for good: a fixture of a test. */
  install(path: string, bytes: Uint8Array): void {
    assertPath(path);
    this.#install(path, bytes);
  }

  #install(path: string, content: Uint8Array | "directory"): void {
    const entry = content === "directory" ? content : new MemoryFileData(content);
    this.#live.set(path, entry);
    this.#durable.set(path, entry);
  }

  /** For the disk's own files: the reason to fail an operation of this kind, if it is its turn. */
  takeFault(operation: Exclude<FaultyOperation, "any">): string | undefined {
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    if (fault.operation !== "any" && fault.operation !== operation) return undefined;
    if (fault.successCount > 0) {
      fault.successCount--;
      return undefined;
    }
    return fault.reason;
  }

  /** For the disk's own files: what a sync waits for. */
  async beforeSync(): Promise<void> {
    await this.#options.beforeSync?.();
  }

  #changeName(verb: string, path: string, change: NameChange): void {
    const reason = this.takeFault("name");
    if (reason !== undefined) throw diskError(verb, path, reason);
    applyNameChange(this.#live, change);
    this.#pending.push(change);
  }

  #file(verb: string, path: string): MemoryFileData {
    const entry = this.#live.get(path);
    if (entry === undefined) throw diskError(verb, path, "ENOENT (no such file or directory)");
    if (entry === "directory") throw diskError(verb, path, "EISDIR (it is a directory)");
    return entry;
  }

  async list(directory: string): Promise<string[]> {
    assertPath(directory);
    const names: string[] = [];
    for (const path of this.#live.keys()) {
      if (path !== "" && parentOf(path) === directory) names.push(path);
    }
    const start = directory === "" ? 0 : directory.length + 1;
    return names.map((path) => path.slice(start)).sort();
  }

  async exists(path: string): Promise<boolean> {
    assertPath(path);
    return this.#live.has(path);
  }

  async readFile(path: string): Promise<Uint8Array> {
    assertPath(path);
    const data = this.#file("read", path);
    return data.read(0, data.size).slice();
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    assertPath(path);
    if (mode === "create") {
      if (this.#live.has(path)) throw diskError("create", path, "EEXIST (it is there already)");
      if (this.#live.get(parentOf(path)) !== "directory") {
        throw diskError("create", path, "ENOENT (no such file or directory)");
      }
      const entry = new MemoryFileData(new Uint8Array(0));
      this.#changeName("create", path, { kind: "set", path, entry });
    }
    return new MemoryFile(path, this, this.#file("open", path), mode !== "read");
  }

  async rename(from: string, to: string): Promise<void> {
    assertPath(from);
    assertPath(to);
    const entry = this.#live.get(from);
    if (entry === undefined) throw diskError("rename", from, "ENOENT (no such file)");
    this.#changeName("rename", from, { kind: "move", from, to, entry });
  }

  async remove(path: string): Promise<void> {
    assertPath(path);
    assert(path !== "", "the root stays");
    if (this.#live.has(path)) this.#changeName("remove", path, { kind: "remove", path });
  }

  async makeDirectory(path: string): Promise<void> {
    assertPath(path);
    const names = path === "" ? [] : path.split("/");
    for (let i = 1; i <= names.length; i++) {
      const prefix = names.slice(0, i).join("/");
      const entry = this.#live.get(prefix);
      if (entry === "directory") continue;
      if (entry !== undefined) throw diskError("make", path, "EEXIST (it is a file)");
      const change: NameChange = { kind: "set", path: prefix, entry: "directory" };
      this.#changeName("make", prefix, change);
      this.#settleNames((other) => other === change);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    assertPath(path);
    const reason = this.takeFault("name");
    if (reason !== undefined) throw diskError("sync the directory", path, reason);
    if (this.#live.get(path) !== "directory") {
      throw diskError("sync the directory", path, "ENOENT (no such directory)");
    }
    this.#settleNames((change) => touches(change, path));
  }

  /** Makes some of the pending changes durable. Others stay pending: nothing promises an order. */
  #settleNames(isSettled: (change: NameChange) => boolean): void {
    const waiting: NameChange[] = [];
    for (const change of this.#pending.splice(0)) {
      if (isSettled(change)) applyNameChange(this.#durable, change);
      else waiting.push(change);
    }
    this.#pending.push(...waiting);
  }
}
