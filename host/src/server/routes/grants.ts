// Roles of others than the owner in a database.
import { LightconeError } from "@lightcone/abi";
import { type GrantedRole, grantedRoles } from "../control-data/grants.ts";
import {
  emptyAnswer,
  identityHex,
  jsonAnswer,
  notOwner,
  notPermitted,
  object,
  type Schema,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { requirePermission } from "../permission.ts";
import { queryVariant } from "../query.ts";
import { emptyReply, jsonReply, type Reply } from "../reply.ts";
import { databaseOf, identityOf } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

function list(request: CallerRequest, services: Services): Reply {
  const record = databaseOf(request, services);
  requirePermission("view grants", request.token.identity, record);
  const grants = services.control.grants.list(record.identity).map(({ identity, role }) => ({
    identity: identity.toHex(),
    role,
  }));
  return jsonReply(200, { owner: record.owner.toHex(), grants });
}

async function set(
  request: CallerRequest,
  services: Services,
  role: GrantedRole | undefined,
): Promise<Reply> {
  const record = databaseOf(request, services);
  requirePermission("grant roles", request.token.identity, record);
  await services.control.grants.set(record.identity, identityOf(request), role);
  return emptyReply(200);
}

function roleIn({ query }: RouteRequest): GrantedRole {
  const role = queryVariant(query, "role", grantedRoles);
  if (role !== undefined) return role;
  throw new LightconeError(
    "LC_REQUEST_INVALID",
    "Failed to deserialize query string: missing field `role`",
  );
}

const roleSchema: Schema = { type: "string", enum: grantedRoles };

export const grantRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/grants",
    credentials: "optional",
    access: "owner",
    summary: "Who has which role in a database.",
    answers: {
      200: jsonAnswer(
        "The owner, and who has been given a role",
        object({
          owner: identityHex,
          grants: { type: "array", items: object({ identity: identityHex, role: roleSchema }) },
        }),
      ),
      403: notPermitted,
    },
    handle: list,
  },
  {
    method: "PUT",
    path: "/v1/database/:db/grants/:identity",
    credentials: "optional",
    access: "owner",
    summary: "Gives an identity the role that `role` names, in place of the one before.",
    query: [{ name: "role", description: "What it may do", schema: roleSchema, isRequired: true }],
    answers: {
      200: emptyAnswer("It has the role"),
      403: notOwner,
      413: textAnswer("The database has too many grants"),
      503: unavailable,
    },
    handle: (request, services) => set(request, services, roleIn(request)),
  },
  {
    method: "DELETE",
    path: "/v1/database/:db/grants/:identity",
    credentials: "optional",
    access: "owner",
    summary: "Takes an identity's role.",
    answers: { 200: emptyAnswer("It has no role"), 403: notOwner, 503: unavailable },
    handle: (request, services) => set(request, services, undefined),
  },
];
