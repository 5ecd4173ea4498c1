// Deleting databases, and bringing deleted ones back (http-and-auth.md section 5, docs/operations.md).
import type { Identity } from "@lightcone/abi";
import type { DeletedRecord } from "../control-data/deleted.ts";
import { unknownIdentity } from "../control.ts";
import { requirePermission } from "../permission.ts";
import { queryFlag } from "../query.ts";
import { emptyReply, jsonReply, type Reply } from "../reply.ts";
import { databaseRefOf, unknownName } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

/** The deleted database that a request names; undefined if it names none. */
function findDeleted(request: RouteRequest, { control }: Services): DeletedRecord | undefined {
  const ref = databaseRefOf(request);
  const identity =
    ref.kind === "identity" ? ref.identity : control.deleted.identityOfName(ref.name);
  return identity === undefined ? undefined : control.deleted.find(identity);
}

function requireOwner(
  action: "delete database" | "undelete database",
  caller: Identity,
  record: DeletedRecord,
): void {
  requirePermission(action, caller, { ...record, roleOf: () => undefined });
}

function logDeletion(
  { token }: CallerRequest,
  { logger }: Services,
  event: string,
  { identity }: { readonly identity: Identity },
): void {
  logger.log("info", event, { database: identity.toHex(), by: token.identity.toHex() });
}

async function remove(request: CallerRequest, services: Services): Promise<Reply> {
  const { control, deletions } = services;
  const isFinal = queryFlag(request.query, "purge", false);
  const caller = request.token.identity;
  const ref = databaseRefOf(request);
  const identity = ref.kind === "identity" ? ref.identity : control.identityOfName(ref.name);
  const record = identity === undefined ? undefined : control.database(identity);
  if (record !== undefined) {
    requirePermission("delete database", caller, record);
    await deletions.delete(record.identity, isFinal);
    logDeletion(request, services, isFinal ? "database_purged" : "database_deleted", record);
    return emptyReply(200);
  }
  const deleted = isFinal ? findDeleted(request, services) : undefined;
  if (deleted !== undefined) {
    requireOwner("delete database", caller, deleted);
    await deletions.delete(deleted.identity, true);
    logDeletion(request, services, "database_purged", deleted);
    return emptyReply(200);
  }
  // Who deletes what is gone has what they want.
  if (ref.kind === "identity") return emptyReply(200);
  throw unknownName(ref.name);
}

async function undelete(request: CallerRequest, services: Services): Promise<Reply> {
  const record = findDeleted(request, services);
  if (record === undefined) {
    const ref = databaseRefOf(request);
    throw ref.kind === "name" ? unknownName(ref.name) : unknownIdentity();
  }
  requireOwner("undelete database", request.token.identity, record);
  await services.deletions.undelete(record.identity);
  logDeletion(request, services, "database_undeleted", record);
  const names = services.control.names(record.identity);
  return jsonReply(200, { identity: record.identity.toHex(), names });
}

function list(request: CallerRequest, { control }: Services): Reply {
  const now = control.deleted.serviceMicros();
  const deleted = control.deleted.list(request.token.identity).map((record) => ({
    identity: record.identity.toHex(),
    names: control.deleted.names(record.identity),
    deleted_at_micros: Number(record.deletedMicros),
    seconds_left: Math.max(0, Math.floor(Number(record.endsAtMicros - now) / 1e6)),
  }));
  return jsonReply(200, { deleted });
}

export const deletionRoutes: readonly Route[] = [
  {
    method: "DELETE",
    path: "/v1/database/:db",
    credentials: "optional",
    access: "owner",
    summary:
      "Deletes a database. It can come back for a while, unless `purge=true` asks for its end.",
    handle: remove,
  },
  {
    method: "POST",
    path: "/v1/database/:db/undelete",
    credentials: "optional",
    access: "owner",
    summary: "Brings a deleted database back, with its data and the names that are still its own.",
    handle: undelete,
  },
  {
    method: "GET",
    path: "/v1/deleted",
    credentials: "required",
    access: "anybody",
    summary: "The caller's deleted databases that can still come back.",
    handle: list,
  },
];
