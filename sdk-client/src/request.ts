// Calls and queries on their way: queued until there is a connection, then in flight until the server answers each once.
//
//     queued ──open()──▶ in flight ──answer──▶ settled      in flight ──shut()──▶ rejected, or with an offline queue
//        ▲──────────── retried calls, queries ─────┘                              and if it may run twice: queued again
import {
  type AlgebraicType,
  LightconeError,
  type ProductValue,
  type Timestamp,
  type Value,
  type Writer,
} from "@lightcone/abi";
import { Deferred } from "./deferred.ts";
import { limit } from "./limit.ts";

/** What a reducer call answers when it committed. */
export interface CallResult {
  /** The time of the call's transaction, as the reducer saw it. */
  readonly timestamp: Timestamp;
}

/** Which calls outlive a connection that is lost. */
export interface OfflineQueueOptions<Name extends string = string> {
  /** How many calls and queries may wait for the next connection; a further one rejects with LC_LIMIT. */
  readonly max: number;
  /**
   * Reducers and procedures, by the names of `connection.reducers` and `connection.procedures`, that may run twice: a call
   * of theirs whose answer was lost is sent again. Name only those for which the second run changes nothing.
   */
  readonly retry?: readonly Name[] | undefined;
}

interface RequestBase {
  readonly write: WriteRequest;
  /** Whether it may reach the server twice. */
  readonly mayRepeat: boolean;
  /** Whether it was on its way once: then nobody knows whether the server did it. */
  wasSent: boolean;
}

interface CallRequest extends RequestBase {
  readonly kind: "call";
  /** As on the server. */
  readonly name: string;
  readonly result: Deferred<CallResult>;
}

interface ProcedureRequest extends RequestBase {
  readonly kind: "procedure call";
  /** As on the server. */
  readonly name: string;
  readonly returnType: AlgebraicType;
  readonly result: Deferred<Value>;
}

interface QueryRequest extends RequestBase {
  readonly kind: "query";
  readonly result: Deferred<readonly ProductValue[]>;
}

type Request = CallRequest | ProcedureRequest | QueryRequest;
type RequestOfKind<Kind extends Request["kind"]> = Extract<Request, { readonly kind: Kind }>;

/** Writes the message that asks; the server repeats the number in its answer. */
export type WriteRequest = (writer: Writer, requestId: number) => void;

/** Sends what it is given over the socket that is open now. Throws LC_LIMIT. */
export type Send = (write: (writer: Writer) => void) => void;

type Gate =
  /** Before a connection: requests are kept, so many at most. */
  | { readonly kind: "queueing"; readonly max: number }
  | { readonly kind: "open" }
  | { readonly kind: "shut"; readonly reason: LightconeError };

const requestIdMax = 0xffffffff;

export class Requests {
  readonly #send: Send;
  readonly #offlineQueue: OfflineQueueOptions | undefined;
  #gate: Gate = { kind: "queueing", max: limit.requestsMax };
  #queue: Request[] = [];
  readonly #inFlight = new Map<number, Request>();
  #lastId = 0;

  constructor(send: Send, offlineQueue?: OfflineQueueOptions) {
    this.#send = send;
    this.#offlineQueue = offlineQueue;
  }

  /** `accessor` is the name in the bindings, `name` that on the server. */
  call(accessor: string, name: string, write: WriteRequest): Promise<CallResult> {
    const result = new Deferred<CallResult>();
    const mayRepeat = this.#mayRepeat(accessor);
    return this.#submit({ kind: "call", name, result, write, mayRepeat, wasSent: false });
  }

  procedure(
    accessor: string,
    name: string,
    returnType: AlgebraicType,
    write: WriteRequest,
  ): Promise<Value> {
    const result = new Deferred<Value>();
    const base = { result, write, mayRepeat: this.#mayRepeat(accessor), wasSent: false };
    return this.#submit({ kind: "procedure call", name, returnType, ...base });
  }

  query(write: WriteRequest): Promise<readonly ProductValue[]> {
    const result = new Deferred<readonly ProductValue[]>();
    return this.#submit({ kind: "query", result, write, mayRepeat: true, wasSent: false });
  }

  #mayRepeat(accessor: string): boolean {
    return this.#offlineQueue?.retry?.includes(accessor) ?? false;
  }

  // Returns the request's own promise, typed by the caller.
  #submit<R extends Request>(request: R): R["result"]["promise"] {
    const gate = this.#gate;
    if (gate.kind === "shut") request.result.reject(gate.reason);
    else if (this.#queue.length + this.#inFlight.size >= limit.requestsMax) {
      const message = `a connection has at most ${limit.requestsMax} calls and queries at a time`;
      request.result.reject(new LightconeError("LC_LIMIT", message));
    } else if (gate.kind === "open") this.#dispatch(request);
    else if (this.#queue.length < gate.max) this.#queue.push(request);
    else {
      const message = `at most ${gate.max} calls and queries wait for a connection`;
      request.result.reject(new LightconeError("LC_LIMIT", message));
    }
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
    request.wasSent = true;
    this.#lastId = id;
    this.#inFlight.set(id, request);
  }

  /** A socket is up: sends what was queued, in its order. */
  open(): void {
    this.#gate = { kind: "open" };
    const queue = this.#queue;
    this.#queue = [];
    for (const request of queue) this.#dispatch(request);
  }

  /**
   * The socket is gone and another one is being tried for. With an offline queue, requests wait for it, and those in flight
   * that may be repeated go before them. Otherwise as `shut`.
   */
  pause(reason: LightconeError): void {
    if (this.#offlineQueue === undefined) {
      this.shut(reason);
      return;
    }
    const inFlight = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const request of inFlight) {
      if (!request.mayRepeat) request.result.reject(lostAnswer(request, reason));
    }
    this.#queue = [...inFlight.filter(({ mayRepeat }) => mayRepeat), ...this.#queue];
    this.#gate = { kind: "queueing", max: this.#offlineQueue.max };
  }

  /**
   * There is no socket any more. Calls that were sent reject with LC_OUTCOME_UNKNOWN, all others with `reason`; so do
   * requests to come, until the next `open()`.
   */
  shut(reason: LightconeError): void {
    this.#gate = { kind: "shut", reason };
    const requests = [...this.#inFlight.values(), ...this.#queue];
    this.#queue = [];
    this.#inFlight.clear();
    for (const request of requests) request.result.reject(lostAnswer(request, reason));
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
  if (request.kind === "query" || !request.wasSent) return reason;
  const message = `whether ${request.name} ran is not known: ${reason.message}`;
  return new LightconeError("LC_OUTCOME_UNKNOWN", message);
}
