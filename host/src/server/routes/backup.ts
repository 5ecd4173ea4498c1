// A database as an archive, while it runs, and a new database from one (docs/backup.md).
import { LightconeError } from "@lightcone/abi";
import {
  bytesSchema,
  identityHex,
  jsonAnswer,
  notOwner,
  object,
  string,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { requirePermission } from "../permission.ts";
import type { Manifest } from "../backup/archive.ts";
import type { Reservation } from "../control.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { databaseOf, databaseRefOf } from "../resolve.ts";
import type { CallerRequest, Outcome, Route, Services } from "../router.ts";
import { moduleFailedStatus } from "../status.ts";

async function backup(request: CallerRequest, services: Services): Promise<Outcome> {
  const { control, databases, clock } = services;
  const record = databaseOf(request, services);
  requirePermission("back up database", request.token.identity, record);
  const { identity, owner } = record;
  const { bytes, lastOffset, pieces } = await databases.backup(identity, {
    database: identity,
    owner,
    names: control.names(identity),
    createdMicros: clock.nowMicros(),
  });
  const headers = {
    "content-type": "application/octet-stream",
    "lightcone-last-offset": String(lastOffset),
  };
  return { kind: "bytes", headers, bytes, pieces };
}

async function restore(request: CallerRequest, services: Services): Promise<Reply> {
  const { control, tokens } = services;
  const ref = databaseRefOf(request);
  if (ref.kind === "identity") {
    throw new LightconeError(
      "LC_REQUEST_INVALID",
      "a restored database gets a new identity: give a name, not an identity",
    );
  }
  if (request.isAnonymous && !services.isLoopback) {
    throw new LightconeError(
      "LC_UNAUTHORIZED",
      "Authorization required: only a host on a loopback address takes backups from anybody",
    );
  }
  const owner = request.token.identity;
  // Nobody else can take the name while the archive comes in.
  const reservation = control.reserve(ref.name, tokens.newIdentity(), owner);
  const { identity } = reservation;
  try {
    const { manifest, programHash } = await restoreFiles(reservation, request, services);
    await reservation.commit({ programHash, cause: "restored" });
    return jsonReply(200, {
      Success: {
        domain: ref.name,
        database_identity: identity.toHex(),
        op: "restored",
        restored_from: manifest.database.toHex(),
        last_offset: manifest.lastOffset,
      },
    });
  } finally {
    reservation.abort();
  }
}

/** Makes the database's files of the body; nothing remains of one that fails. */
async function restoreFiles(
  reservation: Reservation,
  request: CallerRequest,
  { databases }: Services,
): Promise<{ readonly manifest: Manifest; readonly programHash: string }> {
  const { identity } = reservation;
  await reservation.begin();
  let isRestored = false;
  try {
    const pieces = request.bodyPieces();
    const manifest = await databases.restore(identity, request.token.identity, pieces);
    const programHash = await databases.get(identity).programHash();
    isRestored = true;
    return { manifest, programHash };
  } finally {
    if (!isRestored) {
      await databases.remove(identity);
      await reservation.undo();
    }
  }
}

export const backupRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/backup",
    credentials: "optional",
    access: "owner",
    summary: "An archive of the database as it is durable now; it goes on meanwhile.",
    answers: {
      200: {
        description: "The archive",
        content: { "application/octet-stream": bytesSchema },
        headers: { "lightcone-last-offset": "The last transaction in it" },
      },
      403: notOwner,
      503: unavailable,
    },
    handle: backup,
  },
  {
    method: "PUT",
    path: "/v1/database/:db/restore",
    credentials: "optional",
    access: "anybody",
    summary: "Makes a new database of an archive, the body; it belongs to who restores it.",
    body: {
      description: "An archive",
      contentType: "application/octet-stream",
      schema: bytesSchema,
      isRequired: true,
    },
    answers: {
      200: jsonAnswer(
        "The new database",
        object({
          Success: object({
            domain: string,
            database_identity: identityHex,
            op: { const: "restored" },
            restored_from: identityHex,
            last_offset: { type: "integer" },
          }),
        }),
      ),
      409: textAnswer("The name is in use"),
      500: textAnswer("The archive's program does not start"),
      [moduleFailedStatus]: textAnswer("The archive's program traps while it starts"),
    },
    handle: restore,
  },
];
