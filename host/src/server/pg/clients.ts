// Clients of this protocol on a database's thread: their sessions and the cursors that they have open.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { DatabaseService } from "../../session/service.ts";
import type { ServiceCaller } from "../../session/service-contract.ts";
import type { SqlSession } from "../../session/sql-session.ts";
import type { SqlStats } from "../../sql/change.ts";
import type { NamedType } from "../../sql/run/row-output.ts";
import type { SqlCursor } from "../../sql/run/select-cursor.ts";
import type { CallerData } from "../channel.ts";
import { readCatalog } from "./catalog-tables.ts";
import type {
  Answer,
  Column,
  ExecuteResult,
  PgRequestName,
  PgRequests,
  RowPart,
} from "./contract.ts";
import { DataRows } from "./data-rows.ts";
import { DescribedParameters } from "./described-parameter.ts";
import { PgFault, pgFaultOf } from "./fault.ts";
import { boundParameters } from "./parameter-value.ts";
import { oidOf, pgShapeOf, sizeOf } from "./pg-type.ts";

/** The handlers of the requests, each of which answers once. */
export type PgHandlers = {
  readonly [Name in PgRequestName]: (
    params: PgRequests[Name]["params"],
  ) => Promise<PgRequests[Name]["result"]>;
};

interface OpenCursor {
  readonly cursor: SqlCursor;
  readonly rows: DataRows;
}

interface PgClient {
  readonly session: SqlSession;
  readonly cursors: Map<number, OpenCursor>;
  lastCursor: number;
}

function columnsOf(columns: readonly NamedType[]): Column[] {
  return columns.map(({ name, type }) => {
    const shape = pgShapeOf(type);
    return { name, oid: oidOf(shape), size: sizeOf(shape) };
  });
}

function changedCount({ inserted, deleted, updated }: SqlStats): number {
  return inserted + deleted + updated;
}

function cancelled(): PgFault {
  return new PgFault("57014", "canceling statement due to user request");
}

/** What an answer carries that changes threads without being copied. */
export function memoryOfAnswer(result: unknown): ArrayBuffer[] {
  const answer = result as Answer<{ readonly pieces?: readonly Uint8Array[] } | null>;
  if (answer.kind !== "ok") return [];
  return (answer.value?.pieces ?? []).map(({ buffer }) => buffer as ArrayBuffer);
}

/** `toCaller` makes the service's form of a caller. */
export function makePgHandlers(
  service: DatabaseService,
  toCaller: (data: CallerData) => ServiceCaller,
): PgHandlers {
  const clients = new PgClients(service, toCaller);
  return {
    pgConnect: ({ connection, caller }) =>
      answered(() => {
        clients.connect(connection, caller);
        return null;
      }),
    pgDescribe: ({ connection, text, types }) =>
      answered(() => {
        const described = new DescribedParameters(types);
        const { parameters } = described;
        const columns = clients.get(connection).session.describe(text, { parameters });
        const told = columns && columnsOf(columns);
        return { parameterOids: described.oids, columns: told };
      }),
    pgExecute: (params) => answered(() => clients.execute(params)),
    pgFetch: ({ connection, cursor, rowMax }) =>
      answered(() => clients.fetch(connection, cursor, rowMax)),
    pgCloseCursor: ({ connection, cursor }) =>
      answered(() => {
        clients.closeCursor(connection, cursor);
        return null;
      }),
    pgCatalog: ({ connection }) => answered(() => readCatalog(clients.get(connection).session)),
    pgCancel: ({ connection }) =>
      answered(() => {
        clients.get(connection).session.cancel();
        return null;
      }),
    pgDisconnect: ({ connection }) =>
      answered(() => {
        clients.disconnect(connection);
        return null;
      }),
  };
}

/** Does what is asked; a refusal is an answer, anything else a fault of the host that the thread tells of. */
async function answered<T>(work: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: "ok", value: await work() };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) && !(thrown instanceof PgFault)) throw thrown;
    const { sqlState, message } = pgFaultOf(thrown);
    return { kind: "fault", fault: { sqlState, message } };
  }
}

class PgClients {
  readonly #service: DatabaseService;
  readonly #toCaller: (data: CallerData) => ServiceCaller;
  readonly #clients = new Map<number, PgClient>();
  /** Cursors that are open, of all clients. */
  #cursorCount = 0;

  constructor(service: DatabaseService, toCaller: (data: CallerData) => ServiceCaller) {
    this.#service = service;
    this.#toCaller = toCaller;
  }

  get(connection: number): PgClient {
    const client = this.#clients.get(connection);
    if (client === undefined || client.session.hasEnded) {
      throw new PgFault("57P01", "the database is closing");
    }
    return client;
  }

  connect(connection: number, caller: CallerData): void {
    const session = this.#service.sqlSessions.open(this.#toCaller(caller));
    if ("kind" in session) {
      throw new PgFault("28000", `the module refused the client: ${session.message}`);
    }
    this.#clients.set(connection, { session, cursors: new Map(), lastCursor: 0 });
  }

  async execute(params: PgRequests["pgExecute"]["params"]): Promise<ExecuteResult> {
    const { connection, text, values, resultFormats, rowMax } = params;
    const client = this.get(connection);
    const parameters = boundParameters(values);
    const begun = await client.session.begin(text, { parameters }, (columns) => {
      return new DataRows(columns, resultFormats);
    });
    if (begun.kind === "changed") {
      return { kind: "changed", rowCount: changedCount(begun.stats) };
    }
    const number = ++client.lastCursor;
    const open = { cursor: begun.cursor, rows: begun.output };
    client.cursors.set(number, open);
    this.#cursorCount++;
    const part = await this.#nextPart(client, number, open, rowMax);
    return { kind: "rows", columns: columnsOf(open.rows.columns), cursor: number, ...part };
  }

  fetch(connection: number, number: number, rowMax: number): Promise<RowPart> {
    const client = this.get(connection);
    const open = client.cursors.get(number);
    if (open === undefined) throw new PgFault("34000", `cursor ${number} does not exist`);
    client.session.resume();
    return this.#nextPart(client, number, open, rowMax);
  }

  /** Rows until there are enough for one part. Whatever ends the answer closes the cursor. */
  async #nextPart(
    client: PgClient,
    number: number,
    open: OpenCursor,
    rowMax: number,
  ): Promise<RowPart> {
    const { cursor, rows } = open;
    let isLast = true;
    try {
      const isEnough = (): boolean =>
        rows.rowCount >= rowMax || rows.byteLength >= limit.pgPartBytes;
      if (!(await client.session.read(cursor, isEnough))) throw cancelled();
      const part = rows.take(rowMax);
      isLast = cursor.isDone && rows.rowCount === 0;
      if (!isLast && this.#cursorCount > limit.pgCursorCountMax) {
        isLast = true;
        throw new PgFault(
          "53400",
          `the database has ${limit.pgCursorCountMax} open portals already`,
        );
      }
      return { ...part, isLast };
    } finally {
      if (isLast) this.#forget(client, number, open);
    }
  }

  #forget(client: PgClient, number: number, { cursor }: OpenCursor): void {
    if (!client.cursors.delete(number)) return;
    this.#cursorCount--;
    client.session.close(cursor);
  }

  closeCursor(connection: number, number: number): void {
    const client = this.get(connection);
    const open = client.cursors.get(number);
    if (open !== undefined) this.#forget(client, number, open);
  }

  disconnect(connection: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    this.#clients.delete(connection);
    for (const [number, open] of client.cursors) this.#forget(client, number, open);
    client.session.end();
  }
}
