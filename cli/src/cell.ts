// Cells of a query's result as people read them: strings in quotes, identities and bytes as 0x…,
// points in time as RFC 3339, sums as (variant = value), products as (field = value, …). Reference:
// sql-and-subscriptions.md section 16; the JSON of cells: http-and-auth.md 6.2.
import {
  type AlgebraicType,
  type Element,
  isBytes,
  isJsonArray,
  type JsonValue,
  specialKind,
  type SpecialKind,
  stringifyJson,
  Uuid,
} from "@lightcone/abi";

/**
 * The text of one positional JSON value. What does not look like its type is shown as the JSON it
 * is.
 */
export function formatCell(type: AlgebraicType, json: JsonValue): string {
  switch (type.kind) {
    case "product":
      return formatProduct(type.elements, specialKind(type), json);
    case "sum":
      return formatSum(type.variants, json);
    case "array":
      return formatArray(type, json);
    case "u256":
    case "i256":
      return typeof json === "string" ? json : stringifyJson(json);
    default:
      return stringifyJson(json);
  }
}

export function isInteger(json: JsonValue | undefined): json is number | bigint {
  return typeof json === "bigint" || Number.isSafeInteger(json);
}

/** Whether such cells are best aligned like numbers. */
export function isNumeric({ kind }: AlgebraicType): boolean {
  return /^(?:[iu]\d+|f\d+)$/.test(kind);
}

function formatArray(type: Extract<AlgebraicType, { kind: "array" }>, json: JsonValue): string {
  if (isBytes(type) && typeof json === "string") return `0x${json}`;
  if (!isJsonArray(json)) return stringifyJson(json);
  return `[${json.map((item) => formatCell(type.element, item)).join(", ")}]`;
}

function formatSum(variants: readonly Element[], json: JsonValue): string {
  const [tag, value] = isJsonArray(json) ? json : [];
  if (typeof tag !== "number" || value === undefined) return stringifyJson(json);
  const variant = variants[tag];
  if (variant === undefined) return stringifyJson(json);
  return `(${variant.name ?? tag} = ${formatCell(variant.type, value)})`;
}

function formatProduct(
  elements: readonly Element[],
  special: SpecialKind | undefined,
  json: JsonValue,
): string {
  if (!isJsonArray(json) || json.length !== elements.length) return stringifyJson(json);
  if (special !== undefined) return formatSpecial(special, json[0] ?? null);
  const fields = elements.map(
    ({ name, type }, i) => `${name ?? i} = ${formatCell(type, json[i] ?? null)}`,
  );
  return `(${fields.join(", ")})`;
}

function formatSpecial(special: SpecialKind, json: JsonValue): string {
  // An identity is a number to the format: its leading zeros are not sent.
  if (special === "identity" && typeof json === "string") {
    return `0x${json.replace(/^0x/, "").padStart(64, "0")}`;
  }
  if (!isInteger(json)) return stringifyJson(json);
  const value = BigInt(json);
  switch (special) {
    case "connectionId":
      return `0x${value.toString(16).padStart(32, "0")}`;
    case "uuid":
      return new Uuid(value).toString();
    case "timestamp":
      return formatTimestamp(value);
    case "timeDuration":
      return formatDuration(value);
    default:
      return stringifyJson(json);
  }
}

// What a Date holds; a timestamp goes further.
const dateMillisMax = 8_640_000_000_000_000n;

/** Microseconds since the epoch as RFC 3339 in UTC, with six decimals. */
export function formatTimestamp(micros: bigint): string {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const millis = (micros - rest) / 1000n;
  if (millis > dateMillisMax || millis < -dateMillisMax) return `${micros}us`;
  const seconds = new Date(Number(millis)).toISOString().replace(/\.000Z$/, "");
  return `${seconds}.${rest.toString().padStart(6, "0")}Z`;
}

/** Microseconds as signed seconds: `+1.500000`. */
function formatDuration(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = (size % 1_000_000n).toString().padStart(6, "0");
  return `${micros < 0n ? "-" : "+"}${size / 1_000_000n}.${fraction}`;
}
