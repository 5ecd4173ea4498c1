// The lightcone command: connects the process with the command that runs in it.
import { homedir } from "node:os";
import { runCli } from "./cli.ts";
import type { CommandContext, HostPart } from "./context.ts";
import { openBrowser } from "./login/browser.ts";

let stopping: AbortController | undefined;

/** Takes over the signals that would end the process. A second one ends it at once. */
function stopSignal(): AbortSignal {
  if (stopping !== undefined) return stopping.signal;
  const controller = new AbortController();
  stopping = controller;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Loaded when a command first needs it: most talk to a server elsewhere. */
function loadHost(): Promise<HostPart> {
  return import("@lightcone/host");
}

const { stdin, stdout, stderr, env } = process;

const wantsColor = env["NO_COLOR"] === undefined && stderr.isTTY;

const context: CommandContext = {
  env,
  stdin,
  stdout,
  stderr,
  colorDepth: wantsColor ? stderr.getColorDepth(env) : 1,
  workingFolder: process.cwd(),
  homeFolder: homedir(),
  isErrorTerminal: stderr.isTTY,
  isInteractive: stdin.isTTY && stderr.isTTY,
  loadHost,
  openBrowser,
  stopSignal,
};

// `lightcone logs | head`: whoever reads has read enough.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), context);
