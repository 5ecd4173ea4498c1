// Messages of a server in protocol v1 as JSON (protocol.md section 6.3): whether they have the form that they must have.
import { assert, fromHex, Reader } from "@lightcone/abi";

type Json = Readonly<Record<string, unknown>>;

export interface V1JsonReply {
  readonly kind: string;
  /** Undefined where no request is answered. */
  readonly requestId: number | undefined;
}

function object(value: unknown, what: string): Json {
  assert(typeof value === "object" && value !== null && !Array.isArray(value), `${what}: object`);
  return value as Json;
}

function list(value: unknown, what: string): readonly unknown[] {
  assert(Array.isArray(value), `${what}: list`);
  return value as unknown[];
}

function text(value: unknown, what: string): string {
  assert(typeof value === "string", `${what}: text`);
  return value;
}

function number(value: unknown, what: string): number {
  assert(typeof value === "number" && Number.isInteger(value) && value >= 0, `${what}: number`);
  return value;
}

/** An Option: its value, or undefined. */
function option(value: unknown, what: string): unknown {
  const fields = object(value, what);
  const [name, ...others] = Object.keys(fields);
  assert((name === "some" || name === "none") && others.length === 0, `${what}: option`);
  return name === "some" ? fields["some"] : undefined;
}

/** The one field of a wrapped number. */
function wrapped(value: unknown, name: string): void {
  assert(typeof object(value, name)[name] === "number", name);
}

/** Rows are texts of JSON. */
function checkRows(value: unknown, what: string): number {
  const rows = list(value, what);
  for (const row of rows) JSON.parse(text(row, what));
  return rows.length;
}

function checkTable(value: unknown): void {
  const table = object(value, "table");
  number(table["table_id"], "table_id");
  text(table["table_name"], "table_name");
  let count = 0;
  for (const part of list(table["updates"], "updates")) {
    const update = object(part, "update");
    count += checkRows(update["deletes"], "deletes") + checkRows(update["inserts"], "inserts");
  }
  assert(number(table["num_rows"], "num_rows") === count, "num_rows is another number");
}

function checkTables(value: unknown): void {
  for (const table of list(object(value, "update")["tables"], "tables")) checkTable(table);
}

function applied(body: Json): number {
  number(body["total_host_execution_duration_micros"], "duration");
  number(object(body["query_id"], "query_id")["id"], "id");
  return number(body["request_id"], "request_id");
}

function singleApplied(body: Json): number {
  const rows = object(body["rows"], "rows");
  number(rows["table_id"], "table_id");
  text(rows["table_name"], "table_name");
  checkTable(rows["table_rows"]);
  return applied(body);
}

function multiApplied(body: Json): number {
  checkTables(body["update"]);
  return applied(body);
}

function transactionUpdate(body: Json): number {
  const status = object(body["status"], "status");
  if ("Committed" in status) checkTables(status["Committed"]);
  else text(status["Failed"], "Failed");
  wrapped(body["timestamp"], "__timestamp_micros_since_unix_epoch__");
  assert(/^0x[0-9a-f]{64}$/.test(identityOf(body["caller_identity"])), "caller_identity");
  wrapped(body["caller_connection_id"], "__connection_id__");
  wrapped(body["total_host_execution_duration"], "__time_duration_micros__");
  number(object(body["energy_quanta_used"], "energy")["quanta"], "quanta");
  const call = object(body["reducer_call"], "reducer_call");
  text(call["reducer_name"], "reducer_name");
  number(call["reducer_id"], "reducer_id");
  list(JSON.parse(text(call["args"], "args")), "args");
  return number(call["request_id"], "request_id");
}

function identityOf(value: unknown): string {
  return text(object(value, "identity")["__identity__"], "__identity__");
}

const readers: Readonly<Record<string, (body: Json) => number | undefined>> = {
  IdentityToken: (body) => {
    identityOf(body["identity"]);
    text(body["token"], "token");
    wrapped(body["connection_id"], "__connection_id__");
    return undefined;
  },
  InitialSubscription: (body) => {
    checkTables(body["database_update"]);
    wrapped(body["total_host_execution_duration"], "__time_duration_micros__");
    return number(body["request_id"], "request_id");
  },
  TransactionUpdate: transactionUpdate,
  TransactionUpdateLight: (body) => {
    checkTables(body["update"]);
    number(body["request_id"], "request_id");
    return undefined;
  },
  OneOffQueryResponse: (body) => {
    const error = option(body["error"], "error");
    const tables = list(body["tables"], "tables");
    assert((error === undefined) === (tables.length === 1), "tables or an error");
    for (const each of tables) {
      const table = object(each, "table");
      text(table["table_name"], "table_name");
      checkRows(table["rows"], "rows");
    }
    wrapped(body["total_host_execution_duration"], "__time_duration_micros__");
    return new Reader(fromHex(text(body["message_id"], "message_id"))).u32();
  },
  SubscribeApplied: singleApplied,
  UnsubscribeApplied: singleApplied,
  SubscribeMultiApplied: multiApplied,
  UnsubscribeMultiApplied: multiApplied,
  SubscriptionError: (body) => {
    text(body["error"], "error");
    const queryId = option(body["query_id"], "query_id");
    if (queryId !== undefined) number(queryId, "query_id");
    return number(option(body["request_id"], "request_id"), "request_id");
  },
  ProcedureResult: (body) => {
    const status = object(body["status"], "status");
    if ("Returned" in status) JSON.parse(text(status["Returned"], "Returned"));
    else text(status["InternalError"], "InternalError");
    wrapped(body["timestamp"], "__timestamp_micros_since_unix_epoch__");
    wrapped(body["total_host_execution_duration"], "__time_duration_micros__");
    return number(body["request_id"], "request_id");
  },
};

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads a message as far as its form goes. Throws where it has another one. */
export function checkV1Json(payload: Uint8Array): V1JsonReply {
  const message = object(JSON.parse(utf8.decode(payload)), "message");
  const [kind = "", ...others] = Object.keys(message);
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  assert(read !== undefined && others.length === 0, `a message has the name ${kind}`);
  return { kind, requestId: read(object(message[kind], kind)) };
}
