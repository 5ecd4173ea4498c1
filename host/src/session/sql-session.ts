// A client that sends SQL statements one after another over a connection that lasts: `client_connected` ran at its start,
// `client_disconnected` runs at its end. Answers are made in parts, as fast as somebody takes them.
import { limit } from "../base/limit.ts";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import { connect, type ConnectRefusal } from "../database/one-off.ts";
import {
  beginStatement,
  describeStatement,
  type SqlStart,
  type StatementSettings,
} from "../database/statement.ts";
import type { MakeOutput, NamedType, RowOutput } from "../sql/run/row-output.ts";
import type { SqlCursor } from "../sql/run/select-cursor.ts";
import type { LongReads } from "./long-reads.ts";
import type { ServiceCaller } from "./service-contract.ts";

/** What a session needs of the service that it belongs to. */
export interface SqlSessionHost {
  readonly database: Database;
  readonly longReads: LongReads;
  /** Whether SQL is of the reference's dialect alone. */
  readonly isSqlStrict: boolean;
  /** Whether the database has ended. */
  isFailed(): boolean;
  makeClient(caller: ServiceCaller): Client;
  /** Runs a command; what is no refusal ends the database. */
  guard<T>(run: () => T): T;
  /** Resolves when all that is committed is durable. */
  flush(): Promise<void>;
}

/** The sessions of a database. */
export class SqlSessions {
  readonly #host: SqlSessionHost;
  readonly #sessions = new Set<SqlSession>();

  constructor(host: SqlSessionHost) {
    this.#host = host;
  }

  /** Connects a client, or says why `client_connected` refused it. Throws as `connect`. */
  open(caller: ServiceCaller): SqlSession | ConnectRefusal {
    return this.#host.guard(() => {
      const client = this.#host.makeClient(caller);
      const refusal = connect(this.#host.database, client);
      if (refusal !== undefined) return refusal;
      const session = new SqlSession(this.#host, client, () => {
        this.#sessions.delete(session);
      });
      this.#sessions.add(session);
      return session;
    });
  }

  endAll(): void {
    for (const session of this.#sessions) session.end();
  }
}

export class SqlSession {
  readonly client: Client;
  readonly #host: SqlSessionHost;
  readonly #cursors = new Set<SqlCursor>();
  readonly #onEnd: () => void;
  #isCancelled = false;
  #hasEnded = false;

  /** The client is connected. */
  constructor(host: SqlSessionHost, client: Client, onEnd: () => void) {
    this.#host = host;
    this.client = client;
    this.#onEnd = onEnd;
  }

  get database(): Database {
    return this.#host.database;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  #settings(settings: Omit<StatementSettings, "isStrict">): StatementSettings {
    return { ...settings, isStrict: this.#host.isSqlStrict };
  }

  /** The columns that a statement would give, undefined for one that changes rows. Throws as the statement would. */
  describe(
    text: string,
    settings: Omit<StatementSettings, "isStrict">,
  ): readonly NamedType[] | undefined {
    const { database } = this.#host;
    return this.#host.guard(() =>
      describeStatement(database, this.client, text, this.#settings(settings)),
    );
  }

  /**
   * Begins a statement; what it shows or has changed is durable then. A cursor that comes of it must be given to `close`, unless
   * the session ends before. Rejects with LC_SQL_*, LC_LIMIT, LC_VIEW, LC_DATABASE_UNAVAILABLE.
   */
  async begin<Output extends RowOutput>(
    text: string,
    settings: Omit<StatementSettings, "isStrict">,
    makeOutput: MakeOutput<Output>,
  ): Promise<SqlStart<Output>> {
    this.#isCancelled = false;
    const host = this.#host;
    const begun = host.guard(() =>
      beginStatement(host.database, this.client, text, this.#settings(settings), makeOutput),
    );
    if (begun.kind === "rows") this.#cursors.add(begun.cursor);
    try {
      await host.flush();
    } catch (thrown) {
      if (begun.kind === "rows") this.close(begun.cursor);
      throw thrown;
    }
    return begun;
  }

  /** Reads on until the cursor is done, `isEnough` says so, or the statement is cancelled: then false. Rejects with LC_LIMIT. */
  async read(cursor: SqlCursor, isEnough: () => boolean): Promise<boolean> {
    const goesOn = (): boolean =>
      !this.#isCancelled && !this.#hasEnded && !cursor.isDone && !isEnough();
    if (goesOn()) {
      await this.#host.longReads.finish(() => {
        if (!goesOn()) return false;
        cursor.advance(limit.readSliceRows);
        return goesOn();
      });
    }
    return !this.#isCancelled && !this.#hasEnded;
  }

  /** Reading begins again: what was cancelled is over. */
  resume(): void {
    this.#isCancelled = false;
  }

  /** Ends the reading that is under way. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Gives a cursor's rows back. */
  close(cursor: SqlCursor): void {
    if (this.#cursors.delete(cursor)) cursor.close();
  }

  /** Ends the connection; idempotent. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const cursor of this.#cursors) cursor.close();
    this.#cursors.clear();
    this.#onEnd();
    // A database that has failed has no clients any more.
    if (this.#host.isFailed()) return;
    this.#host.guard(() => {
      this.#host.database.disconnect(this.client);
    });
  }
}
