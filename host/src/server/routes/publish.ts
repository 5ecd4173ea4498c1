// Publishing a program: a new database, or new code for one that exists (http-and-auth.md section
// 4).
import { type Identity, LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { DatabaseHandle, PublishResult } from "../contract.ts";
import { type DatabaseRecord, type Reservation, unknownIdentity } from "../control.ts";
import type { DatabaseRef } from "../database-name.ts";
import type { PublishPolicy } from "../../database/publish.ts";
import { hashFromJson, hashToJson } from "../hash-json.ts";
import { requirePermission } from "../permission.ts";
import { colorPlan } from "../plan-color.ts";
import { queryVariant } from "../query.ts";
import {
  emptyAnswer,
  jsonAnswer,
  notPermitted,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { emptyReply, errorText, jsonReply, type Reply, textReply } from "../reply.ts";
import { databaseOf, databaseRefOf, findDatabase, unknownName } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";
import { moduleFailedStatus } from "../status.ts";
import {
  hostTypeParameter,
  otherHostType,
  prePublishResult,
  programBody,
  publishAnswers,
  publishParameters,
  replicasParameter,
  styleParameter,
  timeoutParameter,
  unconfirmed,
  viewFailed,
} from "./publish-description.ts";
import { parsePublishQuery, type PublishQuery, requireWasm } from "./publish-query.ts";

/** What one publish request is made of. */
interface Publish {
  readonly request: CallerRequest;
  readonly services: Services;
  readonly query: PublishQuery;
  readonly program: Uint8Array;
}

async function publish(request: CallerRequest, services: Services): Promise<Reply> {
  const query = parsePublishQuery(request.query);
  const ref = request.params["db"] === undefined ? undefined : databaseRefOf(request);
  requireWasm(query.hostType);
  if (request.isAnonymous && !services.isLoopback) {
    throw new LightconeError(
      "LC_UNAUTHORIZED",
      "Authorization required: only a host on a loopback address takes programs from anybody",
    );
  }
  if (ref === undefined && query.clear) {
    throw new LightconeError(
      "LC_REQUEST_INVALID",
      "Clear database requires database name or identity",
    );
  }
  for (const related of query.relatedDatabases) {
    if (findDatabase(services.control, related) === undefined) throw unknownRef(related);
  }
  // Refused before the program is sent, if that is clear by now.
  if (ref !== undefined) findOwn(ref, request, services, query);
  const program = await request.readBody(limit.moduleBytesMax);
  const attempt: Publish = { request, services, query, program };
  return ref === undefined ? create(attempt, undefined) : createOrUpdate(attempt, ref);
}

/** The database named, if it exists and this request may change it. */
function findOwn(
  ref: DatabaseRef,
  request: CallerRequest,
  { control }: Services,
  query: PublishQuery,
): DatabaseRecord | undefined {
  const record = findDatabase(control, ref);
  if (record === undefined) {
    // Nobody chooses the identity of a new database.
    if (ref.kind === "identity") throw unknownIdentity();
    return undefined;
  }
  requirePermission("update database", request.token.identity, record);
  if (query.clear) requirePermission("reset database", request.token.identity, record);
  if (query.clear && query.hasParent) {
    throw new LightconeError("LC_REQUEST_INVALID", "a database cannot be cleared and get a parent");
  }
  if (query.clear && record.isLocked) {
    throw lockedAgainstReset();
  }
  return record;
}

async function createOrUpdate(attempt: Publish, ref: DatabaseRef): Promise<Reply> {
  const { request, services, query } = attempt;
  for (;;) {
    const record = findOwn(ref, request, services, query);
    if (record !== undefined) return update(attempt, ref, record);
    if (ref.kind === "identity") throw unknownIdentity();
    const pending = services.control.pendingName(ref.name);
    if (pending === undefined) return create(attempt, ref.name);
    if (!pending.owner.equals(request.token.identity)) {
      return jsonReply(401, { PermissionDenied: { name: ref.name } });
    }
    // The same owner's first publish under this name: once it is through, this one updates.
    await pending.settled;
  }
}

async function create(attempt: Publish, name: string | undefined): Promise<Reply> {
  const { control, tokens } = attempt.services;
  const owner = attempt.request.token.identity;
  const reservation = control.reserve(name, tokens.newIdentity(), owner);
  const { identity } = reservation;
  try {
    await reservation.begin();
    const published = await runFirstPublish(attempt, reservation);
    if (typeof published !== "string") return published;
    await reservation.commit({ programHash: published, cause: "created" });
    logPublish(attempt, identity, "created");
    return success(name, identity, "created");
  } finally {
    reservation.abort();
  }
}

/** Publishes to a new database; nothing remains of one that fails. Returns the program's hash, or the refusal. */
async function runFirstPublish(
  attempt: Publish,
  reservation: Reservation,
): Promise<Reply | string> {
  const { databases } = attempt.services;
  let isPublished = false;
  try {
    const database = databases.get(reservation.identity);
    const outcome = await runPublish(attempt, database, { kind: "compatible" });
    if (typeof outcome !== "string") return outcome;
    const programHash = await database.programHash();
    isPublished = true;
    return programHash;
  } finally {
    if (!isPublished) {
      await databases.remove(reservation.identity);
      await reservation.undo();
    }
  }
}

async function update(attempt: Publish, ref: DatabaseRef, record: DatabaseRecord): Promise<Reply> {
  const refusal = await runUpdate(attempt, record, policyOf(attempt.query));
  if (refusal !== undefined) return refusal;
  return success(ref.kind === "name" ? ref.name : undefined, record.identity, "updated");
}

/** Publishes to a database that exists, and notes its new program. Returns the refusal, if there is one. */
async function runUpdate(
  attempt: Publish,
  { identity }: DatabaseRecord,
  policy: PublishPolicy,
): Promise<Reply | undefined> {
  const { services, query, request } = attempt;
  const database = services.databases.get(identity);
  const outcome = await runPublish(attempt, database, policy);
  if (typeof outcome !== "string") return outcome;
  if (outcome === "unchanged") return undefined;
  const programHash = await database.programHash();
  const cause = query.clear ? "cleared" : "updated";
  await services.control.versions.add(identity, { programHash, by: request.token.identity, cause });
  logPublish(attempt, identity, cause);
  return undefined;
}

function logPublish({ services, request }: Publish, identity: Identity, cause: string): void {
  const by = request.token.identity.toHex();
  services.logger.log("info", "database_published", { database: identity.toHex(), by, cause });
}

/** Publishes, and returns the answer where a refusal has another status here than elsewhere. */
async function runPublish(
  attempt: Publish,
  database: DatabaseHandle,
  policy: PublishPolicy,
): Promise<Reply | PublishResult["kind"]> {
  const { program, query, request } = attempt;
  try {
    const owner = request.token.identity;
    const { clear, confirmationMillis } = query;
    const published = { program, owner, clear, policy, confirmationMillis };
    const { kind } = await database.publish(published);
    return kind;
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    switch (thrown.code) {
      case "LC_PUBLISH_REFUSED":
        return textReply(400, `Database update rejected: ${errorText(thrown)}`);
      case "LC_PUBLISH_BREAKS_CLIENTS":
        return textReply(400, `Failed to create or update the database: ${errorText(thrown)}`);
      case "LC_REDUCER_FAILED":
      case "LC_MODULE_TRAP":
      case "LC_CALL_TIME_LIMIT":
        return textReply(500, errorText(thrown));
      default:
        throw thrown;
    }
  }
}

function success(
  name: string | undefined,
  identity: Identity,
  operation: "created" | "updated",
): Reply {
  return jsonReply(200, {
    Success: {
      domain: name ?? null,
      database_identity: identity.toHex(),
      op: operation,
    },
  });
}

function lockedAgainstReset(): LightconeError {
  return new LightconeError(
    "LC_FORBIDDEN",
    "Database is locked and cannot be reset with --delete-data. Run `spacetime unlock` first.",
  );
}

function unknownRef(ref: DatabaseRef): LightconeError {
  return ref.kind === "name" ? unknownName(ref.name) : unknownIdentity();
}

/** Who accepts broken clients must have seen the plan: its token is the proof. */
function policyOf({ policy, migrationToken }: PublishQuery): PublishPolicy {
  if (policy === "Compatible") return { kind: "compatible" };
  if (migrationToken === undefined) {
    throw new LightconeError(
      "LC_REQUEST_INVALID",
      "Migration policy is set to `BreakClients`, but no migration token was provided.",
    );
  }
  return { kind: "breakClients", token: hashFromJson(migrationToken) ?? migrationToken };
}

async function prePublish(request: CallerRequest, services: Services): Promise<Reply> {
  const style = queryVariant(request.query, "style", ["AnsiColor", "NoColor"]);
  requireWasm(queryVariant(request.query, "host_type", ["Wasm", "Js"]) ?? "Wasm");
  const record = databaseOf(request, services);
  requirePermission("update database", request.token.identity, record);
  const program = await request.readBody(limit.moduleBytesMax);
  const plan = await services.databases.get(record.identity).planPublish(program);
  const major = { major_version_upgrade: plan.isMajorUpgrade };
  if (plan.kind === "impossible") {
    return jsonReply(200, { ManualMigrate: { reason: plan.reason, ...major } });
  }
  return jsonReply(200, {
    AutoMigrate: {
      migrate_plan: style === "NoColor" ? plan.text : colorPlan(plan.text),
      break_clients: plan.breaksClients,
      token: hashToJson(plan.token),
      ...major,
    },
  });
}

/** Drops all data and starts anew with the program in the body, or with the present one. */
async function reset(request: CallerRequest, services: Services): Promise<Reply> {
  const query = parsePublishQuery(request.query);
  requireWasm(query.hostType);
  const record = databaseOf(request, services);
  requirePermission("reset database", request.token.identity, record);
  if (record.isLocked) throw lockedAgainstReset();
  const body = await request.readBody(limit.moduleBytesMax);
  const database = services.databases.get(record.identity);
  const program = body.length > 0 ? body : await database.program();
  const attempt: Publish = { request, services, query: { ...query, clear: true }, program };
  const refusal = await runUpdate(attempt, record, { kind: "compatible" });
  return refusal ?? emptyReply(200);
}

export const publishRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/database",
    credentials: "optional",
    access: "anybody",
    summary: "Publishes a program, the body, as a new database without a name.",
    query: publishParameters,
    body: programBody,
    answers: publishAnswers,
    handle: publish,
  },
  {
    method: "PUT",
    path: "/v1/database/:db",
    credentials: "optional",
    access: "owner",
    summary: "Publishes a program, the body, as a new database or as new code for one's own.",
    query: publishParameters,
    body: programBody,
    answers: {
      ...publishAnswers,
      403: textAnswer("The caller may not update it, or it is locked"),
    },
    handle: publish,
  },
  {
    method: "POST",
    path: "/v1/database/:db/pre_publish",
    credentials: "optional",
    access: "owner",
    summary: "Tells what publishing a program would do.",
    query: [styleParameter, hostTypeParameter],
    body: programBody,
    answers: {
      200: jsonAnswer("What publishing would do", prePublishResult),
      403: notPermitted,
      500: textAnswer("The program does not load"),
      501: otherHostType,
      503: unavailable,
      [moduleFailedStatus]: viewFailed,
    },
    handle: prePublish,
  },
  {
    method: "PUT",
    path: "/v1/database/:db/reset",
    credentials: "optional",
    access: "owner",
    summary: "Deletes all data and starts anew, with a program in the body or the present one.",
    query: [hostTypeParameter, replicasParameter, timeoutParameter],
    body: { ...programBody, isRequired: false },
    answers: {
      200: emptyAnswer("It has started anew"),
      400: textAnswer("The program is refused"),
      403: textAnswer("The caller does not own it, or it is locked"),
      500: textAnswer("The program does not load, or its `init` failed"),
      501: otherHostType,
      503: unavailable,
      504: unconfirmed,
      [moduleFailedStatus]: viewFailed,
    },
    handle: reset,
  },
];
