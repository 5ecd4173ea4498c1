// What BEGIN, COMMIT and ROLLBACK can mean where every statement is a transaction of its own: reads go through, and of writes one,
// which is committed at once. Whoever relies on more is told so.
import type { TransactionStatus } from "./backend.ts";
import { PgFault } from "./fault.ts";

const hint =
  "Every statement is a transaction of its own here. Put writes that belong together into a reducer of the module.";

/** A notice to the client: nothing failed. */
export interface Notice {
  readonly sqlState: string;
  readonly message: string;
  readonly hint: string | undefined;
}

function notice(sqlState: string, message: string): Notice {
  return { sqlState, message, hint: undefined };
}

export class TransactionState {
  #status: TransactionStatus = "I";
  #hasWritten = false;

  get status(): TransactionStatus {
    return this.#status;
  }

  /** Before any statement but those that end a transaction. Throws PgFault 25P02. */
  checkRunnable(): void {
    if (this.#status !== "E") return;
    throw new PgFault(
      "25P02",
      "current transaction is aborted, commands ignored until end of transaction block",
    );
  }

  /** Before a statement that writes. Throws PgFault 0A000 for a second one that would have to stand or fall with the first. */
  checkWrite(): void {
    if (!this.#hasWritten) return;
    throw new PgFault("0A000", "a second write in one transaction is not supported", hint);
  }

  /** A statement has written. */
  wrote(): Notice | undefined {
    this.#hasWritten = true;
    return this.#status === "T"
      ? notice("01000", "this write is committed already; ROLLBACK cannot take it back")
      : undefined;
  }

  begin(): Notice | undefined {
    this.checkRunnable();
    if (this.#status === "T") return notice("25001", "there is already a transaction in progress");
    this.#status = "T";
    this.#hasWritten = false;
    return undefined;
  }

  /**
   * Ends the transaction; returns the tag to answer with. Throws PgFault 0A000 where a write should be taken back: the transaction
   * is over then, too.
   */
  end(kind: "commit" | "rollback"): { readonly tag: string; readonly notice: Notice | undefined } {
    const status = this.#status;
    const isTakenBack = this.#hasWritten && (kind === "rollback" || status === "E");
    this.#status = "I";
    this.#hasWritten = false;
    if (isTakenBack && status !== "I") {
      throw new PgFault("0A000", "a write of this transaction was committed when it ran", hint);
    }
    const tag = kind === "commit" && status !== "E" ? "COMMIT" : "ROLLBACK";
    const warning =
      status === "I" ? notice("25P01", "there is no transaction in progress") : undefined;
    return { tag, notice: warning };
  }

  /** A statement failed. */
  fail(): void {
    if (this.#status === "T") this.#status = "E";
  }

  /** All messages up to here are answered: what was not in a block is over. */
  sync(): void {
    if (this.#status === "I") this.#hasWritten = false;
  }
}
