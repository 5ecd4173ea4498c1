// Facts about a database, its removal and the guard against that (http-and-auth.md section 5).
import { type Identity, LightconeError } from "@lightcone/abi";
import { hashToJson } from "../hash-json.ts";
import {
  emptyAnswer,
  hashJson,
  identityObject,
  jsonAnswer,
  notOwner,
  object,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { emptyReply, jsonReply, jsonTextReply, type Reply, textReply } from "../reply.ts";
import { databaseOf, databaseRefOf, identityOfRef, requireOwner } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";

function identityToJson(identity: Identity): unknown {
  return { __identity__: `0x${identity.toHex()}` };
}

async function describe(request: CallerRequest, services: Services): Promise<Reply> {
  const record = databaseOf(request, services);
  const programHash = await services.databases.get(record.identity).programHash();
  return jsonReply(200, {
    database_identity: identityToJson(record.identity),
    owner_identity: identityToJson(record.owner),
    host_type: { [record.hostType]: [] },
    initial_program: hashToJson(programHash),
  });
}

async function remove(request: CallerRequest, services: Services): Promise<Reply> {
  const { control, databases } = services;
  const identity = identityOfRef(control, databaseRefOf(request));
  const record = control.database(identity);
  // Who deletes what is gone has what they want.
  if (record === undefined) return emptyReply(200);
  requireOwner(record, request, "delete database");
  if (record.isLocked) {
    throw new LightconeError(
      "LC_FORBIDDEN",
      "Database is locked and cannot be deleted. Run `spacetime unlock` first.",
    );
  }
  // In this order a crash in between leaves files that no name leads to, not a name without its
  // files.
  await control.delete(identity);
  await databases.remove(identity);
  return emptyReply(200);
}

function setLocked(isLocked: boolean) {
  return async (request: CallerRequest, services: Services): Promise<Reply> => {
    const record = databaseOf(request, services);
    requireOwner(record, request, isLocked ? "lock database" : "unlock database");
    await services.control.setLocked(record.identity, isLocked);
    return emptyReply(200);
  };
}

function tellTime(request: CallerRequest, services: Services): Reply {
  databaseOf(request, services);
  // Written by hand, for the number is a bigint, which JSON.stringify refuses.
  const micros = services.clock.nowMicros();
  return jsonTextReply(200, `{"__timestamp_micros_since_unix_epoch__":${micros}}`);
}

export const databaseRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db",
    credentials: "optional",
    access: "anybody",
    summary: "Identity, owner, kind and program hash of a database.",
    answers: {
      200: jsonAnswer(
        "The facts",
        object({
          database_identity: identityObject,
          owner_identity: identityObject,
          host_type: { type: "object" },
          initial_program: hashJson,
        }),
      ),
      503: unavailable,
    },
    handle: describe,
  },
  {
    method: "DELETE",
    path: "/v1/database/:db",
    credentials: "optional",
    access: "owner",
    summary: "Deletes a database with its data and its names.",
    answers: {
      200: emptyAnswer("It is gone, or there was none with this identity"),
      403: textAnswer("The caller does not own it, or it is locked"),
      503: unavailable,
    },
    handle: remove,
  },
  {
    method: "POST",
    path: "/v1/database/:db/lock",
    credentials: "optional",
    access: "owner",
    summary: "Guards a database against deletion and the loss of its data.",
    answers: { 200: emptyAnswer("It is locked"), 403: notOwner, 503: unavailable },
    handle: setLocked(true),
  },
  {
    method: "POST",
    path: "/v1/database/:db/unlock",
    credentials: "optional",
    access: "owner",
    summary: "Ends that guard.",
    answers: { 200: emptyAnswer("It is not locked any more"), 403: notOwner, 503: unavailable },
    handle: setLocked(false),
  },
  {
    method: "GET",
    path: "/v1/database/:db/identity",
    credentials: "optional",
    access: "anybody",
    summary: "The identity that a name leads to, as 64 hex digits.",
    answers: { 200: textAnswer("The identity") },
    handle: (request, { control }) =>
      textReply(200, identityOfRef(control, databaseRefOf(request)).toHex()),
  },
  {
    method: "GET",
    path: "/v1/database/:db/unstable/timestamp",
    credentials: "optional",
    access: "anybody",
    summary: "The host's time in microseconds.",
    answers: {
      200: jsonAnswer(
        "The time",
        object({ __timestamp_micros_since_unix_epoch__: { type: "integer", format: "int64" } }),
      ),
    },
    handle: tellTime,
  },
];
