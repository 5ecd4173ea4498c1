// The module's log (http-and-auth.md section 6.4).
import { requirePermission } from "../permission.ts";
import { queryCount, queryFlag } from "../query.ts";
import { notPermitted, string, unavailable } from "../openapi/description.ts";
import type { Headers } from "../reply.ts";
import { databaseOf } from "../resolve.ts";
import type { CallerRequest, Outcome, Route, Services } from "../router.ts";

/** Most old lines that precede the new ones in a followed log. */
const followedLineCountMax = 2500;

const logHeaders: Headers = {
  "content-type": "application/x-ndjson",
  "cache-control": "no-cache",
};

async function readLogs(request: CallerRequest, services: Services): Promise<Outcome> {
  const lineCount = queryCount(request.query, "num_lines");
  const isFollowing = queryFlag(request.query, "follow", false);
  const record = databaseOf(request, services);
  requirePermission("view module logs", request.token.identity, record);
  const database = services.databases.get(record.identity);
  if (!isFollowing) {
    const body = await database.logs(lineCount);
    return { kind: "reply", status: 200, headers: logHeaders, body };
  }
  const oldLineCount = Math.min(lineCount ?? 0, followedLineCountMax);
  return {
    kind: "stream",
    headers: logHeaders,
    start: (sink) =>
      database.followLogs(
        oldLineCount,
        (text) => sink.write(text),
        () => sink.end(),
      ),
  };
}

export const logRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/logs",
    credentials: "optional",
    access: "owner",
    summary: "The module's log, one JSON object a line, and with `follow` what comes after it.",
    query: [
      {
        name: "num_lines",
        description: "Only the last so many lines",
        schema: { type: "integer", minimum: 0, maximum: 0xffff_ffff },
      },
      {
        name: "follow",
        description: "Whether the answer goes on with new lines",
        schema: { type: "boolean", default: false },
      },
    ],
    answers: {
      200: { description: "The lines", content: { "application/x-ndjson": string } },
      403: notPermitted,
      503: unavailable,
    },
    handle: readLogs,
  },
];
