// Publishing: the first time, and again. One transaction; a failure leaves everything as it was (runtime.md section 11.1).
import {
  ConnectionId,
  fromHex,
  type Identity,
  LightconeError,
  type ModuleDef,
  numberFromBytes,
} from "@lightcone/abi";
import { createTable, type NewTable } from "../datastore/create-table.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import { commit, fatalMessage, invoke, rolledBack } from "./call.ts";
import { makeClient } from "./client.ts";
import { LiveModule } from "./live-module.ts";
import { planMigration } from "./migration.ts";
import { hostRecord } from "./module-log.ts";
import type { DatabaseParts } from "./parts.ts";
import { planTables } from "./table-plan.ts";

const noArguments = new Uint8Array(0);

/** What this version cannot run safely is refused before anything is written. */
function checkRunnable(definition: ModuleDef): void {
  if (definition.rowLevelSecurity.length === 0) return;
  throw new LightconeError(
    "LC_NOT_YET",
    "the module declares row-level security, which this version does not enforce: publishing it would show rows that its rules hide",
  );
}

function startModule(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  program: Uint8Array,
): LiveModule {
  const module = new LiveModule(program, environment, parts.watch);
  checkRunnable(module.definition);
  return module;
}

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

function createTables(parts: DatabaseParts, tx: Transaction, tables: readonly NewTable[]): void {
  for (const table of tables) {
    createTable(parts.datastore, tx, table);
    parts.moduleLog.append(hostRecord("Info", `created table ${table.name} (${table.access})`));
  }
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
    if (refusal !== undefined) throw new LightconeError("LC_LIMIT", refusal);
  } catch (thrown) {
    if (tx.isOpen) parts.datastore.rollBack(tx);
    throw thrown;
  }
}

/** The first program of an empty database: schema, `st_module` and `init` in one transaction. */
export function publishFirst(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  program: Uint8Array,
  owner: Identity,
): void {
  const module = startModule(parts, environment, program);
  const tables = planTables(module.definition);
  inTransaction(parts, (tx) => {
    createTables(parts, tx, tables);
    recordModule(parts, tx, module, owner);
    runInit(parts, tx, module, owner);
  });
  parts.owner = owner;
  parts.module = module;
}

/** Loads the new program and compares it with the present one. */
export function planUpdate(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  present: LiveModule,
  program: Uint8Array,
): { readonly module: LiveModule; readonly plan: ReturnType<typeof planMigration> } {
  const module = startModule(parts, environment, program);
  const plan = planMigration(planTables(present.definition), planTables(module.definition));
  return { module, plan };
}

/** Heads the reasons of a refused plan. */
export const refusalHeading = "the new program's tables do not fit the data:";

/** A new program over the same or a larger schema. Clients and subscriptions stay. */
export function publishUpdate(
  parts: DatabaseParts,
  environment: ModuleEnvironment,
  present: LiveModule,
  owner: Identity,
  program: Uint8Array,
): void {
  const { module, plan } = planUpdate(parts, environment, present, program);
  if (plan.refusals.length > 0) {
    throw new LightconeError("LC_PUBLISH_REFUSED", refusalHeading, plan.refusals);
  }
  inTransaction(parts, (tx) => {
    createTables(parts, tx, plan.added);
    recordModule(parts, tx, module, owner);
  });
  parts.module = module;
}
