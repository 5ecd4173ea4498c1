// A request to become a WebSocket: everything is checked before the answer 101 (protocol.md
// sections 1.1 to 1.4).
import type { IncomingHttpHeaders } from "node:http";
import {
  chooseSubprotocol,
  LightconeError,
  parseSubprotocols,
  parseSubscribeOptions,
  subprotocols,
} from "@lightcone/abi";
import { emptyAnswer, type Parameter, textAnswer } from "../openapi/description.ts";
import { textReply } from "../reply.ts";
import { callerOf, handleOf, newConnectionId } from "../resolve.ts";
import type { CallerRequest, Outcome, Route, Services } from "../router.ts";

function bad(message: string): LightconeError {
  return new LightconeError("LC_REQUEST_INVALID", message);
}

/** The headers of RFC 6455 that a client must send. */
function checkHandshake(headers: IncomingHttpHeaders): void {
  if (headers["sec-websocket-version"] !== "13") {
    throw bad("Header of type `sec-websocket-version` must be 13");
  }
  const key = headers["sec-websocket-key"] ?? "";
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw bad("Header of type `sec-websocket-key` must be 16 bytes in base64");
  }
}

function subscribe(request: CallerRequest, services: Services): Outcome {
  const { headers, query } = request;
  if (!request.isUpgrade) {
    return textReply(426, "This service requires use of the websocket protocol", {
      connection: "upgrade",
      upgrade: "websocket",
    });
  }
  checkHandshake(headers);
  const offered = parseSubprotocols(headers["sec-websocket-protocol"] ?? "");
  const protocol = chooseSubprotocol(offered, subprotocols);
  if (protocol === undefined) throw bad("no valid protocol selected");
  const options = parseSubscribeOptions(query, protocol);
  const database = handleOf(request, services);
  const connectionId = options.connectionId ?? newConnectionId(services.random);
  return {
    kind: "upgrade",
    target: {
      database,
      caller: callerOf(request, services.random, connectionId),
      token: request.token.token,
      options,
      protocol,
    },
  };
}

const subscribeParameters: readonly Parameter[] = [
  {
    name: "connection_id",
    description: "The connection's id; drawn by the host if not given",
    schema: { type: "string", pattern: "^[0-9a-fA-F]{32}$" },
  },
  {
    name: "compression",
    description: "Of messages from the host",
    schema: { type: "string", enum: ["None", "Gzip", "Brotli"], default: "Brotli" },
  },
  {
    name: "light",
    description: "Whether updates come without facts about the reducer; protocol v1 alone",
    schema: { type: "boolean", default: false },
  },
  {
    name: "confirmed",
    description: "Whether only what is durable is told; by default with all protocols but v1",
    schema: { type: "boolean" },
  },
];

export const subscribeRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/subscribe",
    credentials: "optional",
    access: "anybody",
    summary: "Opens a WebSocket for subscriptions and calls.",
    query: subscribeParameters,
    answers: {
      101: emptyAnswer("The connection is a WebSocket from here on"),
      426: textAnswer("The request does not ask for a WebSocket"),
    },
    handle: subscribe,
  },
];
