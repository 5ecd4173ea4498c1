// What the server's thread counts of one database's WebSockets, in plain numbers.
import { Histogram } from "../../base/histogram.ts";

/** Why a connection ended. */
export type EndCause =
  | "client_close"
  | "client_message_error"
  | "idle_timeout"
  | "incoming_queue_full"
  | "outgoing_queue_full"
  | "module_exited"
  | "internal_error"
  | "transport";

/** Why a request to become a WebSocket, or a new one, was turned away. */
export type RejectionCause =
  "authorization_failed" | "websocket_upgrade_error" | "client_connected_rejected";

/** Upper bounds of the sizes of messages, in bytes. */
const sizeBounds: readonly number[] = [
  64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 33_554_432,
];

/** Upper bounds of round trips, in seconds. */
const roundTripBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Messages from clients of one protocol. */
export class ReceivedCounts {
  count = 0;
  readonly sizes: Histogram = new Histogram(sizeBounds);

  add(byteCount: number): void {
    this.count++;
    this.sizes.observe(byteCount);
  }
}

export class SocketCounts {
  /** Connections that are there now. */
  open = 0;
  opened = 0;
  sentBytes = 0;
  /** Messages that wait for clients to read them. */
  outgoingCount = 0;
  readonly ended: Map<EndCause, number> = new Map();
  readonly rejected: Map<RejectionCause, number> = new Map();
  readonly roundTrips: Histogram = new Histogram(roundTripBounds);
  readonly #received = new Map<string, ReceivedCounts>();
  /** Bytes of bodies of HTTP answers. */
  httpBytes = 0;

  /** By protocol. */
  get received(): ReadonlyMap<string, ReceivedCounts> {
    return this.#received;
  }

  receivedBy(protocol: string): ReceivedCounts {
    let counts = this.#received.get(protocol);
    if (counts === undefined) {
      counts = new ReceivedCounts();
      this.#received.set(protocol, counts);
    }
    return counts;
  }

  addEnd(cause: EndCause): void {
    this.ended.set(cause, (this.ended.get(cause) ?? 0) + 1);
  }

  addRejection(cause: RejectionCause): void {
    this.rejected.set(cause, (this.rejected.get(cause) ?? 0) + 1);
  }
}

/** The share of one connection in them. It has one end, whatever may follow. */
export class SocketCount {
  readonly #counts: SocketCounts;
  readonly #received: ReceivedCounts;
  #cause: EndCause | undefined;
  #hasBeenSent = false;
  #isRejected = false;

  constructor(counts: SocketCounts, protocol: string) {
    this.#counts = counts;
    this.#received = counts.receivedBy(protocol);
    counts.open++;
    counts.opened++;
  }

  received(byteCount: number): void {
    this.#received.add(byteCount);
  }

  sent(byteCount: number): void {
    this.#hasBeenSent = true;
    this.#counts.sentBytes += byteCount;
  }

  /** Messages begin to wait, or cease to. */
  waits(messageCount: number): void {
    this.#counts.outgoingCount += messageCount;
  }

  answeredPing(millis: number): void {
    this.#counts.roundTrips.observe(millis / 1000);
  }

  /** The connection is about to end; the first cause told is the one. */
  ends(cause: EndCause): void {
    this.#cause ??= cause;
  }

  /** The database drops it without a word: before its first message that is the module's refusal. */
  dropped(): void {
    if (this.#hasBeenSent) this.ends("outgoing_queue_full");
    else this.#isRejected = true;
  }

  /** It is gone. `code` is that of the client's Close frame, 1006 if there was none. */
  closed(code: number): void {
    this.#counts.open--;
    if (this.#isRejected) this.#counts.addRejection("client_connected_rejected");
    else this.#counts.addEnd(this.#cause ?? (code === 1006 ? "transport" : "client_close"));
  }
}
