// Roles of others than the owner in a database.
import { Identity, LightconeError } from "@lightcone/abi";
import { type GrantedRole, grantedRoles } from "../control-data/grants.ts";
import { requirePermission } from "../permission.ts";
import { queryVariant } from "../query.ts";
import { emptyReply, jsonReply, type Reply } from "../reply.ts";
import { databaseOf } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

/** The identity in the path. */
function granteeOf({ params }: RouteRequest): Identity {
  const text = params["identity"] ?? "";
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new LightconeError("LC_REQUEST_INVALID", "Invalid URL: an identity is 64 hex digits");
  }
  return Identity.fromHex(text);
}

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
  await services.control.grants.set(record.identity, granteeOf(request), role);
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

export const grantRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/grants",
    credentials: "optional",
    access: "owner",
    summary: "Who has which role in a database.",
    handle: list,
  },
  {
    method: "PUT",
    path: "/v1/database/:db/grants/:identity",
    credentials: "optional",
    access: "owner",
    summary: "Gives an identity the role that `role` names, in place of the one before.",
    handle: (request, services) => set(request, services, roleIn(request)),
  },
  {
    method: "DELETE",
    path: "/v1/database/:db/grants/:identity",
    credentials: "optional",
    access: "owner",
    summary: "Takes an identity's role.",
    handle: (request, services) => set(request, services, undefined),
  },
];
