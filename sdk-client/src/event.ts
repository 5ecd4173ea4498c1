// What callbacks are told, and the lists they are kept in.
import type { LightconeError, Timestamp } from "@lightcone/abi";

/** Why rows changed: the last parameter of every row callback. */
export type EventContext =
  /** A subscription was applied; its rows were not known before. */
  | { readonly kind: "subscribed" }
  /** A subscription ended; no other one holds these rows. */
  | { readonly kind: "unsubscribed" }
  /** Something on the server committed a transaction: another client, a schedule, SQL. */
  | { readonly kind: "transaction" }
  /** A call of this connection committed. A failed call changes no rows, so there is no other outcome. */
  | {
      readonly kind: "reducer";
      /** As on the server: `send_message`. */
      readonly name: string;
      readonly outcome: "committed";
      readonly timestamp: Timestamp;
    }
  /** The connection was lost and is back; these are the differences to the rows of before. */
  | { readonly kind: "reconnected" }
  /** Rows of an earlier visit are shown until the server has sent its own. */
  | { readonly kind: "cached" };

/** An established connection ended. */
export interface DisconnectedEvent {
  readonly kind: "disconnected";
  /** Undefined after `disconnect()`. */
  readonly error: LightconeError | undefined;
  /** Whether the client goes on trying by itself. */
  readonly willReconnect: boolean;
}

/** Where a connection stands. */
export type ConnectionStatus =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  | {
      readonly kind: "reconnecting";
      /** How many attempts in a row failed. */
      readonly failedAttempts: number;
      /** Milliseconds until the next attempt. */
      readonly delayMs: number;
      readonly error: LightconeError;
    }
  | {
      readonly kind: "closed";
      /** Undefined after `disconnect()`. */
      readonly error: LightconeError | undefined;
    };

/** Takes what a callback threw. */
export type ErrorReporter = (thrown: unknown) => void;

/** Ends what it was returned for, such as the calls of a callback. More than once does no harm. */
export type Stop = () => void;

type Listener<Args extends readonly unknown[]> = (...args: Args) => void;

/**
 * Callbacks in the order in which they were added. The list is replaced, never changed, so that callbacks may add and
 * remove while one event is passed on: that takes effect with the next event.
 */
export class Listeners<Args extends readonly unknown[]> {
  #entries: readonly { readonly call: Listener<Args> }[] = [];

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(call: Listener<Args>): Stop {
    const entry = { call };
    this.#entries = [...this.#entries, entry];
    return () => {
      this.#entries = this.#entries.filter((each) => each !== entry);
    };
  }

  /** Calls everybody; what one throws is reported and does not keep the others from being called. */
  emit(report: ErrorReporter, ...args: Args): void {
    for (const { call } of this.#entries) {
      try {
        call(...args);
      } catch (thrown) {
        report(thrown);
      }
    }
  }
}
