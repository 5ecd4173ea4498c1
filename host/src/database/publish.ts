// Publishing: the first time, and again. One transaction; a failure leaves everything as it was (runtime.md section 11.1).
import {
  ConnectionId,
  fromHex,
  type Identity,
  LightconeError,
  numberFromBytes,
} from "@lightcone/abi";
import { createTable } from "../datastore/create-table.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import { sourceMapFault } from "../module/source-map.ts";
import { commit, fatalMessage, invoke, rolledBack, undo } from "./call.ts";
import { makeClient } from "./client.ts";
import { LiveModule } from "./live-module.ts";
import { dataFaults } from "./migration/check-data.ts";
import { stepLines } from "./migration/describe.ts";
import { migrate } from "./migration/migrate.ts";
import { type MigrationPlan, planMigration } from "./migration/plan.ts";
import type { MigrationStep } from "./migration/step.ts";
import { migrationToken } from "./migration/token.ts";
import { hostRecord } from "./module-log.ts";
import type { DatabaseParts } from "./parts.ts";
import type { Subscriber } from "../subscription/registry.ts";
import { type PublishChange, publishStages } from "./publish-stages.ts";
import { planSchema, planTables } from "./schema-plan.ts";
import { lacksViews, publishViews } from "./views/publish.ts";

const noArguments = new Uint8Array(0);

/** Whether an update may disconnect clients. `token` is that of the plan, as hex in display order. */
export type PublishPolicy =
  { readonly kind: "compatible" } | { readonly kind: "breakClients"; readonly token: string };

/** Writes the one row of `st_module`. */
function recordModule(
  parts: DatabaseParts,
  tx: Transaction,
  module: LiveModule,
  owner: Identity,
): void {
  const { catalog } = parts.datastore;
  tx.clear(catalog.table(systemTableId.module));
  catalog.insert(tx, systemTableId.module, {
    database_identity: parts.identity.value,
    owner_identity: owner.value,
    program_kind: 0,
    program_hash: numberFromBytes(fromHex(module.programHash)),
    program_bytes: module.program,
    module_version: "",
  });
}

/** Creates what a database that was published by an older version of the host has not got. */
export function addMissingViews(parts: DatabaseParts, module: LiveModule): void {
  if (lacksViews(parts, module)) inTransaction(parts, (tx) => publishViews(parts, tx, module));
}

/** Runs `init` inside the publish transaction; its error fails the publish. */
function runInit(parts: DatabaseParts, tx: Transaction, module: LiveModule, owner: Identity): void {
  const reducer = module.lifecycleReducer("init");
  if (reducer === undefined) return;
  const micros = parts.callClock.next();
  const client = makeClient(0, owner, ConnectionId.zero, "", true);
  const result = invoke(parts, module, reducer, client, micros, noArguments, 0, 0, tx);
  if (result.kind === "ok") return;
  const outcome = rolledBack(parts, module, tx, reducer, result, micros);
  const reason = outcome.kind === "failed" ? outcome.message : `${fatalMessage} ${result.message}`;
  throw new LightconeError("LC_REDUCER_FAILED", `the module's init reducer failed: ${reason}`);
}

/** Ends the publish transaction one way or the other. */
function inTransaction(parts: DatabaseParts, run: (tx: Transaction) => void): void {
  const tx = parts.datastore.begin();
  try {
    run(tx);
    const refusal = commit(parts, tx, undefined, undefined);
    if (refusal !== undefined) throw refusal;
  } catch (thrown) {
    if (tx.isOpen) undo(parts, tx);
    throw thrown;
  }
}

function giveUpStages(parts: DatabaseParts, tx: Transaction, publish: PublishChange): void {
  for (const { giveUp } of publishStages) giveUp?.(parts, tx, publish);
}

function changeStages(parts: DatabaseParts, tx: Transaction, publish: PublishChange): void {
  for (const { change } of publishStages) change?.(parts, tx, publish);
}

/** The new program takes over. */
function takeOver(parts: DatabaseParts, publish: PublishChange): void {
  parts.module = publish.module;
  const mapFault = sourceMapFault(publish.module.program);
  if (mapFault !== undefined) {
    const text = `the program's source map is not used: ${mapFault}`;
    parts.moduleLog.append(hostRecord("Warn", text));
  }
  // Nothing keeps the memory of the program before.
  parts.datastore.forgetSources();
  for (const { committed } of publishStages) committed?.(parts, publish);
}

