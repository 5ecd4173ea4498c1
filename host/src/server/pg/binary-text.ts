// Bound values in PostgreSQL's binary forms, as the texts that mean the same.
import { toHex } from "@lightcone/abi";
import { durationText, postgresEpochMicros, timestampText } from "./calendar.ts";
import { PgFault } from "./fault.ts";
import { float4Text, float8Text } from "./float-text.ts";
import { MessageReader } from "./message-reader.ts";
import { numericText } from "./numeric.ts";
import { pgTypes } from "./pg-type.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

type ReadText = (reader: MessageReader, byteCount: number) => string | undefined;

const readUtf8: ReadText = (reader, byteCount) => {
  try {
    return utf8.decode(reader.bytes(byteCount));
  } catch {
    return undefined;
  }
};

const readTime: ReadText = (reader) => timestampText(reader.i64() + postgresEpochMicros);

const microsPerDay = 86_400_000_000n;

function uuidText(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const readers: ReadonlyMap<number, ReadText> = new Map<number, ReadText>([
  [pgTypes.bool.oid, (reader) => (reader.u8() === 0 ? "false" : "true")],
  [pgTypes.int2.oid, (reader) => String(reader.i16())],
  [pgTypes.int4.oid, (reader) => String(reader.i32())],
  [pgTypes.int8.oid, (reader) => String(reader.i64())],
  [pgTypes.float4.oid, (reader) => float4Text(reader.f32())],
  [pgTypes.float8.oid, (reader) => float8Text(reader.f64())],
  [pgTypes.numeric.oid, numericText],
  [pgTypes.bytea.oid, (reader, byteCount) => `\\x${toHex(reader.bytes(byteCount))}`],
  [pgTypes.uuid.oid, (reader) => uuidText(reader.bytes(16))],
  [pgTypes.timestamp.oid, readTime],
  [pgTypes.timestamptz.oid, readTime],
  [
    pgTypes.interval.oid,
    (reader) => {
      const micros = reader.i64();
      const days = reader.i32();
      // A month has no length of its own.
      return reader.i32() === 0 ? durationText(micros + BigInt(days) * microsPerDay) : undefined;
    },
  ],
  // text, varchar, json, name, character, unknown, anyenum
  ...[25, 1043, 114, 19, 1042, 705, 3500].map((oid): [number, ReadText] => [oid, readUtf8]),
]);

const arrayElements: ReadonlyMap<number, number> = new Map(
  Object.values(pgTypes).map(({ oid, arrayOid }): [number, number] => [arrayOid, oid]),
);

/** An array of one dimension as PostgreSQL's text. */
function arrayText(reader: MessageReader): string | undefined {
  const dimensionCount = reader.i32();
  reader.i32();
  const oid = reader.i32();
  if (dimensionCount === 0) return "{}";
  const count = reader.i32();
  reader.i32();
  if (dimensionCount !== 1 || count < 0) return undefined;
  const items: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.i32();
    if (length === -1) {
      items.push("NULL");
      continue;
    }
    const text = binaryText(reader.bytes(length), oid);
    if (text === undefined) return undefined;
    items.push(`"${text.replace(/["\\]/g, "\\$&")}"`);
  }
  return `{${items.join(",")}}`;
}

/** The text of a value of a type of the catalog; undefined for bytes that are none, and for types that are not known here. */
export function binaryText(bytes: Uint8Array, oid: number): string | undefined {
  const reader = new MessageReader(bytes);
  const read = arrayElements.has(oid) ? arrayText : readers.get(oid);
  if (read === undefined) return undefined;
  try {
    const text = read(reader, bytes.length);
    reader.end();
    return text;
  } catch (thrown) {
    if (thrown instanceof PgFault) return undefined;
    throw thrown;
  }
}
