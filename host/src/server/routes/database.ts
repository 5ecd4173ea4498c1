// Facts about a database, and the guard against its loss (http-and-auth.md section 5).
import type { Identity } from "@lightcone/abi";
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
import { requirePermission } from "../permission.ts";
import { emptyReply, jsonReply, jsonTextReply, type Reply, textReply } from "../reply.ts";
import { databaseOf, databaseRefOf, identityOfRef } from "../resolve.ts";
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

function setLocked(isLocked: boolean) {
  return async (request: CallerRequest, services: Services): Promise<Reply> => {
    const record = databaseOf(request, services);
    requirePermission(
      isLocked ? "lock database" : "unlock database",
      request.token.identity,
      record,
    );
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
