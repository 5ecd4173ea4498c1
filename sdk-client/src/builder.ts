// The way to a connection: what is not said has a default, what is said wrongly is refused by `build()`.
import { type Identity, LightconeError, messageOf } from "@lightcone/abi";
import { transport as platformTransport } from "#transport";
import {
  type Clockwork,
  defaultReconnect,
  type ReconnectOptions,
  systemClockwork,
} from "./backoff.ts";
import { type ConnectionOptions, DbConnection } from "./connection.ts";
import { canInflate } from "./inflate.ts";
import type { OfflineQueueOptions } from "./request.ts";
import type { ConnectionStatus, DisconnectedEvent, ErrorReporter } from "./event.ts";
import type { Persistence } from "./persistence.ts";
import type { ModuleSchema, ModuleTypes, ProceduresOf } from "./schema.ts";
import type { TokenStore } from "./token.ts";
import type { Transport } from "./transport.ts";

type OnConnect<M extends ModuleTypes> = (
  connection: DbConnection<M>,
  identity: Identity,
  token: string,
) => void;

/** What can be called, by the names of the bindings. */
type CallName<M extends ModuleTypes> = Extract<keyof M["reducers"] | keyof ProceduresOf<M>, string>;

/** Each method sets one thing and returns the builder. A callback set twice is called once: the later one counts. */
export class ConnectionBuilder<M extends ModuleTypes> {
  readonly #schema: ModuleSchema<M>;
  #uri: string | undefined;
  #databaseName: string | undefined;
  #token: string | undefined;
  #confirmedReads: boolean | undefined;
  #compression: "None" | "Gzip" = "None";
  #offlineQueue: OfflineQueueOptions | undefined;
  #tokenStore: TokenStore | undefined;
  #transport: Transport = platformTransport;
  #persistence: Persistence | undefined;
  #reconnect: ReconnectOptions = defaultReconnect;
  #clockwork: Clockwork = systemClockwork;
  #onConnect: OnConnect<M> | undefined;
  #onConnectError: ((connection: DbConnection<M>, error: LightconeError) => void) | undefined;
  #onDisconnect: ((connection: DbConnection<M>, event: DisconnectedEvent) => void) | undefined;
  #onStatus: ((status: ConnectionStatus) => void) | undefined;
  #onError: ErrorReporter = (thrown) => console.error(thrown);

  constructor(schema: ModuleSchema<M>) {
    this.#schema = schema;
  }

  /** The server: `http://127.0.0.1:3000`. Schemes http, https, ws and wss. Required. */
  withUri(uri: string): this {
    this.#uri = uri;
    return this;
  }

  /** The database's name or its identity as 64 hex digits. Required. */
  withDatabaseName(databaseName: string): this {
    this.#databaseName = databaseName;
    return this;
  }

  /** Who to be. Without a token the one in the token store is used, and without that the server makes an identity. */
  withToken(token: string | undefined): this {
    this.#token = token;
    return this;
  }

  /** Whether answers wait until their transaction is on disk. The server's default is that they do. */
  withConfirmedReads(confirmedReads: boolean): this {
    this.#confirmedReads = confirmedReads;
    return this;
  }

  /**
   * Whether the server compresses what is longer than a kilobyte: worth it over slow networks, for the price of CPU time on
   * both sides. Without it, and on platforms that cannot decompress, nothing is.
   */
  withCompression(compression: "none" | "gzip"): this {
    this.#compression = compression === "gzip" && canInflate() ? "Gzip" : "None";
    return this;
  }

  /**
   * Keeps calls and queries that are made while the connection is lost, and sends them in their order with the next one.
   * A call that was under way is sent again only if it is named in `retry`, else it rejects with LC_OUTCOME_UNKNOWN.
   */
  withOfflineQueue(options: OfflineQueueOptions<CallName<M>>): this {
    this.#offlineQueue = options;
    return this;
  }

  /** Where the token of an identity that the server made is kept. By default localStorage in browsers, else memory. */
  withTokenStore(tokenStore: TokenStore): this {
    this.#tokenStore = tokenStore;
    return this;
  }

  /** Keeps rows from one visit to the next: `persist({ name })` of `@lightcone/sdk-client/persist`. */
  withPersistence(persistence: Persistence): this {
    this.#persistence = persistence;
    return this;
  }

