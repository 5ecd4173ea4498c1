// The spine: one reducer call from its arguments to a durable, announced transaction. Read this first.
//
// From begin to commit there is no await: whatever a call reads is what the transaction before it left.
import { assert, LightconeError } from "@lightcone/abi";
import type { Transaction } from "../datastore/tx.ts";
import type { RecordInputs } from "../log/contract.ts";
import { makeInputsHead } from "../log/record.ts";
import type { ReducerResult } from "../module/instance.ts";
import type { CallStats } from "./call-stats.ts";
import type { Client } from "./client.ts";
import { argumentsFault, type CallableReducer, type LiveModule } from "./live-module.ts";
import { hostRecord } from "./module-log.ts";
import type { DatabaseParts } from "./parts.ts";
import { refreshViews } from "./views/refresh.ts";

/** What the caller of a trapped reducer is told (protocol.md section 7.2). The details are in the module's log. */
export const fatalMessage = "The instance encountered a fatal error.";

/** What a caller is told whose call used up its budget (protocol.md section 7.2). */
const outOfEnergyMessage = "reducer ran out of energy";

interface CallEnd {
  readonly timestampMicros: bigint;
  /** In units of fuel (docs/metering.md). */
  readonly energyUsed: number;
}

/** How a call ended. Only "committed" changed anything. */
export type CallOutcome = CallEnd &
  (
    | { readonly kind: "committed" }
    /** The reducer returned an error. */
    | { readonly kind: "failed"; readonly message: string }
    /** Trap, or too large to commit. */
    | { readonly kind: "fatal"; readonly message: string }
    /** It was stopped. */
    | { readonly kind: "outOfEnergy"; readonly message: string }
  );

/** A call refused before anything ran. */
export type CallRefusal =
  | { readonly kind: "unknown"; readonly message: string }
  | { readonly kind: "invalid"; readonly message: string };

/** The reducer that `client` may call by that name with these arguments, or why not (protocol.md section 7.2). */
export function admitCall(
  module: LiveModule,
  client: Client,
  name: string,
  args: Uint8Array,
  argsStart: number,
  argsEnd: number,
): CallableReducer | CallRefusal {
  const reducer = module.reducer(name);
  if (reducer === undefined) return { kind: "unknown", message: "no such reducer" };
  const { lifecycle, isPrivate } = reducer.definition;
  if (lifecycle !== undefined) {
    const role = { init: "Init", onConnect: "OnConnect", onDisconnect: "OnDisconnect" }[lifecycle];
    return { kind: "invalid", message: `can't directly call special ${role} lifecycle reducer` };
  }
  if (isPrivate && !client.isOwner) return { kind: "unknown", message: "no such reducer" };
  if (reducer.walkArguments(args, argsStart, argsEnd) < 0) {
    return {
      kind: "invalid",
      message: argumentsFault("reducer", reducer, args, argsStart, argsEnd),
    };
  }
  return reducer;
}

/** Runs an admitted call as a transaction of its own. */
export function runCall(
  parts: DatabaseParts,
  module: LiveModule,
  reducer: CallableReducer,
  client: Client,
  args: Uint8Array,
  argsStart: number,
  argsLimit: number,
  timestampMicros: bigint = parts.callClock.next(),
): CallOutcome {
  // Bytes behind the last parameter are nobody's (protocol.md section 4.1).
  const argsEnd = reducer.walkArguments(args, argsStart, argsLimit);
  assert(argsEnd >= 0, "admitCall let wrong arguments through");
  const { stats } = reducer;
  const startMillis = stats.begin() ? parts.clock.nowMillis() : -1;
  const tx = parts.datastore.begin();
  const result = invoke(
    parts,
    module,
    reducer,
    client,
    timestampMicros,
    args,
    argsStart,
    argsEnd,
    tx,
  );
  const { energyUsed } = module.instance;
  if (result.kind !== "ok") return rolledBack(parts, module, tx, reducer, result, timestampMicros);
  const inputs = recordInputs(reducer, client, timestampMicros, args, argsStart, argsEnd);
  const refusal = commit(parts, tx, inputs, client);
  stats.energyUnits += energyUsed;
  if (refusal !== undefined) {
    stats.fatal++;
    return { kind: "fatal", timestampMicros, message: refusal.message, energyUsed };
  }
  stats.committed++;
  if (startMillis >= 0) stats.timed(parts.clock.nowMillis() - startMillis);
  return { kind: "committed", timestampMicros, energyUsed };
}

/** Runs a reducer's code inside an open transaction. */
export function invoke(
  parts: DatabaseParts,
  module: LiveModule,
  reducer: CallableReducer,
  client: Client,
  timestampMicros: bigint,
  args: Uint8Array,
  argsStart: number,
  argsEnd: number,
  tx: Transaction,
): ReducerResult {
  const { id, name } = reducer.definition;
  const failure = module.revive();
  if (failure !== undefined) return { kind: "fatal", message: failure };
  parts.watch.begin(reducer.watchCode);
  const { words } = client;
  let result: ReducerResult;
  try {
    result = module.instance.callReducer(
      id,
      name,
      words,
      timestampMicros,
      args,
      argsStart,
      argsEnd,
      tx,
    );
  } finally {
    parts.watch.end();
  }
  parts.watch.onResult?.("reducer", name, result.kind === "ok");
  return result;
}

