// Protocol v1 as JSON.
import {
  compileJsonWriter,
  type JsonWriter,
  type ProductType,
  Reader,
  type V1CallFacts,
  v1JsonAppliedHead,
  v1JsonAppliedTail,
  v1JsonCallTail,
  v1JsonCommittedHead,
  v1JsonCommittedTail,
  v1JsonFailedHead,
  v1JsonIdentityToken,
  v1JsonInitialSubscriptionHead,
  v1JsonInitialSubscriptionTail,
  v1JsonLightHead,
  v1JsonLightTail,
  v1JsonMultiAppliedHead,
  v1JsonMultiAppliedTail,
  v1JsonOneOffHead,
  v1JsonOneOffTableHead,
  v1JsonOneOffTableTail,
  v1JsonOneOffTail,
  v1JsonPart,
  v1JsonProcedureResult,
  v1JsonSubscriptionError,
  v1JsonTableUpdateHead,
  v1JsonTableUpdateTail,
  type Writer,
  writeText,
} from "@lightcone/abi";
import type { Database } from "../../database/database.ts";
import type { UpdatePart } from "../../subscription/registry.ts";
import type { Cause } from "../context.ts";
import { textTag } from "../frame-style.ts";
import type { RowsForm, TableForm } from "../table-form.ts";
import type { UpdateForm } from "../updates.ts";
import { arrangeByTable, type CallArguments, partsByTable, type V1Encoding } from "./encoding.ts";
import { factsOfCause, tellsFacts } from "./facts.ts";
import { JsonUpdateRows, jsonRows } from "./json-rows.ts";

/** A table update of one part. */
function changeForm(rows: RowsForm, areInserts: boolean): TableForm {
  const { deletes, inserts, end } = v1JsonPart;
  const [before, after] = areInserts ? [deletes + inserts, end] : [deletes, inserts + end];
  return {
    rows,
    writeHead: (writer, { schema: { id, name } }, rowCount, position) => {
      const head = v1JsonTableUpdateHead(id, name, rowCount);
      writeText(writer, separator(position) + head + before);
    },
    writeTail: (writer) => {
      writeText(writer, after + v1JsonTableUpdateTail);
    },
  };
}

function oneOffForm(rows: RowsForm): TableForm {
  return {
    rows,
    writeHead: (writer, { schema }) => {
      writeText(writer, v1JsonOneOffTableHead(schema.name));
    },
    writeTail: (writer) => {
      writeText(writer, v1JsonOneOffTableTail);
    },
  };
}

function separator(position: number): string {
  return position === 0 ? "" : ",";
}

/** Writes arranged parts, whose rows lie encoded in `encoded`. */
function writeTables(
  writer: Writer,
  parts: readonly UpdatePart[],
  encoded: Uint8Array,
  rows: JsonUpdateRows,
): void {
  const { deletes, inserts, end } = v1JsonPart;
  for (const [position, { table, rowCount, parts: own }] of partsByTable(parts).entries()) {
    const { id, name } = table.schema;
    writeText(writer, separator(position) + v1JsonTableUpdateHead(id, name, rowCount));
    for (const [i, { query }] of own.entries()) {
      const { partStart, partMiddle, partEnd } = query;
      writeText(writer, separator(i) + deletes);
      rows.write(writer, query.query, encoded.subarray(partMiddle, partEnd));
      writeText(writer, inserts);
      rows.write(writer, query.query, encoded.subarray(partStart + 1, partMiddle));
      writeText(writer, end);
    }
    writeText(writer, v1JsonTableUpdateTail);
  }
}

function updateForm(write: UpdateForm["write"]): UpdateForm {
  return { tag: textTag, namesSets: false, arrange: arrangeByTable, write };
}

/** Arguments as JSON texts, by writers made once for each reducer. */
class ArgumentTexts {
  readonly #database: Database;
  readonly #byParams = new WeakMap<ProductType, JsonWriter>();

  constructor(database: Database) {
    this.#database = database;
  }

  of({ reducer }: V1CallFacts, { bytes, start, end }: CallArguments): string {
    const { module } = this.#database;
    const params = module.reducer(reducer)?.definition.params;
    if (params === undefined || start === end) return "[]";
    let write = this.#byParams.get(params);
    if (write === undefined) {
      write = compileJsonWriter(params, module.definition.typespace, "positional");
      this.#byParams.set(params, write);
    }
    return write(new Reader(bytes, start, end));
  }
}

