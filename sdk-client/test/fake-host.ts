// A server of the client's protocol over real sockets, as small as the tests allow: tables in arrays, queries of one
// condition, reducers as functions. It obeys protocol.md sections 1, 4 and 7, and breaks them on request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import {
  type ClientMessage,
  type Codec,
  compileCodec,
  ConnectionId,
  decodeClientMessage,
  encode,
  Identity,
  type ProductValue,
  messageOf,
  type QuerySetUpdate,
  Reader,
  type ProcedureStatus,
  type ReducerOutcome,
  type ServerMessage,
  type Subprotocol,
  chooseSubprotocol,
  type TableRows,
  type TableUpdate,
  TimeDuration,
  Timestamp,
  Writer,
  writeServerMessage,
} from "@lightcone/abi";
import { type WebSocket, WebSocketServer } from "ws";
import type { TableSchema } from "../src/schema.ts";
import { chat } from "./chat.ts";
import { rowList } from "./row-list.ts";

type Rows = Readonly<Record<string, readonly ProductValue[]>>;

/** What a transaction does. An event table's rows go into `insert`. */
export interface Changes {
  readonly insert?: Rows;
  readonly delete?: Rows;
}

interface FakeTable {
  readonly schema: TableSchema;
  readonly codec: Codec<ProductValue>;
  rows: ProductValue[];
}

interface Query {
  readonly table: FakeTable;
  readonly matches: (row: ProductValue) => boolean;
}

const grammar = /^SELECT \* FROM (\w+)(?: WHERE (\w+) (=|<|>) (.+))?$/;

function bodyOf(messages: readonly ServerMessage[]): Uint8Array {
  const writer = new Writer();
  for (const message of messages) writeServerMessage(writer, message);
  return writer.finish();
}

/** One client. `sets` holds its subscriptions. */
export class FakeSession {
  readonly sets: Map<number, readonly Query[]> = new Map();
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** All in one frame, which only v3 allows for more than one message. */
  send(...messages: readonly ServerMessage[]): void {
    this.#socket.send(Buffer.concat([Buffer.of(0), bodyOf(messages)]));
  }

  sendGzip(...messages: readonly ServerMessage[]): void {
    this.#socket.send(Buffer.concat([Buffer.of(2), gzipSync(bodyOf(messages))]));
  }

