// Identities and their tokens (http-and-auth.md section 3).
import { Identity, LightconeError } from "@lightcone/abi";
import { emptyReply, jsonReply, type Reply, textReply } from "../reply.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

/** The identity in the path: here 64 hex digits and nothing before them. */
function identityOf({ params }: RouteRequest): Identity {
  const text = params["identity"] ?? "";
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new LightconeError("LC_REQUEST_INVALID", "Invalid URL: an identity is 64 hex digits");
  }
  return Identity.fromHex(text);
}

async function create(_request: RouteRequest, { tokens }: Services): Promise<Reply> {
  const { identity, token } = await tokens.issueNew();
  return jsonReply(200, { identity: identity.toHex(), token });
}

async function createSocketToken(request: CallerRequest, { tokens }: Services): Promise<Reply> {
  const { token } = await tokens.issueForSocket(request.token);
  return jsonReply(200, { token });
}

function verify(request: CallerRequest): Reply {
  const identity = identityOf(request);
  if (request.token.identity.equals(identity)) return emptyReply(204);
  const owner = request.token.identity.toHex();
  return textReply(400, `the token belongs to ${owner}, not to ${identity.toHex()}`);
}

function listDatabases(request: RouteRequest, { control }: Services): Reply {
  const records = control.databasesOf(identityOf(request));
  return jsonReply(200, { identities: records.map(({ identity }) => identity.toHex()) });
}

export const identityRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/identity",
    credentials: "ignored",
    access: "anybody",
    summary: "Makes a new identity and a token for it that never expires.",
    handle: create,
  },
  {
    method: "GET",
    path: "/v1/identity/public-key",
    credentials: "ignored",
    access: "anybody",
    summary: "The key that this host's tokens are verified with.",
    handle: (_request, { tokens }) => ({
      kind: "reply",
      status: 200,
      headers: { "content-type": "application/pem-certificate-chain" },
      body: tokens.publicPem,
    }),
  },
  {
    method: "POST",
    path: "/v1/identity/websocket-token",
    credentials: "required",
    access: "anybody",
    summary: "Exchanges a token for one that is good for a minute and may stand in a URL.",
    handle: createSocketToken,
  },
  {
    method: "GET",
    path: "/v1/identity/:identity/verify",
    credentials: "required",
    access: "anybody",
    summary: "Tells whether the token belongs to the identity.",
    handle: verify,
  },
  {
    method: "GET",
    path: "/v1/identity/:identity/databases",
    credentials: "ignored",
    access: "anybody",
    summary: "The databases that an identity owns.",
    handle: listDatabases,
  },
];
