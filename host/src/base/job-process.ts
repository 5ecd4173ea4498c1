// The process of one job: see job.ts.
import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { setFlagsFromString } from "node:v8";
import { messageOf } from "@lightcone/abi";
import type { JobMessage, JobStart } from "./job.ts";

/**
 * Lets this process have a small share. On Linux a priority is a thread's own, and those of the engine that are there already, idle
 * as they are, do not take it over. The lowest one would let a job wait for hours where a machine is never idle.
 */
function stepBack(): void {
  const priority = constants.priority.PRIORITY_BELOW_NORMAL;
  if (process.platform !== "linux") {
    setPriority(priority);
    return;
  }
  for (const thread of readdirSync("/proc/self/task")) setPriority(Number(thread), priority);
}

async function run({ module, input, options, isIdle }: JobStart): Promise<JobMessage> {
  try {
    if (!isIdle) stepBack();
    // Code that runs for a second or two does not earn back what it costs to compile it a second time.
    setFlagsFromString("--no-wasm-dynamic-tiering");
    const { job } = (await import(module)) as {
      job: (input: Uint8Array, options: unknown) => Uint8Array;
    };
    return { kind: "done", output: job(input, options) };
  } catch (thrown) {
    return { kind: "failed", message: messageOf(thrown) };
  }
}

process.once("message", (start: JobStart) => {
  void run(start).then((message) => process.send?.(message));
});
process.send?.({ kind: "ready" } satisfies JobMessage);
