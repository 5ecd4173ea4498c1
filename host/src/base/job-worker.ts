// The thread of one job: see job.ts.
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "@lightcone/abi";
import type { JobAnswer, JobStart } from "./job.ts";

const { module, input, options } = workerData as JobStart;
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
