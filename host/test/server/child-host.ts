// A host in a process of its own, which can be stopped or killed and started again over the same directory. It runs without what
// a test runner loads into every Node, which would slow its threads and handle signals that a host leaves alone.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { present } from "@lightcone/abi";
import { newToken, RemoteHost } from "./remote-host.ts";

const program = fileURLToPath(new URL("./host-process.js", import.meta.url));

export interface ChildOptions {
  readonly callTimeLimitMs?: number;
  readonly callBudgetMs?: number;
  /** Transactions between two snapshots; the log behind the last two is deleted. */
  readonly snapshotEvery?: number;
  /** Puts another command before Node's. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
}

export class ChildHost extends RemoteHost {
  readonly dataDir: string;
  readonly #options: ChildOptions;
  #child: ChildProcess | undefined;

  private constructor(dataDir: string, options: ChildOptions) {
    super();
    this.dataDir = dataDir;
    this.#options = options;
  }

  /** A host over a new directory; both are gone when the test is over. */
  static async start(
    t: { teardown(end: () => unknown): void },
    options: ChildOptions = {},
  ): Promise<ChildHost> {
    const host = new ChildHost(await mkdtemp(join(tmpdir(), "lightcone-host-")), options);
    t.teardown(async () => {
      await host.kill();
      await rm(host.dataDir, { recursive: true });
    });
    await host.start();
    host.token = await newToken(host.address);
    return host;
  }

  get pid(): number {
    return present(this.#child?.pid, "a running host");
  }

  /** Starts it again, at another address. */
  async start({ wrap = (command) => command }: ChildOptions = this.#options): Promise<void> {
    const { callTimeLimitMs = 10_000, callBudgetMs = 60_000, snapshotEvery } = this.#options;
    const flags = [
      `${callTimeLimitMs}`,
      `${callBudgetMs}`,
      ...(snapshotEvery === undefined ? [] : [`${snapshotEvery}`]),
    ];
    const node = ["/usr/bin/env", "-u", "NODE_OPTIONS", process.execPath];
    const [command = "", ...args] = wrap([...node, program, this.dataDir, ...flags]);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    this.address = await new Promise((resolve, reject) => {
      let text = "";
      child.once("exit", (code) => reject(new Error(`the host ended with ${code}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("\n")) resolve(text.trim());
      });
    });
  }

  /** Ends it without a chance to do anything, and waits until it is gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Closes it as an operator would, and waits until it is gone. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    child.kill(signal);
    await gone;
  }
}
