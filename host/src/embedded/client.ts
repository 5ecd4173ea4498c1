// A client of a database in the same process: calls, procedures, subscriptions and statements with plain values.
import {
  type ConnectionId,
  decode,
  type Identity,
  LightconeError,
  present,
  type ProductValue,
  Reader,
  type ServerMessage,
  type Timestamp,
  unreachable,
  type Value,
  writeCallProcedure,
  writeCallReducer,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
} from "@lightcone/abi";
import { type Client, makeClient } from "../database/client.ts";
import type { ServiceCaller } from "../session/service-contract.ts";
import type { Core, CoreListener } from "./core.ts";
import type { Fields } from "./field-codec.ts";
import type { Schema } from "./schema.ts";
import { EmbeddedSubscription, unionRows } from "./subscription.ts";
import type { CallArguments, ModuleTypes, ReducerName, RowOf, TableName } from "./types.ts";

/** What a reducer call answers when it committed. */
export interface CallResult {
  /** The time of the call, as the reducer saw it. */
  readonly timestamp: Timestamp;
}

type ServerMessageOf<Kind extends ServerMessage["kind"]> = Extract<
  ServerMessage,
  { readonly kind: Kind }
>;

interface Pending {
  readonly settle: (message: ServerMessage) => void;
  readonly reject: (error: LightconeError) => void;
}

export class EmbeddedClient<M extends ModuleTypes> {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly #core: Core;
  readonly #jwtPayload: string;
  readonly #pending = new Map<number, Pending>();
  readonly #subscriptions = new Map<number, EmbeddedSubscription<M>>();
  /** One number for requests and subscriptions alike. */
  #lastId = 0;
  #number = 0;
  #onGreeting: ((refusal: LightconeError | undefined) => void) | undefined;
  #ended: LightconeError | undefined;

  private constructor(core: Core, { identity, connectionId, jwtPayload }: ServiceCaller) {
    this.#core = core;
    this.identity = identity;
    this.connectionId = connectionId;
    this.#jwtPayload = jwtPayload;
  }

  /** Connects; rejects with LC_REDUCER_FAILED and the module's words if `client_connected` does not let it in. */
  static async connect<M extends ModuleTypes>(
    core: Core,
    caller: ServiceCaller,
  ): Promise<EmbeddedClient<M>> {
    const client = new EmbeddedClient<M>(core, caller);
    const greeted = new Promise<void>((resolve, reject) => {
      client.#onGreeting = (refusal) => {
        if (refusal === undefined) resolve();
        else reject(new LightconeError("LC_REDUCER_FAILED", refusal.message));
      };
    });
    const listener: CoreListener = {
      onMessage: (message) => {
        client.#onMessage(message);
      },
      onClosed: (error) => {
        client.#onClosed(error);
      },
    };
    [client.#number] = await Promise.all([core.attach(caller, listener), greeted]);
    await core.flush();
    return client;
  }

  /** False once it was disconnected, by whichever side. */
  get isConnected(): boolean {
    return this.#ended === undefined;
  }

  /** For subscriptions. */
  get schema(): Schema {
    return this.#core.schema;
  }

