// Keeps one link up: looks up the token, opens a link, and after a loss another one, with growing waits in between.
//
//     connecting ──greeted──▶ up ──lost──▶ waiting ──timer──▶ connecting      close(), or a failure that no
//         └──failed, try again──────────────▲                                 attempt can mend: closed
import {
  assert,
  type ErrorCode,
  type LightconeError,
  type ServerMessage,
  type Writer,
} from "@lightcone/abi";
import { type Clockwork, type ReconnectOptions, retryDelayMs } from "./backoff.ts";
import type { ConnectionStatus, ErrorReporter } from "./event.ts";
import { type Greeting, Link } from "./link.ts";
import { wait } from "./limit.ts";
import type { TokenStore } from "./token.ts";
import type { SocketAddress, Transport } from "./transport.ts";

export interface LineOptions {
  readonly transport: Transport;
  readonly address: Omit<SocketAddress, "token">;
  /** The program's own token; the store is not asked then. */
  readonly token: string | undefined;
  readonly tokenStore: TokenStore;
  readonly reconnect: ReconnectOptions;
  readonly clockwork: Clockwork;
  readonly report: ErrorReporter;
}

export interface LineEvents {
  /** A link is up. `token` is the long-lived one. */
  up(greeting: Greeting, token: string): void;
  received(message: ServerMessage): void;
  /** The link that was up is gone. */
  down(error: LightconeError, willReconnect: boolean): void;
  /** An attempt to connect failed. */
  failed(error: LightconeError): void;
  /** Comes after `up`, `down` and `failed`. */
  changed(status: ConnectionStatus): void;
}

type State =
  | { readonly kind: "connecting"; link: Link | undefined }
  | { readonly kind: "up"; readonly link: Link; readonly stopTimer: () => void }
  | { readonly kind: "waiting"; readonly stopTimer: () => void }
  | { readonly kind: "closed" };

/** Failures that trying again would only repeat: the server refuses this request, or speaks another language. */
const lastingFailures: readonly ErrorCode[] = [
  "LC_TOKEN_INVALID",
  "LC_REQUEST_INVALID",
  "LC_FORBIDDEN",
  "LC_FRAME_INVALID",
];

export class Line {
  readonly #options: LineOptions;
  readonly #events: LineEvents;
  #state: State = { kind: "closed" };
  #status: ConnectionStatus = { kind: "connecting" };
  #failedAttempts = 0;
  #wasUp = false;
  #isStoreStale = false;
  /** The token of the last greeting or of the program: over all reconnections we stay who we are. */
  #token: string | undefined;

  constructor(options: LineOptions, events: LineEvents) {
    this.#options = options;
    this.#events = events;
    this.#token = options.token;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  open(): void {
    void this.#connect();
  }

  /** Sends a message over the link, which must be up. Throws as Link. */
  send(write: (writer: Writer) => void): void {
    if (this.#state.kind === "up") this.#state.link.send(write);
  }

  /** Ends it for good; there are no further events. */
  close(): void {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#status = { kind: "closed", error: undefined };
    if (state.kind === "up" || state.kind === "waiting") state.stopTimer();
    if (state.kind === "up" || state.kind === "connecting") state.link?.close();
  }

  /** Gives the link up as if it had been lost, and connects again. */
  restart(error: LightconeError): void {
    if (this.#state.kind !== "up") return;
    this.#state.link.close();
    this.#lost(error);
  }

  async #connect(): Promise<void> {
    const state: State = { kind: "connecting", link: undefined };
    this.#state = state;
    const stored = this.#token === undefined ? await this.#storedToken() : undefined;
    // The program may have closed the connection meanwhile.
    if (this.#state !== state) return;
    const token = this.#token ?? stored;
    const { transport, address, clockwork } = this.#options;
    state.link = new Link(transport, { ...address, token }, clockwork, {
      greeted: (greeting) => this.#greeted(greeting, token),
      received: (message) => this.#events.received(message),
      closed: (error) => {
        const isStale = stored !== undefined && error.code === "LC_TOKEN_INVALID";
        if (this.#state.kind === "up") this.#lost(error);
        else if (isStale) this.#startAfresh();
        else this.#failed(error);
      },
    });
  }

  #greeted(greeting: Greeting, usedToken: string | undefined): void {
    const link = this.#state.kind === "connecting" ? this.#state.link : undefined;
    assert(link !== undefined, "a link is greeted before it is there");
    const stopTimer = this.#options.clockwork.setTimer(() => {
      this.#failedAttempts = 0;
    }, wait.stableMs);
    this.#state = { kind: "up", link, stopTimer };
    this.#wasUp = true;
    // Where we had a token, that of the greeting may be the short-lived one it was exchanged for.
    const token = usedToken ?? greeting.token;
    this.#token = token;
    if (usedToken === undefined) void this.#storeToken(token);
    this.#change({ kind: "connected" }, () => this.#events.up(greeting, token));
  }

  #lost(error: LightconeError): void {
    if (this.#state.kind === "up") this.#state.stopTimer();
    const willReconnect = this.#mayRetry(error);
    this.#change(this.#plan(error, willReconnect), () => this.#events.down(error, willReconnect));
  }

  #failed(error: LightconeError): void {
    this.#change(this.#plan(error, this.#mayRetry(error)), () => this.#events.failed(error));
  }

  #mayRetry(error: LightconeError): boolean {
    const { attemptsMax, retriesFirst } = this.#options.reconnect;
    if (lastingFailures.includes(error.code)) return false;
    return (this.#wasUp || retriesFirst) && this.#failedAttempts < attemptsMax;
  }

  #plan(error: LightconeError, willRetry: boolean): ConnectionStatus {
    if (!willRetry) {
      this.#state = { kind: "closed" };
      return { kind: "closed", error };
    }
    const { clockwork, reconnect } = this.#options;
    const failedAttempts = this.#failedAttempts++;
    const delayMs = retryDelayMs(reconnect, failedAttempts, clockwork.random());
    const stopTimer = clockwork.setTimer(() => void this.#connect(), delayMs);
    this.#state = { kind: "waiting", stopTimer };
    return { kind: "reconnecting", failedAttempts, delayMs, error };
  }

  /** Tells what happened, then how things stand, unless the program has closed the connection in between. */
  #change(status: ConnectionStatus, tell: () => void): void {
    this.#status = status;
    tell();
    if (this.#status === status) this.#events.changed(status);
  }

  async #storedToken(): Promise<string | undefined> {
    if (this.#isStoreStale) return undefined;
    const { tokenStore, address, report } = this.#options;
    try {
      return await tokenStore.get(address.serverUrl);
    } catch (thrown) {
      report(thrown);
      return undefined;
    }
  }

  async #storeToken(token: string): Promise<void> {
    const { tokenStore, address, report } = this.#options;
    try {
      await tokenStore.set(address.serverUrl, token);
    } catch (thrown) {
      report(thrown);
    }
  }

  // A server that was set up anew does not know its old tokens. Whoever has only a kept one gets a new identity, whose
  // token takes the old one's place.
  #startAfresh(): void {
    this.#isStoreStale = true;
    void this.#connect();
  }
}
