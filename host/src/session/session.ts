// One client of a database: its messages in, its answers out (protocol.md sections 4 and 7).
import {
  type CallMessage,
  type ClientMessage,
  decodeClientMessage,
  messageOf,
  LightconeError,
  type NameCache,
  type OneOffQueryMessage,
  type Reader,
  type SubscribeMessage,
  type UnsubscribeMessage,
  unreachable,
  writeInitialConnection,
  writeOneOffError,
  writeOneOffOkHead,
  writeProcedureError,
  writeProcedureReturned,
  type Writer,
  writeReducerErr,
  writeReducerInternalError,
  writeReducerOkHead,
  writeSubscribeAppliedHead,
  writeSubscriptionError,
  writeTableHead,
  writeUnsubscribeAppliedHead,
} from "@lightcone/abi";
import { admitCall, runCall } from "../database/call.ts";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import { admitProcedure } from "../database/procedures.ts";
import { isLongQuery } from "../sql/run.ts";
import { prepareViews, viewsIn } from "../database/views/use.ts";
import type { ViewInstance } from "../database/views/views.ts";
import {
  allTableTexts,
  checkQueryRowLimit,
  type CompiledText,
  compileQueries,
  isAllTables,
  type TableQuery,
} from "../sql/table-query.ts";
import type { LongReads } from "./long-reads.ts";
import type { Address, Outbox } from "./outbox.ts";
import { filledWith, RowsRead } from "./rows-read.ts";
import { arrangeParts, writeParts } from "./updates.ts";

/** What sessions of one database share. */
export interface SessionContext {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly names: NameCache;
  /** Every message is written here first. */
  readonly writer: Writer;
  readonly reader: Reader;
  readonly longReads: LongReads;
}

/** An error's text as clients are told it. SQL's own faults quote the query (protocol.md section 7.7). */
function queryFault(thrown: unknown): string {
  if (!(thrown instanceof LightconeError)) throw thrown;
  return messageOf(thrown);
}

/** A connected client. Faulty messages throw LC_FRAME_INVALID: the socket is to be closed. */
export class Session {
  readonly client: Client;
  readonly address: Address;
  readonly #context: SessionContext;
  readonly #reads = new Set<RowsRead>();
  #hasEnded = false;

  constructor(context: SessionContext, client: Client, address: Address) {
    this.#context = context;
    this.client = client;
    this.address = address;
  }

