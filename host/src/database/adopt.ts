// A log that came from another database becomes this one's: one more transaction says so, so that
// its past stays as it was and every later reader finds the identity that it expects.
import { Identity } from "@lightcone/abi";
import { type SystemRow, systemTableId } from "../datastore/system-tables.ts";
import { commit } from "./call.ts";
import { hostRecord } from "./module-log.ts";
import type { DatabaseParts } from "./parts.ts";

/**
 * Gives the one row of `st_module` this database's identity and the new owner; returns the row.
 * LC_LIMIT if the transaction is too large for the log.
 */
export function adopt(parts: DatabaseParts, module: SystemRow, owner: Identity): SystemRow {
  const { catalog } = parts.datastore;
  const adopted: SystemRow = {
    ...module,
    database_identity: parts.identity.value,
    owner_identity: owner.value,
  };
  const tx = parts.datastore.begin();
  tx.clear(catalog.table(systemTableId.module));
  catalog.insert(tx, systemTableId.module, adopted);
  const refusal = commit(parts, tx, undefined, undefined);
  if (refusal !== undefined) throw refusal;
  const former = new Identity(module["database_identity"] as bigint).toHex();
  parts.moduleLog.append(hostRecord("Info", `restored from a backup of database ${former}`));
  return adopted;
}
