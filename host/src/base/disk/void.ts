// A disk that keeps nothing: under a database that lives in memory alone, whose log would otherwise fill it for nobody. Files are as
// long as they were written, and none is ever found again.
import { diskError } from "./error.ts";
import type { Disk, DiskFile, OpenMode } from "./contract.ts";

class VoidFile implements DiskFile {
  readonly path: string;
  #size = 0;

  constructor(path: string) {
    this.path = path;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async read(): Promise<number> {
    throw diskError("read", this.path, "nothing is kept here");
  }

  writeSync(at: number, _source: Uint8Array, start: number, end: number): void {
    this.#size = Math.max(this.#size, at + (end - start));
  }

  async sync(): Promise<void> {}

  async truncate(size: number): Promise<void> {
    this.#size = size;
  }

  async close(): Promise<void> {}
}

/** One disk serves any number of databases. */
export const voidDisk: Disk = {
  list: async () => [],
  exists: async () => false,
  readFile: async (path) => {
    throw diskError("read", path, "nothing is kept here");
  },
  open: async (path: string, mode: OpenMode) => {
    // What is written under one name and moved to another is opened there to go on.
    if (mode !== "read") return new VoidFile(path);
    throw diskError("open", path, "nothing is kept here");
  },
  rename: async () => undefined,
  remove: async () => undefined,
  makeDirectory: async () => undefined,
  syncDirectory: async () => undefined,
};
