// Which programs a database has had.
import { versionCauses } from "../control-data/versions.ts";
import { hashToJson } from "../hash-json.ts";
import { hashJson, identityHex, jsonAnswer, notPermitted, object } from "../openapi/description.ts";
import { requirePermission } from "../permission.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { databaseOf } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";

function list(request: CallerRequest, services: Services): Reply {
  const record = databaseOf(request, services);
  requirePermission("view versions", request.token.identity, record);
  const versions = services.control.versions.list(record.identity).map((version) => ({
    number: version.number,
    program_hash: hashToJson(version.programHash),
    at_micros: Number(version.at.micros),
    by: version.by.toHex(),
    cause: version.cause,
  }));
  return jsonReply(200, { versions });
}

const version = object({
  number: { type: "integer", minimum: 1 },
  program_hash: hashJson,
  at_micros: { type: "integer", format: "int64" },
  by: identityHex,
  cause: { type: "string", enum: versionCauses },
});

export const versionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/versions",
    credentials: "optional",
    access: "owner",
    summary: "The programs that a database has had, oldest first: when each came and from whom.",
    answers: {
      200: jsonAnswer("The programs", object({ versions: { type: "array", items: version } })),
      403: notPermitted,
    },
    handle: list,
  },
];
