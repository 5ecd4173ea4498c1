// A connection to one database: passes what the server tells to tables, subscriptions and calls, in the order in which it
// comes, and what the program wants to the server.
import {
  type ConnectionId,
  type Identity,
  compileCodec,
  decode,
  LightconeError,
  present,
  type ProductValue,
  type QuerySetUpdate,
  type ServerMessage,
  type TableRows,
  type Typespace,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
} from "@lightcone/abi";
import { Deferred } from "./deferred.ts";
import {
  type ConnectionStatus,
  type DisconnectedEvent,
  type ErrorReporter,
  type EventContext,
  Listeners,
  type Stop,
} from "./event.ts";
import type { Greeting } from "./link.ts";
import { Mirror } from "./mirror.ts";
import { Line, type LineOptions } from "./reconnect.ts";
import type { Persistence, PersistedTable } from "./persistence.ts";
import type { Query } from "./query.ts";
import { makeMethods, reducerError } from "./reducer.ts";
import { type OfflineQueueOptions, Requests, type Send } from "./request.ts";
import { Resync } from "./resync.ts";
import type { ModuleSchema, ModuleTypes, ProceduresOf, TableSchema } from "./schema.ts";
import type { SqlRow } from "./sql-row.ts";
import { selectAll } from "./sql-text.ts";
import type { Subscription, SubscriptionCallbacks } from "./subscription.ts";
import { Subscriptions } from "./subscriptions.ts";
import { CachedTable } from "./table.ts";

type MessageOf<Kind extends ServerMessage["kind"]> = Extract<
  ServerMessage,
  { readonly kind: Kind }
>;

/** SQL, or what the query builder made. */
export type QueryInput = string | Query<unknown>;

export interface ConnectionOptions extends LineOptions {
  readonly offlineQueue: OfflineQueueOptions | undefined;
}

/** What the builder's callbacks become. None of them throws. */
export interface ConnectionCallbacks {
  readonly connected: (identity: Identity, token: string) => void;
  readonly connectFailed: (error: LightconeError) => void;
  readonly disconnected: (event: DisconnectedEvent) => void;
}

/** A connection to one database, made by the builder of its generated bindings. */
export class DbConnection<M extends ModuleTypes = ModuleTypes> {
  /** The tables, by the names that the bindings give them. */
  readonly db: M["tables"];
  /** A method for each reducer, fulfilled when the call has committed and its changes are in the cache. */
  readonly reducers: M["reducers"];
  /**
   * A method for each procedure, fulfilled with what it returns. Transactions that it committed are in the cache by then.
   */
  readonly procedures: ProceduresOf<M>;

  readonly #tableNames: readonly string[];
  readonly #types: Typespace;
  readonly #callbacks: ConnectionCallbacks;
  readonly #report: ErrorReporter;
  readonly #statusListeners = new Listeners<[status: ConnectionStatus]>();
  readonly #staleListeners = new Listeners<[isStale: boolean]>();
  readonly #connected = new Deferred<void>();
  readonly #line: Line;
  readonly #mirror: Mirror;
  readonly #resync = new Resync();
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  #greeting: Greeting | undefined;
  #token: string | undefined;
  #isStale = false;

