// Calls and queries on their way: queued until the first connection, then in flight until the server answers each once.
import { LightconeError, type ProductValue, type Timestamp, type Writer } from "@lightcone/abi";
import { Deferred } from "./deferred.ts";
import { limit } from "./limit.ts";

/** What a reducer call answers when it committed. */
export interface CallResult {
  /** The time of the call's transaction, as the reducer saw it. */
  readonly timestamp: Timestamp;
}

interface CallRequest {
  readonly kind: "call";
  /** As on the server. */
  readonly reducer: string;
  readonly result: Deferred<CallResult>;
  readonly write: WriteRequest;
}

interface QueryRequest {
  readonly kind: "query";
  readonly result: Deferred<readonly ProductValue[]>;
  readonly write: WriteRequest;
}

type Request = CallRequest | QueryRequest;
type RequestOfKind<Kind extends Request["kind"]> = Extract<Request, { readonly kind: Kind }>;

/** Writes the message that asks; the server repeats the number in its answer. */
export type WriteRequest = (writer: Writer, requestId: number) => void;

/** Sends what it is given over the socket that is open now. Throws LC_LIMIT. */
export type Send = (write: (writer: Writer) => void) => void;

type Gate =
  /** Before the first connection: requests are kept. */
  | { readonly kind: "queueing" }
  | { readonly kind: "open" }
  | { readonly kind: "shut"; readonly reason: LightconeError };

const requestIdMax = 0xffffffff;

export class Requests {
  readonly #send: Send;
  #gate: Gate = { kind: "queueing" };
  #queue: Request[] = [];
  readonly #inFlight = new Map<number, Request>();
  #lastId = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  call(reducer: string, write: WriteRequest): Promise<CallResult> {
    return this.#submit({ kind: "call", reducer, result: new Deferred<CallResult>(), write });
  }

  query(write: WriteRequest): Promise<readonly ProductValue[]> {
    const result = new Deferred<readonly ProductValue[]>();
    return this.#submit({ kind: "query", result, write });
  }

  // Returns the request's own promise, typed by the caller.
  #submit<R extends Request>(request: R): R["result"]["promise"] {
    if (this.#gate.kind === "shut") request.result.reject(this.#gate.reason);
    else if (this.#queue.length + this.#inFlight.size >= limit.requestsMax) {
      const message = `a connection has at most ${limit.requestsMax} calls and queries at a time`;
      request.result.reject(new LightconeError("LC_LIMIT", message));
    } else if (this.#gate.kind === "queueing") this.#queue.push(request);
    else this.#dispatch(request);
    return request.result.promise;
  }

  #dispatch(request: Request): void {
    // The oldest numbers are long answered when counting starts again.
    const id = this.#lastId === requestIdMax ? 1 : this.#lastId + 1;
    try {
      this.#send((writer) => request.write(writer, id));
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      request.result.reject(thrown);
      return;
    }
    this.#lastId = id;
    this.#inFlight.set(id, request);
  }

  /** A socket is up: sends what was queued. */
  open(): void {
    this.#gate = { kind: "open" };
    const queue = this.#queue;
    this.#queue = [];
    for (const request of queue) this.#dispatch(request);
  }

  /**
   * There is no socket any more. Queued requests and queries in flight reject with `reason`, calls in flight with
   * LC_OUTCOME_UNKNOWN; requests to come reject with `reason` until the next `open()`.
   */
  shut(reason: LightconeError): void {
    this.#gate = { kind: "shut", reason };
    const queue = this.#queue;
    const inFlight = [...this.#inFlight.values()];
    this.#queue = [];
    this.#inFlight.clear();
    for (const { result } of queue) result.reject(reason);
    for (const request of inFlight) request.result.reject(lostAnswer(request, reason));
  }

  /** What an answer is for. Throws LC_FRAME_INVALID if nothing of that kind waits for this number. */
  take<Kind extends Request["kind"]>(kind: Kind, requestId: number): RequestOfKind<Kind> {
    const request = this.#inFlight.get(requestId);
    if (request?.kind !== kind) {
      const message = `the server answered the ${kind} ${requestId}, which does not wait for it`;
      throw new LightconeError("LC_FRAME_INVALID", message);
    }
    this.#inFlight.delete(requestId);
    return request as RequestOfKind<Kind>;
  }
}

function lostAnswer(request: Request, reason: LightconeError): LightconeError {
  if (request.kind === "query") return reason;
  const message = `whether ${request.reducer} ran is not known: ${reason.message}`;
  return new LightconeError("LC_OUTCOME_UNKNOWN", message);
}
