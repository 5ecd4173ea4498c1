// MCP: databases for language models, over JSON-RPC (http-and-auth.md section 7).
import { isJsonObject, type JsonObject, type JsonValue, LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { requireAccess } from "../auth/access.ts";
import { readText } from "../body.ts";
import { refuseContentType } from "../content-type.ts";
import { parseDatabaseRef } from "../database-name.ts";
import { unknownIdentity } from "../control.ts";
import { faultText, parseRequest, resultText, RpcFault, type RpcRequest } from "../mcp/message.ts";
import { describeTools, runTool, type ToolContext, type ToolScope } from "../mcp/tools.ts";
import {
  emptyAnswer,
  jsonAnswer,
  jsonType,
  object,
  string,
  textAnswer,
} from "../openapi/description.ts";
import { emptyReply, errorText, jsonTextReply, type Reply } from "../reply.ts";
import { databaseOf, identityOfRef } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";
import { hostVersion } from "../version.ts";

const protocolVersion = "2025-06-18";

const instructions =
  "Read the schema before you write SQL or call reducers. Reducers change data in one transaction each; SQL can read public tables.";

async function callTool(
  scope: ToolScope,
  { name, arguments: args = {} }: JsonObject,
  context: ToolContext,
): Promise<JsonValue> {
  if (!isJsonObject(args)) throw new RpcFault("invalidParams", "arguments must be an object");
  try {
    const outcome = await runTool(scope, name, args, context);
    return toolResult(outcome.text, outcome.isError);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return toolResult(errorText(thrown), true);
  }
}

function toolResult(text: string, isError: boolean): JsonValue {
  return { content: [{ type: "text", text }], isError };
}

function answer(
  scope: ToolScope,
  { method, params }: RpcRequest,
  context: ToolContext,
): Promise<JsonValue> | JsonValue {
  switch (method) {
    case "initialize":
      return {
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "lightcone", version: hostVersion },
        instructions,
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools: describeTools(scope) };
    case "tools/call":
      return callTool(scope, params, context);
    default:
      throw new RpcFault("unknownMethod", `no method ${method}`);
  }
}

async function converse(scope: ToolScope, context: ToolContext): Promise<Reply> {
  const { request } = context;
  const refusal = refuseContentType(request.headers);
  if (refusal !== undefined) return refusal;
  const body = await readText(request, limit.bodyBytesMax);
  let id: RpcRequest["id"];
  try {
    const rpc = parseRequest(body);
    id = rpc.id;
    // A notification asks for nothing.
    if (id === undefined) return emptyReply(202);
    return jsonTextReply(200, resultText(id, await answer(scope, rpc, context)));
  } catch (thrown) {
    if (!(thrown instanceof RpcFault)) throw thrown;
    return jsonTextReply(200, faultText(id, thrown));
  }
}

function ofDatabase(request: CallerRequest, services: Services): Promise<Reply> {
  const { identity } = databaseOf(request, services);
  const database = services.databases.get(identity);
  return converse("database", { request, services, database: () => database });
}

function ofHost(request: CallerRequest, services: Services): Promise<Reply> {
  const { control, databases } = services;
  return converse("host", {
    request,
    services,
    database: ({ database }) => {
      if (typeof database !== "string") {
        throw new RpcFault("invalidParams", "database argument must be a string");
      }
      requireAccess(services, database, request.token, request.isAnonymous);
      const identity = identityOfRef(control, parseDatabaseRef(database));
      if (control.database(identity) === undefined) throw unknownIdentity();
      return databases.get(identity);
    },
  });
}

const shared = {
  method: "POST",
  credentials: "optional",
  access: "anybody",
  body: {
    description: "One JSON-RPC 2.0 message of MCP",
    contentType: jsonType,
    schema: object({ jsonrpc: { const: "2.0" }, method: string }),
    isRequired: true,
  },
  answers: {
    200: jsonAnswer("The answer, or why there is none", object({ jsonrpc: { const: "2.0" } })),
    202: emptyAnswer("It was a notification"),
    415: textAnswer("The body is not announced as application/json alone"),
  },
} as const;

export const mcpRoutes: readonly Route[] = [
  {
    ...shared,
    path: "/v1/database/:db/mcp",
    summary: "Tools for language models, for one database.",
    handle: ofDatabase,
  },
  {
    ...shared,
    path: "/v1/mcp",
    summary: "Tools for language models, for all databases.",
    handle: ofHost,
  },
];
