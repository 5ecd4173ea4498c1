// SQL and the module's definition over HTTP (http-and-auth.md sections 6.2 and 6.3).
import { limit } from "../../base/limit.ts";
import { readText } from "../body.ts";
import { badQuery, queryFlag, queryText } from "../query.ts";
import {
  tellsDuration,
  jsonAnswer,
  object,
  plainText,
  type Schema,
  string,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { jsonTextReply, type Reply } from "../reply.ts";
import { callerOf, handleOf } from "../resolve.ts";
import type { CallerRequest, Route, RouteRequest, Services } from "../router.ts";
import { moduleFailedStatus } from "../status.ts";

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

const count: Schema = { type: "integer", minimum: 0 };

/** One entry: an answer is of one statement. */
const sqlResult: Schema = {
  type: "array",
  minItems: 1,
  maxItems: 1,
  items: object({
    schema: { type: "object", description: "A ProductType" },
    rows: { type: "array", items: { type: "array" } },
    total_duration_micros: count,
    stats: object({ rows_inserted: count, rows_deleted: count, rows_updated: count }),
  }),
};

export const queryRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/database/:db/sql",
    credentials: "optional",
    access: "anybody",
    summary: "Runs one SQL statement, the text of the body.",
    query: [
      {
        name: "confirmed",
        description: "Whether the answer waits until what it shows is durable",
        schema: { type: "boolean", default: true },
      },
    ],
    body: {
      description: "The statement",
      contentType: plainText,
      schema: string,
      isRequired: true,
    },
    answers: {
      200: jsonAnswer("Rows, or what was changed", sqlResult, tellsDuration),
      400: textAnswer("The statement is refused"),
      403: textAnswer("`client_connected` refused the caller"),
      500: textAnswer("`client_connected` trapped"),
      503: unavailable,
      [moduleFailedStatus]: textAnswer("A view could not be computed"),
    },
    handle: runSql,
  },
  {
    method: "GET",
    path: "/v1/database/:db/schema",
    credentials: "optional",
    access: "anybody",
    summary: "The module's definition, in the form that `version` names.",
    query: [
      {
        name: "version",
        description: "The form of the definition",
        schema: { type: "string", enum: ["9", "10"] },
        isRequired: true,
      },
    ],
    answers: { 200: jsonAnswer("The definition", { type: "object" }), 503: unavailable },
    handle: describeSchema,
  },
];
