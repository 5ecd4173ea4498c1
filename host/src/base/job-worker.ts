// The thread of one job: see job.ts.
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "@lightcone/abi";
import type { JobAnswer, JobStart } from "./job.ts";

const { module, input, options } = workerData as JobStart;
// On Linux a priority is a thread's own; elsewhere it would be that of the whole host. The lowest one would let a job wait for hours
// where a machine is never idle.
if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
let answer: JobAnswer;
try {
  const { job } = (await import(module)) as {
    job: (input: Uint8Array, options: unknown) => Uint8Array;
  };
  answer = { kind: "done", output: job(input, options) };
} catch (thrown) {
  answer = { kind: "failed", message: messageOf(thrown) };
}
parentPort?.postMessage(answer);
