// Who may do what with a database: one table, and the one function that reads it (http-and-auth.md section 10). Private
// tables and functions are the owner's whatever roles there are.
import { type Identity, LightconeError } from "@lightcone/abi";
import type { GrantedRole } from "./control-data/grants.ts";

/** What somebody is to a database, each with the rights of those before it. */
const roles = ["anybody", "viewer", "developer", "owner"] as const;
type Role = (typeof roles)[number];

/** Actions, named as refusals name them, in the infinitive. */
export type Action =
  | "view versions"
  | "view grants"
  | "view module logs"
  | "update database"
  | "back up database"
  | "reset database"
  | "delete database"
  | "undelete database"
  | "lock database"
  | "unlock database"
  | "rename database"
  | "grant roles"
  | "view auth policy"
  | "change auth policy";

/** The least role for an action. */
const roleByAction: Readonly<Record<Action, Role>> = {
  "view versions": "viewer",
  "view grants": "viewer",
  "view module logs": "viewer",
  "update database": "developer",
  "back up database": "owner",
  "reset database": "owner",
  "delete database": "owner",
  "undelete database": "owner",
  "lock database": "owner",
  "unlock database": "owner",
  "rename database": "owner",
  "grant roles": "owner",
  "view auth policy": "owner",
  "change auth policy": "owner",
};

/** What must be known of a database to tell who may do what with it. */
export interface Guarded {
  readonly identity: Identity;
  readonly owner: Identity;
  /** The role that the owner has given somebody. */
  roleOf(caller: Identity): GrantedRole | undefined;
}

export function mayDo(action: Action, caller: Identity, database: Guarded): boolean {
  if (caller.equals(database.owner)) return true;
  const role = database.roleOf(caller) ?? "anybody";
  return roles.indexOf(role) >= roles.indexOf(roleByAction[action]);
}

/** LC_FORBIDDEN, in the words of the reference, unless the caller may do it. */
export function requirePermission(action: Action, caller: Identity, database: Guarded): void {
  if (mayDo(action, caller, database)) return;
  throw new LightconeError(
    "LC_FORBIDDEN",
    `${caller.toHex()} is not authorized to perform action on database ` +
      `${database.identity.toHex()}: ${action}`,
  );
}
