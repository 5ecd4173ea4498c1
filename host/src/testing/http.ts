// HTTP both ways, with the platform's own classes: the world that a module's procedures send requests to, as the test plays it, and
// requests of the test's to routes of the module.
import { AssertionError } from "node:assert";
import { messageOf, unreachable } from "@lightcone/abi";
import type { HttpClient, HttpClientRequest, HttpOutcome } from "../base/http/client.ts";
import type { RouteOutcome, RouteRequest } from "../database/http-routes.ts";

/** Answers a request. What it throws is what the module is told went wrong. */
export type HttpHandler = (request: Request) => Response | Promise<Response>;

/** A request that is to come, in the order of the list, and its answer. */
export interface ExpectedRequest {
  /** Any if not given. */
  readonly method?: string;
  /** To the letter, or a pattern. */
  readonly url: string | RegExp;
  readonly response: Response | HttpHandler;
}

/** A request that a module has sent. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const latin1 = new TextDecoder("latin1");

export class TestHttp implements HttpClient {
  /** All requests so far, expected or not. */
  readonly requests: SentRequest[] = [];
  readonly #handler: HttpHandler | undefined;
  readonly #expected: ExpectedRequest[];
  readonly #unexpected: string[] = [];
  #pendingCount = 0;

  constructor(answers: HttpHandler | readonly ExpectedRequest[] = []) {
    this.#handler = typeof answers === "function" ? answers : undefined;
    this.#expected = typeof answers === "function" ? [] : [...answers];
  }

  /** How many requests the test has not answered yet. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  send(request: HttpClientRequest, done: (outcome: HttpOutcome) => void): () => void {
    let isCancelled = false;
    this.#pendingCount++;
    const tell = async (): Promise<void> => {
      const outcome = await this.#exchange(request);
      this.#pendingCount--;
      if (!isCancelled) done(outcome);
    };
    void tell();
    return () => {
      isCancelled = true;
    };
  }

  async #exchange({ method, url, headers, body }: HttpClientRequest): Promise<HttpOutcome> {
    const sent: SentRequest = { method, url, headers: headersOf(headers), body };
    this.requests.push(sent);
    try {
      const respond = this.#handlerOf(sent);
      return await outcomeOf(await respond(requestOf(sent)));
    } catch (thrown) {
      return { kind: "failed", message: messageOf(thrown) };
    }
  }

  #handlerOf({ method, url }: SentRequest): HttpHandler {
    if (this.#handler !== undefined) return this.#handler;
    const expected = this.#expected[0];
    if (expected === undefined || !fits(expected, method, url)) {
      const text = `${method} ${url}`;
      this.#unexpected.push(text);
      throw new Error(`the test expects no request ${text}`);
    }
    this.#expected.shift();
    const { response } = expected;
    return typeof response === "function" ? response : () => response;
  }

  /** Throws an AssertionError if a request came that was not expected, or one that was did not come. */
  check(): void {
    if (this.#unexpected.length > 0) {
      throw new AssertionError({
        message: `the module sent requests that the test does not expect: ${this.#unexpected.join("; ")}`,
        actual: this.#unexpected,
        expected: [],
      });
    }
    if (this.#expected.length === 0) return;
    const missing = this.#expected.map(({ method = "any", url }) => `${method} ${String(url)}`);
    throw new AssertionError({
      message: `the module did not send requests that the test expects: ${missing.join("; ")}`,
      actual: [],
      expected: missing,
    });
  }
}

function fits({ method, url }: ExpectedRequest, sentMethod: string, sentUrl: string): boolean {
  if (method !== undefined && method.toUpperCase() !== sentMethod) return false;
  return typeof url === "string" ? url === sentUrl : url.test(sentUrl);
}

function headersOf(headers: HttpClientRequest["headers"]): Headers {
  const all = new Headers();
  for (const { name, value } of headers) all.append(name, latin1.decode(value));
  return all;
}

/** The platform's class takes no body with these. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

function requestOf({ method, url, headers, body }: SentRequest): Request {
  const hasBody = body.length > 0 && !bodiless.has(method);
  return new Request(url, { method, headers, ...(hasBody && { body: new Uint8Array(body) }) });
}

async function outcomeOf(response: Response): Promise<HttpOutcome> {
  const headers = [...response.headers].map(([name, value]) => ({
    name,
    value: Buffer.from(value, "latin1"),
  }));
  // One answer may serve several requests.
  const body = new Uint8Array(await response.clone().arrayBuffer());
  return {
    kind: "response",
    response: { status: response.status, httpVersion: "1.1", headers, body },
  };
}

/** A request to a route: `path` is what follows `/route`, the query included. */
export async function routeRequestOf(path: string, init: RequestInit = {}): Promise<RouteRequest> {
  const request = new Request(`http://localhost/route${path}`, init);
  return {
    method: request.method,
    path: path.split("?", 1)[0] ?? "",
    uri: request.url,
    headers: Array.from(request.headers, ([name, value]) => ({
      name,
      value: Buffer.from(value, "latin1"),
    })),
    httpVersion: "1.1",
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

/** Statuses that the platform's class takes no body with. */
const emptyStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** What a server would answer (runtime.md section 7). */
export function routeResponseOf(outcome: RouteOutcome): Response {
  switch (outcome.kind) {
    case "response": {
      const { code: status, body } = outcome;
      const content = emptyStatuses.has(status) ? null : new Uint8Array(body);
      return new Response(content, { status, headers: headersOf(outcome.headers) });
    }
    case "unknown":
      return new Response("Database has not registered a handler for this route", { status: 404 });
    case "failed":
      return new Response(outcome.message, { status: 500 });
    default:
      return unreachable(outcome);
  }
}
