// A host started as a user would start it, and commands run against it.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { Test } from "tap";
import { run, type RunResult } from "../run.ts";

const bin = fileURLToPath(new URL("../../../bin/lightcone.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output matches. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** The command as npm links it, in a process and with a home of its own. */
export function startProcess(home: string, argv: readonly string[]): Process {
  const ownHome = process.env["HOME"] ?? "";
  const { CARGO_HOME = join(ownHome, ".cargo"), RUSTUP_HOME = join(ownHome, ".rustup") } =
    process.env;
  const env = { PATH: process.env["PATH"], HOME: home, CARGO_HOME, RUSTUP_HOME };
  // tap follows children through NODE_OPTIONS, which would make a host and its threads many times
  // slower to start.
  const command = ["-u", "NODE_OPTIONS", process.execPath, bin, ...argv];
  const child = spawn("env", command, { cwd: home, env, stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end();
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout);
        if (found !== null) resolve(found);
      };
      child.stdout.on("data", look);
      child.once("close", () => reject(new Error(`ended without ${pattern}: ${stderr}`)));
      look();
    });
  return { child, ended, said };
}

export interface Rig {
  readonly home: string;
  /** Where the host is, `http://HOST:PORT`. */
  readonly url: () => string;
  /** Runs a command against the host, in this process; its exit code must be this. */
  readonly run: (code: number, ...argv: string[]) => Promise<RunResult>;
  /** Stops the host as a user would, and starts it again with the same data and address. */
  readonly restart: () => Promise<void>;
  /** Stops the host for good. */
  readonly stop: () => Promise<void>;
}

export async function openRig(t: Test): Promise<Rig> {
  const home = t.testdir();
  const argv = ["start", "--data-dir", "data", "--listen-addr"];
  let server = startProcess(home, [...argv, "127.0.0.1:0"]);
  t.teardown(() => server.child.kill("SIGKILL"));
  const listening = async (): Promise<string> =>
    (await server.said(/^Listening on (\S+)\n/))[1] ?? "";
  let url = await listening();
  const stop = async (): Promise<void> => {
    server.child.kill("SIGTERM");
    const { code, stderr } = await server.ended;
    t.equal(code, 0, "a host that is told to stop ends well");
    t.match(stderr, /Stopped|host_stopped/);
  };
  return {
    home,
    url: () => url,
    run: async (code, ...words) => {
      const result = await run([...words, "--server", url], { home });
      t.equal(result.code, code, `${words.join(" ")}\n${result.stderr}`);
      return result;
    },
    stop,
    restart: async () => {
      await stop();
      // The same address, so that the token that is kept for it counts.
      server = startProcess(home, [...argv, new URL(url).host]);
      url = await listening();
    },
  };
}
