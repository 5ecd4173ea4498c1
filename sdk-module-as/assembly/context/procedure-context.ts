// What procedures and HTTP handlers get. They run outside of transactions and may wait; each transaction
// is begun and ended by hand.
import { HttpClient } from "../http/client";
import * as sys from "../sys";
import { check } from "../table/errno";
import { out } from "../table/scratch";
import { TimeDuration } from "../types/time-duration";
import { Timestamp } from "../types/timestamp";
import { CallContext } from "./call-context";
import { SenderAuth } from "./sender-auth";
import { Tables } from "./tables";

/** A transaction of a procedure's. One that is still open when the procedure ends is rolled back. */
export class Tx extends CallContext {
  /** The tables, as long as the transaction is open. */
  get db(): Tables {
    return changetype<Tables>(0);
  }

  /** What the caller's token says. */
  get senderAuth(): SenderAuth {
    return new SenderAuth(this.c0, this.c1);
  }

  /** Makes the changes last and tells subscribers of them. */
  commit(): void {
    check(sys.procedure_commit_mut_tx(), "committing");
  }

  /** Takes the changes back. */
  rollback(): void {
    check(sys.procedure_abort_mut_tx(), "rolling back");
  }
}

export class ProcedureContext extends CallContext {
  /** Sends HTTP requests, outside of transactions. */
  get http(): HttpClient {
    return changetype<HttpClient>(0);
  }

  /** Begins a transaction, where none is open. Its timestamp is the time of now. */
  beginTx(): Tx {
    check(sys.procedure_start_mut_tx(<u32>out), "beginning a transaction");
    const tx = new Tx();
    tx.begin(this.s0, this.s1, this.s2, this.s3, this.c0, this.c1, load<i64>(out));
    return tx;
  }

  /** Waits; the time afterwards, which is that of the context from then on. */
  sleep(duration: TimeDuration): Timestamp {
    // A time in the past is no wait, and its answer is the time of now.
    return this.wait(sys.procedure_sleep_until(0) + duration.micros);
  }

  /** Waits until a time; the time afterwards, which is that of the context from then on. */
  sleepUntil(time: Timestamp): Timestamp {
    return this.wait(time.micros);
  }

  private wait(until: i64): Timestamp {
    this.micros = sys.procedure_sleep_until(until);
    return this.timestamp;
  }
}

/** For the generated code: the context of the call that begins. */
export function procedureContext(
  s0: u64,
  s1: u64,
  s2: u64,
  s3: u64,
  c0: u64,
  c1: u64,
  micros: i64,
): ProcedureContext {
  const context = new ProcedureContext();
  context.begin(s0, s1, s2, s3, c0, c1, micros);
  return context;
}

/** A handler is called by nobody that the host knows: its sender is zero. */
export class HandlerContext extends ProcedureContext {}

/** For the generated code: the context of the call that begins. */
export function handlerContext(micros: i64): HandlerContext {
  const context = new HandlerContext();
  context.begin(0, 0, 0, 0, 0, 0, micros);
  return context;
}
