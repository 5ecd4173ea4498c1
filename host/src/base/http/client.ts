// HTTP requests to the world, as an interface: whoever sends one gets a client and no other way to a network, so that a test can
// hand in one that answers as it likes.
import type { CancelTimer } from "../timers.ts";

export interface HttpHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface HttpClientRequest {
  /** As it goes over the wire. */
  readonly method: string;
  /** `http:` or `https:`, absolute. */
  readonly url: string;
  /** Names may come more than once. */
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array;
  /** For the whole exchange, redirects and the last byte of the answer included. */
  readonly timeoutMillis: number;
}

interface HttpClientResponse {
  readonly status: number;
  /** As in the status line: `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array;
}

/** How an exchange ended. Any status is a response; texts name no query string. */
export type HttpOutcome =
  | { readonly kind: "response"; readonly response: HttpClientResponse }
  | { readonly kind: "failed"; readonly message: string };

export interface HttpClient {
  /** Sends a request and tells once, in a later turn, how it ended. Cancelled, it tells nothing and leaves no socket. */
  send(request: HttpClientRequest, done: (outcome: HttpOutcome) => void): CancelTimer;
}
