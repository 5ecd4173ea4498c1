// Imports for procedures, as procedures meet them (abi.md sections 5.9 and 6): they wait, and open transactions of their own.
import { Errno } from "@lightcone/abi";
import type { CallContext } from "../context.ts";
import type { ImportFunctions } from "../imports/link.ts";
import { type ProcedureCall, runnerOf } from "./call.ts";
import { httpRequestImport } from "./http-import.ts";

const ok = 0;

/** Runs a step of the host's inside an import; what it throws is remembered. */
function asHost<T>(context: CallContext, call: ProcedureCall, step: () => T): T {
  try {
    return step();
  } catch (thrown) {
    call.fault = { thrown };
    context.isDead = true;
    throw thrown;
  }
}

/** Sleep, transactions by hand, HTTP. */
export function procedureCallImports(context: CallContext, call: ProcedureCall): ImportFunctions {
  const { host } = call;
  return {
    procedure_sleep_until(wakeAt: bigint): bigint {
      return runnerOf(context, call).wait<undefined, bigint>(
        0n,
        (done) => {
          // It would hold the one writer of the database.
          if (context.tx !== undefined) context.trap("a procedure slept inside a transaction");
          const now = host.nowMicros();
          if (wakeAt <= now) return now;
          return host.wakeAt(wakeAt, () => {
            done(undefined);
          });
        },
        () => host.nowMicros(),
      );
    },
    procedure_start_mut_tx(out: number): number {
      runnerOf(context, call);
      if (context.tx !== undefined) return Errno.wouldBlockTransaction;
      const at = context.memory.range(out, 8);
      const begun = asHost(context, call, () => host.begin());
      if (typeof begun === "string") return context.trap(begun);
      context.tx = begun.tx;
      context.memory.view().setBigInt64(at, begun.micros, true);
      return ok;
    },
    procedure_commit_mut_tx(): number {
      const { tx } = context;
      if (tx === undefined) return Errno.transactionNotAnonymous;
      context.checkIsSound();
      context.tx = undefined;
      const refusal = asHost(context, call, () => host.commit(tx));
      return refusal === undefined ? ok : context.trap(refusal);
    },
    procedure_abort_mut_tx(): number {
      const { tx } = context;
      if (tx === undefined) return Errno.transactionNotAnonymous;
      context.tx = undefined;
      asHost(context, call, () => {
        host.rollBack(tx);
      });
      return ok;
    },
    procedure_http_request: httpRequestImport(context, call),
  };
}
