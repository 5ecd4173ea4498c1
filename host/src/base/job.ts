// Work that would hold a thread for seconds, done on a thread that exists for it alone. Whatever the work does to its thread,
// an abort or memory without end, ends that thread and nothing else. On Linux it gets what others leave of the processor.
import { Worker } from "node:worker_threads";
import { messageOf } from "@lightcone/abi";

/** What a job's thread starts with. */
export interface JobStart {
  /** The URL of a module that exports the function `job`, from bytes and options to bytes. */
  readonly module: string;
  readonly input: Uint8Array;
  readonly options: unknown;
}

/** What a job's thread says before it ends. */
export type JobAnswer =
  | { readonly kind: "done"; readonly output: Uint8Array }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Runs the function `job` that the module at `url` exports; `options` are plain data. Rejects with why it failed, or once it has run for `millisMax`
 * milliseconds. The thread does not keep a process alive.
 */
export function runJob(
  url: URL,
  input: Uint8Array,
  millisMax: number,
  options?: unknown,
): Promise<Uint8Array> {
  const workerData: JobStart = { module: url.href, input, options };
  const worker = new Worker(new URL("./job-worker.js", import.meta.url), { workerData });
  worker.unref();
  return new Promise<Uint8Array>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not done within ${millisMax / 1000} s`));
    }, millisMax);
    timer.unref();
    worker.on("message", (answer: JobAnswer) => {
      if (answer.kind === "done") resolve(answer.output);
      else reject(new Error(answer.message));
    });
    worker.on("error", (thrown) => {
      reject(new Error(messageOf(thrown)));
    });
    worker.on("exit", () => {
      reject(new Error("its thread ended"));
    });
  }).finally(() => {
    void worker.terminate();
  });
}