  /** Connects at once. Programs call `build()` of a builder instead. */
  constructor(schema: ModuleSchema<M>, options: ConnectionOptions, callbacks: ConnectionCallbacks) {
    const { types } = schema;
    const { report } = options;
    const send: Send = (write) => this.#line.send(write);
    this.#tableNames = Object.values<TableSchema>(schema.tables).map(({ name }) => name);
    this.#types = types;
    this.#callbacks = callbacks;
    this.#report = report;
    this.#mirror = new Mirror(schema.tables, types, report);
    this.#requests = new Requests(send, options.offlineQueue);
    this.#subscriptions = new Subscriptions({
      mirror: this.#mirror,
      resync: this.#resync,
      send,
      report,
      restart: (error) => this.#line.restart(error),
      confirmed: () => this.#setStale(false),
    });
    this.db = this.#mirror.handles;
    this.reducers = makeMethods(schema.reducers, types, (accessor, { name }, args) =>
      this.#requests.call(accessor, name, (writer, id) => writeCallReducer(writer, id, name, args)),
    );
    this.procedures = makeMethods(schema.procedures ?? {}, types, (accessor, procedure, args) =>
      this.#requests.procedure(accessor, procedure.name, procedure.returns, (writer, id) =>
        writeCallProcedure(writer, id, procedure.name, args),
      ),
    ) as ProceduresOf<M>;
    this.#line = new Line(options, {
      up: (greeting, token) => this.#up(greeting, token),
      received: (message) => this.#received(message),
      down: (error, willReconnect) => this.#down(error, willReconnect),
      failed: (error) => this.#failed(error),
      changed: (status) => this.#statusListeners.emit(report, status),
    });
    this.#line.open();
  }

  /** Fulfilled with the first connection; rejected if it fails for good. Need not be awaited. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Who this connection is to the database; undefined before the first connection. */
  get identity(): Identity | undefined {
    return this.#greeting?.identity;
  }

  /** Which connection this is; another one after each reconnection. */
  get connectionId(): ConnectionId | undefined {
    return this.#greeting?.connectionId;
  }

  /** What proves the identity to the server: for `withToken` of a later connection. */
  get token(): string | undefined {
    return this.#token;
  }

  get status(): ConnectionStatus {
    return this.#line.status;
  }

  /** Calls `callback` with each new status from now on. */
  onStatus(callback: (status: ConnectionStatus) => void): Stop {
    return this.#statusListeners.add(callback);
  }

  /** Whether the rows are those of an earlier visit, which the server has not confirmed yet: see `withPersistence`. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** Calls `callback` each time `isStale` changes. */
  onStale(callback: (isStale: boolean) => void): Stop {
    return this.#staleListeners.add(callback);
  }

  /**
   * Keeps the rows of these queries, SQL (`SELECT * FROM message WHERE …`) or built ones, in the cache, all of them or none.
   * What cannot be sent now is sent with the next connection. Throws LC_LIMIT.
   */
  subscribe(
    queries: QueryInput | readonly QueryInput[],
    callbacks?: SubscriptionCallbacks,
  ): Subscription {
    const list = isList(queries) ? queries : [queries];
    return this.#subscriptions.add(list.map(sqlOf), callbacks ?? {});
  }

  /** Keeps all rows of all tables that the bindings have in the cache. As `subscribe`. */
  subscribeToAllTables(callbacks?: SubscriptionCallbacks): Subscription {
    return this.subscribe(this.#tableNames.map(selectAll), callbacks);
  }

  /**
   * Asks once; the cache is not touched. Where the text of the query is known to the compiler, so is the type of the rows.
   * Rejects with LC_REQUEST_INVALID what the server refuses, with LC_TABLE_UNKNOWN rows of tables that the bindings leave
   * out, with LC_CONNECTION while there is no connection, except that queries wait for the first one; with LC_LIMIT.
   */
  async query<const Sql extends string>(sql: Sql): Promise<readonly SqlRow<M["rows"], Sql>[]>;
  async query<Row>(query: Query<Row>): Promise<readonly Row[]>;
  async query(query: QueryInput): Promise<readonly unknown[]> {
    const sql = sqlOf(query);
    return this.#requests.query((writer, id) => writeOneOffQuery(writer, id, sql));
  }

  /**
   * Ends the connection for good. The cache stays as it is. Calls in flight reject with LC_OUTCOME_UNKNOWN, later ones with
   * LC_CONNECTION.
   */
  disconnect(): void {
    const { kind } = this.#line.status;
    if (kind === "closed") return;
    this.#line.close();
    if (kind === "connected") this.#tellDisconnected(undefined, false);
    this.#finish(new LightconeError("LC_CONNECTION", "the program closed the connection"));
    this.#statusListeners.emit(this.#report, this.#line.status);
  }

  /** What `withPersistence` of the builder asks for. */
  attach(persistence: Persistence, schema: ModuleSchema<M>, options: LineOptions): void {
    const { address, clockwork, report } = options;
    const tables: PersistedTable[] = [];
    for (const [accessor, tableSchema] of Object.entries<TableSchema>(schema.tables)) {
      const table = this.#mirror.handles[accessor];
      if (table instanceof CachedTable) tables.push({ schema: tableSchema, table });
    }
    persistence.attach({
      serverUrl: address.serverUrl,
      databaseName: address.databaseName,
      types: schema.types,
      tables,
      clockwork,
      report,
      startToken: unwatched(startToken(options)),
      token: unwatched(
        this.connected.then(() => present(this.#token, "connected without a token")),
      ),
      showCached: (rows) => this.#subscriptions.showCached(() => this.#showCached(rows)),
    });
  }

  #showCached(rows: readonly TableRows[]): void {
    const changes = this.#mirror.addRows(rows);
    this.#isStale = true;
    this.#mirror.notify(changes, { kind: "cached" });
    this.#staleListeners.emit(this.#report, true);
  }

  #setStale(isStale: boolean): void {
    this.#isStale = isStale;
    this.#staleListeners.emit(this.#report, isStale);
  }

  #up(greeting: Greeting, token: string): void {
    const isFirst = this.#greeting === undefined;
    this.#greeting = greeting;
    this.#token = token;
    this.#subscriptions.up(isFirst);
    this.#requests.open();
    if (!isFirst) return;
    this.#connected.resolve();
    this.#callbacks.connected(greeting.identity, token);
  }

  #down(error: LightconeError, willReconnect: boolean): void {
    const reason = connectionError(error);
    if (willReconnect) this.#requests.pause(reason);
    else this.#requests.shut(reason);
    this.#subscriptions.down();
    this.#tellDisconnected(error, willReconnect);
    if (!willReconnect) this.#finish(error);
  }

  #failed(error: LightconeError): void {
    this.#callbacks.connectFailed(error);
    if (this.#line.status.kind === "closed") this.#finish(error);
  }

  #tellDisconnected(error: LightconeError | undefined, willReconnect: boolean): void {
    this.#callbacks.disconnected({ kind: "disconnected", error, willReconnect });
  }

  /** Nothing more will come: whatever waits is told so. */
  #finish(error: LightconeError): void {
    this.#connected.reject(error);
    this.#requests.shut(connectionError(error));
    this.#subscriptions.close(connectionError(error));
    this.#resync.finish();
  }

  #received(message: ServerMessage): void {
    switch (message.kind) {
      case "transactionUpdate": {
        this.#update(message.querySets, { kind: "transaction" });
        return;
      }
      case "reducerResult":
        this.#reducerResult(message);
        return;
      case "subscribeApplied":
        this.#subscriptions.applied(message);
        return;
      case "unsubscribeApplied":
        this.#subscriptions.unsubscribed(message);
        return;
      case "subscriptionError":
        this.#subscriptions.failed(message);
        return;
      case "oneOffQueryResult":
        this.#queryResult(message);
        return;
      case "procedureResult":
        this.#procedureResult(message);
        return;
      default:
        throw new LightconeError("LC_FRAME_INVALID", `nobody asked for a ${message.kind}`);
    }
  }

  /** Applies what a transaction changed; `then` follows when it has been told. */
  #update(querySets: readonly QuerySetUpdate[], event: EventContext, then?: () => void): void {
    const changes = this.#mirror.update(querySets);
    const ids = querySets.map(({ querySetId }) => querySetId);
    this.#resync.whenSynced(() => {
      this.#subscriptions.tell(changes, event, ids);
      then?.();
    });
  }

  #reducerResult({ requestId, timestamp, outcome }: MessageOf<"reducerResult">): void {
    const { name, result } = this.#requests.take("call", requestId);
    if (outcome.kind === "err" || outcome.kind === "internalError") {
      result.reject(reducerError(name, outcome));
      return;
    }
    const querySets = outcome.kind === "ok" ? outcome.querySets : [];
    const event = { kind: "reducer", name, outcome: "committed", timestamp } as const;
    this.#update(querySets, event, () => result.resolve({ timestamp }));
  }

  #procedureResult({ requestId, status }: MessageOf<"procedureResult">): void {
    const { name, returnType, result } = this.#requests.take("procedure call", requestId);
    if (status.kind === "internalError") {
      result.reject(new LightconeError("LC_PROCEDURE_FAILED", `${name}: ${status.error}`));
      return;
    }
    settleWith(result, () => {
      const value = decode(compileCodec(returnType, this.#types), status.value);
      // Not before the rows that it committed are there to be read.
      this.#resync.whenSynced(() => result.resolve(value));
    });
  }

  #queryResult({ requestId, result: answer }: MessageOf<"oneOffQueryResult">): void {
    const { result } = this.#requests.take("query", requestId);
    if (answer.kind === "err") {
      result.reject(new LightconeError("LC_REQUEST_INVALID", answer.error));
      return;
    }
    settleWith(result, () => {
      const rows: ProductValue[] = [];
      for (const { table, rows: list } of answer.tables) {
        for (const row of this.#mirror.decodeRows(table, list)) rows.push(row);
      }
      result.resolve(rows);
    });
  }
}

/** Rejects with what `read` throws: an answer that the bindings cannot read is of no harm to anybody else. */
function settleWith<T>(result: Deferred<T>, read: () => void): void {
  try {
    read();
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    result.reject(thrown);
  }
}

function isList(queries: QueryInput | readonly QueryInput[]): queries is readonly QueryInput[] {
  return Array.isArray(queries);
}

function sqlOf(query: QueryInput): string {
  return typeof query === "string" ? query : query.toSql();
}

/** The token that the first attempt uses, as reconnect.ts finds it. */
async function startToken({
  token,
  tokenStore,
  address,
}: LineOptions): Promise<string | undefined> {
  return token ?? tokenStore.get(address.serverUrl);
}

/** Nobody has to look at it: a rejection that nobody awaits must not end a Node process. */
function unwatched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The documented code for what is asked of a connection that is not there, whatever ended it. */
function connectionError(reason: LightconeError): LightconeError {
  if (reason.code === "LC_CONNECTION") return reason;
  return new LightconeError("LC_CONNECTION", `not connected: ${reason.message}`);
}
