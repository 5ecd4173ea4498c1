// HTTP in front of the routes: from a request to a route, from what it returns to bytes. Knows
// nothing of databases.
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
} from "node:http";
import type { Server as SecureServer } from "node:https";
import { Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { assert, type ErrorCode, LightconeError } from "@lightcone/abi";
import { BodyLease, BodyMemory } from "../base/http/body-buffer.ts";
import { limit } from "../base/limit.ts";
import { bodyPieces, readBody } from "./body.ts";
import type { LogFollow } from "./contract.ts";
import { requireAccess } from "./auth/access.ts";
import { authenticate } from "./auth/credentials.ts";
import type { Gate } from "./limits/gate.ts";
import { freeMeter } from "./limits/traffic.ts";
import type { Report } from "./report.ts";
import {
  type BytesReply,
  emptyReply,
  errorReply,
  type Headers,
  type Reply,
  type StreamReply,
} from "./reply.ts";
import {
  createRouter,
  type Outcome,
  type Route,
  type Router,
  type RouteRequest,
  type Services,
  type Upgrade,
} from "./router.ts";
import type { TlsFiles } from "./tls.ts";

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly services: Services;
  readonly upgrade: Upgrade;
  readonly report: Report;
  /** Told of each answer, once it has been given. */
  readonly onAnswer?: (answer: Answered) => void;
  /** Lets requests through; without one all are. */
  readonly gate?: Gate;
  /** What the bodies of all requests may take together; `limit.requestBodiesBytesMax` if not given. */
  readonly bodyMemory?: BodyMemory;
  /** Serves HTTPS, and nothing else, with this certificate. */
  readonly tls?: TlsFiles;
}

/** Bytes of a streamed answer that may wait for its reader; beyond, texts are lost. */
const streamWaitingBytesMax = 1024 * 1024;

/**
 * On every answer: pages of any origin may call, since credentials are never sent by a browser on
 * its own.
 */
const corsHeaders: Headers = { "access-control-allow-origin": "*" };

const preflightReply: Reply = {
  kind: "reply",
  status: 200,
  headers: {
    "access-control-allow-methods": "*",
    // A star does not cover the first of these.
    "access-control-allow-headers": "authorization, accept, content-type",
  },
  body: "",
};

/** What became of a request, and the headers that go with it whatever it became. */
interface Answer {
  readonly outcome: Outcome;
  readonly headers: Headers;
  /** Undefined where no route was found. */
  readonly found: FoundRoute | undefined;
}

type FoundRoute = Extract<ReturnType<Router>, { kind: "found" }>;

/** What became of a request, for those who count. */
export interface Answered {
  readonly found: FoundRoute | undefined;
  readonly status: number;
  /** Of the body, as far as its length was known. */
  readonly byteCount: number;
}

export interface HttpServer {
  /** Does not listen yet. */
  readonly server: Server | SecureServer;
  /**
   * Resolves when no request is being answered, or after that many milliseconds. Streamed answers
   * count until they begin.
   */
  readonly inFlight: (timeoutMs: number) => Promise<void>;
}

export function createHttpServer(given: HttpOptions): HttpServer {
  const bodyMemory = given.bodyMemory ?? new BodyMemory(limit.requestBodiesBytesMax);
  const options = { onAnswer: () => undefined, gate: openGate, ...given, bodyMemory };
  const router = createRouter(options.routes);
  const serving = new Set<Promise<void>>();
  const track = (request: IncomingMessage, served: Promise<void>): void => {
    const settled = served.catch((thrown: unknown) => {
      options.report(thrown, describe(request));
      request.socket.destroy();
    });
    serving.add(settled);
    void settled.then(() => serving.delete(settled));
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    track(request, serve(options, router, request, response));
  };
  const server = options.tls?.createServer(onRequest) ?? createServer(onRequest);
  server.on("upgrade", (request, socket, head) => {
    track(request, serveUpgrade(options, router, request, socket, head));
  });
  const inFlight = async (timeoutMs: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(serving), timeout]);
    clearTimeout(timer);
  };
  return { server, inFlight };
}

