// Imports for procedures, as reducers meet them (abi.md sections 5.9 and 6): a reducer's transaction is not its own, and it
// may not wait.
import { Errno } from "@lightcone/abi";
import type { CallContext } from "../context.ts";
import type { ImportFunctions } from "./link.ts";

/** Sleep, transactions by hand, HTTP. */
export function procedureImports(context: CallContext): ImportFunctions {
  return {
    procedure_sleep_until(): bigint {
      return context.trap("a reducer may not sleep");
    },
    procedure_start_mut_tx(): number {
      if (context.tx !== undefined) return Errno.wouldBlockTransaction;
      return context.trap("no transaction can be started here");
    },
    procedure_commit_mut_tx(): number {
      return Errno.transactionNotAnonymous;
    },
    procedure_abort_mut_tx(): number {
      return Errno.transactionNotAnonymous;
    },
    procedure_http_request(): number {
      return context.trap("a reducer may not send HTTP requests");
    },
  };
}
