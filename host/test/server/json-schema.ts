// Whether a value is what a schema says: as much of JSON Schema as the API's description uses.
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "@lightcone/abi";
import type { Schema } from "../../src/server/openapi/description.ts";

/** What is wrong with a value, each fault with where it is; nothing if it is as it should be. */
export function schemaFaults(schema: Schema, value: JsonValue, at = "$"): string[] {
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((one) => schemaFaults(one, value, at).length === 0);
    return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} of several schemas`];
  }
  if (schema.const !== undefined && value !== schema.const)
    return [`${at}: is not ${schema.const}`];
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    return [`${at}: is none of ${schema.enum.join(", ")}`];
  }
  if (schema.type !== undefined && !hasType(schema.type, value)) {
    return [`${at}: is no ${schema.type}`];
  }
  if (typeof value === "string") return textFaults(schema, value, at);
  if (typeof value === "number") return numberFaults(schema, value, at);
  if (isJsonArray(value)) return arrayFaults(schema, value, at);
  return isJsonObject(value) ? objectFaults(schema, value, at) : [];
}

function hasType(type: NonNullable<Schema["type"]>, value: JsonValue): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return isJsonArray(value);
    case "object":
      return isJsonObject(value);
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "bigint" || typeof value === "number";
    default:
      return typeof value === type;
  }
}

function textFaults({ pattern }: Schema, value: string, at: string): string[] {
  if (pattern === undefined || new RegExp(pattern, "u").test(value)) return [];
  return [`${at}: does not match ${pattern}`];
}

function numberFaults({ minimum, maximum }: Schema, value: number, at: string): string[] {
  const isWithin = value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
  return isWithin ? [] : [`${at}: is out of range`];
}

function arrayFaults(
  { items = {}, minItems = 0, maxItems = Infinity }: Schema,
  value: readonly JsonValue[],
  at: string,
): string[] {
  const isFitting = value.length >= minItems && value.length <= maxItems;
  const own = isFitting ? [] : [`${at}: has ${value.length} items`];
  return [...own, ...value.flatMap((item, i) => schemaFaults(items, item, `${at}[${i}]`))];
}

function objectFaults(
  { properties = {}, required = [] }: Schema,
  value: JsonObject,
  at: string,
): string[] {
  const missing = required
    .filter((name) => !(name in value))
    .map((name) => `${at}: has no ${name}`);
  const wrong = Object.entries(value).flatMap(([name, member]) =>
    schemaFaults(properties[name] ?? {}, member, `${at}.${name}`),
  );
  return [...missing, ...wrong];
}
