// The disk of a simulated machine: a memory disk on which each call waits for its turn, may fail,
// and may be the last that the machine makes.
import type { Rng } from "@lightcone/fixtures/rng";
import type { Disk, DiskFile, OpenMode } from "../../src/base/disk/contract.ts";
import { diskError } from "../../src/base/disk/error.ts";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { type Faults, reasonOf } from "./faults.ts";
import type { DiskCall, Phase, Tally } from "./tally.ts";
import { never, type Turns } from "./turns.ts";

/** What the world decides about a disk. */
export interface DiskFate {
  readonly rng: Rng;
  readonly tally: Tally;
  readonly turns: Turns;
  readonly faults: Faults;
  /** Whether the machine stops at this point. */
  isLast(call: DiskCall, phase: Phase): boolean;
}

/** What a disk does that lies: for tests of the simulation itself. */
export interface DiskLies {
  /** Syncs of files do nothing. */
  readonly syncsNothing?: boolean;
}

export class SimulatedDisk implements Disk {
  readonly #inner: MemoryDisk;
  readonly #fate: DiskFate;
  readonly #lies: DiskLies;
  #isStopped = false;

  constructor(inner: MemoryDisk, fate: DiskFate, lies: DiskLies = {}) {
    this.#inner = inner;
    this.#fate = fate;
    this.#lies = lies;
  }

  /** Whether the machine has stopped: no call has an effect, or an answer, any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Stops the machine between two calls. */
  stop(): void {
    this.#isStopped = true;
    this.#fate.turns.forget();
  }

  /** For the disk's files: whether the machine is not there any more, or stops at this point. */
  isGone(call: DiskCall, phase: Phase): boolean {
    if (this.#isStopped) return true;
    if (!this.#fate.isLast(call, phase)) return false;
    this.#fate.tally.count(`${call} ${phase}` as `${DiskCall} done`);
    this.stop();
    return true;
  }

  /** For the disk's files: makes a call in its turn. */
  async run<T>(
    call: DiskCall,
    verb: string,
    path: string,
    work: () => Promise<T>,
    fail?: (reason: string) => Promise<void>,
  ): Promise<T> {
    if (this.#isStopped) return never();
    await this.#fate.turns.next();
    if (this.isGone(call, "begun")) return never();
    const errno = this.#fate.faults.take(call);
    if (errno !== undefined) {
      await fail?.(errno);
      throw diskError(verb, path, reasonOf(errno));
    }
    const result = await work();
    return this.isGone(call, "done") ? never() : result;
  }

  /** For the disk's files: makes a sync in its turn; what it covers is lost to later ones if it fails. */
  async sync(path: string, file: DiskFile): Promise<void> {
    const work = this.#lies.syncsNothing === true ? async () => undefined : () => file.sync();
    await this.run("sync", "sync", path, work, async () => {
      this.#inner.failAfter("sync", 0, "EIO");
      try {
        await file.sync();
      } catch {
        // The caller is told with the reason that the world chose.
      } finally {
        this.#inner.heal();
      }
    });
  }

  /** For the disk's files: a write, of which a first part may be all that happens. */
  write(file: DiskFile, at: number, source: Uint8Array, start: number, end: number): void {
    if (this.isGone("write", "begun")) return;
    const { rng, faults, tally } = this.#fate;
    const errno = faults.take("write");
    const middle = start + rng.nextBelow(end - start + 1);
    file.writeSync(at, source, start, middle);
    if (errno !== undefined) {
      if (middle > start && middle < end) tally.count("short write");
      throw diskError("write to", file.path, reasonOf(errno));
    }
    if (this.isGone("write", "halfway")) return;
    file.writeSync(at + middle - start, source, middle, end);
    this.isGone("write", "done");
  }

  /** For the disk's files: a read, which may end in the middle. */
  async read(
    file: DiskFile,
    at: number,
    target: Uint8Array,
    start: number,
    end: number,
  ): Promise<number> {
    const { rng, tally } = this.#fate;
    const work = (): Promise<number> => file.read(at, target, start, end);
    return this.run("read", "read", file.path, work, async () => {
      const count = await file.read(at, target, start, start + rng.nextBelow(end - start + 1));
      if (count > 0) tally.count("short read");
    });
  }

  async list(directory: string): Promise<string[]> {
    return this.run("list", "list", directory, () => this.#inner.list(directory));
  }

  async exists(path: string): Promise<boolean> {
    return this.run("exists", "look for", path, () => this.#inner.exists(path));
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.run("readFile", "read", path, () => this.#inner.readFile(path));
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const call = mode === "create" ? "create" : "open";
    return this.run(call, call, path, async () => {
      return new SimulatedFile(this, await this.#inner.open(path, mode));
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.run("rename", "rename", from, () => this.#inner.rename(from, to));
  }

  async remove(path: string): Promise<void> {
    await this.run("remove", "remove", path, () => this.#inner.remove(path));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.run("makeDirectory", "make", path, () => this.#inner.makeDirectory(path));
  }

  async syncDirectory(path: string): Promise<void> {
    const verb = "sync the directory";
    await this.run("syncDirectory", verb, path, () => this.#inner.syncDirectory(path));
  }
}

class SimulatedFile implements DiskFile {
  readonly #disk: SimulatedDisk;
  readonly #inner: DiskFile;

  constructor(disk: SimulatedDisk, inner: DiskFile) {
    this.#disk = disk;
    this.#inner = inner;
  }

  get path(): string {
    return this.#inner.path;
  }

  async size(): Promise<number> {
    return this.#disk.run("size", "measure", this.path, () => this.#inner.size());
  }

  async read(at: number, target: Uint8Array, start: number, end: number): Promise<number> {
    return this.#disk.read(this.#inner, at, target, start, end);
  }

  writeSync(at: number, source: Uint8Array, start: number, end: number): void {
    this.#disk.write(this.#inner, at, source, start, end);
  }

  async sync(): Promise<void> {
    await this.#disk.sync(this.path, this.#inner);
  }

  async truncate(size: number): Promise<void> {
    await this.#disk.run("truncate", "cut", this.path, () => this.#inner.truncate(size));
  }

  async close(): Promise<void> {
    await this.#disk.run("close", "close", this.path, () => this.#inner.close());
  }
}
