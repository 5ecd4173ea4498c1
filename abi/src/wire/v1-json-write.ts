// Protocol v1, what the server sends as JSON (protocol.md 6.2, 6.3), as the host writes it: texts that go into a text frame one after
// another. Rows are texts of their own inside strings.
import type { Writer } from "../bytes/writer.ts";
import { ConnectionId, Identity, toHex } from "../identity.ts";
import type { V1CallFacts } from "./v1-server-write.ts";

const utf8 = new TextEncoder();

/** Longer texts are encoded apart, so that room is made for what they need and not for the most that they could. */
const inPlaceLengthMax = 4096;

/** Appends the UTF-8 of a text. */
export function writeText(writer: Writer, text: string): void {
  if (text.length > inPlaceLengthMax) {
    writer.raw(utf8.encode(text));
    return;
  }
  // Three bytes for each UTF-16 unit is the most that UTF-8 needs.
  const at = writer.reserve(text.length * 3);
  const { written } = utf8.encodeInto(text, writer.memory.subarray(at));
  writer.truncate(at + written);
}

function duration(micros: number | bigint): string {
  return `{"__time_duration_micros__":${micros}}`;
}

function option(value: number | undefined): string {
  return value === undefined ? '{"none":[]}' : `{"some":${value}}`;
}

function identityText(bytes: Uint8Array): string {
  return `{"__identity__":"0x${Identity.fromBytes(bytes).toHex()}"}`;
}

/** A bare number of up to 128 bits. */
function connectionIdText(bytes: Uint8Array): string {
  return `{"__connection_id__":${ConnectionId.fromBytes(bytes).value}}`;
}

/** `identity` and `connectionId` are as on the wire of BSATN. */
export function v1JsonIdentityToken(
  identity: Uint8Array,
  token: string,
  connectionId: Uint8Array,
): string {
  return `{"IdentityToken":{"identity":${identityText(identity)},"token":${JSON.stringify(token)},"connection_id":${connectionIdText(connectionId)}}}`;
}

/** Then table updates with commas between them, then v1JsonInitialSubscriptionTail. */
export const v1JsonInitialSubscriptionHead =
  '{"InitialSubscription":{"database_update":{"tables":[';

export function v1JsonInitialSubscriptionTail(requestId: number, durationMicros: number): string {
  return `]},"request_id":${requestId},"total_host_execution_duration":${duration(durationMicros)}}}`;
}

function appliedHead(
  name: string,
  requestId: number,
  durationMicros: number,
  queryId: number,
): string {
  return `{"${name}":{"request_id":${requestId},"total_host_execution_duration_micros":${durationMicros},"query_id":{"id":${queryId}},`;
}

/** Then a table update, then v1JsonAppliedTail. */
export function v1JsonAppliedHead(
  kind: "SubscribeApplied" | "UnsubscribeApplied",
  requestId: number,
  durationMicros: number,
  queryId: number,
  tableId: number,
  table: string,
): string {
  const head = appliedHead(kind, requestId, durationMicros, queryId);
  return `${head}"rows":{"table_id":${tableId},"table_name":${JSON.stringify(table)},"table_rows":`;
}

export const v1JsonAppliedTail = "}}}";

/** Then table updates with commas between them, then v1JsonMultiAppliedTail. */
export function v1JsonMultiAppliedHead(
  kind: "SubscribeMultiApplied" | "UnsubscribeMultiApplied",
  requestId: number,
  durationMicros: number,
  queryId: number,
): string {
  return `${appliedHead(kind, requestId, durationMicros, queryId)}"update":{"tables":[`;
}

export const v1JsonMultiAppliedTail = "]}}}";

/** Then parts with commas between them, then v1JsonTableUpdateTail. */
export function v1JsonTableUpdateHead(tableId: number, table: string, rowCount: number): string {
  return `{"table_id":${tableId},"table_name":${JSON.stringify(table)},"num_rows":${rowCount},"updates":[`;
}

