// The tables of control data that all of it turns on: databases, and their names.
import {
  type Identity,
  identityType,
  LightconeError,
  primitive,
  type Timestamp,
  timestampType,
} from "@lightcone/abi";
import type { Datastore } from "../../datastore/datastore.ts";
import { ControlTable } from "../control-table.ts";

export type DatabaseRow = {
  readonly identity: Identity;
  readonly owner: Identity;
  readonly created_at: Timestamp;
  readonly host_type: string;
  readonly is_locked: boolean;
};

export type NameRow = {
  readonly name: string;
  readonly database: Identity;
  /** Who registered the name. */
  readonly owner: Identity;
};

const string = primitive("string");

export const databaseTable: ControlTable<DatabaseRow> = new ControlTable<DatabaseRow>({
  name: "database",
  columns: {
    identity: identityType,
    owner: identityType,
    created_at: timestampType,
    host_type: string,
    is_locked: primitive("bool"),
  },
  indexed: ["owner"],
});

export const nameTable: ControlTable<NameRow> = new ControlTable<NameRow>({
  name: "database_name",
  columns: { name: string, database: identityType, owner: identityType },
  indexed: ["database"],
});

export function hasDatabase(datastore: Datastore, identity: Identity): boolean {
  return databaseTable.find(datastore, "identity", identity).length > 0;
}

/** LC_DATABASE_UNKNOWN in the words of the reference. */
export function unknownIdentity(): LightconeError {
  return new LightconeError("LC_DATABASE_UNKNOWN", "No such database.");
}
