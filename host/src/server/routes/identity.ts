// Identities and their tokens (http-and-auth.md section 3).
import {
  emptyAnswer,
  identityHex,
  jsonAnswer,
  object,
  string,
  textAnswer,
  tokenSchema,
} from "../openapi/description.ts";
import { emptyReply, jsonReply, type Reply, textReply } from "../reply.ts";
import { identityOf } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

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
    answers: {
      200: jsonAnswer("The new identity", object({ identity: identityHex, token: tokenSchema })),
    },
    handle: create,
  },
  {
    method: "GET",
    path: "/v1/identity/public-key",
    credentials: "ignored",
    access: "anybody",
    summary: "The key that this host's tokens are verified with.",
    answers: {
      200: { description: "The key", content: { "application/pem-certificate-chain": string } },
    },
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
    answers: { 200: jsonAnswer("The token", object({ token: tokenSchema })) },
    handle: createSocketToken,
  },
  {
    method: "GET",
    path: "/v1/identity/:identity/verify",
    credentials: "required",
    access: "anybody",
    summary: "Tells whether the token belongs to the identity.",
    answers: {
      204: emptyAnswer("The token belongs to it"),
      400: textAnswer("The token belongs to somebody else"),
    },
    handle: verify,
  },
  {
    method: "GET",
    path: "/v1/identity/:identity/databases",
    credentials: "ignored",
    access: "anybody",
    summary: "The databases that an identity owns.",
    answers: {
      200: jsonAnswer(
        "Identities of databases, oldest first",
        object({ identities: { type: "array", items: identityHex } }),
      ),
    },
    handle: listDatabases,
  },
];
