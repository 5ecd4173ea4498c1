// Calls between the benchmark and the processes it starts: JSON over the channel that `fork` makes,
// answers in any order.
import type { ChildProcess } from "node:child_process";

/** What a process can be asked for: each method with its parameters and its result. */
export type Methods = Readonly<
  Record<string, { readonly params: unknown; readonly result: unknown }>
>;

export type Handlers<M extends Methods> = {
  readonly [Name in keyof M]: (
    params: M[Name]["params"],
  ) => Promise<M[Name]["result"]> | M[Name]["result"];
};

interface Call {
  readonly id: number;
  readonly name: string;
  readonly params: unknown;
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Another process, as the one that started it sees it. */
export class Remote<M extends Methods> {
  readonly #title: string;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  #hasEnded = false;

  /** `title` names the process in errors. */
  constructor(title: string, child: ChildProcess) {
    this.#title = title;
    this.#child = child;
    child.on("message", (message: Answer) => {
      this.#settle(message);
    });
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#hasEnded = true;
        const error = new Error(`the ${title} process ended (${signal ?? `exit code ${code}`})`);
        for (const { reject } of this.#pending.values()) reject(error);
        this.#pending.clear();
        resolve();
      });
    });
  }

  /** Rejects with what the process threw, or when it ends before it answers. */
  async call<Name extends keyof M & string>(
    name: Name,
    params: M[Name]["params"],
  ): Promise<M[Name]["result"]> {
    if (this.#hasEnded) throw new Error(`the ${this.#title} process has ended`);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, name, params } satisfies Call);
    });
  }

  /** Lets the process go, which ends it; resolves when it has ended. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #settle(message: Answer): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ("error" in message) pending?.reject(new Error(`${this.#title}: ${message.error}`));
    else pending?.resolve(message.result);
  }
}

/** Answers the process that started this one. Ends this one when that lets go of it or is gone. */
export function answerParent<M extends Methods>(handlers: Handlers<M>): void {
  process.on("message", (call: Call) => {
    void answer(handlers, call);
  });
  process.once("disconnect", () => process.exit());
}

async function answer<M extends Methods>(handlers: Handlers<M>, call: Call): Promise<void> {
  const { id, name, params } = call;
  try {
    const result = await handlers[name as keyof M](params);
    process.send?.({ id, result } satisfies Answer);
  } catch (thrown) {
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    process.send?.({ id, error } satisfies Answer);
  }
}

/** Microseconds of CPU time that all threads of this process have used. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
