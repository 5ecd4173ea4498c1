// One socket from the attempt to its end: frames become messages, the first of which must be the server's greeting.
//
// Where the server chose the batching subprotocol, messages of one turn leave in one frame, and frames that come hold
// one message after another. Otherwise each message is a frame of its own.
import {
  decodeServerMessage,
  LightconeError,
  messageOf,
  NameCache,
  Reader,
  type ServerMessage,
  Writer,
} from "@lightcone/abi";
import type { Clockwork } from "./backoff.ts";
import { FrameQueue } from "./inflate.ts";
import { limit, wait } from "./limit.ts";
import {
  batchingSubprotocol,
  type Socket,
  type SocketAddress,
  type Transport,
} from "./transport.ts";

export type Greeting = Extract<ServerMessage, { readonly kind: "initialConnection" }>;

export interface LinkEvents {
  /** The first message: only now may anything be sent. */
  greeted(greeting: Greeting): void;
  /** Any later message. What this throws is taken for a fault of the message. */
  received(message: ServerMessage): void;
  /** The last event, told once and not after `close()`. Codes as in SocketEvents. */
  closed(error: LightconeError): void;
}

const initialWriterLength = 256;
/** What grew beyond this gives its memory back: a writer, or the frame that was read last. */
const keptLengthMax = 64 * 1024;
const noBytes = new Uint8Array(0);

export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #stopTimer: () => void;
  readonly #frames: FrameQueue;
  readonly #reader = new Reader(noBytes);
  readonly #names = new NameCache();
  #writer = new Writer(initialWriterLength);
  #isFlushDue = false;
  #state: "opening" | "open" | "over" = "opening";

  constructor(
    transport: Transport,
    address: SocketAddress,
    clockwork: Clockwork,
    events: LinkEvents,
  ) {
    this.#events = events;
    this.#frames = new FrameQueue(
      address.compression === "Gzip",
      (bytes, start) => this.#read(bytes, start),
      (thrown) => this.#failFrame(thrown),
    );
    this.#stopTimer = clockwork.setTimer(() => {
      const message = `the server did not greet within ${wait.connectMs} ms`;
      this.#fail(new LightconeError("LC_CONNECTION", message));
    }, wait.connectMs);
    this.#socket = transport.open(address, {
      frame: (bytes) => this.#receive(bytes),
      closed: (error) => this.#frames.end(() => this.#end(error)),
    });
  }

  get #isBatching(): boolean {
    return this.#socket.subprotocol === batchingSubprotocol;
  }

  /** Sends the message that `write` writes. Throws LC_LIMIT for one that no server would take, and what `write` throws. */
  send(write: (writer: Writer) => void): void {
    if (this.#state === "over") return;
    const writer = this.#writer;
    const start = writer.length;
    try {
      write(writer);
      checkLength(writer.length - start);
    } catch (thrown) {
      writer.truncate(start);
      throw thrown;
    }
    if (!this.#isBatching) {
      this.#flush();
      return;
    }
    if (start > 0 && writer.length > limit.batchLengthMax) this.#sendFirst(start);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  /** Sends what was written before the last message, which would make the frame too long. */
  #sendFirst(length: number): void {
    const rest = this.#writer.memory.slice(length, this.#writer.length);
    this.#writer.truncate(length);
    this.#socket.send(this.#writer.finish());
    this.#writer.clear();
    this.#writer.raw(rest);
  }

  #flush(): void {
    this.#isFlushDue = false;
    const { length, memory } = this.#writer;
    if (length === 0 || this.#state === "over") return;
    this.#socket.send(this.#writer.finish());
    if (memory.length > keptLengthMax) this.#writer = new Writer(initialWriterLength);
    else this.#writer.clear();
  }

  /** Ends it without any further event. What was sent before still leaves. */
  close(): void {
    if (this.#state === "over") return;
    this.#flush();
    this.#leave();
    this.#socket.close();
  }

  #receive(frame: Uint8Array): void {
    if (this.#state === "over") return;
    try {
      this.#frames.push(frame);
    } catch (thrown) {
      this.#failFrame(thrown);
    }
  }

  #read(bytes: Uint8Array, start: number): void {
    this.#reader.reset(bytes, start);
    const isBatching = this.#isBatching;
    do {
      this.#handle(decodeServerMessage(this.#reader, this.#names));
      // A callback may have closed the connection.
    } while (isBatching && this.#reader.remaining > 0 && !this.#isOver);
    if (bytes.length > keptLengthMax) this.#reader.reset(noBytes);
  }

  get #isOver(): boolean {
    return this.#state === "over";
  }

  #failFrame(thrown: unknown): void {
    const message = `a frame of the server is not valid: ${messageOf(thrown)}`;
    this.#fail(new LightconeError("LC_FRAME_INVALID", message));
  }

  #handle(message: ServerMessage): void {
    const isGreeting = message.kind === "initialConnection";
    if (isGreeting !== (this.#state === "opening")) {
      throw new LightconeError("LC_FRAME_INVALID", `the message ${message.kind} came out of turn`);
    }
    if (!isGreeting) {
      this.#events.received(message);
      return;
    }
    this.#state = "open";
    this.#stopTimer();
    this.#events.greeted(message);
  }

  /** Ends it from this side, for a reason that the program and the server are told. */
  #fail(error: LightconeError): void {
    if (this.#state === "over") return;
    this.#leave();
    this.#socket.close(error.message);
    this.#events.closed(error);
  }

  #end(error: LightconeError): void {
    if (this.#state === "over") return;
    this.#leave();
    this.#events.closed(error);
  }

  #leave(): void {
    this.#state = "over";
    this.#stopTimer();
    this.#frames.clear();
  }
}

function checkLength(length: number): void {
  if (length <= limit.messageLengthMax) return;
  const message = `a message has at most ${limit.messageLengthMax} bytes, not ${length}`;
  throw new LightconeError("LC_LIMIT", message);
}
