// Requests and responses as modules see them, in BSATN (abi.md section 5.9): the same types for what a procedure sends and for
// what an HTTP handler answers.
import {
  type AlgebraicType,
  array,
  compileCodec,
  encode,
  option,
  product,
  Reader,
  sum,
  type TimeDuration,
  unitType,
  type Value,
} from "@lightcone/abi";
import type { HttpHeader } from "../../base/http/client.ts";

const text: AlgebraicType = { kind: "string" };
const bytes = array({ kind: "u8" });
/** Microseconds, one field deep as every TimeDuration. */
const duration = product({ __time_duration_micros__: { kind: "i64" } });
const headers = product({ entries: array(product({ name: text, value: bytes })) });

const methodTags = {
  Get: "GET",
  Head: "HEAD",
  Post: "POST",
  Put: "PUT",
  Delete: "DELETE",
  Connect: "CONNECT",
  Options: "OPTIONS",
  Trace: "TRACE",
  Patch: "PATCH",
} as const;
type MethodTag = keyof typeof methodTags;
const tagsByMethod = new Map<string, MethodTag>(
  Object.entries(methodTags).map(([tag, name]) => [name, tag as MethodTag]),
);

const method = sum({
  ...Object.fromEntries(Object.keys(methodTags).map((tag) => [tag, unitType])),
  Extension: text,
});

const versionTags = { "0.9": "Http09", "1.0": "Http10", "1.1": "Http11", "2.0": "Http2" } as const;
const version = sum({
  Http09: unitType,
  Http10: unitType,
  Http11: unitType,
  Http2: unitType,
  Http3: unitType,
});

const requestCodec = compileCodec(
  product({ method, headers, timeout: option(duration), uri: text, version }),
);
const responseCodec = compileCodec(product({ headers, version, code: { kind: "u16" } }));
const textCodec = compileCodec(text);

export interface ModuleHttpRequest {
  /** As on the wire. */
  readonly method: string;
  readonly headers: readonly HttpHeader[];
  readonly timeoutMicros: bigint | undefined;
  readonly uri: string;
}

export interface ModuleHttpResponse {
  readonly headers: readonly HttpHeader[];
  readonly code: number;
}

interface Tagged {
  readonly tag: string;
  readonly value: Value;
}

/** Reads `source[start, end)` as one value and nothing behind it. Throws LC_BSATN_DECODE. */
export function decodeRequest(source: Uint8Array, start: number, end: number): ModuleHttpRequest {
  const reader = new Reader(source, start, end);
  // What the codec reads is of the type that it was compiled from.
  const value = requestCodec.read(reader) as unknown as {
    method: Tagged;
    headers: { entries: readonly HttpHeader[] };
    timeout: TimeDuration | undefined;
    uri: string;
  };
  const { tag, value: extension } = value.method;
  return {
    method: tag === "Extension" ? (extension as string) : methodTags[tag as MethodTag],
    headers: value.headers.entries,
    timeoutMicros: value.timeout?.micros,
    uri: value.uri,
  };
}

function methodValue(name: string): Value {
  const tag = tagsByMethod.get(name);
  return tag === undefined ? { tag: "Extension", value: name } : { tag, value: undefined };
}

/** An HTTP version that no module is told of by its own name is 1.1. */
function versionValue(name: string): Value {
  const tag = versionTags[name as keyof typeof versionTags] ?? "Http11";
  return { tag, value: undefined };
}

function headersValue(entries: readonly HttpHeader[]): Value {
  return { entries: entries.map(({ name, value }) => ({ name, value })) };
}

/** A request for an HTTP handler; `uri` is absolute. */
export function encodeRequest(request: ModuleHttpRequest, httpVersion: string): Uint8Array {
  return encode(requestCodec, {
    method: methodValue(request.method),
    headers: headersValue(request.headers),
    timeout: undefined,
    uri: request.uri,
    version: versionValue(httpVersion),
  });
}

export function encodeResponse(
  code: number,
  entries: readonly HttpHeader[],
  httpVersion: string,
): Uint8Array {
  return encode(responseCodec, {
    headers: headersValue(entries),
    version: versionValue(httpVersion),
    code,
  });
}

/** What an HTTP handler answered. Throws LC_BSATN_DECODE. */
export function decodeResponse(source: Uint8Array): ModuleHttpResponse {
  // As above: the codec reads nothing else.
  const value = responseCodec.read(new Reader(source)) as unknown as {
    headers: { entries: readonly HttpHeader[] };
    code: number;
  };
  return { headers: value.headers.entries, code: value.code };
}

export function encodeText(value: string): Uint8Array {
  return encode(textCodec, value);
}
