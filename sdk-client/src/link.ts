// One socket from the attempt to its end: frames become messages, the first of which must be the server's greeting.
import {
  compressionTags,
  decodeServerMessage,
  LightconeError,
  messageOf,
  NameCache,
  Reader,
  type ServerMessage,
  Writer,
} from "@lightcone/abi";
import type { Clockwork } from "./backoff.ts";
import { limit, wait } from "./limit.ts";
import type { Socket, SocketAddress, Transport } from "./transport.ts";

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
/** A writer that grew beyond this for one message gives its memory back. */
const keptWriterLengthMax = 64 * 1024;

export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #stopTimer: () => void;
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #names = new NameCache();
  #writer = new Writer(initialWriterLength);
  #state: "opening" | "open" | "over" = "opening";

  constructor(
    transport: Transport,
    address: SocketAddress,
    clockwork: Clockwork,
    events: LinkEvents,
  ) {
    this.#events = events;
    this.#stopTimer = clockwork.setTimer(() => {
      const message = `the server did not greet within ${wait.connectMs} ms`;
      this.#fail(new LightconeError("LC_CONNECTION", message));
    }, wait.connectMs);
    this.#socket = transport.open(address, {
      frame: (bytes) => this.#receive(bytes),
      closed: (error) => this.#end(error),
    });
  }

  /** Sends the message that `write` writes. Throws LC_LIMIT for one that no server would take, and what `write` throws. */
  send(write: (writer: Writer) => void): void {
    const writer = this.#writer;
    writer.clear();
    write(writer);
    if (writer.length > limit.messageLengthMax) {
      const message = `a message has at most ${limit.messageLengthMax} bytes, not ${writer.length}`;
      throw new LightconeError("LC_LIMIT", message);
    }
    this.#socket.send(writer.finish());
    if (writer.length > keptWriterLengthMax) this.#writer = new Writer(initialWriterLength);
  }

  /** Ends it without any further event. */
  close(): void {
    if (this.#state === "over") return;
    this.#leave();
    this.#socket.close();
  }

  #receive(frame: Uint8Array): void {
    if (this.#state === "over") return;
    try {
      this.#reader.reset(frame);
      const tag = this.#reader.u8();
      if (tag !== compressionTags.None) {
        throw new LightconeError("LC_FRAME_INVALID", `compression ${tag} was not asked for`);
      }
      this.#handle(decodeServerMessage(this.#reader, this.#names));
    } catch (thrown) {
      const message = `a frame of the server is not valid: ${messageOf(thrown)}`;
      this.#fail(new LightconeError("LC_FRAME_INVALID", message));
    }
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
  }
}
