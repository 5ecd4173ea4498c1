// Directories and processes that live no longer than the benchmark, however it ends.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuringEnvironment } from "./machine.ts";

/** What `statfs` says of a file system that lies in memory. */
const memoryFileSystems: readonly number[] = [0x0102_1994, 0x8584_58f6];

/**
 * Gives out what `close` takes back. Closing never waits, so that it also serves where a process
 * ends; a child whose parent is gone ends by itself (remote.ts).
 */
export class Workshop {
  readonly #directories = new Set<string>();
  readonly #children = new Set<ChildProcess>();

  /** A new directory below the system's temporary one (TMPDIR). */
  makeDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), "lightcone-bench-"));
    this.#directories.add(directory);
    return directory;
  }

  removeDirectory(directory: string): void {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    this.#directories.delete(directory);
  }

  /**
   * Starts a compiled script as a process that can be talked to; what it prints goes to standard
   * error.
   */
  startProcess(script: URL): ChildProcess {
    const child = fork(fileURLToPath(script), {
      env: measuringEnvironment(),
      stdio: ["ignore", process.stderr, process.stderr, "ipc"],
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const directory of this.#directories) this.removeDirectory(directory);
  }
}

/** Whether files for benchmarks would lie in memory, where making them durable costs nothing. */
export function isTemporaryInMemory(): boolean {
  return memoryFileSystems.includes(statfsSync(tmpdir()).type);
}