  #send(): void {
    const { outbox, writer } = this.#context;
    outbox.send(this.address, writer.memory, writer.length);
  }

  #begin(): Writer {
    this.#context.writer.clear();
    return this.#context.writer;
  }

  /** The first message: who the client is. Never held. */
  greet(token: string): void {
    const writer = this.#begin();
    writeInitialConnection(writer, this.client.identity, this.client.connectionId, token);
    this.#context.outbox.sendNow(this.address.socket, writer.memory, writer.length);
  }

  /** Takes one message, `bytes[start, end)`. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    const { reader, names } = this.#context;
    reader.reset(bytes, start, end);
    this.#dispatch(decodeClientMessage(reader, names), bytes);
  }

  #dispatch(message: ClientMessage, bytes: Uint8Array): void {
    switch (message.kind) {
      case "callReducer":
        this.#callReducer(message, bytes);
        return;
      case "subscribe":
        this.#subscribe(message);
        return;
      case "unsubscribe":
        this.#unsubscribe(message);
        return;
      case "oneOffQuery":
        this.#query(message);
        return;
      case "callProcedure":
        this.#callProcedure(message, bytes);
        return;
      default:
        unreachable(message);
    }
  }

  #callReducer(message: CallMessage, bytes: Uint8Array): void {
    const { database } = this.#context;
    const { module, parts } = database;
    const { requestId, name, argsStart, argsEnd } = message;
    const reducer = admitCall(module, this.client, name, bytes, argsStart, argsEnd);
    if ("kind" in reducer) {
      const micros = parts.clock.nowMicros();
      writeReducerInternalError(this.#begin(), requestId, micros, reducer.message);
      this.#send();
      return;
    }
    const outcome = runCall(parts, module, reducer, this.client, bytes, argsStart, argsEnd);
    const writer = this.#begin();
    switch (outcome.kind) {
      case "committed": {
        const own = this.client.subscriber.parts;
        writeReducerOkHead(writer, requestId, outcome.timestampMicros, arrangeParts(own));
        writeParts(writer, own, parts.evaluator.bytes);
        break;
      }
      case "failed":
        writeReducerErr(writer, requestId, outcome.timestampMicros, outcome.message);
        break;
      case "fatal":
      case "outOfEnergy":
        writeReducerInternalError(writer, requestId, outcome.timestampMicros, outcome.message);
        break;
      default:
        unreachable(outcome);
    }
    this.#send();
  }

  #callProcedure({ requestId, name, argsStart, argsEnd }: CallMessage, bytes: Uint8Array): void {
    const { database } = this.#context;
    const found = admitProcedure(database.module, this.client, name, bytes, argsStart, argsEnd);
    if ("kind" in found) {
      writeProcedureError(this.#begin(), requestId, 0n, 0n, found.message);
      this.#send();
      return;
    }
    database.procedures.call(found, this.client, bytes, argsStart, argsEnd, (outcome) => {
      // It goes on without its caller, and nobody is told.
      if (this.#hasEnded) return;
      const { timestampMicros, durationMicros } = outcome;
      const writer = this.#begin();
      if (outcome.kind === "returned") {
        const { value } = outcome;
        writeProcedureReturned(writer, requestId, timestampMicros, durationMicros, value);
      } else {
        const { message } = outcome;
        writeProcedureError(writer, requestId, timestampMicros, durationMicros, message);
      }
      this.#send();
    });
  }

  /** Compiles the texts of a query set; the first fault refuses all of it. */
  #compile(given: readonly string[]): TableQuery[] | string {
    const { database } = this.#context;
    const { datastore, registry } = database.parts;
    const caller = database.sqlCaller(this.client);
    try {
      const texts = given.flatMap((text) =>
        isAllTables(text) ? allTableTexts(datastore, caller) : [text],
      );
      const queries = texts.flatMap((text) =>
        compileQueries(text, datastore, caller, "subscription"),
      );
      // What others watch already is not counted again (sql-and-subscriptions.md section 7.4).
      const unshared = queries.filter((query) => !registry.has(query));
      checkQueryRowLimit(unshared, datastore, caller);
      return queries;
    } catch (thrown) {
      return queryFault(thrown);
    }
  }

  /** Computes the views that texts read, so that queries find their rows. Throws LC_VIEW. */
  #prepareViews(texts: readonly string[]): readonly ViewInstance[] {
    const { database } = this.#context;
    const { module, parts } = database;
    const wanted = viewsIn(texts, parts, module, this.client, database.sqlCaller(this.client));
    return prepareViews(parts, module, this.client, wanted);
  }

  #subscribe(message: SubscribeMessage): void {
    const { requestId, querySetId } = message;
    let instances: readonly ViewInstance[];
    try {
      instances = this.#prepareViews(message.queries);
    } catch (thrown) {
      this.#sendSubscriptionError(requestId, querySetId, queryFault(thrown));
      return;
    }
    const queries = this.#compile(message.queries);
    if (typeof queries === "string") {
      this.#sendSubscriptionError(requestId, querySetId, queries);
      return;
    }
    const { registry, views, clock } = this.#context.database.parts;
    let shared;
    try {
      shared = registry.add(this.client.subscriber, querySetId, queries);
      views.holders.add(this.client.subscriber, querySetId, instances);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.#sendSubscriptionError(requestId, querySetId, thrown.message);
      return;
    }
    const filled = shared.map(({ query }) => query).filter(({ table }) => table.rowCount > 0);
    writeSubscribeAppliedHead(this.#begin(), requestId, querySetId, filled.length);
    try {
      this.#sendTables(filled.map((query): CompiledText => [query]));
    } catch (thrown) {
      const fault = queryFault(thrown);
      registry.remove(this.client.subscriber, querySetId);
      views.holders.remove(this.client.subscriber, querySetId, clock.nowMillis());
      this.#sendSubscriptionError(requestId, querySetId, fault);
    }
  }

  /**
   * Sends what was begun, followed by a list of rows for each group: those of now, however long it takes. Throws LC_LIMIT, with nothing
   * sent, for a join that would take too long; with `writeRefusal` joins are read in parts, and what it writes is sent instead.
   */
  #sendTables(
    groups: readonly CompiledText[],
    writeRefusal?: (error: LightconeError) => void,
  ): void {
    const { outbox, writer, longReads } = this.#context;
    const queries = groups.flat();
    const isLong = queries.some(isLongQuery);
    const mayTryMuch = writeRefusal !== undefined && queries.some(({ kind }) => kind === "join");
    if (!isLong && !mayTryMuch) {
      this.#writeTables(writer, groups);
      this.#send();
      return;
    }
    const { address } = this;
    const done = (): void => {
      this.#reads.delete(read);
      outbox.open(address);
    };
    const refused = (error: LightconeError): void => {
      writeRefusal?.(error);
      outbox.sendPart(address, { ...filledWith(writer.finish()), isFirst: true, isLast: true });
      done();
    };
    const read = new RowsRead(writer.finish(), groups, {
      hasRoom: () =>
        outbox.hasRoom(address, () => {
          longReads.add(read);
        }),
      send: (part) => {
        outbox.sendPart(address, part);
      },
      done,
      ...(writeRefusal !== undefined && { refused }),
    });
    this.#reads.add(read);
    outbox.hold(address, () => {
      if (isLong || !read.isFound) longReads.add(read);
      else while (read.step());
    });
  }

  /** The client is gone: nothing is read for it any more. */
  end(): void {
    this.#hasEnded = true;
    for (const read of this.#reads) {
      this.#context.longReads.remove(read);
      read.cancel();
    }
    this.#reads.clear();
    this.address.waiting = undefined;
    this.address.onRoom = undefined;
  }

  #writeTables(writer: Writer, groups: readonly CompiledText[]): void {
    for (const group of groups) {
      writeTableHead(writer, group[0].table.schema.name);
      this.#context.database.parts.evaluator.writeRows(group, writer);
    }
  }

  #unsubscribe(message: UnsubscribeMessage): void {
    const { requestId, querySetId } = message;
    const { registry, views, clock } = this.#context.database.parts;
    if (!this.client.subscriber.sets.has(querySetId)) {
      const text = `Subscription not found: ${querySetId}`;
      this.#sendSubscriptionError(requestId, querySetId, text);
      return;
    }
    const queries = registry.remove(this.client.subscriber, querySetId);
    views.holders.remove(this.client.subscriber, querySetId, clock.nowMillis());
    const filled = queries.map(({ query }) => query).filter(({ table }) => table.rowCount > 0);
    const dropped = message.sendDroppedRows ? filled : undefined;
    writeUnsubscribeAppliedHead(this.#begin(), requestId, querySetId, dropped?.length);
    try {
      this.#sendTables((dropped ?? []).map((query): CompiledText => [query]));
    } catch (thrown) {
      this.#sendSubscriptionError(requestId, querySetId, queryFault(thrown));
    }
  }

  #sendSubscriptionError(requestId: number, querySetId: number, error: string): void {
    writeSubscriptionError(this.#begin(), requestId, querySetId, error);
    this.#send();
  }

  #query(message: OneOffQueryMessage): void {
    const { database } = this.#context;
    const { datastore } = database.parts;
    try {
      const caller = database.sqlCaller(this.client);
      this.#prepareViews([message.query]);
      const queries = compileQueries(message.query, datastore, caller, "oneOff");
      checkQueryRowLimit(queries, datastore, caller);
      // One table, however many queries row rules make of one.
      writeOneOffOkHead(this.#begin(), message.requestId, 1);
      this.#sendTables([queries], (error) => {
        writeOneOffError(this.#begin(), message.requestId, messageOf(error));
      });
    } catch (thrown) {
      writeOneOffError(this.#begin(), message.requestId, queryFault(thrown));
      this.#send();
    }
  }
}
