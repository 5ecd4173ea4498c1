// Who else may do what with a database besides its owner.
import { type Identity, identityType, LightconeError, primitive } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { ControlStore } from "../control-store.ts";
import { ControlTable } from "../control-table.ts";
import { hasDatabase, unknownIdentity } from "./tables.ts";

/** Roles that an owner can give, each with the rights of those before it. */
export const grantedRoles = ["viewer", "developer"] as const;
export type GrantedRole = (typeof grantedRoles)[number];

export interface Grant {
  readonly identity: Identity;
  readonly role: GrantedRole;
}

type GrantRow = {
  readonly key: string;
  readonly database: Identity;
  readonly identity: Identity;
  readonly role: string;
};

const string = primitive("string");

const table = new ControlTable<GrantRow>({
  name: "database_grant",
  columns: { key: string, database: identityType, identity: identityType, role: string },
  indexed: ["database"],
});

const keyOf = (database: Identity, identity: Identity): string =>
  `${database.toHex()} ${identity.toHex()}`;

function list(datastore: Datastore, database: Identity): Grant[] {
  return table
    .find(datastore, "database", database)
    .map(({ identity, role }) => ({ identity, role: role as GrantedRole }))
    .sort((a, b) => (a.identity.toHex() < b.identity.toHex() ? -1 : 1));
}

export function forgetGrants(datastore: Datastore, tx: Transaction, database: Identity): void {
  table.delete(datastore, tx, "database", database);
}

export class Grants {
  readonly #store: ControlStore;

  /** Makes the table inside the open transaction unless it is there. */
  static ensure(datastore: Datastore, tx: Transaction): void {
    table.ensure(datastore, tx);
  }

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** The role that somebody was given in a database. */
  roleOf(database: Identity, identity: Identity): GrantedRole | undefined {
    const [row] = table.find(this.#store.datastore, "key", keyOf(database, identity));
    return row?.role as GrantedRole | undefined;
  }

  list(database: Identity): Grant[] {
    return list(this.#store.datastore, database);
  }

  /**
   * Gives a role in place of the one before, or takes it (undefined). LC_DATABASE_UNKNOWN if the
   * database is gone by now, LC_LIMIT beyond `limit.grantCountMax`.
   */
  set(database: Identity, identity: Identity, role: GrantedRole | undefined): Promise<void> {
    const key = keyOf(database, identity);
    return this.#store.write((datastore, tx) => {
      if (!hasDatabase(datastore, database)) throw unknownIdentity();
      table.delete(datastore, tx, "key", key);
      if (role === undefined) return;
      if (list(datastore, database).length >= limit.grantCountMax) {
        const rule = `a database may have ${limit.grantCountMax} grants`;
        throw new LightconeError("LC_LIMIT", rule);
      }
      table.insert(datastore, tx, { key, database, identity, role });
    });
  }
}
