// The process of one job: see job.ts.
import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { messageOf } from "@lightcone/abi";
import type { JobAnswer, JobStart } from "./job.ts";

/**
 * Lets this process have what others leave. On Linux a priority is a thread's own, and those of the engine that are there already, idle
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

async function run({ module, input, options }: JobStart): Promise<JobAnswer> {
  try {
    stepBack();
    const { job } = (await import(module)) as {
      job: (input: Uint8Array, options: unknown) => Uint8Array;
    };
    return { kind: "done", output: job(input, options) };
  } catch (thrown) {
    return { kind: "failed", message: messageOf(thrown) };
  }
}

process.once("message", (start: JobStart) => {
  void run(start).then((answer) => process.send?.(answer));
});
