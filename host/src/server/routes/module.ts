// Routes that modules declare: every request below `/route` is the module's own to answer (http-and-auth.md section 8).
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { HttpHeader } from "../../base/http/client.ts";
import { limit } from "../../base/limit.ts";
import type { RouteOutcome } from "../../database/http-routes.ts";
import { textAnswer, unavailable } from "../openapi/description.ts";
import { type Headers, type Reply, textReply } from "../reply.ts";
import { handleOf } from "../resolve.ts";
import type { Route, RouteRequest, Services } from "../router.ts";

/** Headers of a connection, or of how a body is sent: the server's own business. */
const connectionHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The URL that the client asked for, as far as proxies tell. */
function uriOf({ headers, url }: RouteRequest): string {
  const { "x-forwarded-proto": proto, "x-forwarded-host": host } = headers;
  const scheme = typeof proto === "string" ? proto : "http";
  return `${scheme}://${typeof host === "string" ? host : (headers.host ?? "localhost")}${url}`;
}

function headersOf({ rawHeaders }: RouteRequest): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = new Uint8Array(Buffer.from(rawHeaders[i + 1] as string, "latin1"));
    headers.push({ name: (rawHeaders[i] as string).toLowerCase(), value });
  }
  return headers;
}

async function answer(request: RouteRequest, services: Services): Promise<Reply> {
  const database = handleOf(request, services);
  const rest = request.params["*"];
  const { method, httpVersion } = request;
  const outcome = await database.route({
    method,
    path: rest === undefined ? "" : `/${rest}`,
    uri: uriOf(request),
    headers: headersOf(request),
    httpVersion,
    body: await request.readBody(limit.httpBodyBytesMax),
  });
  return toReply(outcome);
}

function toReply(outcome: RouteOutcome): Reply {
  if (outcome.kind === "unknown") {
    return textReply(404, "Database has not registered a handler for this route");
  }
  if (outcome.kind === "failed") return textReply(500, outcome.message);
  const headers = replyHeaders(outcome.headers);
  if (headers === undefined) {
    return textReply(500, "the module's handler answered with a header that HTTP does not allow");
  }
  return { kind: "reply", status: outcome.code, headers, body: [outcome.body] };
}

/** Headers by name, with all their values; undefined if one cannot be sent. */
function replyHeaders(entries: readonly HttpHeader[]): Headers | undefined {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const { name, value } of entries) {
    const lower = name.toLowerCase();
    if (connectionHeaders.has(lower)) continue;
    const content = Buffer.from(value).toString("latin1");
    try {
      validateHeaderName(lower);
      validateHeaderValue(lower, content);
    } catch {
      return undefined;
    }
    (headers[lower] ??= []).push(content);
  }
  return headers;
}

const shared = {
  method: "ANY",
  credentials: "ignored",
  access: "anybody",
  answers: {
    404: textAnswer("No such database, or its module has no handler for this route"),
    413: textAnswer("The body is beyond a limit"),
    500: textAnswer("The handler trapped, or answered with what HTTP does not allow"),
    503: unavailable,
    default: { description: "What the handler answers", content: {} },
  },
} as const;

export const moduleRoutes: readonly Route[] = [
  {
    ...shared,
    path: "/v1/database/:db/route",
    summary: "Answered by the module's HTTP handler for the empty path.",
    handle: answer,
  },
  {
    ...shared,
    path: "/v1/database/:db/route/*",
    summary: "Answered by the module's HTTP handler for this path and method.",
    handle: answer,
  },
];
