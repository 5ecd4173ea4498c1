// Calls and statements over HTTP: each is a connection of its own, with `client_connected` before and `client_disconnected`
// after it (http-and-auth.md section 6).
import { encodeArguments, type JsonValue, LightconeError, messageOf } from "@lightcone/abi";
import { beginSql, type SqlCursor } from "../sql/run.ts";
import { admitCall, type CallOutcome, type CallRefusal, runCall } from "./call.ts";
import type { Client } from "./client.ts";
import type { Database } from "./database.ts";

/** `client_connected` refused the caller. */
export interface ConnectRefusal {
  readonly kind: "refused";
  readonly message: string;
}

/** Runs `work` as a connection of its own. */
function asConnection<T>(database: Database, client: Client, work: () => T): T | ConnectRefusal {
  const refusal = database.connect(client);
  if (refusal !== undefined) return { kind: "refused", message: refusal };
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

/** A reducer call with arguments from JSON: an array in order, or an object by parameter name. */
export function callWithJson(
  database: Database,
  client: Client,
  name: string,
  args: JsonValue,
): CallOutcome | CallRefusal | ConnectRefusal {
  const { module } = database;
  const reducer = module.reducer(name);
  if (reducer === undefined) {
    if (!module.hasProcedure(name, client))
      return { kind: "unknown", message: "No such procedure" };
    const message = `LC_NOT_YET: procedure ${name}: procedures do not run in this version`;
    return { kind: "notYet", message };
  }
  let bytes: Uint8Array;
  try {
    bytes = encodeArguments(reducer.definition.params, module.definition.typespace, args);
  } catch (thrown) {
    const isRefused = reducer.definition.isPrivate && !client.isOwner;
    // Whoever may not call it learns nothing of its parameters.
    if (isRefused) return { kind: "unknown", message: "No such procedure" };
    if (!(thrown instanceof LightconeError)) throw thrown;
    return {
      kind: "invalid",
      message: `invalid arguments for reducer ${name}: ${messageOf(thrown)}`,
    };
  }
  const admitted = admitCall(module, client, name, bytes, 0, bytes.length);
  if ("kind" in admitted) return admitted;
  return asConnection(database, client, () =>
    runCall(database.parts, module, admitted, client, bytes, 0, bytes.length),
  );
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

/** Begins one SQL statement. */
export function startSql(
  database: Database,
  client: Client,
  text: string,
): SqlRun | ConnectRefusal {
  const refusal = database.connect(client);
  if (refusal !== undefined) return { kind: "refused", message: refusal };
  const { clock, datastore } = database.parts;
  const start = clock.nowMillis();
  let cursor: SqlCursor;
  try {
    cursor = beginSql(text, datastore, database.sqlCaller(client));
  } catch (thrown) {
    database.disconnect(client);
    throw thrown;
  }
  return {
    kind: "run",
    cursor,
    finish: () => {
      const durationMicros = Math.round((clock.nowMillis() - start) * 1000);
      const stats = `{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}`;
      const head = `[{"schema":${cursor.schemaJson},"rows":`;
      const tail = `,"total_duration_micros":${durationMicros},"stats":${stats}}]`;
      const pieces = [utf8.encode(head), ...cursor.rowsJson(), utf8.encode(tail)];
      return { pieces, durationMicros };
    },
    end: () => {
      cursor.close();
      database.disconnect(client);
    },
  };
}
