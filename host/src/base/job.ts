// Work that would hold a thread for seconds, done in a process that exists for it alone. Whatever the work does there, an abort or
// memory without end, ends that process and nothing else; and it gets what others leave of the processor.
import { fork } from "node:child_process";
import { messageOf } from "@lightcone/abi";

/** What a job's process starts with. */
export interface JobStart {
  /** The URL of a module that exports the function `job`, from bytes and options to bytes. */
  readonly module: string;
  readonly input: Uint8Array;
  readonly options: unknown;
}

/** What a job's process says before it ends. */
export type JobAnswer =
  | { readonly kind: "done"; readonly output: Uint8Array }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Runs the function `job` that the module at `url` exports; `options` are plain data. Rejects with why it failed, or once it has run for `millisMax`
 * milliseconds. If this process is gone first, the other ends with its job.
 */
export function runJob(
  url: URL,
  input: Uint8Array,
  millisMax: number,
  options?: unknown,
): Promise<Uint8Array> {
  const start: JobStart = { module: url.href, input, options };
  const child = fork(new URL("./job-process.js", import.meta.url), {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // A debugger or a profiler of the host's is not the job's; and it has one core at most.
    execArgv: ["--single-threaded"],
  });
  return new Promise<Uint8Array>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not done within ${millisMax / 1000} s`));
    }, millisMax);
    timer.unref();
    child.on("message", (answer: JobAnswer) => {
      if (answer.kind === "done") resolve(answer.output);
      else reject(new Error(answer.message));
    });
    child.on("error", (thrown) => {
      reject(new Error(messageOf(thrown)));
    });
    child.on("exit", (code, signal) => {
      reject(new Error(`its process ended (${signal ?? `exit code ${String(code)}`})`));
    });
    child.send(start);
  }).finally(() => {
    child.kill("SIGKILL");
  });
}
