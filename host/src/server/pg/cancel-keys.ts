// Who may end which statement: a request for that comes over a connection of its own and must know two numbers.
import type { Random } from "../../base/random.ts";

/** What a client is given of itself. */
export interface CancelKey {
  readonly processId: number;
  readonly secret: number;
  onCancel(cancel: () => void): void;
  remove(): void;
}

interface Entry {
  readonly secret: number;
  cancel: () => void;
}

export class CancelKeys {
  readonly #random: Random;
  readonly #entries = new Map<number, Entry>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Both numbers are drawn, so that nobody can guess one from the other. */
  add(): CancelKey {
    let processId: number;
    do processId = this.#random.u32() >>> 1;
    while (processId === 0 || this.#entries.has(processId));
    const entry: Entry = { secret: this.#random.u32() | 0, cancel: () => undefined };
    this.#entries.set(processId, entry);
    return {
      processId,
      secret: entry.secret,
      onCancel: (cancel) => {
        entry.cancel = cancel;
      },
      remove: () => {
        this.#entries.delete(processId);
      },
    };
  }

  /** Ends the statement of that client; a wrong secret is not told of. */
  cancel(processId: number, secret: number): void {
    const entry = this.#entries.get(processId);
    if (entry !== undefined && entry.secret === secret) entry.cancel();
  }
}
