// One client of protocol v1: its messages in, its answers out (protocol.md sections 6 and 7).
import {
  assert,
  decodeV1ClientMessage,
  decodeV1JsonMessage,
  LightconeError,
  messageOf,
  unitType,
  unreachable,
  type V1CallFacts,
  type V1CallMessage,
  type V1ClientMessage,
  v1NoReducer,
  type Writer,
} from "@lightcone/abi";
import { admitCall, type CallOutcome, runCall } from "../../database/call.ts";
import type { Client } from "../../database/client.ts";
import { admitProcedure } from "../../database/procedures.ts";
import type { TableQuery } from "../../sql/table-query.ts";
import { Answers } from "../answers.ts";
import type { Session, SessionContext } from "../context.ts";
import type { Address } from "../outbox.ts";
import { compileOneOff, queryFault } from "../queries.ts";
import { argumentsOf, refusalText } from "./arguments.ts";
import { type Applied, type CallArguments, noArguments, type V1Encoding } from "./encoding.ts";
import { groupByTable, type PreparedText, V1Subscriptions } from "./subscriptions.ts";

type Message<Kind extends V1ClientMessage["kind"]> = Extract<V1ClientMessage, { kind: Kind }>;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class V1Session implements Session {
  readonly client: Client;
  readonly address: Address;
  readonly #context: SessionContext;
  readonly #answers: Answers;
  readonly #encoding: V1Encoding;
  readonly #subscriptions: V1Subscriptions;
  #hasEnded = false;

  constructor(context: SessionContext, client: Client, address: Address, encoding: V1Encoding) {
    this.#context = context;
    this.client = client;
    this.address = address;
    this.#encoding = encoding;
    this.#answers = new Answers(context, address);
    this.#subscriptions = new V1Subscriptions(context.database, client);
  }

  greet(token: string): void {
    const writer = this.#answers.begin();
    this.#encoding.identityToken(writer, this.client, token);
    this.#context.outbox.sendNow(this.address, writer.memory, writer.length);
  }

  /** The kind of frame alone says how a message is encoded, whatever answers look like (protocol.md section 2.1). */
  receive(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    if (isText) {
      this.#dispatch(decodeV1JsonMessage(textOf(bytes.subarray(start, end))), bytes);
      return;
    }
    const { reader, names } = this.#context;
    reader.reset(bytes, start, end);
    this.#dispatch(decodeV1ClientMessage(reader, names), bytes);
  }

  #dispatch(message: V1ClientMessage, bytes: Uint8Array): void {
    switch (message.kind) {
      case "callReducer":
        this.#callReducer(message, bytes);
        return;
      case "callProcedure":
        this.#callProcedure(message, bytes);
        return;
      case "subscribe":
        this.#subscribeLegacy(message);
        return;
      case "subscribeSingle":
      case "subscribeMulti":
        this.#subscribe(message);
        return;
      case "unsubscribe":
      case "unsubscribeMulti":
        this.#unsubscribe(message);
        return;
      case "oneOffQuery":
        this.#query(message);
        return;
      default:
        unreachable(message);
    }
  }

  #nowMillis(): number {
    return this.#context.database.parts.clock.nowMillis();
  }

  #microsSince(startMillis: number): number {
    return Math.max(0, Math.round((this.#nowMillis() - startMillis) * 1000));
  }

  #callReducer(message: V1CallMessage, bytes: Uint8Array): void {
    const { database } = this.#context;
    const { module, parts } = database;
    const { name, isSilent } = message;
    const startMillis = this.#nowMillis();
    const args = argumentsOf(module, message, bytes);
    const reducer = admitCall(module, this.client, name, args.bytes, args.start, args.end);
    const refusal = refusalText(reducer, args);
    if ("kind" in reducer || refusal !== undefined) {
      if (isSilent) return;
      const facts = this.#facts(message, parts.clock.nowMicros(), 0, startMillis);
      this.#encoding.failed(this.#answers.begin(), facts, noArguments, refusal);
      this.#answers.send();
      return;
    }
    const outcome = runCall(parts, module, reducer, this.client, args.bytes, args.start, args.end);
    const { timestampMicros, energyUsed } = outcome;
    if (isSilent) {
      if (outcome.kind === "committed") this.#tellAsWatcher();
      return;
    }
    // Bytes behind the last parameter are nobody's.
    const end = reducer.walkArguments(args.bytes, args.start, args.end);
    const facts = this.#facts(message, timestampMicros, energyUsed, startMillis);
    this.#tellCaller(facts, { bytes: args.bytes, start: args.start, end }, outcome);
  }

  /** A caller that does not want to be told of its success sees changes like everybody else. */
  #tellAsWatcher(): void {
    const { updates } = this.address;
    const { parts } = this.client.subscriber;
    if (parts.length === 0) return;
    updates.arrange(parts);
    updates.write(this.#answers.begin(), parts, this.#context.database.parts.evaluator.bytes);
    this.#answers.send();
  }

  #tellCaller(facts: V1CallFacts, args: CallArguments, outcome: CallOutcome): void {
    const writer = this.#answers.begin();
    const encoding = this.#encoding;
    switch (outcome.kind) {
      case "committed": {
        const { parts } = this.client.subscriber;
        encoding.full.arrange(parts);
        const encoded = this.#context.database.parts.evaluator.bytes;
        encoding.committed(writer, facts, args, parts, encoded);
        break;
      }
      case "failed":
      case "fatal":
        encoding.failed(writer, facts, args, outcome.message);
        break;
      case "outOfEnergy":
        encoding.failed(writer, facts, args, undefined);
        break;
      default:
        unreachable(outcome);
    }
    this.#answers.send();
  }

  #facts(
    { name, requestId }: V1CallMessage,
    timestampMicros: bigint,
    energy: number,
    startMillis: number,
  ): V1CallFacts {
    const { identityBytes, connectionBytes } = this.client;
    const definition = this.#context.database.module.reducer(name)?.definition;
    return {
      timestampMicros,
      identity: identityBytes,
      connectionId: connectionBytes,
      reducer: definition?.name ?? name,
      reducerId: definition?.id ?? v1NoReducer,
      requestId,
      energy,
      durationMicros: this.#microsSince(startMillis),
    };
  }

  #callProcedure(message: V1CallMessage, bytes: Uint8Array): void {
    const { database } = this.#context;
    const { module, procedures } = database;
    const { requestId, name } = message;
    const args = argumentsOf(module, message, bytes);
    const found = admitProcedure(module, this.client, name, args.bytes, args.start, args.end);
    const encoding = this.#encoding;
    const refusal = refusalText(found, args);
    if ("kind" in found || refusal !== undefined) {
      const none = { type: unitType, typespace: [] };
      const outcome = {
        kind: "failed" as const,
        message: refusal ?? "",
        timestampMicros: 0n,
        durationMicros: 0n,
      };
      encoding.procedureResult(this.#answers.begin(), requestId, none, outcome);
      this.#answers.send();
      return;
    }
    const returns = {
      type: found.definition.returnType,
      typespace: module.definition.typespace,
    };
    procedures.call(found, this.client, args.bytes, args.start, args.end, (outcome) => {
      // It goes on without its caller, and nobody is told.
      if (this.#hasEnded) return;
      encoding.procedureResult(this.#answers.begin(), requestId, returns, outcome);
      this.#answers.send();
    });
  }

  #subscribeLegacy({ requestId, queries: given }: Message<"subscribe">): void {
    const startMillis = this.#nowMillis();
    try {
      const prepared = this.#subscriptions.prepare(given);
      const groups = groupByTable(queriesOf(prepared));
      this.#encoding.initialHead(this.#answers.begin(), groups.length);
      const durationMicros = this.#microsSince(startMillis);
      this.#answers.sendRows({
        groups,
        form: this.#encoding.inserts,
        writeTail: (writer) => {
          this.#encoding.initialTail(writer, requestId, durationMicros);
        },
      });
      this.#subscriptions.replaceLegacy(prepared);
    } catch (thrown) {
      this.#sendSubscriptionError(startMillis, requestId, undefined, thrown);
    }
  }

  #subscribe(message: Message<"subscribeSingle" | "subscribeMulti">): void {
    const { kind, requestId, queryId, queries: given } = message;
    const startMillis = this.#nowMillis();
    const subscriptions = this.#subscriptions;
    let isAdded = false;
    try {
      subscriptions.checkUnused(queryId);
      const isSingle = kind === "subscribeSingle";
      const prepared = isSingle
        ? subscriptions.prepareOne(given[0] ?? "")
        : subscriptions.prepare(given);
      const added = subscriptions.add(queryId, prepared);
      isAdded = true;
      const applied = { requestId, queryId, durationMicros: this.#microsSince(startMillis) };
      if (isSingle) this.#sendSingle("subscribe", applied, queriesOf(prepared));
      else this.#sendMulti("subscribe", applied, added);
    } catch (thrown) {
      this.#sendSubscriptionError(startMillis, requestId, queryId, thrown);
      if (isAdded) subscriptions.remove(queryId);
    }
  }

  #unsubscribe(message: Message<"unsubscribe" | "unsubscribeMulti">): void {
    const { kind, requestId, queryId } = message;
    const startMillis = this.#nowMillis();
    try {
      const isSingle = kind === "unsubscribe";
      if (isSingle) this.#subscriptions.checkSingle(queryId);
      const removed = this.#subscriptions.remove(queryId);
      const applied = { requestId, queryId, durationMicros: this.#microsSince(startMillis) };
      if (isSingle) this.#sendSingle("unsubscribe", applied, removed);
      else this.#sendMulti("unsubscribe", applied, removed);
    } catch (thrown) {
      this.#sendSubscriptionError(startMillis, requestId, queryId, thrown);
    }
  }

  /** The rows of one text, which are all of one table. */
  #sendSingle(
    kind: "subscribe" | "unsubscribe",
    applied: Applied,
    queries: readonly TableQuery[],
  ): void {
    const encoding = this.#encoding;
    const [first, ...others] = queries;
    assert(first !== undefined, "a text without queries");
    encoding.appliedHead(this.#answers.begin(), kind, applied, first.table);
    this.#answers.sendRows({
      groups: [[first, ...others]],
      form: kind === "subscribe" ? encoding.inserts : encoding.deletes,
      writeTail: (writer) => {
        encoding.appliedTail(writer);
      },
    });
  }

  #sendMulti(
    kind: "subscribe" | "unsubscribe",
    applied: Applied,
    queries: readonly TableQuery[],
  ): void {
    const encoding = this.#encoding;
    const groups = groupByTable(queries);
    encoding.multiAppliedHead(this.#answers.begin(), kind, applied, groups.length);
    this.#answers.sendRows({
      groups,
      form: kind === "subscribe" ? encoding.inserts : encoding.deletes,
      writeTail: (writer) => {
        encoding.multiAppliedTail(writer);
      },
    });
  }

  #sendSubscriptionError(
    startMillis: number,
    requestId: number,
    queryId: number | undefined,
    thrown: unknown,
  ): void {
    const text = queryFault(thrown);
    const micros = this.#microsSince(startMillis);
    this.#encoding.subscriptionError(this.#answers.begin(), micros, requestId, queryId, text);
    this.#answers.send();
  }

  #query({ messageId, query }: Message<"oneOffQuery">): void {
    const startMillis = this.#nowMillis();
    const encoding = this.#encoding;
    const writeTail = (writer: Writer): void => {
      encoding.oneOffTail(writer, this.#microsSince(startMillis));
    };
    const writeRefusal = (text: string): void => {
      const { writer } = this.#context;
      encoding.oneOffHead(writer, messageId, text);
      writeTail(writer);
    };
    try {
      const group = compileOneOff(this.#context.database, this.client, query);
      encoding.oneOffHead(this.#answers.begin(), messageId, undefined);
      this.#answers.sendRows({
        groups: [group],
        form: encoding.oneOff,
        writeTail,
        writeRefusal: (error) => {
          writeRefusal(messageOf(error));
        },
      });
    } catch (thrown) {
      const text = queryFault(thrown);
      this.#answers.begin();
      writeRefusal(text);
      this.#answers.send();
    }
  }

  end(): void {
    this.#hasEnded = true;
    this.#answers.end();
  }
}

function queriesOf(prepared: readonly PreparedText[]): TableQuery[] {
  return prepared.flatMap(({ queries }) => queries);
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new LightconeError("LC_FRAME_INVALID", "a text frame is not valid UTF-8");
  }
}
