// Values of rows as they stand in messages: from BSATN straight to text or to PostgreSQL's binary forms, by closures compiled
// once for each column of an answer.
import {
  type AlgebraicType,
  compileJsonWriter,
  present,
  type Reader,
  specialKind,
} from "@lightcone/abi";
import { durationText, postgresEpochMicros, timestampText } from "./calendar.ts";
import { float4Text, float8Text } from "./float-text.ts";
import type { MessageWriter } from "./message-writer.ts";
import { numericBinary } from "./numeric.ts";
import { type PgShape, pgTypes } from "./pg-type.ts";
import { Format } from "./frontend.ts";

/** Writes one value; `reader` stands at its BSATN and goes behind it. */
type WriteValue = (reader: Reader, out: MessageWriter) => void;

/** Reads an integer of a kind. */
const integerReaders: Readonly<
  Partial<Record<AlgebraicType["kind"], (reader: Reader) => number | bigint>>
> = {
  u8: (reader) => reader.u8(),
  i8: (reader) => reader.i8(),
  u16: (reader) => reader.u16(),
  i16: (reader) => reader.i16(),
  u32: (reader) => reader.u32(),
  i32: (reader) => reader.i32(),
  u64: (reader) => reader.u64(),
  i64: (reader) => reader.i64(),
  u128: (reader) => reader.words(2, "u128"),
  i128: (reader) => BigInt.asIntN(128, reader.words(2, "i128")),
  u256: (reader) => reader.words(4, "u256"),
  i256: (reader) => BigInt.asIntN(256, reader.words(4, "i256")),
};

function integerReader({ kind }: AlgebraicType): (reader: Reader) => number | bigint {
  return present(integerReaders[kind], "a reader of integers");
}

const hexDigits = "0123456789abcdef";

function writeHex(out: MessageWriter, bytes: Uint8Array, isReversed: boolean): void {
  out.ascii("\\x");
  const last = bytes.length - 1;
  for (let i = 0; i <= last; i++) {
    const byte = bytes[isReversed ? last - i : i] as number;
    out.u8(hexDigits.charCodeAt(byte >> 4));
    out.u8(hexDigits.charCodeAt(byte & 15));
  }
}

