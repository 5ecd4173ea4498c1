// `lightcone start`: a host in this process, until it is told to stop.
import { resolve as resolvePath } from "node:path";
import { Option, type Usage } from "../clipanion.ts";
import { defaultDataDir, localServer } from "../config.ts";
import { parseDurationMs } from "../duration.ts";
import type { RunningServer } from "../context.ts";
import { LightconeCommand } from "./base.ts";

export class StartCommand extends LightconeCommand {
  static override paths: string[][] = [["start"]];
  static override usage: Usage = {
    category: "Run a server",
    description: "start a server on this machine",
    details: `
      Runs until it gets SIGINT (Ctrl-C) or SIGTERM, then closes its databases and ends. All data
      lies in one directory, which no other host may use at the same time.
    `,
    examples: [
      ["On the usual port, with the usual data directory", "$0 start"],
      ["For other machines, too", "$0 start --listen-addr 0.0.0.0:3000 --data-dir ./data"],
    ],
  };

  readonly listenAddr: string | undefined = Option.String("-l,--listen-addr", {
    description: `HOST:PORT to listen on; port 0 takes a free one (default: ${localServer.host})`,
  });
  readonly dataDir: string | undefined = Option.String("--data-dir", {
    description: "the data directory (default: ~/.local/share/lightcone)",
  });
  readonly callTimeLimit: string = Option.String("--call-time-limit", "10s", {
    description: "end a call that runs longer than this, such as 500ms, 10s or 2m (default: 10s)",
  });

  async run(): Promise<void> {
    const { context, output } = this;
    const listenAddr = this.listenAddr ?? this.loadConfig().listenAddr ?? localServer.host;
    const dataDir =
      this.dataDir === undefined
        ? defaultDataDir(context)
        : resolvePath(context.workingFolder, this.dataDir);
    const callTimeLimitMs = parseDurationMs(this.callTimeLimit, "--call-time-limit");
    // Asked for first, so that a wish to stop during the start is not lost.
    const stop = context.stopSignal();
    const { startServer } = await context.loadHost();
    const server = await startServer({ listenAddr, dataDir, callTimeLimitMs });
    try {
      output.line(`Listening on http://${server.address}`);
      output.note(welcome(dataDir, server));
      await aborted(stop);
      output.note("Stopping…");
    } finally {
      await server.close();
    }
    output.note("Stopped. All that was committed is on disk.");
  }
}

function welcome(dataDir: string, { address, port }: RunningServer): string {
  // A server on all interfaces is reached on this machine by the loopback one.
  const local = address.replace(/^(?:0\.0\.0\.0|\[::\]):\d+$/, `127.0.0.1:${port}`);
  const server = local === localServer.host ? "" : ` --server ${local}`;
  return [
    `Data is kept in ${dataDir}`,
    "",
    "Try next, in another terminal:",
    `  lightcone publish my-db --bin-path module.wasm${server}`,
    `  lightcone describe my-db${server}`,
    `  lightcone logs my-db --follow${server}`,
    "",
    "Ctrl-C stops the server.",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
