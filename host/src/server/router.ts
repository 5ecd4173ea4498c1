// Routes as data, so that a description of the API can be made from the same table that serves it,
// and the way from a method and a path to one of them.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { LightconeError } from "@lightcone/abi";
import type { SubscribeOptions, Subprotocol } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Caller, DatabaseHandle, Databases } from "./contract.ts";
import type { Control } from "./control.ts";
import type { Deletions } from "./deletions.ts";
import type { Meter } from "./limits/traffic.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RouteDescription } from "./openapi/description.ts";
import type { Readiness } from "./readiness.ts";
import type { BytesReply, Headers, Reply, StreamReply } from "./reply.ts";
import type { AccessRules } from "./auth/access.ts";
import type { Tokens, VerifiedToken } from "./auth/token.ts";

/** What routes work with. */
export interface Services extends AccessRules {
  readonly control: Control;
  readonly databases: Databases;
  readonly deletions: Deletions;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly readiness: Readiness;
  readonly logger: Logger;
  /** Whether only programs of this machine can reach the listener. */
  readonly isLoopback: boolean;
  /** What is counted while requests and sockets are served. */
  readonly metrics: Metrics;
}

/** A request whose route is known. */
export interface RouteRequest {
  readonly method: string;
  /** The path and the query as they were sent. */
  readonly url: string;
  readonly httpVersion: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  /** The path's elements by the names in the pattern, percent signs decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Whether the connection is waiting to become a WebSocket. */
  readonly isUpgrade: boolean;
  /** The body, once. LC_LIMIT beyond `bytesMax`. */
  readBody(bytesMax: number): Promise<Uint8Array>;
  /** The body as it comes, instead: for one that need not fit the memory. */
  bodyPieces(): AsyncIterable<Uint8Array>;
}

/** A request of somebody: the holder of a token, or of one minted for this request. */
export interface CallerRequest extends RouteRequest {
  readonly token: VerifiedToken;
  /** No token was given. */
  readonly isAnonymous: boolean;
  /** What it uses counts for its client. */
  readonly meter: Meter;
}

/** A WebSocket whose request is good in all respects. */
export interface UpgradeTarget {
  readonly database: DatabaseHandle;
  readonly caller: Caller;
  /** What the first message gives back to the client. */
  readonly token: string;
  readonly options: SubscribeOptions;
  readonly protocol: Subprotocol;
  /** What its messages count for. */
  readonly meter?: Meter;
  /** To be sent with the answer 101, beside the header that names the protocol. */
  readonly headers: Headers;
}

/** Answers 101 and owns the socket from then on. */
export type Upgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: UpgradeTarget,
) => void;

interface UpgradeReply {
  readonly kind: "upgrade";
  readonly target: Omit<UpgradeTarget, "headers">;
}

export type Outcome = Reply | StreamReply | BytesReply | UpgradeReply;

interface RouteBase extends RouteDescription {
  /** ANY takes every method, those that no other route knows as well. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "ANY";
  /** Elements that begin with a colon are parameters. A star at the end is the rest of the path, as it was sent. */
  readonly path: string;
  /**
   * Who may use it, for the description; a handler checks ownership, since it knows the database.
   */
  readonly access: "anybody" | "owner";
  /** A sentence for the description. */
  readonly summary: string;
}

/** Credentials are not looked at. */
interface OpenRoute extends RouteBase {
  readonly credentials: "ignored";
  readonly handle: (request: RouteRequest, services: Services) => Promise<Outcome> | Outcome;
}

/**
 * Credentials are checked. Where they are optional, who gives none gets a new identity, told in the
 * answer's headers.
 */
interface CallerRoute extends RouteBase {
  readonly credentials: "optional" | "required";
  readonly handle: (request: CallerRequest, services: Services) => Promise<Outcome> | Outcome;
}

export type Route = OpenRoute | CallerRoute;

export type Match =
  | {
      readonly kind: "found";
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: "unknownPath" }
  | { readonly kind: "unknownMethod"; readonly allowed: readonly string[] };

/** Finds the route of a request. LC_REQUEST_INVALID for a path that cannot be decoded. */
export type Router = (method: string, path: string) => Match;

export function createRouter(routes: readonly Route[]): Router {
  const patterns = routes.map((route) => ({ route, elements: route.path.split("/") }));
  return (method, path) => {
    const elements = path.split("/");
    const fitting = patterns.filter((pattern) => fits(pattern.elements, elements));
    if (fitting.length === 0) return { kind: "unknownPath" };
    const wanted = method === "HEAD" ? "GET" : method;
    const found = fitting.find(({ route }) => route.method === wanted || route.method === "ANY");
    if (found === undefined) {
      return { kind: "unknownMethod", allowed: fitting.map(({ route }) => route.method) };
    }
    return { kind: "found", route: found.route, params: readParams(found.elements, elements) };
  };
}

function fits(pattern: readonly string[], elements: readonly string[]): boolean {
  const hasRest = pattern.at(-1) === "*";
  if (hasRest ? elements.length < pattern.length : elements.length !== pattern.length) return false;
  const fixed = hasRest ? pattern.slice(0, -1) : pattern;
  return fixed.every((one, i) => (one.startsWith(":") ? elements[i] !== "" : elements[i] === one));
}

function readParams(
  pattern: readonly string[],
  elements: readonly string[],
): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  pattern.forEach((one, i) => {
    if (one === "*") params["*"] = elements.slice(i).join("/");
    if (one.startsWith(":")) params[one.slice(1)] = decodeElement(elements[i] as string);
  });
  return params;
}

function decodeElement(element: string): string {
  try {
    return decodeURIComponent(element);
  } catch {
    const rule = "percent signs must be followed by two hex digits and make UTF-8";
    throw new LightconeError("LC_REQUEST_INVALID", `Invalid URL: ${element}: ${rule}`);
  }
}