type FullOptions = HttpOptions & Required<Pick<HttpOptions, "bodyMemory" | "gate" | "onAnswer">>;

async function serve(
  options: FullOptions,
  router: Router,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(options, router, request, false);
  assert(answer.outcome.kind !== "upgrade", "a request that is no upgrade became a WebSocket");
  const byteCount = await send(options, request, response, answer.outcome, answer.headers);
  options.onAnswer({ found: answer.found, status: response.statusCode, byteCount });
}

/**
 * Node hands over the bare socket of every request that offers an upgrade of any kind, so those
 * that do not become a WebSocket get a response made here.
 */
async function serveUpgrade(
  options: FullOptions,
  router: Router,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  assert(socket instanceof Socket, "HTTP came over something other than a socket");
  const onError = (): void => {
    socket.destroy();
  };
  socket.on("error", onError);
  const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
  const { outcome, headers, found } =
    isWebSocket || !hasBody(request)
      ? await answerTo(options, router, request, isWebSocket)
      : { outcome: errorReply(bodyInUpgrade()), headers: {}, found: undefined };
  if (socket.destroyed) return;
  if (outcome.kind === "upgrade") {
    socket.off("error", onError);
    options.upgrade(request, socket, head, {
      ...outcome.target,
      headers: { ...corsHeaders, ...headers },
    });
    options.onAnswer({ found, status: 101, byteCount: 0 });
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => socket.end());
  const byteCount = await send(options, request, response, outcome, headers);
  options.onAnswer({ found, status: response.statusCode, byteCount });
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function bodyInUpgrade(): LightconeError {
  return new LightconeError(
    "LC_REQUEST_INVALID",
    "a request that offers an upgrade other than websocket cannot have a body",
  );
}

/** Finds the route, checks the credentials, runs the handler. Never rejects. */
async function answerTo(
  options: FullOptions,
  router: Router,
  request: IncomingMessage,
  isUpgrade: boolean,
): Promise<Answer> {
  const { method = "GET", url = "/" } = request;
  let headers: Headers = {};
  let found: FoundRoute | undefined;
  const lease = new BodyLease(options.bodyMemory);
  try {
    const { path, query, local } = splitUrl(url);
    options.gate.enter(path);
    const match = router(method, path);
    if (method === "OPTIONS" && isPreflight(match, request)) {
      return { outcome: preflightReply, headers, found };
    }
    if (match.kind === "unknownPath") return { outcome: emptyReply(404), headers, found };
    if (match.kind === "unknownMethod") {
      const allow = match.allowed.join(", ");
      return { outcome: { ...emptyReply(405), headers: { allow } }, headers, found };
    }
    found = match;
    const { route, params } = match;
    const routeRequest: RouteRequest = {
      method,
      url: local,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      params,
      query,
      headers: request.headers,
      isUpgrade,
      readBody: (bytesMax) => readBody(request, bytesMax, lease),
      bodyPieces: () => bodyPieces(request),
    };
    const { services } = options;
    if (route.credentials === "ignored") {
      options.gate.request(request, path, undefined);
      return { outcome: await route.handle(routeRequest, services), headers, found };
    }
    const isRequired = route.credentials === "required";
    const caller = await authenticate(request.headers, query, isRequired, services.tokens);
    if (!isRequired) {
      headers = {
        "spacetime-identity": caller.token.identity.toHex(),
        "spacetime-identity-token": caller.token.token,
      };
    }
    const meter = options.gate.request(request, path, caller);
    if (route.path.startsWith("/v1/database")) {
      requireAccess(services, params["db"], caller.token, caller.isAnonymous);
    }
    const outcome = await route.handle({ ...routeRequest, ...caller, meter }, services);
    if (outcome.kind === "upgrade") {
      const target = { ...outcome.target, meter: options.gate.connection(request, caller) };
      return { outcome: { ...outcome, target }, headers, found };
    }
    return { outcome, headers, found };
  } catch (thrown) {
    if (isFault(thrown)) options.report(thrown, describe(request));
    return { outcome: errorReply(thrown), headers, found };
  } finally {
    lease.end();
  }
}

const openGate: Gate = {
  enter: () => undefined,
  request: () => freeMeter,
  connection: () => freeMeter,
};

/** Refusals that the operator must hear of: no client can mend them. */
const operatorCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "LC_DISK",
  "LC_LOG_CORRUPT",
  "LC_LOG_FORMAT",
  "LC_LOG_REPLAY",
  "LC_SNAPSHOT",
]);

