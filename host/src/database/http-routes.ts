// Requests to the routes that a module declares, answered by its HTTP handlers (abi.md section 14, runtime.md section 7).
import { type HttpRouteDef, LightconeError } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { HttpHeader } from "../base/http/client.ts";
import type { ProcedureEnd } from "../module/procedure/instance.ts";
import { decodeResponse, encodeRequest } from "../module/procedure/http-types.ts";
import { fatalMessage } from "./call.ts";
import { hostRecord } from "./module-log.ts";
import type { DatabaseParts } from "./parts.ts";
import type { Procedures } from "./procedures.ts";

export interface RouteRequest {
  /** As on the wire. */
  readonly method: string;
  /** What follows `/route`, without the query: empty or with a leading slash. */
  readonly path: string;
  /** The whole URL, as the caller wrote it. */
  readonly uri: string;
  readonly headers: readonly HttpHeader[];
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly body: Uint8Array;
}

export type RouteOutcome =
  | {
      readonly kind: "response";
      readonly code: number;
      readonly headers: readonly HttpHeader[];
      readonly body: Uint8Array;
    }
  /** The module has no such route. */
  | { readonly kind: "unknown" }
  /** The handler trapped, or answered what is no response. */
  | { readonly kind: "failed"; readonly message: string };

/** The first route of that path, to the letter, that takes the method. */
function matchRoute(
  routes: readonly HttpRouteDef[],
  method: string,
  path: string,
): HttpRouteDef | undefined {
  return routes.find(
    (route) => route.path === path && (route.method === undefined || route.method === method),
  );
}

/** What is too long is not decoded: it could be more headers than the engine's memory has room for. */
const noResponse = { code: 0, headers: [] } as const;

/** Statuses that Node can send as the last answer to a request. */
function isStatus(code: number): boolean {
  return code >= 200 && code <= 999;
}

/** Answers a request of anybody's by the module's handler. `onEnd` is told once, in this turn or a later one. */
export function handleRoute(
  parts: DatabaseParts,
  procedures: Procedures,
  request: RouteRequest,
  onEnd: (outcome: RouteOutcome) => void,
): void {
  const { module } = parts;
  const route =
    module === undefined
      ? undefined
      : matchRoute(module.definition.httpRoutes, request.method, request.path);
  if (module === undefined || route === undefined) {
    onEnd({ kind: "unknown" });
    return;
  }
  const { handler } = route;
  const id = module.definition.httpHandlers.indexOf(handler);
  const { method, uri, headers, httpVersion, body } = request;
  const bytes = encodeRequest({ method, uri, headers, timeoutMicros: undefined }, httpVersion);
  const timestampMicros = parts.callClock.next();
  procedures.submit({
    module,
    inputBytes: bytes.length + body.length,
    start: (instance, ended) => {
      instance.callHandler(id, handler, timestampMicros, bytes, body, ended);
    },
    onEnd: (end, isLogged) => {
      onEnd(outcomeOf(parts, handler, end, isLogged));
    },
  });
}

function outcomeOf(
  { moduleLog }: DatabaseParts,
  handler: string,
  end: ProcedureEnd,
  isLogged: boolean,
): RouteOutcome {
  if (end.kind === "fatal") {
    if (isLogged) return { kind: "failed", message: end.message };
    const fault = `HTTP handler ${handler} trapped: ${end.message}`;
    moduleLog.append(hostRecord("Panic", fault, end.trace));
    return { kind: "failed", message: fatalMessage };
  }
  try {
    const isShort = end.value.length <= limit.httpDescriptionBytesMax;
    const { code, headers } = isShort ? decodeResponse(end.value) : noResponse;
    if (isStatus(code)) return { kind: "response", code, headers, body: end.body };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
  }
  const message = `HTTP handler ${handler} returned bytes that are no HTTP response`;
  moduleLog.append(hostRecord("Error", message));
  return { kind: "failed", message };
}
