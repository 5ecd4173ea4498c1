// Databases whose first publish is under way, as rows of control data: after a crash the next start knows which files are
// nobody's, and takes no others for it.
import { type Identity, identityType, type Timestamp, timestampType } from "@lightcone/abi";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Transaction } from "../../datastore/tx.ts";
import { ControlTable } from "../control-table.ts";

const table = new ControlTable<{ readonly identity: Identity; readonly since: Timestamp }>({
  name: "database_beginning",
  columns: { identity: identityType, since: timestampType },
  indexed: [],
});

export function ensureBeginnings(datastore: Datastore, tx: Transaction): void {
  table.ensure(datastore, tx);
}

export function listBeginnings(datastore: Datastore): Identity[] {
  return table.all(datastore).map(({ identity }) => identity);
}

/** To be written before the first file of a database. */
export function noteBeginning(
  datastore: Datastore,
  tx: Transaction,
  identity: Identity,
  since: Timestamp,
): void {
  table.insert(datastore, tx, { identity, since });
}

/** To be written together with the database, or when its files are gone again. */
export function dropBeginning(datastore: Datastore, tx: Transaction, identity: Identity): void {
  table.delete(datastore, tx, "identity", identity);
}