function isFault(thrown: unknown): boolean {
  return !(thrown instanceof LightconeError) || operatorCodes.has(thrown.code);
}

/** A request in the host's log. Its query string may hold a token, which has no place there. */
function describe({ method = "", url = "" }: IncomingMessage): string {
  return `${method} ${url.split("?", 1).join("")}`;
}

/** A browser's question, or an OPTIONS request that no route takes for itself. */
function isPreflight(match: ReturnType<Router>, { headers }: IncomingMessage): boolean {
  const isTaken = match.kind === "found" && match.route.method === "ANY";
  return !isTaken || headers["access-control-request-method"] !== undefined;
}

interface SplitUrl {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Path and query. */
  readonly local: string;
}

function splitUrl(url: string): SplitUrl {
  // A proxy may send the absolute form.
  const local = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?]*/i, "");
  const at = local.indexOf("?");
  const path = at < 0 ? local : local.slice(0, at);
  return { path, local, query: new URLSearchParams(at < 0 ? "" : local.slice(at + 1)) };
}

/** Writes an answer and returns how long its body is. */
async function send(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
  outcome: Exclude<Outcome, { kind: "upgrade" }>,
  headers: Headers,
): Promise<number> {
  const allHeaders = { ...corsHeaders, ...headers, ...outcome.headers };
  if (outcome.kind === "reply") {
    return sendReply(response, outcome, allHeaders);
  }
  try {
    if (outcome.kind === "bytes") {
      await sendBytes(request, response, outcome, allHeaders);
      return outcome.bytes;
    }
    await sendStream(request, response, outcome, allHeaders);
    return 0;
  } catch (thrown) {
    if (isFault(thrown)) options.report(thrown, describe(request));
    if (response.headersSent) {
      response.destroy();
      return 0;
    }
    const reply = errorReply(thrown);
    return sendReply(response, reply, { ...corsHeaders, ...headers, ...reply.headers });
  }
}

function sendReply(response: ServerResponse, reply: Reply, headers: OutgoingHttpHeaders): number {
  const pieces = typeof reply.body === "string" ? [Buffer.from(reply.body)] : reply.body;
  const byteCount = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const length = reply.status === 204 ? {} : { "content-length": byteCount };
  response.writeHead(reply.status, { ...headers, ...length });
  for (const piece of pieces) response.write(piece);
  response.end();
  return byteCount;
}

/** A client that goes away ends the reading and is nobody's fault. */
async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, pieces }: BytesReply,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  response.writeHead(200, { ...headers, "content-length": bytes });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), response);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw thrown;
  }
}

async function sendStream(
  request: IncomingMessage,
  response: ServerResponse,
  reply: StreamReply,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, headers);
    response.flushHeaders();
  };
  if (request.method === "HEAD") {
    open();
    response.end();
    return;
  }
  const follow: LogFollow = await reply.start({
    write(text) {
      open();
      if (response.writableLength <= streamWaitingBytesMax) response.write(text);
    },
    end() {
      open();
      response.end();
    },
  });
  open();
  if (response.closed) follow.stop();
  else response.once("close", () => follow.stop());
}
