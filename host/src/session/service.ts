// A database together with its clients, wherever it runs: commands in, frames out. A thread, a test or an embedding program drives
// it and decides where the frames go.
import {
  CloseCode,
  closeReason,
  type Identity,
  LightconeError,
  messageOf,
  NameCache,
  parseJson,
  Reader,
  Writer,
} from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { type Client, makeClient } from "../database/client.ts";
import { Database, type UpdatePlan } from "../database/database.ts";
import { handleRoute, type RouteOutcome, type RouteRequest } from "../database/http-routes.ts";
import {
  callWithJson,
  type ConnectRefusal,
  type ProcedureAnswer,
  type SqlAnswer,
  startSql,
} from "../database/one-off.ts";
import type { PublishPolicy } from "../database/publish.ts";
import type { Subscriber } from "../subscription/registry.ts";
import type { SqlCursor } from "../sql/run/select-cursor.ts";
import { Alarm } from "./alarm.ts";
import { type LongRead, LongReads } from "./long-reads.ts";
import type { Cause, Session, SessionContext } from "./context.ts";
import { UpdateSender } from "./fan-out.ts";
import { plainChoice, type WireChoice } from "./frame-style.ts";
import { SessionFactory } from "./open-session.ts";
import { type Address, Outbox } from "./outbox.ts";
import type { CallAnswer, Delivery, ServiceCaller, ServiceOptions } from "./service-contract.ts";
import { SqlSessions } from "./sql-session.ts";

/** Whether nothing ran that could have committed anything which the answer tells of. */
function isRefusal({ kind }: CallAnswer): boolean {
  return kind !== "committed" && kind !== "returned" && kind !== "procedureFailed";
}

function unexpected(thrown: unknown): LightconeError {
  return thrown instanceof LightconeError
    ? thrown
    : new LightconeError("LC_DATABASE_UNAVAILABLE", messageOf(thrown));
}

/** Messages longer than this are not kept room for once they are sent. */
const writerBytesKept = 4 * 1024 * 1024;

export class DatabaseService {
  readonly #database: Database;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox;
  readonly #sessions = new Map<number, Session>();
  readonly #context: { -readonly [K in keyof SessionContext]: SessionContext[K] };
  readonly #factory: SessionFactory;
  readonly #longReads: LongReads;
  readonly #isSqlStrict: boolean;
  /** Clients that send statements over connections that last. */
  readonly sqlSessions: SqlSessions;
  readonly #alarm: Alarm;
  /** Tells those who wait for a call that goes on that the database has ended. */
  readonly #unanswered = new Set<(error: LightconeError) => void>();
  #failure: LightconeError | undefined;
  #isClosing = false;

