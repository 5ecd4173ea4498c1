// Calls of reducers and procedures over HTTP (http-and-auth.md section 6.1).
import { unreachable } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { readText } from "../body.ts";
import { refuseContentType } from "../content-type.ts";
import type { CallCost, CallResult } from "../contract.ts";
import {
  tellsDuration,
  either,
  jsonAnswer,
  jsonType,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { type Headers, jsonTextReply, type Reply, textReply } from "../reply.ts";
import { callerOf, handleOf } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";
import { moduleFailedStatus } from "../status.ts";

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

const costHeaderNames: Readonly<Record<string, string>> = {
  "spacetime-energy-used": "What the module's code used, in units of fuel",
  ...tellsDuration,
};

export const callRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/database/:db/call/:function",
    credentials: "optional",
    access: "anybody",
    summary:
      "Calls a reducer or a procedure with arguments in a JSON array, or in an object by parameter name.",
    body: {
      description: "Arguments in order, or by the names of the parameters, each as SATS-JSON",
      contentType: jsonType,
      schema: { oneOf: [{ type: "array" }, { type: "object" }] },
      isRequired: true,
    },
    answers: {
      200: either(
        textAnswer("The reducer committed", costHeaderNames),
        jsonAnswer("What the procedure returned", {}, tellsDuration),
      ),
      400: textAnswer("The arguments do not fit, or it is a lifecycle reducer"),
      402: textAnswer("The call used up its budget", costHeaderNames),
      403: textAnswer("`client_connected` refused the caller"),
      404: textAnswer("No such function, or it is private"),
      415: textAnswer("The body is not announced as application/json alone"),
      500: textAnswer("The procedure failed"),
      503: unavailable,
      [moduleFailedStatus]: textAnswer("The reducer returned an error or trapped", costHeaderNames),
    },
    handle: call,
  },
];