export const v1JsonTableUpdateTail = "]}";

/** What stands before the deleted rows of a part, before the inserted ones, and behind them. */
export const v1JsonPart = { deletes: '{"deletes":[', inserts: '],"inserts":[', end: "]}" } as const;

/** A row as an item of a list: the text of its JSON in a string. */
export function v1JsonRow(json: string): string {
  return JSON.stringify(json);
}

/** The message is whole. All undefined tell of live queries that failed later. */
export function v1JsonSubscriptionError(
  durationMicros: number,
  requestId: number | undefined,
  queryId: number | undefined,
  error: string,
): string {
  return `{"SubscriptionError":{"total_host_execution_duration_micros":${durationMicros},"request_id":${option(requestId)},"query_id":${option(queryId)},"table_id":${option(undefined)},"error":${JSON.stringify(error)}}}`;
}

/** Then the tables, each v1JsonOneOffTableHead, rows and v1JsonOneOffTableTail, then v1JsonOneOffTail. */
export function v1JsonOneOffHead(messageId: Uint8Array, error: string | undefined): string {
  const told = error === undefined ? '{"none":[]}' : `{"some":${JSON.stringify(error)}}`;
  return `{"OneOffQueryResponse":{"message_id":"${toHex(messageId)}","error":${told},"tables":[`;
}

export function v1JsonOneOffTableHead(table: string): string {
  return `{"table_name":${JSON.stringify(table)},"rows":[`;
}

export const v1JsonOneOffTableTail = "]}";

export function v1JsonOneOffTail(durationMicros: number): string {
  return `],"total_host_execution_duration":${duration(durationMicros)}}}`;
}

/** Then table updates with commas between them, then v1JsonLightTail. */
export function v1JsonLightHead(requestId: number): string {
  return `{"TransactionUpdateLight":{"request_id":${requestId},"update":{"tables":[`;
}

export const v1JsonLightTail = "]}}}";

/** Then table updates with commas between them, v1JsonCommittedTail and v1JsonCallTail. */
export const v1JsonCommittedHead = '{"TransactionUpdate":{"status":{"Committed":{"tables":[';

export const v1JsonCommittedTail = "]}}";

/** A call that failed; undefined for one that ran out of energy. Then v1JsonCallTail. */
export function v1JsonFailedHead(message: string | undefined): string {
  const status =
    message === undefined ? '{"OutOfEnergy":[]}' : `{"Failed":${JSON.stringify(message)}}`;
  return `{"TransactionUpdate":{"status":${status}`;
}

/** `args` is the JSON text of the arguments. */
export function v1JsonCallTail(facts: V1CallFacts, args: string): string {
  const { timestampMicros, identity, connectionId, reducer, reducerId, requestId, energy } = facts;
  const call = `{"reducer_name":${JSON.stringify(reducer)},"reducer_id":${reducerId},"args":${JSON.stringify(args)},"request_id":${requestId}}`;
  return `,"timestamp":{"__timestamp_micros_since_unix_epoch__":${timestampMicros}},"caller_identity":${identityText(identity)},"caller_connection_id":${connectionIdText(connectionId)},"reducer_call":${call},"energy_quanta_used":{"quanta":${energy}},"total_host_execution_duration":${duration(facts.durationMicros)}}}`;
}

/** The message is whole. `json` is the text of the value, or `error` tells why there is none. */
export function v1JsonProcedureResult(
  requestId: number,
  micros: bigint,
  durationMicros: bigint,
  outcome: { readonly json: string } | { readonly error: string },
): string {
  const status =
    "json" in outcome
      ? `{"Returned":${JSON.stringify(outcome.json)}}`
      : `{"InternalError":${JSON.stringify(outcome.error)}}`;
  return `{"ProcedureResult":{"status":${status},"timestamp":{"__timestamp_micros_since_unix_epoch__":${micros}},"total_host_execution_duration":${duration(durationMicros)},"request_id":${requestId}}}`;
}
