// Calls and statements over HTTP: each is a connection of its own, with `client_connected` before and `client_disconnected`
// after it (http-and-auth.md section 6).
import {
  compileJsonWriter,
  encodeArguments,
  type JsonValue,
  LightconeError,
  messageOf,
  type ProductType,
  Reader,
} from "@lightcone/abi";
import type { RunChange, SqlStats } from "../sql/change.ts";
import { prepareSql } from "../sql/run.ts";
import type { SqlCursor } from "../sql/run/select-cursor.ts";
import { admitCall, type CallOutcome, type CallRefusal, commit, runCall } from "./call.ts";
import type { Client } from "./client.ts";
import type { Database } from "./database.ts";
import { admitProcedure } from "./procedures.ts";
import { prepareViews, viewsIn } from "./views/use.ts";

/** `client_connected` refused the caller. */
export interface ConnectRefusal {
  readonly kind: "refused";
  readonly message: string;
}

/** Begins a connection. LC_DATABASE_UNAVAILABLE if `client_connected` was stopped before it could say yes or no, LC_CLIENT_CONNECTED if it trapped. */
function connect(database: Database, client: Client): ConnectRefusal | undefined {
  const failure = database.connect(client);
  if (failure === undefined) return undefined;
  const { kind, message } = failure;
  if (kind === "outOfEnergy") throw new LightconeError("LC_DATABASE_UNAVAILABLE", message);
  if (kind === "trapped") throw new LightconeError("LC_CLIENT_CONNECTED", message);
  return { kind, message };
}

/** Runs `work` as a connection of its own. */
function asConnection<T>(database: Database, client: Client, work: () => T): T | ConnectRefusal {
  const refusal = connect(database, client);
  if (refusal !== undefined) return refusal;
  let result: T;
  try {
    result = work();
  } catch (thrown) {
    // A transaction left open is a fault that ends the database: nothing may hide it.
    if (!database.parts.datastore.isInTransaction) database.disconnect(client);
    throw thrown;
  }
  database.disconnect(client);
  return result;
}

/** A call that goes on: the connection stays until it has ended. */
export interface ProcedureRun {
  readonly kind: "procedure";
  /** Starts it. `onEnd` is told once, in this turn or a later one. The connection is ended by then. */
  run(onEnd: (outcome: ProcedureAnswer) => void): void;
}

/** How a procedure ended, as HTTP tells it. */
export type ProcedureAnswer =
  /** The value as positional SATS-JSON. */
  | { readonly kind: "returned"; readonly json: string }
  | { readonly kind: "procedureFailed"; readonly message: string };

/** A function that can be called, as far as its arguments go. */
interface Callee {
  readonly definition: { readonly params: ProductType; readonly isPrivate: boolean };
}

/** The arguments from JSON, an array in order or an object by parameter name; or why there are none. */
function argumentBytes(
  { module }: Database,
  client: Client,
  kind: "reducer" | "procedure",
  name: string,
  { definition }: Callee,
  args: JsonValue,
): Uint8Array | CallRefusal {
  try {
    return encodeArguments(definition.params, module.definition.typespace, args);
  } catch (thrown) {
    const isRefused = definition.isPrivate && !client.isOwner;
    // Whoever may not call it learns nothing of its parameters.
    if (isRefused) return { kind: "unknown", message: "No such procedure" };
    if (!(thrown instanceof LightconeError)) throw thrown;
    return {
      kind: "invalid",
      message: `invalid arguments for ${kind} ${name}: ${messageOf(thrown)}`,
    };
  }
}

/** A call with arguments from JSON, of a reducer or else of a procedure of that name. */
export function callWithJson(
  database: Database,
  client: Client,
  name: string,
  args: JsonValue,
): CallOutcome | CallRefusal | ConnectRefusal | ProcedureRun {
  const { module } = database;
  const reducer = module.reducer(name);
  if (reducer === undefined) return procedureWithJson(database, client, name, args);
  const bytes = argumentBytes(database, client, "reducer", name, reducer, args);
  if ("kind" in bytes) return bytes;
  const admitted = admitCall(module, client, name, bytes, 0, bytes.length);
  if ("kind" in admitted) return admitted;
  return asConnection(database, client, () =>
    runCall(database.parts, module, admitted, client, bytes, 0, bytes.length),
  );
}

