// What procedures ask of the database that runs them.
import type { HttpClient } from "../../base/http/client.ts";
import type { CancelTimer } from "../../base/timers.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { Turn } from "./runner.ts";

export interface ProcedureHost {
  /** The calendar, in microseconds since the Unix epoch. */
  nowMicros(): bigint;
  /** Runs `wake` in a turn once the calendar has reached `micros`. */
  wakeAt(micros: bigint, wake: () => void): CancelTimer;
  /** Sends requests; undefined if the host does not let modules. */
  readonly http: HttpClient | undefined;
  readonly turn: Turn;
  /** Opens a transaction, with the time it is said to have; a text says why the procedure may have none any more. */
  begin(): { readonly tx: Transaction; readonly micros: bigint } | string;
  /** Commits. A text says why that could not be done: the transaction is rolled back then. */
  commit(tx: Transaction): string | undefined;
  rollBack(tx: Transaction): void;
}
