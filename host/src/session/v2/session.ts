// One client of protocol v2 or v3: its messages in, its answers out (protocol.md sections 4, 5 and 7).
import {
  type CallMessage,
  type ClientMessage,
  decodeClientMessage,
  LightconeError,
  messageOf,
  type OneOffQueryMessage,
  type SubscribeMessage,
  type UnsubscribeMessage,
  unreachable,
  writeInitialConnection,
  writeOneOffError,
  writeOneOffOkHead,
  writeProcedureError,
  writeProcedureReturned,
  writeReducerErr,
  writeReducerInternalError,
  writeReducerOkHead,
  writeSubscribeAppliedHead,
  writeSubscriptionError,
  writeTableHead,
  writeUnsubscribeAppliedHead,
} from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { admitCall, runCall } from "../../database/call.ts";
import type { Client } from "../../database/client.ts";
import { admitProcedure } from "../../database/procedures.ts";
import type { ViewInstance } from "../../database/views/views.ts";
import type { TableQuery } from "../../sql/table-query.ts";
import type { Evaluator } from "../../subscription/evaluate.ts";
import { Answers, filledGroups } from "../answers.ts";
import type { Session, SessionContext } from "../context.ts";
import type { Address } from "../outbox.ts";
import {
  checkWatchLimit,
  compileOneOff,
  compileTexts,
  expandTexts,
  prepareTextViews,
  queryFault,
} from "../queries.ts";
import { bsatnRows, type TableForm } from "../table-form.ts";
import { arrangeParts, writeParts } from "../updates.ts";

/** How answers show tables. */
export function v2Tables(evaluator: Evaluator): TableForm {
  return {
    rows: bsatnRows(evaluator),
    writeHead: (writer, { schema }) => {
      writeTableHead(writer, schema.name);
    },
    writeTail: () => undefined,
  };
}

export class V2Session implements Session {
  readonly client: Client;
  readonly address: Address;
  readonly #context: SessionContext;
  readonly #answers: Answers;
  readonly #form: TableForm;
  readonly #isBatched: boolean;
  #hasEnded = false;

  /** `form` comes from `v2Tables`. With `isBatched` a frame holds several messages (v3). */
  constructor(
    context: SessionContext,
    client: Client,
    address: Address,
    form: TableForm,
    isBatched: boolean,
  ) {
    this.#context = context;
    this.client = client;
    this.address = address;
    this.#form = form;
    this.#isBatched = isBatched;
    this.#answers = new Answers(context, address);
  }

  greet(token: string): void {
    const writer = this.#answers.begin();
    writeInitialConnection(writer, this.client.identity, this.client.connectionId, token);
    this.#context.outbox.sendNow(this.address, writer.memory, writer.length);
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    const { reader, names } = this.#context;
    reader.reset(bytes, start, end);
    if (this.#isBatched) this.#receiveBatch(bytes);
    else this.#dispatch(decodeClientMessage(reader, names), bytes);
  }

  /** Takes the messages of a frame as if they had come one by one: those before a faulty one are answered. */
  #receiveBatch(bytes: Uint8Array): void {
    const { reader, names } = this.#context;
    if (reader.remaining === 0) {
      const rule = "v3 websocket binary payload must contain at least one v2 client message";
      throw new LightconeError("LC_FRAME_INVALID", rule);
    }
    for (let count = 0; reader.remaining > 0; count++) {
      if (count === limit.incomingFrameCountMax) {
        throw new LightconeError("LC_LIMIT", "too many requests");
      }
      this.#dispatch(decodeClientMessage(reader, names), bytes);
    }
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
      writeReducerInternalError(this.#answers.begin(), requestId, micros, reducer.message);
      this.#answers.send();
      return;
    }
    const outcome = runCall(parts, module, reducer, this.client, bytes, argsStart, argsEnd);
    const writer = this.#answers.begin();
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
    this.#answers.send();
  }

  #callProcedure({ requestId, name, argsStart, argsEnd }: CallMessage, bytes: Uint8Array): void {
    const { database } = this.#context;
    const found = admitProcedure(database.module, this.client, name, bytes, argsStart, argsEnd);
    if ("kind" in found) {
      writeProcedureError(this.#answers.begin(), requestId, 0n, 0n, found.message);
      this.#answers.send();
      return;
    }
    database.procedures.call(found, this.client, bytes, argsStart, argsEnd, (outcome) => {
      // It goes on without its caller, and nobody is told.
      if (this.#hasEnded) return;
      const { timestampMicros, durationMicros } = outcome;
      const writer = this.#answers.begin();
      if (outcome.kind === "returned") {
        const { value } = outcome;
        writeProcedureReturned(writer, requestId, timestampMicros, durationMicros, value);
      } else {
        const { message } = outcome;
        writeProcedureError(writer, requestId, timestampMicros, durationMicros, message);
      }
      this.#answers.send();
    });
  }

  /** Compiles the texts of a query set; the first fault refuses all of it. */
  #compile(given: readonly string[]): TableQuery[] | string {
    const { database } = this.#context;
    try {
      const texts = expandTexts(database, this.client, given);
      const queries = compileTexts(database, this.client, texts).flat();
      checkWatchLimit(database, this.client, queries);
      return queries;
    } catch (thrown) {
      return queryFault(thrown);
    }
  }

  #subscribe(message: SubscribeMessage): void {
    const { requestId, querySetId } = message;
    let instances: readonly ViewInstance[];
    try {
      instances = prepareTextViews(this.#context.database, this.client, message.queries);
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
    const groups = filledGroups(shared.map(({ query }) => query));
    writeSubscribeAppliedHead(this.#answers.begin(), requestId, querySetId, groups.length);
    try {
      this.#answers.sendRows({ groups, form: this.#form });
    } catch (thrown) {
      const fault = queryFault(thrown);
      registry.remove(this.client.subscriber, querySetId);
      views.holders.remove(this.client.subscriber, querySetId, clock.nowMillis());
      this.#sendSubscriptionError(requestId, querySetId, fault);
    }
  }

  end(): void {
    this.#hasEnded = true;
    this.#answers.end();
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
    const dropped = message.sendDroppedRows
      ? filledGroups(queries.map(({ query }) => query))
      : undefined;
    writeUnsubscribeAppliedHead(this.#answers.begin(), requestId, querySetId, dropped?.length);
    try {
      this.#answers.sendRows({ groups: dropped ?? [], form: this.#form });
    } catch (thrown) {
      this.#sendSubscriptionError(requestId, querySetId, queryFault(thrown));
    }
  }

  #sendSubscriptionError(requestId: number, querySetId: number, error: string): void {
    writeSubscriptionError(this.#answers.begin(), requestId, querySetId, error);
    this.#answers.send();
  }

  #query({ requestId, query }: OneOffQueryMessage): void {
    try {
      const group = compileOneOff(this.#context.database, this.client, query);
      // One table, however many queries row rules make of one.
      writeOneOffOkHead(this.#answers.begin(), requestId, 1);
      this.#answers.sendRows({
        groups: [group],
        form: this.#form,
        writeRefusal: (error) => {
          writeOneOffError(this.#context.writer, requestId, messageOf(error));
        },
      });
    } catch (thrown) {
      writeOneOffError(this.#answers.begin(), requestId, queryFault(thrown));
      this.#answers.send();
    }
  }
}