  /** What differs from `defaultReconnect`; `false` turns reconnection off. */
  withReconnect(reconnect: Partial<ReconnectOptions> | false): this {
    this.#reconnect = {
      ...defaultReconnect,
      ...(reconnect === false ? { attemptsMax: 0 } : reconnect),
    };
    return this;
  }

  /** Other sockets than the platform's own. */
  withTransport(transport: Transport): this {
    this.#transport = transport;
    return this;
  }

  /** Other timers and chance, for tests. */
  withClockwork(clockwork: Clockwork): this {
    this.#clockwork = clockwork;
    return this;
  }

  /** Called once, with the first connection: the place to subscribe. Subscriptions come back by themselves later. */
  onConnect(callback: OnConnect<M>): this {
    this.#onConnect = callback;
    return this;
  }

  /** Called for each attempt to connect that fails, the first as well as later ones. */
  onConnectError(callback: (connection: DbConnection<M>, error: LightconeError) => void): this {
    this.#onConnectError = callback;
    return this;
  }

  /** Called each time an established connection ends. */
  onDisconnect(callback: (connection: DbConnection<M>, event: DisconnectedEvent) => void): this {
    this.#onDisconnect = callback;
    return this;
  }

  /** Called with each status after the first, which is `connecting`. */
  onStatus(callback: (status: ConnectionStatus) => void): this {
    this.#onStatus = callback;
    return this;
  }

  /** Takes what callbacks throw and what fails in the token store. By default it is written to the console. */
  onError(report: ErrorReporter): this {
    this.#onError = report;
    return this;
  }

  /** Starts to connect and returns at once. Throws LC_CONFIG for a setting that is missing or wrong. */
  build(): DbConnection<M> {
    const serverUrl = normalUrl(required(this.#uri, "withUri"));
    const databaseName = required(this.#databaseName, "withDatabaseName");
    checkQueue(this.#offlineQueue);
    const report = this.#onError;
    const guarded = (call: (() => void) | undefined): void => {
      try {
        call?.();
      } catch (thrown) {
        report(thrown);
      }
    };
    const options: ConnectionOptions = {
      transport: this.#transport,
      address: {
        serverUrl,
        databaseName,
        confirmedReads: this.#confirmedReads,
        compression: this.#compression,
      },
      offlineQueue: this.#offlineQueue,
      token: this.#token,
      tokenStore: this.#tokenStore ?? this.#transport.createTokenStore(),
      reconnect: this.#reconnect,
      clockwork: this.#clockwork,
      report,
    };
    const connection: DbConnection<M> = new DbConnection(this.#schema, options, {
      connected: (identity, token) => guarded(() => this.#onConnect?.(connection, identity, token)),
      connectFailed: (error) => guarded(() => this.#onConnectError?.(connection, error)),
      disconnected: (event) => guarded(() => this.#onDisconnect?.(connection, event)),
    });
    if (this.#persistence !== undefined)
      connection.attach(this.#persistence, this.#schema, options);
    if (this.#onStatus !== undefined) connection.onStatus(this.#onStatus);
    return connection;
  }
}

/** The builder of connections to databases whose module has this schema. Generated bindings call it. */
export function connectionBuilder<M extends ModuleTypes>(
  schema: ModuleSchema<M>,
): ConnectionBuilder<M> {
  return new ConnectionBuilder(schema);
}

function required(value: string | undefined, method: string): string {
  if (value !== undefined && value !== "") return value;
  throw new LightconeError("LC_CONFIG", `a connection needs ${method}`);
}

function checkQueue(queue: OfflineQueueOptions | undefined): void {
  if (queue === undefined || (Number.isInteger(queue.max) && queue.max >= 0)) return;
  const message = `withOfflineQueue: max is a whole number of calls, not ${queue.max}`;
  throw new LightconeError("LC_CONFIG", message);
}

/** With scheme http or https and without a slash at the end. */
function normalUrl(uri: string): string {
  let url: URL;
  try {
    url = new URL(uri.replace(/^ws/i, "http"));
  } catch (thrown) {
    throw new LightconeError("LC_CONFIG", `withUri("${uri}"): ${messageOf(thrown)}`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new LightconeError("LC_CONFIG", `withUri("${uri}"): the scheme must be http or https`);
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}
