// Values that a client binds to `$1`, `$2` and so on: from text or PostgreSQL's binary forms to the BSATN of the column that they
// meet. They are never part of the statement's text.
import {
  type AlgebraicType,
  compileJsonReader,
  isBytes,
  LightconeError,
  numberToBytes,
  parseJson,
  specialKind,
  toHex,
  Writer,
} from "@lightcone/abi";
import { optionPayload } from "../../sql/bind/bind-wide.ts";
import { encodeLiteral } from "../../sql/bind/literal.ts";
import { isPlainEnum } from "../../sql/bind/type-name.ts";
import { encodeVariant } from "../../sql/bind/variant.ts";
import type { Parameter, Parameters, ParameterUse } from "../../sql/parse/parameter.ts";
import { parseArray } from "./array-text.ts";
import { binaryText } from "./binary-text.ts";
import { parseDuration } from "./calendar.ts";
import { Format } from "./frontend.ts";
import { oidOf, pgShapeOf } from "./pg-type.ts";

/** One bound value, as it crosses threads. */
export interface BoundValue {
  /** Undefined is NULL. */
  readonly bytes: Uint8Array | undefined;
  readonly format: Format;
  /** The type that the client gave it; 0 leaves it to the column. */
  readonly oid: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const trueWords = new Set(["t", "true", "y", "yes", "on", "1"]);
const falseWords = new Set(["f", "false", "n", "no", "off", "0"]);

function encodeBool(text: string): Uint8Array | undefined {
  const word = text.trim().toLowerCase();
  if (trueWords.has(word)) return Uint8Array.of(1);
  return falseWords.has(word) ? Uint8Array.of(0) : undefined;
}

/** PostgreSQL's own forms of a time, made to those of RFC 3339: without an offset it is UTC, and a date is its first moment. */
function timestampLiteral(text: string): string {
  const full = text.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(full)) return `${full}T00:00:00Z`;
  if (/[+-]\d{2}$/.test(full) && full.includes(":")) return `${full}:00`;
  return /(?:[zZ]|[+-]\d{2}:\d{2})$/.test(full) ? full : `${full}Z`;
}

/** A text as the literal that a column of the type takes. */
function literalText(text: string, type: AlgebraicType): string {
  const special = specialKind(type);
  if (special === "timestamp") return timestampLiteral(text);
  const isHex = isBytes(type) || special === "identity" || special === "connectionId";
  return isHex && text.startsWith("\\x") ? `0x${text.slice(2)}` : text;
}

const floatWords: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
]);

function encodeFloatWord(text: string, kind: "f32" | "f64"): Uint8Array | undefined {
  const value = floatWords.get(text.trim().toLowerCase());
  if (value === undefined) return undefined;
  const writer = new Writer(8);
  writer[kind](value);
  return writer.finish();
}

/** What has no literal, from its SATS-JSON. */
function encodeJson(text: string, type: AlgebraicType): Uint8Array | undefined {
  const writer = new Writer(64);
  try {
    compileJsonReader(type, [])(parseJson(text), writer);
  } catch (thrown) {
    if (thrown instanceof LightconeError) return undefined;
    throw thrown;
  }
  return writer.finish();
}

/** An array in PostgreSQL's form, or in JSON. */
function encodeArray(
  text: string,
  type: Extract<AlgebraicType, { kind: "array" }>,
): Uint8Array | undefined {
  if (!text.trimStart().startsWith("{")) return encodeJson(text, type);
  const items = parseArray(text);
  if (items === undefined) return undefined;
  const writer = new Writer(64);
  writer.u32(items.length);
  for (const item of items) {
    const bytes = encodeText(item, type.element);
    if (bytes === undefined) return undefined;
    writer.raw(bytes);
  }
  return writer.finish();
}

const literalSpecials = new Set(["identity", "connectionId", "uuid", "timestamp"]);

/** The BSATN of a text read as `type`, NULL where it is undefined; undefined where it is no such value. */
function encodeText(text: string | undefined, type: AlgebraicType): Uint8Array | undefined {
  const payload = optionPayload(type);
  if (payload !== undefined) {
    if (text === undefined) return Uint8Array.of(1);
    const inner = encodeText(text, payload);
    return inner && Buffer.concat([Uint8Array.of(0), inner]);
  }
  if (text === undefined) return undefined;
  if (type.kind === "bool") return encodeBool(text);
  if (type.kind === "sum" && isPlainEnum(type)) return variantOf(text, type);
  const special = specialKind(type);
  if (special === "timeDuration") {
    const micros = parseDuration(text.trim());
    return micros === undefined ? undefined : numberToBytes(BigInt.asUintN(64, micros), 8);
  }
  if (type.kind === "array" && !isBytes(type)) return encodeArray(text, type);
  if ((type.kind === "product" && !literalSpecials.has(special ?? "")) || type.kind === "sum") {
    return encodeJson(text, type);
  }
  if (type.kind === "f32" || type.kind === "f64") {
    const word = encodeFloatWord(text, type.kind);
    if (word !== undefined) return word;
  }
  const given = type.kind === "string" ? text : literalText(text, type).trim();
  return encodeLiteral({ kind: "literal", form: "string", text: given, at: 0 }, type);
}

function variantOf(
  text: string,
  type: Extract<AlgebraicType, { kind: "sum" }>,
): Uint8Array | undefined {
  return encodeVariant({ kind: "literal", form: "string", text, at: 0 }, type);
}

/** The text of a value. Bytes without a type are read by the column's; undefined where they are no value of theirs. */
function textOf({ bytes, format, oid }: BoundValue, type: AlgebraicType): string | undefined {
  if (bytes === undefined) return undefined;
  if (format === Format.text) return utf8Text(bytes);
  // Clients send bytes for a column of bytes, whatever it is called.
  if (oid === 0 && isBytes(type)) return `\\x${toHex(bytes)}`;
  return binaryText(bytes, oid === 0 ? oidOf(pgShapeOf(type)) : oid);
}

function makeParameter(value: BoundValue, number: number): Parameter {
  return {
    encode(type: AlgebraicType, use: ParameterUse): Uint8Array | undefined {
      if (value.bytes === undefined && use === "compared") {
        const message = `$${number} is NULL, with which nothing can be compared; write IS NULL`;
        throw new LightconeError("LC_SQL_UNSUPPORTED", message);
      }
      const text = textOf(value, type);
      if (text === undefined && value.bytes !== undefined) return undefined;
      // In a comparison the name of a variant stands for it, whatever it holds.
      const isTag = use === "compared" && type.kind === "sum" && optionPayload(type) === undefined;
      return isTag ? variantOf(text ?? "", type) : encodeText(text, type);
    },
  };
}

/** The values of a statement that is run. */
export function boundParameters(values: readonly BoundValue[]): Parameters {
  return (number) => {
    const value = values[number - 1];
    return value && makeParameter(value, number);
  };
}
