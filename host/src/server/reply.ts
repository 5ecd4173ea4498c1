// Answers as values: a route returns one, and only http.ts writes it to a socket.
import { LightconeError } from "@lightcone/abi";
import type { LogFollow } from "./contract.ts";
import { RateLimitError } from "./limits/traffic.ts";
import { statusByCode } from "./status.ts";

/** A name may have several values. */
export type Headers = Readonly<Record<string, string | string[]>>;

/**
 * Where a body goes whose end is not known yet. A reader that is too slow loses texts, each as a
 * whole.
 */
interface StreamSink {
  write(text: string): void;
  end(): void;
}

export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Headers;
  /** Text, or pieces of UTF-8. */
  readonly body: string | readonly Uint8Array[];
}

/** An answer that goes on. If `start` rejects before it has written, the answer is that error. */
export interface StreamReply {
  readonly kind: "stream";
  readonly headers: Headers;
  readonly start: (sink: StreamSink) => Promise<LogFollow>;
}

/** An answer of known length that need not fit the memory. */
export interface BytesReply {
  readonly kind: "bytes";
  readonly headers: Headers;
  readonly bytes: number;
  /** Read as fast as the client takes them; what they throw breaks the answer off. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** No body and no content type. */
export function emptyReply(status: number): Reply {
  return { kind: "reply", status, headers: {}, body: "" };
}

export function textReply(status: number, body: string, headers: Headers = {}): Reply {
  const type = { "content-type": "text/plain; charset=utf-8" };
  return { kind: "reply", status, headers: { ...type, ...headers }, body };
}

/** `json` is written as it stands. Official clients refuse a charset in this content type. */
export function jsonTextReply(status: number, json: Reply["body"], headers: Headers = {}): Reply {
  const type = { "content-type": "application/json" };
  return { kind: "reply", status, headers: { ...type, ...headers }, body: json };
}

export function jsonReply(status: number, value: unknown): Reply {
  return jsonTextReply(status, JSON.stringify(value));
}

/** The text of a refusal, one line for each of its reasons. */
export function errorText(error: LightconeError): string {
  return [error.message, ...error.reasons].join("\n");
}

/**
 * The answer to a request that was refused or has failed. What is no refusal is a bug, whose
 * details stay here.
 */
export function errorReply(thrown: unknown): Reply {
  if (thrown instanceof RateLimitError) {
    return textReply(429, thrown.message, { "retry-after": `${thrown.retryAfterSeconds}` });
  }
  if (thrown instanceof LightconeError) {
    return textReply(statusByCode[thrown.code], errorText(thrown));
  }
  return textReply(500, "internal error: the host's own log has the details");
}
