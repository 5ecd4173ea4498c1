// Names and values as SQL has them (docs/sql.md, SQL2 and SQL6).
import {
  type AlgebraicType,
  compileCodec,
  type ConnectionId,
  type Identity,
  isBytes,
  LightconeError,
  specialKind,
  type Timestamp,
  toHex,
  type Uuid,
  type Value,
  Writer,
} from "@lightcone/abi";

/** A name as it stands in SQL, whatever characters it has. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name; that of a submodule's table has its namespace in front of a dot. */
export function quotedTable(name: string): string {
  return name.split(".").map(quotedName).join(".");
}

/** All rows of a table. */
export function selectAll(table: string): string {
  return `SELECT * FROM ${quotedTable(table)}`;
}

const wrapperKinds = ["identity", "connectionId", "timestamp", "uuid"] as const;
const primitiveKinds = [
  "bool",
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "i128",
  "u128",
  "i256",
  "u256",
  "f32",
  "f64",
  "string",
] as const;

/** The types that SQL compares. */
export type ColumnKind = (typeof wrapperKinds)[number] | (typeof primitiveKinds)[number] | "bytes";

/** Which of the types that SQL compares this one is, if it is one. */
export function columnKind(type: AlgebraicType): ColumnKind | undefined {
  if (isBytes(type)) return "bytes";
  const special = specialKind(type);
  return (
    wrapperKinds.find((kind) => kind === special) ??
    primitiveKinds.find((kind) => kind === type.kind)
  );
}

/** A value as SQL has it beside a column of that type. Throws LC_VALUE_INVALID for one that has no such form. */
export function literalText(kind: ColumnKind, type: AlgebraicType, value: Value): string {
  // The codec refuses what the server would.
  compileCodec(type).write(new Writer(64), value);
  switch (kind) {
    case "bool":
      return value === true ? "TRUE" : "FALSE";
    case "string":
      return `'${(value as string).replaceAll("'", "''")}'`;
    case "f32":
    case "f64":
      return floatText(value as number);
    case "bytes":
      return `X'${toHex(value as Uint8Array)}'`;
    case "identity":
    case "connectionId":
      return `0x${(value as Identity | ConnectionId).toHex()}`;
    case "uuid":
      return `'${(value as Uuid).toString()}'`;
    case "timestamp":
      return `'${timestampText(value as Timestamp)}'`;
    default:
      return (value as number | bigint).toString();
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) throw new LightconeError("LC_VALUE_INVALID", "SQL has no NaN");
  if (Object.is(value, -0)) return "-0";
  // A number that is too great is read as infinity.
  return Number.isFinite(value) ? String(value) : value > 0 ? "1e999" : "-1e999";
}

/** RFC 3339 with microseconds, which has years of four digits only. */
function timestampText({ micros }: Timestamp): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  const date = new Date(Number(seconds) * 1000);
  const text = Number.isNaN(date.getTime()) ? "" : date.toISOString();
  // Years before 0 and after 9999 have a sign.
  if (!/^\d{4}-/.test(text)) {
    const message = `the timestamp ${micros} lies outside of the years that SQL can name`;
    throw new LightconeError("LC_VALUE_INVALID", message);
  }
  return `${text.slice(0, 19)}.${String(fraction).padStart(6, "0")}Z`;
}
