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
import {
  allTableQueries,
  compileTableQuery,
  isAllTables,
  type TableQuery,
} from "../sql/table-query.ts";
import { isLongRead } from "../sql/cursor.ts";
import type { LongReads } from "./long-reads.ts";
import type { Address, Outbox } from "./outbox.ts";
import { RowsRead } from "./rows-read.ts";
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
  const prefix = thrown.code === "LC_NOT_YET" ? "LC_NOT_YET: " : "";
  return `${prefix}${messageOf(thrown)}`;
}

/** A connected client. Faulty messages throw LC_FRAME_INVALID: the socket is to be closed. */
export class Session {
  readonly client: Client;
  readonly address: Address;
  readonly #context: SessionContext;
  readonly #reads = new Set<RowsRead>();

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
        this.#callProcedure(message);
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

  #callProcedure(message: CallMessage): void {
    const error = this.#context.database.module.hasProcedure(message.name, this.client)
      ? `LC_NOT_YET: procedure ${message.name}: procedures do not run in this version`
      : "No such procedure";
    writeProcedureError(this.#begin(), message.requestId, 0n, 0n, error);
    this.#send();
  }

  /** Compiles the texts of a query set; the first fault refuses all of it. */
  #compile(texts: readonly string[]): TableQuery[] | string {
    const { database } = this.#context;
    const { datastore } = database.parts;
    const caller = database.sqlCaller(this.client);
    const queries: TableQuery[] = [];
    for (const text of texts) {
      try {
        if (isAllTables(text)) queries.push(...allTableQueries(datastore, caller));
        else queries.push(compileTableQuery(text, datastore, caller, "subscription"));
      } catch (thrown) {
        return queryFault(thrown);
      }
    }
    return queries;
  }

  #subscribe(message: SubscribeMessage): void {
    const { requestId, querySetId } = message;
    const queries = this.#compile(message.queries);
    if (typeof queries === "string") {
      this.#sendSubscriptionError(requestId, querySetId, queries);
      return;
    }
    const { registry } = this.#context.database.parts;
    let shared;
    try {
      shared = registry.add(this.client.subscriber, querySetId, queries);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.#sendSubscriptionError(requestId, querySetId, thrown.message);
      return;
    }
    const filled = shared.map(({ query }) => query).filter(({ table }) => table.rowCount > 0);
    writeSubscribeAppliedHead(this.#begin(), requestId, querySetId, filled.length);
    this.#sendTables(filled);
  }

  /** Sends what was begun, followed by the rows of queries: those of now, however long it takes. */
  #sendTables(queries: readonly TableQuery[]): void {
    const { outbox, writer, longReads } = this.#context;
    if (!queries.some(isLongRead)) {
      this.#writeTables(writer, queries);
      this.#send();
      return;
    }
    const { address } = this;
    const read = new RowsRead(writer.finish(), queries, {
      send: (part) => {
        outbox.sendPart(address, part);
      },
      done: () => {
        this.#reads.delete(read);
        outbox.open(address);
      },
    });
    this.#reads.add(read);
    outbox.hold(address, () => {
      longReads.add(read);
    });
  }

  /** The client is gone: nothing is read for it any more. */
  end(): void {
    for (const read of this.#reads) {
      this.#context.longReads.remove(read);
      read.cancel();
    }
    this.#reads.clear();
    this.address.waiting = undefined;
  }

  #writeTables(writer: Writer, queries: readonly TableQuery[]): void {
    for (const query of queries) {
      writeTableHead(writer, query.table.schema.name);
      this.#context.database.parts.evaluator.writeRows(query, writer);
    }
  }

  #unsubscribe(message: UnsubscribeMessage): void {
    const { requestId, querySetId } = message;
    const { registry } = this.#context.database.parts;
    const queries = this.client.subscriber.sets.get(querySetId);
    if (queries === undefined) {
      const text = `Subscription not found: ${querySetId}`;
      this.#sendSubscriptionError(requestId, querySetId, text);
      return;
    }
    registry.remove(this.client.subscriber, querySetId);
    const filled = queries.map(({ query }) => query).filter(({ table }) => table.rowCount > 0);
    const dropped = message.sendDroppedRows ? filled : undefined;
    writeUnsubscribeAppliedHead(this.#begin(), requestId, querySetId, dropped?.length);
    this.#sendTables(dropped ?? []);
  }

  #sendSubscriptionError(requestId: number, querySetId: number, error: string): void {
    writeSubscriptionError(this.#begin(), requestId, querySetId, error);
    this.#send();
  }

  #query(message: OneOffQueryMessage): void {
    const { database } = this.#context;
    let query: TableQuery;
    try {
      const caller = database.sqlCaller(this.client);
      query = compileTableQuery(message.query, database.parts.datastore, caller, "oneOff");
    } catch (thrown) {
      writeOneOffError(this.#begin(), message.requestId, queryFault(thrown));
      this.#send();
      return;
    }
    writeOneOffOkHead(this.#begin(), message.requestId, 1);
    this.#sendTables([query]);
  }
}
