// The call that an instance for procedures is running, as its imports see it.
import type { CallContext } from "../context.ts";
import type { ProcedureHost } from "./host.ts";
import type { Runner } from "./runner.ts";

export interface ProcedureCall {
  readonly host: ProcedureHost;
  /** Undefined outside calls: a module's start can neither wait nor write. */
  runner: Runner | undefined;
  /** What an import met that is the host's own fault; a guest may have caught what was thrown. */
  fault: { readonly thrown: unknown } | undefined;
}

/** What runs the call under way; traps where there is none, or where it has trapped before. */
export function runnerOf(context: CallContext, call: ProcedureCall): Runner {
  if (context.isDead) context.trap("the instance has trapped");
  const { runner } = call;
  return runner ?? context.trap("a module's start may not wait or open a transaction");
}
