// Calls and statements over HTTP: each is a connection of its own, with `client_connected` before and `client_disconnected`
// after it (http-and-auth.md section 6).
import { encodeArguments, type JsonValue, LightconeError, messageOf } from "@lightcone/abi";
import { runSql } from "../sql/run.ts";
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

/** One SQL statement; the JSON array that `POST /sql` answers. */
export function sqlToJson(
  database: Database,
  client: Client,
  text: string,
): { readonly json: string; readonly durationMicros: number } | ConnectRefusal {
  const { clock, datastore } = database.parts;
  return asConnection(database, client, () => {
    const start = clock.nowMillis();
    const result = runSql(text, datastore, database.sqlCaller(client));
    const durationMicros = Math.round((clock.nowMillis() - start) * 1000);
    const stats = `{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}`;
    const json = `[{"schema":${result.schemaJson},"rows":${result.rowsJson},"total_duration_micros":${durationMicros},"stats":${stats}}]`;
    return { json, durationMicros };
  });
}