/** The encoding of one database's messages. */
export function v1Json(database: Database, cause: Cause): V1Encoding {
  const rows = jsonRows();
  const updateRows = new JsonUpdateRows();
  const argumentTexts = new ArgumentTexts(database);
  const light = updateForm((writer, parts, encoded) => {
    writeText(writer, v1JsonLightHead(0));
    writeTables(writer, parts, encoded, updateRows);
    writeText(writer, v1JsonLightTail);
  });
  const encoding: V1Encoding = {
    inserts: changeForm(rows, true),
    deletes: changeForm(rows, false),
    oneOff: oneOffForm(rows),
    light,
    full: updateForm((writer, parts, encoded) => {
      if (!tellsFacts(database)) {
        light.write(writer, parts, encoded);
        return;
      }
      const { facts, args } = factsOfCause(database, cause);
      encoding.committed(writer, facts, args, parts, encoded);
    }),
    committed: (writer, facts, args, parts, encoded) => {
      writeText(writer, v1JsonCommittedHead);
      writeTables(writer, parts, encoded, updateRows);
      writeText(writer, v1JsonCommittedTail);
      writeText(writer, v1JsonCallTail(facts, argumentTexts.of(facts, args)));
    },
    failed: (writer, facts, args, message) => {
      writeText(writer, v1JsonFailedHead(message));
      writeText(writer, v1JsonCallTail(facts, argumentTexts.of(facts, args)));
    },
    ...answers,
  };
  return encoding;
}

/** What needs nothing of the database. */
const answers: Pick<
  V1Encoding,
  | "identityToken"
  | "initialHead"
  | "initialTail"
  | "appliedHead"
  | "appliedTail"
  | "multiAppliedHead"
  | "multiAppliedTail"
  | "subscriptionError"
  | "oneOffHead"
  | "oneOffTail"
  | "procedureResult"
> = {
  identityToken: (writer, { identityBytes, connectionBytes }, token) => {
    writeText(writer, v1JsonIdentityToken(identityBytes, token, connectionBytes));
  },
  initialHead: (writer) => {
    writeText(writer, v1JsonInitialSubscriptionHead);
  },
  initialTail: (writer, requestId, durationMicros) => {
    writeText(writer, v1JsonInitialSubscriptionTail(requestId, durationMicros));
  },
  appliedHead: (writer, kind, { requestId, queryId, durationMicros }, { schema: { id, name } }) => {
    const message = kind === "subscribe" ? "SubscribeApplied" : "UnsubscribeApplied";
    writeText(writer, v1JsonAppliedHead(message, requestId, durationMicros, queryId, id, name));
  },
  appliedTail: (writer) => {
    writeText(writer, v1JsonAppliedTail);
  },
  multiAppliedHead: (writer, kind, { requestId, queryId, durationMicros }) => {
    const message = kind === "subscribe" ? "SubscribeMultiApplied" : "UnsubscribeMultiApplied";
    writeText(writer, v1JsonMultiAppliedHead(message, requestId, durationMicros, queryId));
  },
  multiAppliedTail: (writer) => {
    writeText(writer, v1JsonMultiAppliedTail);
  },
  subscriptionError: (writer, durationMicros, requestId, queryId, error) => {
    writeText(writer, v1JsonSubscriptionError(durationMicros, requestId, queryId, error));
  },
  oneOffHead: (writer, messageId, error) => {
    writeText(writer, v1JsonOneOffHead(messageId, error));
  },
  oneOffTail: (writer, durationMicros) => {
    writeText(writer, v1JsonOneOffTail(durationMicros));
  },
  procedureResult: (writer, requestId, { type, typespace }, outcome) => {
    const { timestampMicros, durationMicros } = outcome;
    const told =
      outcome.kind === "returned"
        ? { json: compileJsonWriter(type, typespace, "positional")(new Reader(outcome.value)) }
        : { error: outcome.message };
    writeText(writer, v1JsonProcedureResult(requestId, timestampMicros, durationMicros, told));
  },
};
