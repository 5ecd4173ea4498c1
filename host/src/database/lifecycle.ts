// Connections coming and going, and the clean-up of those that a crash left behind (abi.md section 9, runtime.md section 4).
import type { Lifecycle } from "@lightcone/abi";
import { ConnectionId, Identity } from "@lightcone/abi";
import { encodeSystemRow } from "../datastore/catalog.ts";
import { type SystemRow, systemTableId } from "../datastore/system-tables.ts";
import type { Transaction } from "../datastore/tx.ts";
import { commit, fatalMessage, invoke, recordInputs, rolledBack } from "./call.ts";
import { type Client, makeClient } from "./client.ts";
import { type LiveModule, loggedName } from "./live-module.ts";
import type { DatabaseParts } from "./parts.ts";

const noArguments = new Uint8Array(0);

/** What the log calls the transactions of modules without lifecycle reducers. */
const connectName = loggedName("call_identity_connected");
const disconnectName = loggedName("__identity_disconnected__");

function clientRow(client: Client): SystemRow {
  return { identity: client.identity.value, connection_id: client.connectionId.value };
}

function deleteRow(parts: DatabaseParts, tx: Transaction, tableId: number, row: SystemRow): void {
  const table = parts.datastore.catalog.table(tableId);
  const bytes = encodeSystemRow(tableId, row);
  const found = table.findRow(bytes, 0, bytes.length);
  if (found >= 0) tx.delete(table, found);
}

function findCredentials(parts: DatabaseParts, client: Client): number {
  const { catalog } = parts.datastore;
  return catalog.findRow(systemTableId.connectionCredentials, 0, client.connectionBytes);
}

function deleteClientRows(parts: DatabaseParts, tx: Transaction, client: Client): void {
  const { catalog } = parts.datastore;
  deleteRow(parts, tx, systemTableId.client, clientRow(client));
  const credentials = findCredentials(parts, client);
  if (credentials >= 0) tx.delete(catalog.table(systemTableId.connectionCredentials), credentials);
}

/** Whether the client's row is there: without it nothing is to be done at its end. */
function isConnected(parts: DatabaseParts, client: Client): boolean {
  const bytes = encodeSystemRow(systemTableId.client, clientRow(client));
  return parts.datastore.catalog.table(systemTableId.client).findRow(bytes, 0, bytes.length) >= 0;
}

/** Why a lifecycle reducer did not let a client in or out. */
export interface LifecycleFailure {
  readonly message: string;
  /** A module that trapped or was stopped has neither agreed nor refused. */
  readonly kind: "refused" | "trapped" | "outOfEnergy";
}

/** The lifecycle reducer inside an open transaction; undefined if it is content or there is none. */
function runLifecycle(
  parts: DatabaseParts,
  module: LiveModule,
  lifecycle: Lifecycle,
  client: Client,
  timestampMicros: bigint,
  tx: Transaction,
): LifecycleFailure | undefined {
  const reducer = module.lifecycleReducer(lifecycle);
  if (reducer === undefined) return undefined;
  const result = invoke(parts, module, reducer, client, timestampMicros, noArguments, 0, 0, tx);
  if (result.kind === "ok") {
    reducer.stats.energyUnits += module.instance.energyUsed;
    reducer.stats.committed++;
    return undefined;
  }
  const outcome = rolledBack(parts, module, tx, reducer, result, timestampMicros);
  if (outcome.kind === "failed") return { kind: "refused", message: outcome.message };
  if (outcome.kind === "outOfEnergy") return { kind: "outOfEnergy", message: outcome.message };
  return { kind: "trapped", message: fatalMessage };
}

/**
 * Connects a client: its rows, then `client_connected`, in one transaction. Returns why it is refused, by the module or
 * because its connection id, which clients may choose, is another's; then nothing remains.
 */
export function connectClient(
  parts: DatabaseParts,
  module: LiveModule,
  client: Client,
): LifecycleFailure | undefined {
  if (findCredentials(parts, client) >= 0) {
    const message = `connection id ${client.connectionId.toHex()} is in use`;
    return { kind: "refused", message };
  }
  const timestampMicros = parts.callClock.next();
  const { datastore } = parts;
  const tx = datastore.begin();
  datastore.catalog.insert(tx, systemTableId.client, clientRow(client));
  datastore.catalog.insert(tx, systemTableId.connectionCredentials, {
    connection_id: client.connectionId.value,
    jwt_payload: client.jwtPayload,
  });
  const refusal = runLifecycle(parts, module, "onConnect", client, timestampMicros, tx);
  if (refusal !== undefined) return refusal;
  const name = module.lifecycleReducer("onConnect")?.loggedName ?? connectName;
  const inputs = recordInputs({ loggedName: name }, client, timestampMicros, noArguments, 0, 0);
  const fault = commit(parts, tx, inputs, undefined);
  return fault === undefined ? undefined : { kind: "refused", message: fault.message };
}

/** Ends a client's subscriptions, runs `client_disconnected` and deletes its rows, whatever that reducer says. */
export function disconnectClient(
  parts: DatabaseParts,
  module: LiveModule,
  client: Client,
  skipsReducer = false,
): void {
  parts.registry.removeAll(client.subscriber);
  parts.views.holders.removeAll(client.subscriber, parts.clock.nowMillis());
  if (!isConnected(parts, client)) return;
  const timestampMicros = parts.callClock.next();
  const name = module.lifecycleReducer("onDisconnect")?.loggedName ?? disconnectName;
  const inputs = (): ReturnType<typeof recordInputs> =>
    recordInputs({ loggedName: name }, client, timestampMicros, noArguments, 0, 0);
  if (!skipsReducer) {
    const tx = parts.datastore.begin();
    const failure = runLifecycle(parts, module, "onDisconnect", client, timestampMicros, tx);
    if (failure === undefined) {
      deleteClientRows(parts, tx, client);
      if (commit(parts, tx, inputs(), undefined) === undefined) return;
    }
  }
  const cleanUp = parts.datastore.begin();
  deleteClientRows(parts, cleanUp, client);
  commit(parts, cleanUp, inputs(), undefined, true);
}

/** After a restart: disconnects every client that was connected when the host stopped. Returns how many there were. */
export function disconnectLeftovers(
  parts: DatabaseParts,
  module: LiveModule,
  skipsReducer: boolean,
): number {
  const rows = parts.datastore.catalog.rows(systemTableId.client);
  for (const row of rows) {
    const identity = new Identity(row["identity"] as bigint);
    const connectionId = new ConnectionId(row["connection_id"] as bigint);
    const isOwner = parts.owner?.equals(identity) ?? false;
    const client = makeClient(0, identity, connectionId, "", isOwner);
    disconnectClient(parts, module, client, skipsReducer);
  }
  return rows.length;
}

const connectionTables = [
  systemTableId.client,
  systemTableId.connectionCredentials,
  systemTableId.viewSub,
] as const;

/** After a restart, once leftovers are disconnected: nobody is connected, whatever rows say so still. */
export function clearConnections(parts: DatabaseParts): void {
  const tables = connectionTables.map((id) => parts.datastore.catalog.table(id));
  if (tables.every(({ rowCount }) => rowCount === 0)) return;
  const tx = parts.datastore.begin();
  for (const table of tables) tx.clear(table);
  const refusal = commit(parts, tx, undefined, undefined);
  if (refusal !== undefined) throw refusal;
}
