// Protocol v1 as BSATN.
import {
  compressionTags,
  type Writer,
  writeEmptyRowList,
  writeTableHead,
  writeV1AppliedHead,
  writeV1CallTail,
  writeV1CommittedHead,
  writeV1FailedHead,
  writeV1IdentityToken,
  writeV1InitialSubscriptionHead,
  writeV1InitialSubscriptionTail,
  writeV1LightHead,
  writeV1MultiAppliedHead,
  writeV1OneOffHead,
  writeV1OneOffTail,
  writeV1PartHead,
  writeV1ProcedureError,
  writeV1ProcedureReturned,
  writeV1SubscribeRowsHead,
  writeV1SubscriptionError,
  writeV1TableUpdateHead,
} from "@lightcone/abi";
import type { Database } from "../../database/database.ts";
import type { UpdatePart } from "../../subscription/registry.ts";
import type { Cause } from "../context.ts";
import { bsatnRows, type RowsForm, type TableForm } from "../table-form.ts";
import type { UpdateForm } from "../updates.ts";
import { arrangeByTable, partsByTable, type V1Encoding } from "./encoding.ts";
import { factsOfCause, tellsFacts } from "./facts.ts";

/** Writes arranged parts table by table, after `writeHead` was told how many tables there are. */
function writeTables(
  writer: Writer,
  parts: readonly UpdatePart[],
  encoded: Uint8Array,
  writeHead: (tableCount: number) => void,
): void {
  const tables = partsByTable(parts);
  writeHead(tables.length);
  for (const { table, rowCount, parts: own } of tables) {
    const { id, name } = table.schema;
    writeV1TableUpdateHead(writer, id, name, rowCount, own.length);
    for (const { query } of own) {
      writeV1PartHead(writer);
      // Behind its tag a part has inserted rows first, as v2 wants them.
      writer.rawRange(encoded, query.partMiddle, query.partEnd);
      writer.rawRange(encoded, query.partStart + 1, query.partMiddle);
    }
  }
}

/** A table update of one part. */
function changeForm(rows: RowsForm, areInserts: boolean): TableForm {
  return {
    rows,
    writeHead: (writer, { schema: { id, name } }, rowCount) => {
      writeV1TableUpdateHead(writer, id, name, rowCount, 1);
      writeV1PartHead(writer);
      if (areInserts) writeEmptyRowList(writer);
    },
    writeTail: (writer) => {
      if (!areInserts) writeEmptyRowList(writer);
    },
  };
}

function updateForm(write: UpdateForm["write"]): UpdateForm {
  return { tag: compressionTags.None, namesSets: false, arrange: arrangeByTable, write };
}

/** The encoding of one database's messages. */
export function v1Bsatn(database: Database, cause: Cause): V1Encoding {
  const rows = bsatnRows(database.parts.evaluator);
  const light = updateForm((writer, parts, encoded) => {
    writeTables(writer, parts, encoded, (count) => writeV1LightHead(writer, 0, count));
  });
  const encoding: V1Encoding = {
    inserts: changeForm(rows, true),
    deletes: changeForm(rows, false),
    oneOff: {
      rows,
      writeHead: (writer, { schema }) => writeTableHead(writer, schema.name),
      writeTail: () => undefined,
    },
    light,
    full: updateForm((writer, parts, encoded) => {
      if (!tellsFacts(database)) {
        light.write(writer, parts, encoded);
        return;
      }
      const { facts, args } = factsOfCause(database, cause);
      encoding.committed(writer, facts, args, parts, encoded);
    }),
    identityToken: (writer, { identityBytes, connectionBytes }, token) => {
      writeV1IdentityToken(writer, identityBytes, token, connectionBytes);
    },
    initialHead: writeV1InitialSubscriptionHead,
    initialTail: writeV1InitialSubscriptionTail,
    appliedHead: (writer, kind, { requestId, queryId, durationMicros }, { schema }) => {
      writeV1AppliedHead(writer, `${kind}Applied`, requestId, durationMicros, queryId);
      writeV1SubscribeRowsHead(writer, schema.id, schema.name);
    },
    appliedTail: () => undefined,
    multiAppliedHead: (writer, kind, { requestId, queryId, durationMicros }, tableCount) => {
      const name = `${kind}MultiApplied` as const;
      writeV1MultiAppliedHead(writer, name, requestId, durationMicros, queryId, tableCount);
    },
    multiAppliedTail: () => undefined,
    subscriptionError: writeV1SubscriptionError,
    oneOffHead: (writer, messageId, error) => {
      writeV1OneOffHead(writer, messageId, error, error === undefined ? 1 : 0);
    },
    oneOffTail: writeV1OneOffTail,
    committed: (writer, facts, { bytes, start, end }, parts, encoded) => {
      writeTables(writer, parts, encoded, (count) => writeV1CommittedHead(writer, count));
      writeV1CallTail(writer, facts, bytes, start, end);
    },
    failed: (writer, facts, { bytes, start, end }, message) => {
      writeV1FailedHead(writer, message);
      writeV1CallTail(writer, facts, bytes, start, end);
    },
    procedureResult: (writer, requestId, _returns, outcome) => {
      const { timestampMicros, durationMicros } = outcome;
      if (outcome.kind === "returned") {
        const { value } = outcome;
        writeV1ProcedureReturned(writer, requestId, timestampMicros, durationMicros, value);
      } else {
        const { message } = outcome;
        writeV1ProcedureError(writer, requestId, timestampMicros, durationMicros, message);
      }
    },
  };
  return encoding;
}
