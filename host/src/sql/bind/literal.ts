// Literals get their type from what they stand beside: the text is read as that type and encoded, once, as BSATN
// (sql-and-subscriptions.md section 4.1).
import {
  type AlgebraicType,
  ConnectionId,
  fromHex,
  Identity,
  isBytes,
  numberToBytes,
  specialKind,
  Writer,
} from "@lightcone/abi";
import { parseRfc3339 } from "./rfc3339.ts";
import type { Literal } from "../parse/tree.ts";

const decimal = /^([+-]?)(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** What nearly every integer looks like. */
const shortInteger = /^\d{1,15}$/;

/** Decimal digits of 2^256. */
const integerDigitsMax = 78;

/** The integer that a decimal stands for, or undefined if it is none or has more digits than any type holds. */
function parseInteger(text: string): bigint | undefined {
  if (shortInteger.test(text)) return BigInt(text);
  const found = decimal.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = found;
  const digits = whole + fraction;
  if (digits === "") return undefined;
  const start = digits.search(/[1-9]/);
  if (start < 0) return 0n;
  // Zeros at the end are factors of ten that the fraction or a negative exponent may take away.
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  const power = Number(exponent) - fraction.length + (digits.length - end);
  // The range is checked before a number of that size is made: an exponent may be anything.
  if (power < 0 || end - start + power > integerDigitsMax) return undefined;
  const magnitude = BigInt(digits.slice(start, end)) * 10n ** BigInt(power);
  return sign === "-" ? -magnitude : magnitude;
}

interface IntegerShape {
  readonly byteCount: number;
  readonly isSigned: boolean;
}

const integerShapes: ReadonlyMap<string, IntegerShape> = new Map(
  [8, 16, 32, 64, 128, 256].flatMap((bits) =>
    [true, false].map((isSigned) => [
      `${isSigned ? "i" : "u"}${bits}`,
      { byteCount: bits / 8, isSigned },
    ]),
  ),
);

/** Size and sign of an integer type, or undefined for any other type. */
export function integerShape(type: AlgebraicType): IntegerShape | undefined {
  return integerShapes.get(type.kind);
}

function encodeInteger(
  text: string,
  { byteCount, isSigned }: IntegerShape,
): Uint8Array | undefined {
  const value = parseInteger(text);
  if (value === undefined) return undefined;
  const bits = byteCount * 8;
  const fits = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return fits === value ? numberToBytes(value, byteCount) : undefined;
}

function encodeFloat(text: string, kind: "f32" | "f64"): Uint8Array | undefined {
  const found = decimal.exec(text);
  if (found === null || (found[2] === "" && found[3] === undefined)) return undefined;
  const writer = new Writer(8);
  writer[kind](Number(text));
  return writer.finish();
}

function encodeString(text: string): Uint8Array {
  const writer = new Writer(4 + text.length);
  writer.string(text);
  return writer.finish();
}

/** Bytes as a value: their number, then they themselves. */
function encodeBytes(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(4 + bytes.length);
  writer.bytes(bytes);
  return writer.finish();
}

/** Hex digits with or without `0x`, or undefined if `text` has others. */
function hexDigits(text: string): string | undefined {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  return /^[0-9a-fA-F]*$/.test(digits) ? digits : undefined;
}

function encodeHex(text: string): Uint8Array | undefined {
  const digits = hexDigits(text);
  if (digits === undefined) return undefined;
  return encodeBytes(fromHex(digits.length % 2 === 0 ? digits : `0${digits}`));
}

const uuidForm = /^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/;

function encodeUuid(text: string): Uint8Array | undefined {
  if (!uuidForm.test(text)) return undefined;
  return numberToBytes(BigInt(`0x${text.replaceAll("-", "")}`), 16);
}

function encodeSpecial(text: string, type: AlgebraicType): Uint8Array | undefined {
  switch (specialKind(type)) {
    case "identity":
      return hexDigits(text)?.length === 64 ? Identity.fromHex(text).toBytes() : undefined;
    case "connectionId":
      return hexDigits(text)?.length === 32 ? ConnectionId.fromHex(text).toBytes() : undefined;
    case "uuid":
      return encodeUuid(text);
    case "timestamp": {
      const micros = parseRfc3339(text);
      return micros === undefined ? undefined : numberToBytes(micros, 8);
    }
    default:
      return undefined;
  }
}

/** The BSATN of a literal read as `type`, or undefined where it cannot be. */
export function encodeLiteral(literal: Literal, type: AlgebraicType): Uint8Array | undefined {
  const { form, text } = literal;
  if (type.kind === "bool" || form === "bool") {
    return type.kind === "bool" && form === "bool"
      ? Uint8Array.of(text === "TRUE" ? 1 : 0)
      : undefined;
  }
  const shape = integerShape(type);
  if (shape !== undefined) return encodeInteger(text, shape);
  if (type.kind === "f32" || type.kind === "f64") return encodeFloat(text, type.kind);
  if (type.kind === "string") return encodeString(text);
  return isBytes(type) ? encodeHex(text) : encodeSpecial(text, type);
}

/** The BSATN of `:sender` as Identity, or as bytes in display order. */
export function encodeSender(sender: Identity, type: AlgebraicType): Uint8Array {
  return isBytes(type) ? encodeBytes(fromHex(sender.toHex())) : sender.toBytes();
}
