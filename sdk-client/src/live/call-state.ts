// A call that a user interface makes: whether it is under way, and why it failed.
import type { Stop } from "../event.ts";
import { Notifier, type Source } from "./source.ts";

/** What is shown of a call. */
export interface CallStatus {
  /** Whether at least one call has not been answered. */
  readonly isPending: boolean;
  /** Why the last call that ended failed; mostly a LightconeError. */
  readonly error: Error | undefined;
}

/** How a call ended. */
export type CallOutcome<Result> =
  { readonly ok: true; readonly value: Result } | { readonly ok: false; readonly error: Error };

/** Calls, and never rejects: what failed is in the outcome and in the status. */
export type Call<Args extends readonly unknown[], Result> = (
  ...args: Args
) => Promise<CallOutcome<Result>>;

export const idleCall: CallStatus = { isPending: false, error: undefined };

export class CallState implements Source<CallStatus> {
  readonly #notifier = new Notifier();
  #status: CallStatus = idleCall;
  #pendingCount = 0;
  #resetCount = 0;

  readonly get = (): CallStatus => this.#status;

  readonly subscribe = (listener: () => void): Stop => this.#notifier.add(listener);

  /** Forgets the error, and the calls under way as well: their ends are not shown. */
  readonly reset = (): void => {
    this.#resetCount++;
    this.#pendingCount = 0;
    this.#change(undefined);
  };

  /** `method` with its calls shown here. */
  bind<Args extends readonly unknown[], Result>(
    method: (...args: Args) => Promise<Result>,
  ): Call<Args, Result> {
    return async (...args) => {
      const resetCount = this.#resetCount;
      this.#pendingCount++;
      this.#change(undefined);
      const outcome = await settle(method, args);
      if (resetCount === this.#resetCount) {
        this.#pendingCount--;
        this.#change(outcome.ok ? undefined : outcome.error);
      }
      return outcome;
    };
  }

  #change(error: Error | undefined): void {
    const isPending = this.#pendingCount > 0;
    if (isPending === this.#status.isPending && error === this.#status.error) return;
    this.#status = { isPending, error };
    this.#notifier.notify();
  }
}

async function settle<Args extends readonly unknown[], Result>(
  method: (...args: Args) => Promise<Result>,
  args: Args,
): Promise<CallOutcome<Result>> {
  try {
    return { ok: true, value: await method(...args) };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { ok: false, error };
  }
}
