// SQL and the module's definition over HTTP (http-and-auth.md sections 6.2 and 6.3).
import { limit } from "../../base/limit.ts";
import { readText } from "../body.ts";
import { badQuery, queryFlag, queryText } from "../query.ts";
import { jsonTextReply, type Reply } from "../reply.ts";
import { callerOf, handleOf } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";

async function runSql(request: CallerRequest, services: Services): Promise<Reply> {
  const isConfirmed = queryFlag(request.query, "confirmed", true);
  const database = handleOf(request, services);
  const text = await readText(request, limit.bodyBytesMax);
  const caller = callerOf(request, services.random);
  const { pieces, durationMicros } = await database.sql(text, caller, isConfirmed);
  const micros = `${Math.round(durationMicros)}`;
  return jsonTextReply(200, pieces, { "spacetime-execution-duration-micros": micros });
}

function schemaVersion({ query }: RouteRequest): 9 | 10 {
  const text = queryText(query, "version");
  if (text === undefined) throw badQuery("missing field `version`");
  if (text === "9") return 9;
  if (text === "10") return 10;
  throw badQuery(`unknown variant \`${text}\`, expected \`9\` or \`10\``);
}

async function describeSchema(request: CallerRequest, services: Services): Promise<Reply> {
  const version = schemaVersion(request);
  return jsonTextReply(200, await handleOf(request, services).schema(version));
}

export const queryRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/database/:db/sql",
    credentials: "optional",
    access: "anybody",
    summary: "Runs one SQL statement, the text of the body.",
    handle: runSql,
  },
  {
    method: "GET",
    path: "/v1/database/:db/schema",
    credentials: "optional",
    access: "anybody",
    summary: "The module's definition, in the form that `version` names.",
    handle: describeSchema,
  },
];
