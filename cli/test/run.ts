// Runs a command in process, in a home of its own, and collects what it prints.
import { PassThrough, type Readable } from "node:stream";
import { runCli } from "../src/cli.ts";
import type { CommandContext, HostPart } from "../src/context.ts";

export interface RunOptions {
  /** Home and working folder; the configuration lies below it. */
  readonly home: string;
  readonly env?: Record<string, string>;
  /** What somebody types; without it nobody is there to answer. */
  readonly answers?: string;
  readonly host?: Partial<HostPart>;
  /** Ends commands that run until they are stopped. */
  readonly stop?: AbortSignal;
  /** Called with standard output so far, each time there is more of it. */
  /** Gets the pages that the command shows. */
  readonly openBrowser?: (url: string) => void;
  readonly onOutput?: (stdout: string) => void;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const stdout = collector(options.onOutput);
  const stderr = collector();
  const { home, env = {}, answers, host = {}, stop = new AbortController().signal } = options;
  const context: CommandContext = {
    env,
    stdin: typed(answers),
    stdout: stdout.stream,
    stderr: stderr.stream,
    colorDepth: 1,
    workingFolder: home,
    homeFolder: home,
    isErrorTerminal: true,
    isInteractive: answers !== undefined,
    loadHost: () => Promise.resolve({ ...noHosts, ...host }),
    openBrowser: options.openBrowser ?? (() => undefined),
    stopSignal: () => stop,
  };
  const code = await runCli(argv, context);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function typed(answers: string | undefined): Readable {
  const stdin = new PassThrough();
  stdin.end(answers);
  return stdin;
}

interface Collector {
  readonly stream: PassThrough;
  text(): string;
}

function collector(onText?: (text: string) => void): Collector {
  let text = "";
  const stream = new PassThrough();
  stream.setEncoding("utf8");
  stream.on("data", (piece: string) => {
    text += piece;
    onText?.(text);
  });
  // What is in the stream but was not handed out yet counts as well.
  return { stream, text: () => text + String(stream.read() ?? "") };
}

function noHost(): never {
  throw new Error("this test has no host");
}

/** A host none of whose parts a test has. */
export const noHosts: HostPart = {
  startServer: noHost,
  describeModule: noHost,
  openOfflineLog: noHost,
  rotateSigningKeys: noHost,
};
