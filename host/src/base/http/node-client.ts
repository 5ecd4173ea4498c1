// Requests to the world with Node's own HTTP. Each has a connection of its own, to an address that was looked up and checked
// here: what a name leads to later changes nothing.
import { lookup, type LookupAddress } from "node:dns";
import {
  type ClientRequest,
  type IncomingMessage,
  request as requestHttp,
  type RequestOptions,
} from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { messageOf } from "@lightcone/abi";
import { limit } from "../limit.ts";
import { isPublicAddress } from "./address.ts";
import { BodyBuffer, BodyLease, BodyMemory } from "./body-buffer.ts";
import type { HttpClient, HttpClientRequest, HttpHeader, HttpOutcome } from "./client.ts";
import { redirectOf } from "./redirect.ts";

export interface NodeHttpOptions {
  /** Whether requests may go to this machine, its networks, and other addresses that are not the world's. */
  readonly allowsPrivate: boolean;
  /** Finds the addresses of a name; the machine's own way if not given. */
  readonly lookup?: LookupAll;
  /** The longest answer; `limit.httpBodyBytesMax` if not given. */
  readonly answerBytesMax?: number;
  /** Redirects that one request follows; `limit.httpRedirectCountMax` if not given. With 0 a redirect is an answer like any other. */
  readonly redirectCountMax?: number;
  /** What the bodies of all requests and answers may take together; `limit.httpBufferedBytesMax` if not given. */
  readonly bodyMemory?: BodyMemory;
}

/** Tells all addresses of a name, or why there are none. */
export type LookupAll = (
  host: string,
  found: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const lookupByMachine: LookupAll = (host, found) => {
  lookup(host, { all: true }, found);
};

/** Headers that belong to one connection, or that tell where the body ends: they are the client's own business. */
const connectionHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Methods whose requests say nothing of a body that is empty; those of all others say that it is. */
const methodsWithoutBody: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
]);

export function nodeHttpClient(options: NodeHttpOptions): HttpClient {
  const bodyMemory = options.bodyMemory ?? new BodyMemory(limit.httpBufferedBytesMax);
  return {
    send(request, done) {
      const exchange = new Exchange(options, new BodyLease(bodyMemory), done);
      exchange.begin(request);
      return () => {
        exchange.end();
      };
    },
  };
}

/** One request, with all that it is redirected to. */
class Exchange {
  readonly #options: NodeHttpOptions;
  readonly #lease: BodyLease;
  readonly #done: (outcome: HttpOutcome) => void;
  #timer: NodeJS.Timeout | undefined;
  #current: ClientRequest | undefined;
  #redirectCount = 0;
  #hasEnded = false;

  constructor(options: NodeHttpOptions, lease: BodyLease, done: (outcome: HttpOutcome) => void) {
    this.#options = options;
    this.#lease = lease;
    this.#done = done;
  }