  private constructor(database: Database, outbox: Outbox, options: ServiceOptions, cause: Cause) {
    const { clock, delivery, pause, timers } = options;
    this.#database = database;
    this.#longReads = new LongReads(pause, (read) => this.#readOn(read));
    this.#alarm = new Alarm(clock, timers, () => {
      this.#runDue();
    });
    this.#isSqlStrict = options.strictSql ?? false;
    this.sqlSessions = new SqlSessions({
      database,
      longReads: this.#longReads,
      isSqlStrict: this.#isSqlStrict,
      isFailed: () => this.#failure !== undefined,
      makeClient: (caller) => this.#client(0, caller),
      guard: (run) => this.#guard(run),
      flush: () => this.#flush(),
    });
    this.#delivery = delivery;
    this.#outbox = outbox;
    this.#context = {
      database,
      outbox,
      names: new NameCache(),
      writer: new Writer(4096),
      reader: new Reader(new Uint8Array(0)),
      longReads: this.#longReads,
    };
    this.#factory = new SessionFactory(this.#context, cause);
  }

  /** Opens the database; see `Database.open`. */
  static async open(options: ServiceOptions): Promise<DatabaseService> {
    // The database is made before what listens to it; nothing listens while it opens, since nobody is connected.
    let service: DatabaseService | undefined;
    let earlyFailure: LightconeError | undefined;
    let sender: UpdateSender | undefined;
    const cause: Cause = { inputs: undefined };
    const database = await Database.open({
      ...options,
      turn: (work) => service?.turn(work),
      updates: {
        onUpdates: (affected, caller, inputs) => {
          cause.inputs = inputs;
          sender?.send(affected, caller, database.parts.evaluator.bytes, (subscriber) =>
            service?.addressOf(subscriber),
          );
        },
      },
      logListener: {
        onDurable: (offset) => service?.onDurable(offset),
        onFailure: (error) => {
          if (service === undefined) earlyFailure = error;
          else service.fail(error);
        },
      },
    });
    const outbox = new Outbox(database.log, options.delivery);
    sender = new UpdateSender(outbox);
    service = new DatabaseService(database, outbox, options, cause);
    // What recovery committed must be durable before anybody is told anything.
    await database.log.flush();
    if (earlyFailure !== undefined) throw earlyFailure;
    service.#setAlarm();
    return service;
  }

  get database(): Database {
    return this.#database;
  }

  get failure(): LightconeError | undefined {
    return this.#failure;
  }

  /** Whether commands must wait for the disk. */
  get isBackpressured(): boolean {
    return this.#database.log.isBackpressured;
  }

  /** How many query sets clients watch, and how many clients do. */
  get watchCounts(): { readonly setCount: number; readonly clientCount: number } {
    let setCount = 0;
    let clientCount = 0;
    for (const { client } of this.#sessions.values()) {
      setCount += client.subscriber.sets.size;
      if (client.subscriber.sets.size > 0) clientCount++;
    }
    return { setCount, clientCount };
  }

  /** Where a subscriber's frames go. */
  addressOf(subscriber: Subscriber): Address | undefined {
    return this.#sessions.get(subscriber.id)?.address;
  }

  onDurable(offset: number): void {
    if (this.#failure !== undefined) return;
    this.#outbox.onDurable(offset);
    this.#setAlarm();
  }

  /** Schedules wait like all commands while the disk is behind: the log's next sync sets the alarm then. */
  #setAlarm(): void {
    if (this.#isClosing || this.isBackpressured) return;
    this.#alarm.set(this.#database.nextWakeMicros);
  }

  /** A schedule is due. */
  #runDue(): void {
    if (this.#failure !== undefined || this.#isClosing || this.isBackpressured) return;
    try {
      this.#guard(() => {
        this.#database.runDue();
      });
    } catch (thrown) {
      // There is nobody to refuse a due call to: what is thrown here ends the database.
      this.fail(new LightconeError("LC_DATABASE_UNAVAILABLE", messageOf(thrown)));
      return;
    }
    this.endTurn();
  }

  /** The end of this database as it is in memory (design decision 8): the disk failed or an invariant broke. */
  fail(error: LightconeError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#longReads.cancelAll();
    this.#alarm.set(Infinity);
    this.#database.procedures.abandon();
    for (const reject of this.#unanswered) reject(error);
    this.#delivery.failed(error);
  }

  /** Runs a command; what is neither a refusal nor a guest's fault ends the database. */
  #guard<T>(run: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosing) {
      throw new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closing");
    }
    try {
      return run();
    } catch (thrown) {
      if (thrown instanceof LightconeError && thrown.code !== "LC_DISK") throw thrown;
      const error = unexpected(thrown);
      this.fail(error);
      throw error;
    }
  }

  /** One part of a long read; false once there is no more of it. */
  #readOn(read: LongRead): boolean {
    if (this.#failure !== undefined) return false;
    try {
      return this.#guard(() => {
        const goesOn = read.step();
        this.#outbox.endTurn();
        return goesOn;
      });
    } catch {
      // The failure is reported; there is nobody else to tell.
      return false;
    }
  }

  #client(id: number, caller: ServiceCaller): Client {
    const { identity, connectionId, jwtPayload } = caller;
    return makeClient(id, identity, connectionId, jwtPayload, this.#database.isOwner(identity));
  }

  /** Attaches a socket: `client_connected`, then the first message. A refused client is dropped. */
  connect(
    socket: number,
    caller: ServiceCaller,
    token: string,
    isConfirmed: boolean,
    wire: WireChoice = plainChoice,
  ): void {
    try {
      this.#guard(() => {
        const client = this.#client(socket, caller);
        const refusal = this.#database.connect(client);
        if (refusal !== undefined) {
          this.#delivery.dropSocket(socket, refusal.message);
          return;
        }
        const session = this.#factory.open(client, isConfirmed, wire);
        this.#sessions.set(socket, session);
        session.greet(token);
      });
    } catch (thrown) {
      if (this.#failure !== undefined) return;
      this.#delivery.closeSocket(socket, CloseCode.internalError, closeReason(messageOf(thrown)));
    }
  }

  /** One frame of a socket, `bytes[start, end)`. One that breaks the protocol closes the socket. */
  receive(socket: number, bytes: Uint8Array, start: number, end: number, isText = false): void {
    const session = this.#sessions.get(socket);
    // Messages still under way when the socket was closed are nobody's.
    if (session === undefined) return;
    try {
      this.#guard(() => {
        session.receive(bytes, start, end, isText);
      });
    } catch (thrown) {
      if (this.#failure !== undefined) return;
      const hasTooMany = thrown instanceof LightconeError && thrown.code === "LC_LIMIT";
      const code = hasTooMany ? CloseCode.tryAgainLater : CloseCode.internalError;
      this.#end(session, code, messageOf(thrown));
    }
    if (this.#context.writer.memory.length > writerBytesKept)
      this.#context.writer = new Writer(4096);
  }

  /** A part of a long answer that a socket was sent has left; `memory` is where it was, if it can be used again. */
  written(socket: number, byteCount: number, memory?: ArrayBuffer): void {
    const session = this.#sessions.get(socket);
    if (session !== undefined && this.#failure === undefined) {
      this.#outbox.written(session.address, byteCount, memory);
    }
  }

  /** The socket is gone. */
  disconnect(socket: number): void {
    const session = this.#sessions.get(socket);
    if (session === undefined || this.#failure !== undefined) return;
    this.#guard(() => {
      this.#disconnect(session);
    });
  }

  #disconnect(session: Session): void {
    this.#sessions.delete(session.address.socket);
    session.end();
    this.#database.disconnect(session.client);
  }

  /** Closes a socket, after the answers to all that it has asked. */
  #end(session: Session, code: number, reason: string): void {
    this.#guard(() => {
      this.#disconnect(session);
    });
    this.#outbox.close(session.address, code, closeReason(reason));
  }

  /** Ends a turn: frames leave, lines of the module's log are written. */
  endTurn(): void {
    if (this.#failure !== undefined) return;
    try {
      this.#guard(() => {
        this.#database.endTurn();
      });
    } catch {
      // The failure is reported; there is nobody else to tell.
      return;
    }
    this.#outbox.endTurn();
    this.#setAlarm();
  }

  /** Creates or updates the program and waits until that is durable. Clients that cannot go on are disconnected. */
  async publish(
    program: Uint8Array,
    owner: Identity,
    policy: PublishPolicy = { kind: "compatible" },
  ): Promise<"created" | "updated" | "unchanged"> {
    const { kind, ended } = this.#guard(() => this.#database.publish(program, owner, policy));
    for (const session of this.#sessions.values()) {
      const isEnded = ended === "everybody" || ended.has(session.client.subscriber);
      if (isEnded) this.#end(session, CloseCode.goingAway, "module exited");
    }
    await this.#flush();
    return kind;
  }

  planPublish(program: Uint8Array): UpdatePlan {
    return this.#guard(() => this.#database.planPublish(program));
  }

  /** Runs what a timer or a socket woke as a turn of its own. */
  turn(work: () => void): void {
    if (this.#failure !== undefined || this.#isClosing) return;
    try {
      this.#guard(work);
    } catch (thrown) {
      // A refusal has nobody to be told to: it is a fault like any other here.
      if (this.#failure === undefined) this.fail(unexpected(thrown));
    }
    this.endTurn();
  }

  /** A call over HTTP, of a reducer or a procedure; answered once all that it committed is durable. */
  async call(
    name: string,
    argumentsJson: string,
    caller: ServiceCaller,
  ): Promise<{ outcome: CallAnswer; durationMicros: number }> {
    const args = parseJson(argumentsJson);
    const { clock } = this.#database.parts;
    const start = clock.nowMillis();
    const called = this.#guard(() =>
      callWithJson(this.#database, this.#client(0, caller), name, args),
    );
    const outcome =
      called.kind === "procedure"
        ? await this.#answer<ProcedureAnswer>((onEnd) => {
            called.run(onEnd);
          })
        : called;
    const durationMicros = Math.round((clock.nowMillis() - start) * 1000);
    if (!isRefusal(outcome)) await this.#flush();
    return { outcome, durationMicros };
  }

  /** What a call comes to that may end in a later turn; rejects if the database ends first. */
  async #answer<T>(start: (onEnd: (answer: T) => void) => void): Promise<T> {
    let giveUp: ((error: LightconeError) => void) | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      giveUp = reject;
      this.#unanswered.add(reject);
      this.#guard(() => {
        start(resolve);
      });
    });
    try {
      return await answer;
    } finally {
      if (giveUp !== undefined) this.#unanswered.delete(giveUp);
    }
  }

  /** A request to a route of the module; answered once all that its handler committed is durable. */
  async route(request: RouteRequest): Promise<RouteOutcome> {
    const { parts, procedures } = this.#database;
    const outcome = await this.#answer<RouteOutcome>((onEnd) => {
      handleRoute(parts, procedures, request, onEnd);
    });
    if (outcome.kind !== "unknown") await this.#flush();
    return outcome;
  }

  /** One SQL statement over HTTP. */
  async sql(
    text: string,
    caller: ServiceCaller,
    isConfirmed: boolean,
  ): Promise<SqlAnswer | ConnectRefusal> {
    const run = this.#guard(() =>
      startSql(this.#database, this.#client(0, caller), text, this.#isSqlStrict),
    );
    if (run.kind === "refused") return run;
    const { cursor } = run;
    let answer: SqlAnswer;
    try {
      if (cursor?.isLong === true) await this.#longReads.finish(() => this.#advance(cursor));
      else cursor?.advance(Number.POSITIVE_INFINITY);
      answer = run.finish();
    } finally {
      // A database that has failed has no clients any more.
      if (this.#failure === undefined) this.#guard(() => run.end());
      else cursor?.close();
    }
    if (isConfirmed) await this.#flush();
    return answer;
  }

  /** One part of an answer; false once it is whole. */
  #advance(cursor: SqlCursor): boolean {
    cursor.advance(limit.readSliceRows);
    return !cursor.isDone;
  }

  async #flush(): Promise<void> {
    this.endTurn();
    await this.#database.log.flush();
  }

  /** Ends all sockets, their clients and the database; everything committed is durable then. */
  async close(reason: string): Promise<void> {
    if (this.#failure === undefined) {
      // Its clients are told before their sockets close.
      this.#database.procedures.close();
      for (const session of this.#sessions.values()) {
        this.#end(session, CloseCode.goingAway, reason);
      }
      this.sqlSessions.endAll();
      this.#longReads.cancelAll();
      this.endTurn();
      this.#isClosing = true;
      this.#alarm.set(Infinity);
    }
    await this.#database.close();
  }
}
