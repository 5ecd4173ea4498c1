// Policies of databases as rows of control data.
import { array, type Identity, identityType, primitive } from "@lightcone/abi";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Transaction } from "../../datastore/tx.ts";
import { ControlTable } from "../control-table.ts";
import type { AuthPolicy } from "./policy.ts";

type PolicyRow = {
  readonly database: Identity;
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly allows_anonymous: boolean;
};

const texts = array(primitive("string"));

export const policyTable: ControlTable<PolicyRow> = new ControlTable<PolicyRow>({
  name: "auth_policy",
  columns: {
    database: identityType,
    issuers: texts,
    audiences: texts,
    allows_anonymous: primitive("bool"),
  },
  indexed: [],
});

/** The policy that a database has of its own. */
export function readPolicy(datastore: Datastore, database: Identity): AuthPolicy | undefined {
  const [row] = policyTable.find(datastore, "database", database);
  if (row === undefined) return undefined;
  const { issuers, audiences, allows_anonymous: allowsAnonymous } = row;
  return { issuers, audiences, allowsAnonymous };
}

/** Gives a database a policy, or takes its own away. */
export function writePolicy(
  datastore: Datastore,
  tx: Transaction,
  database: Identity,
  policy: AuthPolicy | undefined,
): void {
  policyTable.delete(datastore, tx, "database", database);
  if (policy === undefined) return;
  const { issuers, audiences, allowsAnonymous } = policy;
  policyTable.insert(datastore, tx, {
    database,
    issuers,
    audiences,
    allows_anonymous: allowsAnonymous,
  });
}
