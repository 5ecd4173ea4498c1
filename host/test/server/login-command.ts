// `lightcone login` in a process of its own, as somebody at a terminal runs it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../../../cli/bin/lightcone.js", import.meta.url));

interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly ended: Promise<CommandEnd>;
  /** The first match in what it has told, once there is one. Rejects if it ends before. */
  told(pattern: RegExp): Promise<RegExpExecArray>;
}

export function runCommand(...args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let wake: () => void = () => undefined;
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (stdout += piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
    wake();
  });
  let isOver = false;
  const ended = new Promise<CommandEnd>((resolve) => {
    child.on("close", (code) => {
      isOver = true;
      wake();
      resolve({ code, stdout, stderr });
    });
  });
  const told = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(stderr);
      if (match !== null) return match;
      if (isOver) throw new Error(`it ended and has not told ${String(pattern)}: ${stderr}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { ended, told };
}
