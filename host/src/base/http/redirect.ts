// Where a response sends its client next, and with what (RFC 9110 section 15.4).
import type { HttpClientRequest } from "./client.ts";

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Statuses after which the request is sent as it was; after the others it becomes a GET. */
const keepingStatuses: ReadonlySet<number> = new Set([307, 308]);

/** Headers that tell of a body. */
const bodyHeaders: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
]);

/** Headers that are meant for one origin alone. */
const secretHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "host",
  "proxy-authorization",
]);

const noBody = new Uint8Array(0);

/** The request that a response asks for, or undefined if it is no redirect. Its URL may be anything. */
export function redirectOf(
  request: HttpClientRequest,
  url: URL,
  status: number,
  location: string | undefined,
): HttpClientRequest | undefined {
  if (location === undefined || !redirectStatuses.has(status)) return undefined;
  const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  const isKept =
    keepingStatuses.has(status) || request.method === "GET" || request.method === "HEAD";
  const isSameOrigin = target?.origin === url.origin;
  const headers = request.headers.filter(({ name }) => {
    const lower = name.toLowerCase();
    return (isKept || !bodyHeaders.has(lower)) && (isSameOrigin || !secretHeaders.has(lower));
  });
  return {
    method: isKept ? request.method : "GET",
    url: target?.href ?? location,
    headers,
    body: isKept ? request.body : noBody,
    timeoutMillis: request.timeoutMillis,
  };
}
