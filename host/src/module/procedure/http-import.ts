// The import by which a procedure sends an HTTP request (abi.md section 5.9).
import { Errno, LightconeError } from "@lightcone/abi";
import type { HttpClientRequest, HttpOutcome } from "../../base/http/client.ts";
import { limit } from "../../base/limit.ts";
import type { CallContext } from "../context.ts";
import { decodeRequest, encodeResponse, encodeText, type ModuleHttpRequest } from "./http-types.ts";
import { type ProcedureCall, runnerOf } from "./call.ts";

const ok = 0;
const switchedOff = "module outbound HTTP requests are disabled";

function timeoutMillis(micros: bigint | undefined): number {
  if (micros === undefined) return limit.httpTimeoutMillisDefault;
  return Math.min(Math.max(0, Number(micros) / 1000), limit.httpTimeoutMillisMax);
}

function readRequest(
  context: CallContext,
  start: number,
  length: number,
): ModuleHttpRequest | undefined {
  try {
    return decodeRequest(context.memory.bytes(), start, start + length);
  } catch (thrown) {
    if (thrown instanceof LightconeError) return undefined;
    throw thrown;
  }
}

/** Why a request of such lengths is not sent, if so. */
function sizeFault(descriptionBytes: number, bodyBytes: number): string | undefined {
  if (descriptionBytes > limit.httpDescriptionBytesMax) {
    return `the request has more than ${limit.httpDescriptionBytesMax} bytes besides its body`;
  }
  return bodyBytes > limit.httpBodyBytesMax
    ? `the request's body is longer than ${limit.httpBodyBytesMax} bytes`
    : undefined;
}

function openSource(context: CallContext, bytes: Uint8Array): number {
  return context.sources.open(bytes, 0, bytes.length);
}

/** Hands an outcome to the guest: sources for a response and its body, or for the text of an error. */
function answer(context: CallContext, out: number, outcome: HttpOutcome): number {
  const at = context.memory.range(out, 8);
  if (outcome.kind === "failed") {
    context.memory.setU32(at, openSource(context, encodeText(outcome.message)));
    return Errno.httpError;
  }
  const { status, headers, httpVersion, body } = outcome.response;
  context.memory.setU32(at, openSource(context, encodeResponse(status, headers, httpVersion)));
  context.memory.setU32(at + 4, openSource(context, body));
  return ok;
}

export function httpRequestImport(
  context: CallContext,
  call: ProcedureCall,
): (
  request: number,
  requestLength: number,
  body: number,
  bodyLength: number,
  out: number,
) => number {
  return (request, requestLength, body, bodyLength, out) =>
    runnerOf(context, call).wait<HttpOutcome, number>(
      0,
      (done) => {
        const { memory } = context;
        const { http } = call.host;
        if (http === undefined) {
          return answer(context, out, { kind: "failed", message: switchedOff });
        }
        if (context.tx !== undefined) return Errno.wouldBlockTransaction;
        const requestAt = memory.range(request, requestLength);
        // Nobody's pointer is followed where there are no bytes.
        const bodyAt = bodyLength === 0 ? 0 : memory.range(body, bodyLength);
        memory.range(out, 8);
        const fault = sizeFault(requestLength >>> 0, bodyLength >>> 0);
        if (fault !== undefined) return answer(context, out, { kind: "failed", message: fault });
        const decoded = readRequest(context, requestAt, requestLength >>> 0);
        if (decoded === undefined) return Errno.bsatnDecodeError;
        const sent: HttpClientRequest = {
          method: decoded.method,
          url: decoded.uri,
          headers: decoded.headers,
          body: memory.bytes().slice(bodyAt, bodyAt + (bodyLength >>> 0)),
          timeoutMillis: timeoutMillis(decoded.timeoutMicros),
        };
        return http.send(sent, done);
      },
      (outcome) => answer(context, out, outcome),
    );
}
