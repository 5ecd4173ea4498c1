// Starts and kills hosts in processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { present } from "@lightcone/abi";

const program = fileURLToPath(new URL("./host-process.js", import.meta.url));

/** A host that can be killed and started again over the same directory, each time at another address. */
export class ChildHost {
  readonly dataDir: string;
  #child: ChildProcess | undefined;
  #address = "";

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async make(t: { teardown(end: () => unknown): void }): Promise<ChildHost> {
    const host = new ChildHost(await mkdtemp(join(tmpdir(), "lightcone-child-")));
    t.teardown(async () => {
      await host.kill();
      await rm(host.dataDir, { recursive: true });
    });
    return host;
  }

  get address(): string {
    return this.#address;
  }

  get pid(): number {
    return present(this.#child?.pid, "a running host");
  }

  /** Starts it; `wrap` may put another command before Node's. */
  async start(
    wrap: (command: readonly string[]) => readonly string[] = (command) => command,
  ): Promise<void> {
    // Without what a test runner loads into every Node: it handles signals that a host leaves alone.
    const node = ["/usr/bin/env", "-u", "NODE_OPTIONS", process.execPath];
    const [command = "", ...args] = wrap([...node, program, this.dataDir]);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    const { stdout } = child;
    this.#address = await new Promise((resolve, reject) => {
      let text = "";
      child.once("exit", (code) => reject(new Error(`the host ended with ${code}`)));
      stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("\n")) resolve(text.trim());
      });
    });
  }

  /** Ends it without a chance to do anything, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => {
      child.once("exit", resolve);
    });
    child.kill("SIGKILL");
    await gone;
  }
}
