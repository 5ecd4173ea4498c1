// Deleting databases, and bringing deleted ones back (http-and-auth.md section 5, docs/operations.md).
import type { Identity } from "@lightcone/abi";
import type { DeletedRecord } from "../control-data/deleted.ts";
import { unknownIdentity } from "../control.ts";
import {
  emptyAnswer,
  identityHex,
  jsonAnswer,
  notOwner,
  object,
  type Schema,
  string,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { requirePermission } from "../permission.ts";
import { queryFlag } from "../query.ts";
import { emptyReply, jsonReply, type Reply } from "../reply.ts";
import { databaseRefOf, findDatabase, findDeleted, unknownName } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";

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
  const record = findDatabase(control, ref);
  if (record !== undefined) {
    requirePermission("delete database", caller, record);
    await deletions.delete(record.identity, isFinal);
    logDeletion(request, services, isFinal ? "database_purged" : "database_deleted", record);
    return emptyReply(200);
  }
  const deleted = isFinal ? findDeleted(control, ref) : undefined;
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
  const { control, deletions } = services;
  const caller = request.token.identity;
  const ref = databaseRefOf(request);
  const record = findDeleted(control, ref);
  if (record === undefined) {
    // That one of this name is there is no answer to who wants another back.
    const present = findDatabase(control, ref);
    if (present !== undefined) requirePermission("undelete database", caller, present);
    throw ref.kind === "name" ? unknownName(ref.name) : unknownIdentity();
  }
  requireOwner("undelete database", caller, record);
  await deletions.undelete(record.identity);
  logDeletion(request, services, "database_undeleted", record);
  const names = control.names(record.identity);
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

const names: Schema = { type: "array", items: string };

const deletedDatabase = object({
  identity: identityHex,
  names,
  deleted_at_micros: { type: "integer", format: "int64" },
  seconds_left: { type: "integer", minimum: 0 },
});

export const deletionRoutes: readonly Route[] = [
  {
    method: "DELETE",
    path: "/v1/database/:db",
    credentials: "optional",
    access: "owner",
    summary:
      "Deletes a database. It can come back for a while, unless `purge=true` asks for its end.",
    query: [
      {
        name: "purge",
        description: "Whether it is deleted for good, also one that was deleted before",
        schema: { type: "boolean", default: false },
      },
    ],
    answers: {
      200: emptyAnswer("It is gone, or there was none with this identity"),
      403: textAnswer("The caller does not own it, or it is locked"),
      503: unavailable,
    },
    handle: remove,
  },
  {
    method: "POST",
    path: "/v1/database/:db/undelete",
    credentials: "optional",
    access: "owner",
    summary: "Brings a deleted database back, with its data and the names that are still its own.",
    answers: {
      200: jsonAnswer("It is back", object({ identity: identityHex, names })),
      403: notOwner,
      503: unavailable,
    },
    handle: undelete,
  },
  {
    method: "GET",
    path: "/v1/deleted",
    credentials: "required",
    access: "anybody",
    summary: "The caller's deleted databases that can still come back.",
    answers: {
      200: jsonAnswer(
        "Those databases, the next to go first",
        object({ deleted: { type: "array", items: deletedDatabase } }),
      ),
    },
    handle: list,
  },
];
