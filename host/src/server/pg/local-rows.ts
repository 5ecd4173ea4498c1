// Rows that the host answers by itself: texts with a type, written as that type in either format.
import { parseRfc3339 } from "../../sql/bind/rfc3339.ts";
import { postgresEpochMicros } from "./calendar.ts";
import type { Column } from "./contract.ts";
import { Format, formatAt } from "./frontend.ts";
import type { MessageWriter } from "./message-writer.ts";
import { type PgTypeName, pgTypes } from "./pg-type.ts";

/** A value as PostgreSQL would print it, or NULL. */
export type LocalValue = string | null;

export type LocalRow = readonly LocalValue[];

/** A column of a type. */
export function localColumn(name: string, type: PgTypeName): Column {
  const { oid, size } = pgTypes[type];
  return { name, oid, size };
}

const binaryWriters: Readonly<Record<number, (text: string, out: MessageWriter) => void>> = {
  [pgTypes.bool.oid]: (text, out) => out.u8(text === "t" ? 1 : 0),
  [pgTypes.int2.oid]: (text, out) => out.i16(Number(text)),
  [pgTypes.int4.oid]: (text, out) => out.i32(Number(text)),
  [pgTypes.int8.oid]: (text, out) => out.i64(BigInt(text)),
  [pgTypes.float8.oid]: (text, out) => out.f64(Number(text)),
  [pgTypes.timestamptz.oid]: (text, out) =>
    out.i64((parseRfc3339(text) ?? 0n) - postgresEpochMicros),
};

/** Writes DataRow messages. */
export function writeLocalRows(
  out: MessageWriter,
  columns: readonly Column[],
  rows: readonly LocalRow[],
  formats: readonly Format[],
): void {
  for (const row of rows) {
    out.begin("D");
    out.i16(columns.length);
    columns.forEach(({ oid }, position) => {
      const value = row[position] ?? null;
      if (value === null) {
        out.i32(-1);
        return;
      }
      const at = out.beginValue();
      const isBinary = formatAt(formats, position) === Format.binary;
      const write = isBinary ? binaryWriters[oid] : undefined;
      if (write === undefined) out.text(value);
      else write(value, out);
      out.endValue(at);
    });
    out.end();
  }
}
