// Work that would hold a thread for seconds, done in a process that exists for it alone. Whatever the work does there, an abort or
// memory without end, ends that process and nothing else.
//
// On Linux it runs in the scheduling class of idle processes: it has the processors that nobody wants, and whoever wakes up takes them
// away at once, which no priority guarantees. A machine that is always busy would leave it next to nothing, and no process may leave
// that class again without privileges: so after a while it begins anew, at a low priority and with a small share. The same where the
// program `chrt` (util-linux) is not there or a container forbids what it does.
import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import { assert, messageOf } from "@lightcone/abi";
import { limit } from "./limit.ts";

/** What a job's process starts with. */
export interface JobStart {
  /** The URL of a module that exports the function `job`, from bytes and options to bytes. */
  readonly module: string;
  readonly input: Uint8Array;
  readonly options: unknown;
  /** Whether it has been started as an idle process; else it steps back by itself. */
  readonly isIdle: boolean;
}

/** What a job's process says: that it waits for its job, then how that ended. */
export type JobMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly output: Uint8Array }
  | { readonly kind: "failed"; readonly message: string };

// A debugger or a profiler of the host's is not the job's; and it has one core at most.
const engineFlags = ["--single-threaded"];

function startProcess(isIdle: boolean): ChildProcess {
  const options: ForkOptions = {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: engineFlags,
  };
  if (isIdle) {
    options.execPath = "chrt";
    options.execArgv = ["-i", "0", process.execPath, ...engineFlags];
  }
  return fork(new URL("./job-process.js", import.meta.url), options);
}

interface Attempt {
  readonly isIdle: boolean;
  readonly millisMax: number;
}

/** The job's result; undefined if an idle process is not to be had, or not done in time. */
function attemptJob(
  job: Omit<JobStart, "isIdle">,
  { isIdle, millisMax }: Attempt,
): Promise<Uint8Array | undefined> {
  const child = startProcess(isIdle);
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Uint8Array | undefined>((resolve, reject) => {
    let isReady = false;
    const fail = (reason: string): void => {
      if (isIdle && !isReady) resolve(undefined);
      else reject(new Error(reason));
    };
    timer = setTimeout(() => {
      if (isIdle) resolve(undefined);
      else reject(new Error(`not done within ${millisMax / 1000} s`));
    }, millisMax);
    timer.unref();
    child.on("message", (message: JobMessage) => {
      if (message.kind === "done") resolve(message.output);
      else if (message.kind === "failed") fail(message.message);
      else {
        isReady = true;
        child.send({ ...job, isIdle } satisfies JobStart);
      }
    });
    child.on("error", (thrown) => {
      fail(messageOf(thrown));
    });
    child.on("exit", (code, signal) => {
      fail(`its process ended (${signal ?? `exit code ${String(code)}`})`);
    });
  }).finally(() => {
    clearTimeout(timer);
    child.kill("SIGKILL");
  });
}

/**
 * Runs the function `job` that the module at `url` exports; `options` are plain data. Rejects with why it failed, or once it has run for
 * `millisMax` milliseconds, not counting up to `idleMillisMax` as an idle process. If this process is gone first, the other ends with its
 * job.
 */
export async function runJob(
  url: URL,
  input: Uint8Array,
  millisMax: number,
  options?: unknown,
  idleMillisMax: number = limit.jobIdleMillisMax,
): Promise<Uint8Array> {
  const job = { module: url.href, input, options };
  const isLinux = process.platform === "linux";
  const output =
    (isLinux ? await attemptJob(job, { isIdle: true, millisMax: idleMillisMax }) : undefined) ??
    (await attemptJob(job, { isIdle: false, millisMax }));
  assert(output !== undefined, "a job of normal priority has a result or an error");
  return output;
}