  sendRaw(frame: Uint8Array | string): void {
    this.#socket.send(frame);
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

type Answer = (session: FakeSession, message: ClientMessage) => boolean;

export class FakeHost {
  readonly sessions: Set<FakeSession> = new Set();
  /** Path and Authorization header of each request to connect. */
  readonly upgrades: { readonly url: string; readonly authorization: string | undefined }[] = [];
  readonly protocols: string[] = [];
  readonly messages: ClientMessage[] = [];
  /** How many messages each frame of a client held. */
  readonly frameCounts: number[] = [];
  /** What it speaks. */
  supported: readonly Subprotocol[] = ["v3.bsatn.spacetimedb", "v2.bsatn.spacetimedb"];
  /** Whether answers are compressed, whatever was asked for. */
  compresses = false;
  /** Code and reason of each Close frame from a client. */
  readonly closes: string[] = [];
  readonly tokens: Map<string, Identity> = new Map();
  /** What a reducer does; what it throws is its error. */
  readonly reducers: Map<string, (args: Uint8Array) => Changes> = new Map();
  /** What a procedure returns, encoded; what it throws is its error. */
  readonly procedures: Map<string, (args: Uint8Array) => Uint8Array> = new Map();
  /** Taken before the host's own answer, where it returns true. */
  override: Answer = () => false;
  refusal: { readonly status: number; readonly text: string } | undefined;
  greets = true;
  #tables = new Map<string, FakeTable>();
  #server: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #port = 0;
  #mintedCount = 0;
  #wake: () => void = () => undefined;

  constructor() {
    for (const schema of Object.values<TableSchema>(chat.tables)) {
      const codec = compileCodec<ProductValue>(schema.row, chat.types);
      this.#tables.set(schema.name, { schema, codec, rows: [] });
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#http(request, response));
    const sockets = new WebSocketServer({
      server,
      handleProtocols: (offered) => chooseSubprotocol([...offered], this.supported) ?? false,
      verifyClient: (info, answer) => {
        const { url = "", headers } = info.req;
        this.upgrades.push({ url, authorization: headers.authorization });
        const refusal = this.#refusalOf(info.req);
        if (refusal === undefined) answer(true);
        else answer(false, refusal.status, refusal.text);
      },
    });
    sockets.on("connection", (socket, request) => this.#open(socket, request));
    await new Promise<void>((resolve) => {
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** Ends all; a later `start()` takes the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#sockets?.close();
    this.drop();
    if (server === undefined) return;
    await new Promise<unknown>((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  /** Cuts all sockets as a broken network would. */
  drop(): void {
    for (const session of this.sessions) session.terminate();
  }

  get session(): FakeSession {
    const [session] = this.sessions;
    if (session === undefined) throw new Error("nobody is connected");
    return session;
  }

  #tokenOf({ url = "", headers }: IncomingMessage): string | undefined {
    const inQuery = new URL(url, this.url).searchParams.get("token")?.replace(/^short-/, "");
    return headers.authorization?.replace(/^Bearer /, "") ?? inQuery;
  }

  #refusalOf(request: IncomingMessage): { status: number; text: string } | undefined {
    const token = this.#tokenOf(request);
    if (this.refusal !== undefined) return this.refusal;
    const isKnown = token === undefined || this.tokens.has(token);
    return isKnown ? undefined : { status: 401, text: "Invalid token: unknown" };
  }

  #http(request: IncomingMessage, response: ServerResponse): void {
    const token = this.#tokenOf(request) ?? "";
    const isExchange = request.method === "POST" && request.url === "/v1/identity/websocket-token";
    if (isExchange && this.tokens.has(token)) response.end(`{"token":"short-${token}"}`);
    else response.writeHead(isExchange ? 401 : 404).end("Invalid token: unknown");
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const session = new FakeSession(socket);
    this.sessions.add(session);
    this.protocols.push(socket.protocol);
    this.#wake();
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => {
      this.sessions.delete(session);
      this.closes.push(`${code} ${reason.toString()}`);
      this.#wake();
    });
    socket.on("message", (data: Buffer) => this.#receive(session, data));
    const token = this.#tokenOf(request) ?? `token-${this.#mintedCount++}`;
    const identity = this.tokens.get(token) ?? new Identity(BigInt(this.#mintedCount));
    this.tokens.set(token, identity);
    if (!this.greets) return;
    const connectionId = new ConnectionId(BigInt(this.upgrades.length));
    session.send({ kind: "initialConnection", identity, connectionId, token });
  }

  #receive(session: FakeSession, data: Buffer): void {
    const reader = new Reader(data);
    let count = 0;
    do {
      const message = decodeClientMessage(reader);
      count++;
      this.messages.push(message);
      this.#wake();
      if (!this.override(session, message)) this.answer(session, message, data);
    } while (reader.remaining > 0 && this.protocols.at(-1)?.startsWith("v3"));
    this.frameCounts.push(count);
  }

  /** Waits for so many messages since the start. */
  heard(count: number): Promise<void> {
    return this.#until(() => this.messages.length >= count);
  }

  /** Waits for a client. */
  connected(): Promise<void> {
    return this.#until(() => this.sessions.size > 0);
  }

  /** Waits until all clients are gone. */
  closed(): Promise<void> {
    return this.#until(() => this.sessions.size === 0);
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What the host says to a message by itself; `data` holds the arguments of calls. */
  answer(session: FakeSession, message: ClientMessage, data: Uint8Array): void {
    switch (message.kind) {
      case "subscribe":
        this.#subscribe(session, message.requestId, message.querySetId, message.queries);
        return;
      case "unsubscribe": {
        const { requestId, querySetId } = message;
        const tables = (session.sets.get(querySetId) ?? []).map((query) => this.#select(query));
        session.sets.delete(querySetId);
        session.send({ kind: "unsubscribeApplied", requestId, querySetId, tables });
        return;
      }
      case "oneOffQuery": {
        const query = this.#parse(message.query);
        const result =
          query === undefined
            ? { kind: "err" as const, error: "bad query" }
            : { kind: "ok" as const, tables: [this.#select(query)] };
        session.send({ kind: "oneOffQueryResult", requestId: message.requestId, result });
        return;
      }
      case "callProcedure": {
        const args = data.subarray(message.argsStart, message.argsEnd);
        this.#callProcedure(session, message.requestId, message.name, args);
        return;
      }
      default:
        this.#call(
          session,
          message.requestId,
          message.name,
          data.subarray(message.argsStart, message.argsEnd),
        );
    }
  }

  #subscribe(
    session: FakeSession,
    requestId: number,
    querySetId: number,
    texts: readonly string[],
  ): void {
    const queries = texts.map((text) => this.#parse(text));
    if (queries.includes(undefined)) {
      session.send({ kind: "subscriptionError", requestId, querySetId, error: "bad query" });
      return;
    }
    const parsed = queries.filter((query) => query !== undefined);
    session.sets.set(querySetId, parsed);
    const tables = parsed.map((query) => this.#select(query));
    session.send({ kind: "subscribeApplied", requestId, querySetId, tables });
  }

  #call(session: FakeSession, requestId: number, name: string, args: Uint8Array): void {
    const timestamp = new Timestamp(BigInt(this.messages.length));
    const answer = (outcome: ReducerOutcome): void =>
      session.send({ kind: "reducerResult", requestId, timestamp, outcome });
    const reducer = this.reducers.get(name);
    if (reducer === undefined) {
      answer({ kind: "internalError", error: "no such reducer" });
      return;
    }
    try {
      const querySets = this.commit(reducer(args), session);
      answer({ kind: "ok", value: new Uint8Array(0), querySets });
    } catch (thrown) {
      answer({ kind: "err", error: encode(stringCodec, messageOf(thrown)) });
    }
  }

  #callProcedure(session: FakeSession, requestId: number, name: string, args: Uint8Array): void {
    const answer = (status: ProcedureStatus): void =>
      session.send({
        kind: "procedureResult",
        requestId,
        timestamp: new Timestamp(0n),
        duration: new TimeDuration(0n),
        status,
      });
    try {
      const procedure = this.procedures.get(name);
      if (procedure === undefined) throw new Error("No such procedure");
      answer({ kind: "returned", value: procedure(args) });
    } catch (thrown) {
      answer({ kind: "internalError", error: messageOf(thrown) });
    }
  }

  /** Changes the tables and tells everybody but the caller, whose updates are returned. */
  commit(changes: Changes, caller?: FakeSession): QuerySetUpdate[] {
    for (const [name, rows] of Object.entries(changes.delete ?? {})) {
      const table = this.#table(name);
      const gone = new Set(rows.map((row) => keyOf(table, row)));
      table.rows = table.rows.filter((row) => !gone.has(keyOf(table, row)));
    }
    for (const [name, rows] of Object.entries(changes.insert ?? {})) {
      const table = this.#table(name);
      if (!table.schema.isEvent) table.rows.push(...rows);
    }
    for (const session of this.sessions) {
      const querySets = session === caller ? [] : this.#updatesFor(session, changes);
      if (querySets.length === 0) continue;
      if (this.compresses) session.sendGzip({ kind: "transactionUpdate", querySets });
      else session.send({ kind: "transactionUpdate", querySets });
    }
    return caller === undefined ? [] : this.#updatesFor(caller, changes);
  }

  #updatesFor(session: FakeSession, changes: Changes): QuerySetUpdate[] {
    const updates: QuerySetUpdate[] = [];
    for (const [querySetId, queries] of session.sets) {
      const tables = queries.flatMap((query) => this.#updateOf(query, changes));
      if (tables.length > 0) updates.push({ querySetId, tables });
    }
    return updates;
  }

  #updateOf({ table, matches }: Query, changes: Changes): TableUpdate[] {
    const { name, isEvent } = table.schema;
    const inserts = (changes.insert?.[name] ?? []).filter(matches);
    const deletes = (changes.delete?.[name] ?? []).filter(matches);
    if (inserts.length + deletes.length === 0) return [];
    const list = (rows: readonly ProductValue[]) => rowList(table.codec, rows);
    if (isEvent) return [{ table: name, rows: [{ kind: "event", events: list(inserts) }] }];
    const part = { kind: "persistent" as const, inserts: list(inserts), deletes: list(deletes) };
    return [{ table: name, rows: [part] }];
  }

  #select({ table, matches }: Query): TableRows {
    const rows = rowList(table.codec, table.rows.filter(matches));
    return { table: table.schema.name, rows };
  }

  #parse(text: string): Query | undefined {
    const [, name = "", field, operator, literal = ""] = grammar.exec(text) ?? [];
    const table = this.#tables.get(name);
    if (table === undefined) return undefined;
    if (field === undefined) return { table, matches: () => true };
    const wanted = literal.replace(/^'(.*)'$/, "$1");
    return {
      table,
      matches: (row) => {
        const value = row[field] as string | bigint;
        if (operator === "=") return String(value) === wanted;
        return operator === "<" ? BigInt(value) < BigInt(wanted) : BigInt(value) > BigInt(wanted);
      },
    };
  }

  #table(name: string): FakeTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the fake host has no table ${name}`);
    return table;
  }
}

const stringCodec = compileCodec({ kind: "string" });

function keyOf({ codec }: FakeTable, row: ProductValue): string {
  return encode(codec as unknown as Codec, row).join();
}
