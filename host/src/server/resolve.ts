// From the path of a request to a database and the right to use it.
import { ConnectionId, Identity, LightconeError } from "@lightcone/abi";
import type { Random } from "../base/random.ts";
import type { DeletedRecord } from "./control-data/deleted.ts";
import type { Caller, DatabaseHandle } from "./contract.ts";
import { type Control, type DatabaseRecord, unknownIdentity } from "./control.ts";
import { type DatabaseRef, parseDatabaseRef } from "./database-name.ts";
import type { CallerRequest, RouteRequest, Services } from "./router.ts";

/** LC_DATABASE_UNKNOWN in the words of the reference. */
export function unknownName(name: string): LightconeError {
  return new LightconeError("LC_DATABASE_UNKNOWN", `\`${name}\` not found`);
}

/** What the path names. LC_NAME_INVALID if that is no name. */
export function databaseRefOf({ params }: RouteRequest): DatabaseRef {
  return parseDatabaseRef(params["db"] ?? "");
}

/** The identity of a database, which need not exist where it is given as an identity. */
export function identityOfRef(control: Control, ref: DatabaseRef): Identity {
  if (ref.kind === "identity") return ref.identity;
  const identity = control.identityOfName(ref.name);
  if (identity === undefined) throw unknownName(ref.name);
  return identity;
}

export function findDatabase(control: Control, ref: DatabaseRef): DatabaseRecord | undefined {
  const identity = ref.kind === "identity" ? ref.identity : control.identityOfName(ref.name);
  return identity === undefined ? undefined : control.database(identity);
}

/** As `findDatabase`, among those that were deleted and can come back. */
export function findDeleted({ deleted }: Control, ref: DatabaseRef): DeletedRecord | undefined {
  const identity = ref.kind === "identity" ? ref.identity : deleted.identityOfName(ref.name);
  return identity === undefined ? undefined : deleted.find(identity);
}

/** The database that a request is about. LC_DATABASE_UNKNOWN if there is none. */
export function databaseOf(request: RouteRequest, { control }: Services): DatabaseRecord {
  const record = control.database(identityOfRef(control, databaseRefOf(request)));
  if (record === undefined) throw unknownIdentity();
  return record;
}

/** As `databaseOf`, ready to be asked. */
export function handleOf(request: RouteRequest, services: Services): DatabaseHandle {
  return services.databases.get(databaseOf(request, services).identity);
}

/** The identity in the path where only that may stand: 64 hex digits and nothing before them. LC_REQUEST_INVALID. */
export function identityOf({ params }: RouteRequest): Identity {
  const text = params["identity"] ?? "";
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new LightconeError("LC_REQUEST_INVALID", "Invalid URL: an identity is 64 hex digits");
  }
  return Identity.fromHex(text);
}

/** A connection id that nobody can guess; zero means none. */
export function newConnectionId(random: Random): ConnectionId {
  const value = random.u128();
  return new ConnectionId(value === 0n ? 1n : value);
}

/** The sender of a request, on a connection of its own. */
export function callerOf(
  { token }: CallerRequest,
  random: Random,
  connectionId: ConnectionId = newConnectionId(random),
): Caller {
  return { identity: token.identity, connectionId, jwtPayload: token.payloadJson };
}