  /**
   * Calls a reducer, by its name in the module or in TypeScript, with arguments by name or in order. Resolves when it has committed,
   * what it committed is durable, and this client's subscriptions show it. Rejects with LC_REDUCER_FAILED and the reducer's words;
   * LC_MODULE_TRAP; LC_REDUCER_ARGUMENTS; LC_VALUE_INVALID for a name that the module does not have; LC_CONNECTION.
   */
  async call<Name extends ReducerName<M>>(
    name: Name,
    ...[args]: CallArguments<M, Name>
  ): Promise<CallResult> {
    const reducer = this.schema.reducer(name);
    const bytes = this.schema.encodeArguments("reducer", reducer, fieldsOf(args));
    const { message, panic } = await this.#ask<"reducerResult">((writer, id) => {
      writeCallReducer(writer, id, reducer.name, bytes);
    });
    const { outcome, timestamp } = message;
    switch (outcome.kind) {
      case "ok":
      case "okEmpty":
        return { timestamp };
      case "err":
        throw new LightconeError("LC_REDUCER_FAILED", new Reader(outcome.error).string());
      case "internalError":
        throw failure(outcome.error, panic);
      default:
        return unreachable(outcome);
    }
  }

  /**
   * Calls a procedure; resolves to what it returned, once what it committed is durable. Rejects as `call` does, with LC_MODULE_TRAP
   * for whatever keeps it from returning: the module's log says what that was.
   */
  async callProcedure(name: string, args?: Fields): Promise<Value> {
    const procedure = this.schema.procedure(name);
    const bytes = this.schema.encodeArguments("procedure", procedure, fieldsOf(args));
    const codec = this.schema.returnCodec(procedure);
    const { message, panic } = await this.#ask<"procedureResult">((writer, id) => {
      writeCallProcedure(writer, id, procedure.name, bytes);
    });
    if (message.status.kind === "internalError") throw failure(message.status.error, panic);
    return decode(codec, message.status.value);
  }

  /** Watches queries together; resolves when their rows are there. Rejects with LC_SUBSCRIPTION. */
  async subscribe(...queries: string[]): Promise<EmbeddedSubscription<M>> {
    let made: EmbeddedSubscription<M> | undefined;
    await this.#ask<"subscribeApplied">(
      (writer, id) => {
        made = new EmbeddedSubscription<M>(this, id, queries);
        // Updates may follow in the same turn as the first rows.
        this.#subscriptions.set(id, made);
        writeSubscribe(writer, id, id, queries);
      },
      (id) => this.#subscriptions.delete(id),
    );
    return present(made, "a subscription that was asked for");
  }

  /** The rows of a table or view that any of its subscriptions selects, each once. Throws LC_TABLE_UNKNOWN. */
  rows<Name extends TableName<M>>(table: Name): RowOf<M, Name>[] {
    this.schema.table(table);
    return unionRows(this.#subscriptions.values(), table) as RowOf<M, Name>[];
  }

  /**
   * Runs one SQL statement as this client: it sees what this client may see. Statements that change rows are the owner's alone, and
   * have no rows to return. Rejects with LC_SQL_*.
   */
  async sql(text: string): Promise<ProductValue[]> {
    this.#checkConnected();
    return this.#core.sql(this.#client(), text);
  }

  #client(): Client {
    const isOwner = this.#core.database.isOwner(this.identity);
    return makeClient(0, this.identity, this.connectionId, this.#jwtPayload, isOwner);
  }

  /** Ends the connection: `client_disconnected` runs, and is durable when this resolves. Without effect if it has ended. */
  async disconnect(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#onClosed(new LightconeError("LC_CONNECTION", "the client has disconnected"));
    await this.#core.detach(this.#number);
  }

  /** For subscriptions. */
  async endSubscription(id: number): Promise<void> {
    const subscription = present(this.#subscriptions.get(id), "a subscription without its client");
    await this.#ask<"unsubscribeApplied">((writer, requestId) => {
      writeUnsubscribe(writer, requestId, id, false);
    });
    this.#subscriptions.delete(id);
    subscription.end();
  }

  #checkConnected(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** Sends a message and waits for its answer. `undo` takes back what was noted for it if there is none. */
  async #ask<Kind extends ServerMessage["kind"]>(
    write: (writer: Writer, id: number) => void,
    undo?: (id: number) => void,
  ): Promise<{ readonly message: ServerMessageOf<Kind>; readonly panic: string | undefined }> {
    this.#checkConnected();
    const id = ++this.#lastId;
    const writer = new Writer(64);
    write(writer, id);
    const answer = new Promise<ServerMessage>((settle, reject) => {
      this.#pending.set(id, { settle, reject });
    });
    try {
      const [message, panic] = await Promise.all([
        answer,
        this.#core.send(this.#number, writer.finish()),
      ]);
      return { message: message as ServerMessageOf<Kind>, panic };
    } catch (thrown) {
      this.#pending.delete(id);
      undo?.(id);
      throw thrown;
    }
  }

  #settle(id: number, message: ServerMessage): void {
    this.#pending.get(id)?.settle(message);
    this.#pending.delete(id);
  }

  #onMessage(message: ServerMessage): void {
    switch (message.kind) {
      case "initialConnection":
        this.#onGreeting?.(undefined);
        this.#onGreeting = undefined;
        return;
      case "transactionUpdate":
        for (const update of message.querySets)
          this.#subscription(update.querySetId)?.apply(update);
        return;
      case "subscribeApplied":
        this.#subscription(message.querySetId)?.fill(message.tables);
        break;
      case "subscriptionError":
        this.#refuseSubscription(message);
        return;
      case "reducerResult":
        if (message.outcome.kind === "ok") {
          for (const update of message.outcome.querySets) {
            this.#subscription(update.querySetId)?.apply(update);
          }
        }
        break;
      case "procedureResult":
      case "unsubscribeApplied":
      case "oneOffQueryResult":
        break;
      default:
        unreachable(message);
    }
    this.#settle(message.requestId, message);
  }

  #subscription(id: number): EmbeddedSubscription<M> | undefined {
    return this.#subscriptions.get(id);
  }

  /** A subscription that was applied may fail later, when a new program no longer has what it selects. */
  #refuseSubscription({
    requestId,
    querySetId,
    error,
  }: ServerMessageOf<"subscriptionError">): void {
    const pending = requestId === undefined ? undefined : this.#pending.get(requestId);
    if (pending !== undefined) {
      pending.reject(new LightconeError("LC_SUBSCRIPTION", error));
      return;
    }
    this.#subscription(querySetId)?.end();
    this.#subscriptions.delete(querySetId);
  }

  #onClosed(error: LightconeError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#onGreeting?.(error);
    this.#onGreeting = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const subscription of this.#subscriptions.values()) subscription.end();
  }
}

function fieldsOf(args: unknown): Fields {
  return (args ?? []) as Fields;
}

/** What the engine says of a call that did not end well; who shares its process may see what happened. */
function failure(text: string, panic: string | undefined): LightconeError {
  return new LightconeError("LC_MODULE_TRAP", panic === undefined ? text : `${text} ${panic}`);
}