  begin(request: HttpClientRequest): void {
    const { timeoutMillis } = request;
    this.#timer = setTimeout(() => {
      this.#fail(request.url, `no whole answer within ${timeoutMillis} ms`);
    }, timeoutMillis);
    // The caller is told in a later turn, whatever happens.
    queueMicrotask(() => {
      if (this.#lease.take(request.body.length)) this.#follow(request);
      else this.#failForRoom(request.url);
    });
  }

  /** Nothing more is told; no timer and no socket are left. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#current?.destroy();
    this.#lease.end();
  }

  #finish(outcome: HttpOutcome): void {
    if (this.#hasEnded) return;
    this.end();
    this.#done(outcome);
  }

  #fail(url: string, reason: string): void {
    this.#finish({ kind: "failed", message: `${withoutQuery(url)}: ${reason}` });
  }

  #failForRoom(url: string): void {
    this.#fail(url, "the bodies of all requests under way are too long together");
  }

  #follow(request: HttpClientRequest): void {
    if (this.#hasEnded) return;
    let url: URL;
    try {
      url = new URL(request.url);
    } catch {
      this.#fail(request.url, "this is no absolute URL");
      return;
    }
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      this.#fail(request.url, "only http and https can be requested");
      return;
    }
    if (request.method === "CONNECT") {
      this.#fail(request.url, "CONNECT is not supported: there is nobody to use the tunnel");
      return;
    }
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const family = isIP(host);
    if (family !== 0) {
      this.#connect(request, url, [{ address: host, family }]);
      return;
    }
    const { lookup: find = lookupByMachine } = this.#options;
    find(host, (error, addresses) => {
      if (this.#hasEnded) return;
      if (error === null) this.#connect(request, url, addresses);
      else this.#fail(request.url, error.message);
    });
  }

  /** Sends to addresses of which each must be allowed. */
  #connect(request: HttpClientRequest, url: URL, addresses: readonly LookupAddress[]): void {
    const isAllowed =
      this.#options.allowsPrivate || addresses.every(({ address }) => isPublicAddress(address));
    if (!isAllowed) {
      this.#fail(request.url, "refusing to connect to private or special-purpose addresses");
      return;
    }
    try {
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      this.#current = send(requestOptions(request, url, addresses));
    } catch (thrown) {
      this.#fail(request.url, messageOf(thrown));
      return;
    }
    const sent = this.#current;
    sent.on("error", (error) => {
      if (this.#current === sent) this.#fail(request.url, error.message);
    });
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      this.#fail(request.url, "the server changed to another protocol");
    });
    sent.on("response", (response) => {
      this.#receive(request, url, response);
    });
    sent.end(request.body);
  }

  #receive(request: HttpClientRequest, url: URL, response: IncomingMessage): void {
    const { answerBytesMax = limit.httpBodyBytesMax, redirectCountMax } = this.#options;
    const next =
      redirectCountMax === 0
        ? undefined
        : redirectOf(request, url, response.statusCode ?? 0, response.headers.location);
    if (next !== undefined) {
      this.#redirect(request, next);
      return;
    }
    const received = new BodyBuffer(this.#lease);
    response.on("data", (piece: Buffer) => {
      if (this.#hasEnded) return;
      if (received.length + piece.length > answerBytesMax) {
        this.#fail(request.url, `the answer is longer than ${answerBytesMax} bytes`);
      } else if (!received.add(piece)) this.#failForRoom(request.url);
    });
    response.on("error", (error) => {
      this.#fail(request.url, error.message);
    });
    response.on("end", () => {
      if (this.#hasEnded) return;
      const body = received.finish();
      const headers = rawHeaders(response.rawHeaders);
      const { statusCode: status = 0, httpVersion } = response;
      this.#finish({ kind: "response", response: { status, httpVersion, headers, body } });
    });
  }

  #redirect(request: HttpClientRequest, next: HttpClientRequest): void {
    const former = this.#current;
    this.#current = undefined;
    former?.destroy();
    const { redirectCountMax = limit.httpRedirectCountMax } = this.#options;
    if (++this.#redirectCount > redirectCountMax) {
      this.#fail(request.url, `more than ${redirectCountMax} redirects`);
      return;
    }
    this.#follow(next);
  }
}

function requestOptions(
  request: HttpClientRequest,
  url: URL,
  addresses: readonly LookupAddress[],
): RequestOptions {
  const { method, body } = request;
  const headers: string[] = [];
  let hasHost = false;
  for (const { name, value } of request.headers) {
    const lower = name.toLowerCase();
    if (connectionHeaders.has(lower)) continue;
    hasHost ||= lower === "host";
    headers.push(name, Buffer.from(value).toString("latin1"));
  }
  if (!hasHost) headers.unshift("Host", url.host);
  if (body.length > 0 || !methodsWithoutBody.has(method)) {
    headers.push("Content-Length", `${body.length}`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    method,
    host,
    path: url.pathname + url.search,
    // A flat list: names may come more than once.
    headers,
    agent: false,
    maxHeaderSize: limit.httpHeaderBytesMax,
    ...(url.port === "" ? {} : { port: url.port }),
    // By the URL's name, whatever the module's own Host header says.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    lookup: (_name, options, found) => {
      const [first] = addresses;
      if (options.all === true) (found as unknown as FoundAll)(null, addresses);
      else if (first === undefined) found(new Error("the name has no address"), "", 0);
      else found(null, first.address, first.family);
    },
  };
}

/** How the callback is called where all addresses are asked for; its declared type knows one address alone. */
type FoundAll = (error: null, addresses: readonly LookupAddress[]) => void;

function rawHeaders(flat: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const value = new Uint8Array(Buffer.from(flat[i + 1] as string, "latin1"));
    headers.push({ name: (flat[i] as string).toLowerCase(), value });
  }
  return headers;
}

/** A URL as texts may show it: a query string may hold a secret, and so may a user's part. */
function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return (end < 0 ? url : url.slice(0, end)).replace(/\/\/[^/@]*@/, "//");
}
