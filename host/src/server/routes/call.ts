// Calls of reducers and procedures over HTTP (http-and-auth.md section 6.1).
import type { IncomingHttpHeaders } from "node:http";
import { LightconeError, unreachable } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { readText } from "../body.ts";
import type { CallCost, CallResult } from "../contract.ts";
import { type Headers, jsonTextReply, type Reply, textReply } from "../reply.ts";
import { callerOf, handleOf } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";
import { moduleFailedStatus } from "../status.ts";

/** The refusal of a body that is not announced as plain JSON, or undefined. */
function refuseContentType({ "content-type": type }: IncomingHttpHeaders): Reply | undefined {
  if (type === "application/json") return undefined;
  if (type !== undefined) {
    return textReply(415, "Expected request with `Content-Type: application/json`");
  }
  throw new LightconeError("LC_REQUEST_INVALID", "Header of type `content-type` was missing");
}

async function call(request: CallerRequest, services: Services): Promise<Reply> {
  const database = handleOf(request, services);
  const refusal = refuseContentType(request.headers);
  if (refusal !== undefined) return refusal;
  const argumentsJson = await readText(request, limit.bodyBytesMax);
  const caller = callerOf(request, services.random);
  const result = await database.call(request.params["function"] ?? "", argumentsJson, caller);
  if ("energyUsed" in result) request.meter.energy(result.energyUsed);
  return toReply(result);
}

function toReply(result: CallResult): Reply {
  switch (result.kind) {
    case "committed":
      return textReply(200, "", costHeaders(result));
    case "failed":
      return textReply(moduleFailedStatus, result.message, costHeaders(result));
    case "outOfEnergy":
      return textReply(402, "Module energy budget exhausted.", costHeaders(result));
    case "unknown":
      return textReply(404, "No such procedure");
    case "invalid":
      return textReply(400, result.message);
    case "refused":
      return textReply(403, result.message);
    case "returned":
      return jsonTextReply(200, result.json, durationHeader(result.durationMicros));
    case "procedureFailed":
      return textReply(500, result.message);
    default:
      return unreachable(result);
  }
}

function costHeaders({ energyUsed, durationMicros }: CallCost): Headers {
  return { "spacetime-energy-used": `${energyUsed}`, ...durationHeader(durationMicros) };
}

function durationHeader(durationMicros: number): Headers {
  return { "spacetime-execution-duration-micros": `${Math.round(durationMicros)}` };
}

export const callRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/database/:db/call/:function",
    credentials: "optional",
    access: "anybody",
    summary:
      "Calls a reducer or a procedure with arguments in a JSON array, or in an object by parameter name.",
    handle: call,
  },
];