function procedureWithJson(
  database: Database,
  client: Client,
  name: string,
  args: JsonValue,
): CallRefusal | ConnectRefusal | ProcedureRun {
  const { module, procedures } = database;
  const found = module.procedure(name);
  if (found === undefined) return { kind: "unknown", message: "No such procedure" };
  const bytes = argumentBytes(database, client, "procedure", name, found, args);
  if ("kind" in bytes) return bytes;
  const admitted = admitProcedure(module, client, name, bytes, 0, bytes.length);
  if ("kind" in admitted) return admitted;
  const refusal = connect(database, client);
  if (refusal !== undefined) return refusal;
  return {
    kind: "procedure",
    run: (onEnd) => {
      procedures.call(admitted, client, bytes, 0, bytes.length, (outcome) => {
        database.disconnect(client);
        if (outcome.kind === "failed") {
          onEnd({ kind: "procedureFailed", message: outcome.message });
          return;
        }
        const { returnType } = admitted.definition;
        const write = compileJsonWriter(returnType, module.definition.typespace, "positional");
        onEnd({ kind: "returned", json: write(new Reader(outcome.value)) });
      });
    },
  };
}

/** A statement under way, in a connection of its own. */
export interface SqlRun {
  readonly kind: "run";
  readonly cursor: SqlCursor;
  /** The JSON array that `POST /sql` answers, as UTF-8 in pieces. Once the cursor is done. */
  finish(): SqlAnswer;
  /** Ends the connection. Must be called, however the run came out. */
  end(): void;
}

export interface SqlAnswer {
  readonly pieces: readonly Uint8Array[];
  readonly durationMicros: number;
}

const utf8 = new TextEncoder();

const noChanges: SqlStats = { inserted: 0, deleted: 0, updated: 0 };

/** The answer of a statement that has no rows. */
const noRows: SqlCursor = {
  isLong: false,
  isDone: true,
  schemaJson: `{"elements":[]}`,
  advance: () => undefined,
  rowsJson: () => [utf8.encode("[]")],
  close: () => undefined,
};

/** Runs a statement that changes rows as a transaction of its own. */
function runStatement(database: Database, client: Client, run: RunChange): SqlStats {
  const { parts } = database;
  const { datastore } = parts;
  const tx = datastore.begin();
  let stats: SqlStats;
  try {
    stats = run(tx);
  } catch (thrown) {
    // Anything but a refusal leaves the transaction open, which ends the database: nothing may hide it.
    if (thrown instanceof LightconeError) datastore.rollBack(tx);
    throw thrown;
  }
  const refusal = commit(parts, tx, undefined, client);
  if (refusal !== undefined) throw refusal;
  return stats;
}

/** The default that the module declares for a column. */
function columnDefault(
  { module }: Database,
  tableName: string,
  name: string,
): Uint8Array | undefined {
  const table = module.definition.tables.find((each) => each.name === tableName);
  return table?.columns.find((column) => column.name === name)?.defaultValue;
}

/** A statement without a connection around it: rows to read, or what it changed. */
export interface Statement {
  readonly cursor: SqlCursor;
  readonly stats: SqlStats;
}

/**
 * Begins one SQL statement of a client that is connected; one that changes rows is committed at once. `isStrict`: of the reference's
 * dialect alone. Throws LC_SQL_*, LC_VIEW, LC_LIMIT.
 */
export function beginStatement(
  database: Database,
  client: Client,
  text: string,
  isStrict: boolean,
): Statement {
  const { module, parts } = database;
  const { datastore } = parts;
  const caller = database.sqlCaller(client);
  prepareViews(parts, module, client, viewsIn([text], parts, module, client, caller));
  const prepared = prepareSql(text, datastore, caller, {
    isStrict,
    columnDefault: (table, column) => columnDefault(database, table, column),
  });
  if (prepared.kind === "rows") return { cursor: prepared.cursor, stats: noChanges };
  return { cursor: noRows, stats: runStatement(database, client, prepared.run) };
}

/** Begins one SQL statement as a connection of its own; see `beginStatement`. */
export function startSql(
  database: Database,
  client: Client,
  text: string,
  isStrict: boolean,
): SqlRun | ConnectRefusal {
  const refusal = connect(database, client);
  if (refusal !== undefined) return refusal;
  const { clock, datastore } = database.parts;
  const start = clock.nowMillis();
  let statement: Statement;
  try {
    statement = beginStatement(database, client, text, isStrict);
  } catch (thrown) {
    if (!datastore.isInTransaction) database.disconnect(client);
    throw thrown;
  }
  const { cursor, stats } = statement;
  return {
    kind: "run",
    cursor,
    finish: () => {
      const durationMicros = Math.round((clock.nowMillis() - start) * 1000);
      const head = `[{"schema":${cursor.schemaJson},"rows":`;
      const tail = `,"total_duration_micros":${durationMicros},"stats":${statsJson(stats)}}]`;
      const pieces = [utf8.encode(head), ...cursor.rowsJson(), utf8.encode(tail)];
      return { pieces, durationMicros };
    },
    end: () => {
      cursor.close();
      database.disconnect(client);
    },
  };
}

function statsJson({ inserted, deleted, updated }: SqlStats): string {
  return `{"rows_inserted":${inserted},"rows_deleted":${deleted},"rows_updated":${updated}}`;
}