function uuidText(value: bigint): string {
  const hex = value.toString(16).padStart(32, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Bytes of an Identity or a ConnectionId, which BSATN has least significant first; -1 for bytes with a length. */
function idBytes(type: AlgebraicType): number {
  const kind = specialKind(type);
  if (kind === "identity") return 32;
  return kind === "connectionId" ? 16 : -1;
}

function jsonWriter(type: AlgebraicType): WriteValue {
  const write = compileJsonWriter(type, [], "typed");
  return (reader, out) => {
    out.text(write(reader));
  };
}

function variantWriter(type: AlgebraicType): WriteValue {
  const names =
    type.kind === "sum" ? type.variants.map(({ name }, tag) => name ?? String(tag)) : [];
  return (reader, out) => {
    out.text(names[reader.u8()] ?? "");
  };
}

const writeString: WriteValue = (reader, out) => {
  const length = reader.u32();
  const at = reader.position;
  reader.skip(length);
  out.raw(reader.source, at, at + length);
};

function textWriter({ type, payload }: PgShape): WriteValue {
  switch (type) {
    case "bool":
      return (reader, out) => out.ascii(reader.bool() ? "t" : "f");
    case "int2":
    case "int4":
    case "int8":
    case "numeric": {
      const read = integerReader(payload);
      return (reader, out) => out.ascii(String(read(reader)));
    }
    case "float4":
      return (reader, out) => out.ascii(float4Text(reader.f32()));
    case "float8":
      return (reader, out) => out.ascii(float8Text(reader.f64()));
    case "bytea": {
      const size = idBytes(payload);
      return (reader, out) =>
        size < 0 ? writeHex(out, reader.bytes(), false) : writeHex(out, reader.raw(size), true);
    }
    case "timestamp":
      return (reader, out) => out.ascii(timestampText(reader.i64()));
    case "interval":
      return (reader, out) => out.ascii(durationText(reader.i64()));
    case "uuid":
      return (reader, out) => out.ascii(uuidText(reader.words(2, "uuid")));
    case "anyenum":
      return variantWriter(payload);
    case "json":
      return jsonWriter(payload);
    default:
      return writeString;
  }
}

function integerBinary(type: "int2" | "int4" | "int8", payload: AlgebraicType): WriteValue {
  const read = integerReader(payload);
  if (type === "int2") return (reader, out) => out.i16(Number(read(reader)));
  if (type === "int4") return (reader, out) => out.i32(Number(read(reader)));
  return (reader, out) => out.i64(BigInt(read(reader)));
}

function binaryWriter(shape: PgShape): WriteValue {
  const { type, payload } = shape;
  switch (type) {
    case "bool":
      return (reader, out) => out.u8(reader.bool() ? 1 : 0);
    case "int2":
    case "int4":
    case "int8":
      return integerBinary(type, payload);
    case "numeric": {
      const read = integerReader(payload);
      return (reader, out) => numericBinary(BigInt(read(reader)), out);
    }
    case "float4":
      return (reader, out) => out.f32(reader.f32());
    case "float8":
      return (reader, out) => out.f64(reader.f64());
    case "bytea": {
      const size = idBytes(payload);
      return (reader, out) =>
        size < 0 ? out.raw(reader.bytes()) : out.reversed(reader.raw(size), 0, size);
    }
    case "timestamp":
      return (reader, out) => out.i64(BigInt.asIntN(64, reader.i64() - postgresEpochMicros));
    case "interval":
      return (reader, out) => {
        out.i64(reader.i64());
        // Days and months.
        out.i64(0n);
      };
    case "uuid":
      return (reader, out) => out.reversed(reader.raw(16), 0, 16);
    default:
      // Text, JSON and the names of variants are the same in both formats.
      return textWriter(shape);
  }
}

const someTag = 0;

/** The writer of a value with its length before it, -1 for NULL. */
export function compileCell(shape: PgShape, format: Format): WriteValue {
  const write = valueWriter(shape, format);
  const withLength: WriteValue = (reader, out) => {
    const at = out.beginValue();
    write(reader, out);
    out.endValue(at);
  };
  if (!shape.isOption) return withLength;
  return (reader, out) => {
    if (reader.u8() === someTag) withLength(reader, out);
    else out.i32(-1);
  };
}

function valueWriter(shape: PgShape, format: Format): WriteValue {
  const { element } = shape;
  if (element !== undefined) {
    return format === Format.binary ? binaryArray(element) : textArray(element);
  }
  return format === Format.binary ? binaryWriter(shape) : textWriter(shape);
}

/** Dimensions, whether there are NULLs, the elements' type; then for each dimension its length and first index. */
function binaryArray(element: PgShape): WriteValue {
  const write = compileCell(element, Format.binary);
  const oid = element.type === "anyenum" ? pgTypes.varchar.oid : pgTypes[element.type].oid;
  return (reader, out) => {
    const count = reader.u32();
    out.i32(count === 0 ? 0 : 1);
    out.i32(element.isOption ? 1 : 0);
    out.i32(oid);
    if (count === 0) return;
    out.i32(count);
    out.i32(1);
    for (let i = 0; i < count; i++) write(reader, out);
  };
}

/** Types whose text never needs quotes in an array. */
const plainTypes = new Set(["bool", "int2", "int4", "int8", "numeric", "float4", "float8", "uuid"]);

const quote = 0x22;
const backslash = 0x5c;

/** `{a,b}`; texts stand in quotes. */
function textArray(element: PgShape): WriteValue {
  const write = textWriter(element);
  const isPlain = plainTypes.has(element.type);
  return (reader, out) => {
    const count = reader.u32();
    out.ascii("{");
    for (let i = 0; i < count; i++) {
      if (i > 0) out.ascii(",");
      if (element.isOption && reader.u8() !== someTag) out.ascii("NULL");
      else if (isPlain) write(reader, out);
      else {
        out.u8(quote);
        const at = out.length;
        write(reader, out);
        out.escapeFrom(at, quote, backslash);
        out.u8(quote);
      }
    }
    out.ascii("}");
  };
}