/**
 * Commits: views, net effect, log, subscriptions, release. Returns why it could not be committed (LC_VIEW, LC_LIMIT), and then it
 * is rolled back. No view can prevent what must be committed. Throws LC_DISK if the log has failed.
 */
export function commit(
  parts: DatabaseParts,
  tx: Transaction,
  inputs: RecordInputs | undefined,
  caller: Client | undefined,
  mustCommit = false,
): LightconeError | undefined {
  const { datastore, evaluator, schedules, views } = parts;
  if (views.isActive) {
    const failure = refreshViews(parts, tx, mustCommit);
    if (failure !== undefined) {
      evaluator.forget();
      undo(parts, tx);
      return new LightconeError("LC_VIEW", failure);
    }
  }
  if (schedules.isActive) schedules.prepare(tx, inputs?.timestampMicros ?? 0n);
  const delta = datastore.commit(tx);
  if (delta === undefined) {
    evaluator.forget();
    datastore.release(tx);
    views.committed();
    return undefined;
  }
  try {
    if (delta.logged.length > 0) parts.log.append(inputs, delta.logged);
  } catch (thrown) {
    undo(parts, tx);
    if (thrown instanceof LightconeError && thrown.code === "LC_LIMIT") return thrown;
    throw thrown;
  }
  const affected = evaluator.evaluate(delta);
  for (const { table, insertCount, deleteCount } of delta.tables) {
    table.changes.inserted += insertCount;
    table.changes.deleted += deleteCount;
  }
  datastore.release(tx);
  views.committed();
  if (affected.length > 0) parts.listener.onUpdates(affected, caller?.subscriber, inputs);
  if (schedules.hasChanges) schedules.apply();
  return undefined;
}

/** Undoes the open transaction, what it computed of views included. */
export function undo({ datastore, views }: DatabaseParts, tx: Transaction): void {
  datastore.rollBack(tx);
  views.rolledBack();
}

function countFailure(
  stats: CallStats,
  kind: Exclude<ReducerResult["kind"], "ok">,
  energyUsed: number,
): void {
  stats.energyUnits += energyUsed;
  if (kind === "error") stats.failed++;
  else if (kind === "fatal") stats.fatal++;
  else stats.outOfEnergy++;
}

/** Rolls back, logs, and replaces the instance if it died. */
export function rolledBack(
  parts: DatabaseParts,
  module: LiveModule,
  tx: Transaction,
  reducer: CallableReducer,
  result: Exclude<ReducerResult, { kind: "ok" }>,
  timestampMicros: bigint,
): CallOutcome {
  parts.evaluator.forget();
  undo(parts, tx);
  const { name } = reducer.definition;
  const { energyUsed } = module.instance;
  countFailure(reducer.stats, result.kind, energyUsed);
  if (result.kind === "error") {
    parts.moduleLog.append(
      hostRecord("Error", `reducer ${name} returned an error: ${result.message}`),
    );
    return { kind: "failed", timestampMicros, message: result.message, energyUsed };
  }
  const isOutOfEnergy = result.kind === "outOfEnergy";
  const fault = isOutOfEnergy
    ? `reducer ${name} was stopped: ${result.message}, ${energyUsed} units (--call-budget)`
    : `reducer ${name} trapped: ${result.message}`;
  parts.moduleLog.append(hostRecord(isOutOfEnergy ? "Error" : "Panic", fault, result.trace));
  const failure = module.revive();
  if (failure !== undefined) parts.moduleLog.append(hostRecord("Panic", failure));
  if (isOutOfEnergy) {
    return { kind: "outOfEnergy", timestampMicros, message: outOfEnergyMessage, energyUsed };
  }
  // The details stay in the log.
  return { kind: "fatal", timestampMicros, message: fatalMessage, energyUsed };
}

/** One object for all calls: the log copies it at once. */
const inputsScratch: { -readonly [K in keyof RecordInputs]: RecordInputs[K] } = {
  name: new Uint8Array(0),
  caller: new Uint8Array(32),
  connection: new Uint8Array(16),
  timestampMicros: 0n,
  argBytes: new Uint8Array(0),
  argStart: 0,
  argEnd: 0,
};

/** What the log keeps of a call. Valid until the next call of this function. */
export function recordInputs(
  reducer: { readonly loggedName: Uint8Array },
  client: Client,
  timestampMicros: bigint,
  args: Uint8Array,
  argsStart: number,
  argsEnd: number,
): RecordInputs {
  const { loggedName } = reducer;
  let head = client.inputsHeads.get(loggedName);
  if (head === undefined) {
    head = makeInputsHead(loggedName, client.identityBytes, client.connectionBytes);
    client.inputsHeads.set(loggedName, head);
  }
  inputsScratch.head = head;
  inputsScratch.name = loggedName;
  inputsScratch.caller = client.identityBytes;
  inputsScratch.connection = client.connectionBytes;
  inputsScratch.timestampMicros = timestampMicros;
  inputsScratch.argBytes = args;
  inputsScratch.argStart = argsStart;
  inputsScratch.argEnd = argsEnd;
  return inputsScratch;
}