function log(parts: DatabaseParts, text: string): void {
  parts.moduleLog.append(hostRecord("Info", text));
}

/** The first program of an empty database: schema, `st_module` and `init` in one transaction. */
export function publishFirst(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  program: Uint8Array,
  owner: Identity,
): void {
  const module = new LiveModule(program, environment, parts.watch);
  const tables = planTables(module.definition);
  const publish: PublishChange = { module, before: undefined, steps: [] };
  inTransaction(parts, (tx) => {
    for (const table of tables) createTable(parts.datastore, tx, table);
    recordModule(parts, tx, module, owner);
    changeStages(parts, tx, publish);
    runInit(parts, tx, module, owner);
  });
  for (const { name, access } of tables) log(parts, `created table ${name} (${access})`);
  parts.owner = owner;
  takeOver(parts, publish);
}

export interface PlannedUpdate {
  readonly module: LiveModule;
  /** What the data says against it is among the refusals. */
  readonly plan: MigrationPlan;
}

/** Loads the new program and compares it with the present one. Throws LC_MODULE_* for a program that does not start. */
export function planUpdate(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  present: LiveModule,
  program: Uint8Array,
): PlannedUpdate {
  const module = new LiveModule(program, environment, parts.watch);
  const [before, after] = [planSchema(present.definition), planSchema(module.definition)];
  const plan = planMigration(before, after);
  const faults = dataFaults(parts.datastore, plan.steps, before.tables, after.tables);
  return { module, plan: { ...plan, refusals: [...plan.refusals, ...faults] } };
}

/** Clients that cannot go on after an update. */
export type EndedClients = "everybody" | ReadonlySet<Subscriber>;

/** Tables that the update takes from those who are not the owner. */
function hiddenTables(datastore: Datastore, steps: readonly MigrationStep[]): Set<Table> {
  const hidden = new Set<Table>();
  for (const step of steps) {
    if (step.kind !== "changeAccess" || step.access === "public") continue;
    const table = datastore.tableByName(step.table);
    if (table !== undefined) hidden.add(table);
  }
  return hidden;
}

/** Heads the reasons of a refused plan. */
export const refusalHeading = "the new program's tables do not fit the data:";

function checkPolicy(
  parts: DatabaseParts,
  present: LiveModule,
  { module, plan }: PlannedUpdate,
  policy: PublishPolicy,
): void {
  if (policy.kind === "breakClients") {
    const expected = migrationToken(parts.identity, present.programHash, module.programHash);
    if (policy.token === expected) return;
    throw new LightconeError(
      "LC_REQUEST_INVALID",
      "Migration policy is set to `BreakClients`, but the migration token does not fit. " +
        "Token provided is invalid or does not match expected hash",
    );
  }
  if (!plan.breaksClients) return;
  throw new LightconeError(
    "LC_PUBLISH_BREAKS_CLIENTS",
    "Migration plan contains a client-breaking change which is disallowed under current policy",
  );
}

/**
 * A new program in the place of the present one: the tables change with the data in them. Returns which clients are to be
 * disconnected. LC_PUBLISH_REFUSED, LC_PUBLISH_BREAKS_CLIENTS, LC_REQUEST_INVALID for a wrong token,
 * LC_MODULE_*, LC_LIMIT: then the present program goes on over tables as they were.
 */
export function publishUpdate(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  present: LiveModule,
  owner: Identity,
  program: Uint8Array,
  policy: PublishPolicy,
): EndedClients {
  const update = planUpdate(parts, environment, present, program);
  const { module, plan } = update;
  if (plan.refusals.length > 0) {
    throw new LightconeError("LC_PUBLISH_REFUSED", refusalHeading, plan.refusals);
  }
  checkPolicy(parts, present, update, policy);
  const publish: PublishChange = { module, before: present.definition, steps: plan.steps };
  const { datastore, registry } = parts;
  let changed: readonly Table[] = [];
  inTransaction(parts, (tx) => {
    giveUpStages(parts, tx, publish);
    changed = migrate(datastore, tx, plan.steps);
    recordModule(parts, tx, module, owner);
    changeStages(parts, tx, publish);
  });
  for (const step of plan.steps) log(parts, stepLines(step)[0] as string);
  takeOver(parts, publish);
  if (plan.breaksClients) {
    // What the first of them sets off when it is disconnected is told to none: their queries are of the program before.
    registry.clear();
    log(parts, "Disconnecting all users");
    return "everybody";
  }
  return registry.recompile(changed, hiddenTables(datastore, plan.steps));
}
