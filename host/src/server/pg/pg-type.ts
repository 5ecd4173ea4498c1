// The host's types as PostgreSQL's (http-and-auth.md section 12; an Option is its value, or NULL).
import { type AlgebraicType, isBytes, specialKind } from "@lightcone/abi";
import { optionPayload } from "../../sql/bind/bind-wide.ts";
import { isPlainEnum } from "../../sql/bind/type-name.ts";

/** A type as PostgreSQL's catalog has it. */
export interface PgType {
  readonly oid: number;
  /** Bytes of every value, or -1 where they differ. */
  readonly size: number;
  /** As `\d` shows it. */
  readonly name: string;
  readonly arrayOid: number;
}

/** The types that values are written as. */
export type PgTypeName =
  | "bool"
  | "bytea"
  | "int8"
  | "int2"
  | "int4"
  | "text"
  | "json"
  | "float4"
  | "float8"
  | "varchar"
  | "timestamp"
  | "timestamptz"
  | "interval"
  | "numeric"
  | "uuid"
  | "anyenum";

export const pgTypes: Readonly<Record<PgTypeName, PgType>> = {
  bool: { oid: 16, size: 1, name: "boolean", arrayOid: 1000 },
  bytea: { oid: 17, size: -1, name: "bytea", arrayOid: 1001 },
  int8: { oid: 20, size: 8, name: "bigint", arrayOid: 1016 },
  int2: { oid: 21, size: 2, name: "smallint", arrayOid: 1005 },
  int4: { oid: 23, size: 4, name: "integer", arrayOid: 1007 },
  text: { oid: 25, size: -1, name: "text", arrayOid: 1009 },
  json: { oid: 114, size: -1, name: "json", arrayOid: 199 },
  float4: { oid: 700, size: 4, name: "real", arrayOid: 1021 },
  float8: { oid: 701, size: 8, name: "double precision", arrayOid: 1022 },
  varchar: { oid: 1043, size: -1, name: "character varying", arrayOid: 1015 },
  timestamp: { oid: 1114, size: 8, name: "timestamp without time zone", arrayOid: 1115 },
  timestamptz: { oid: 1184, size: 8, name: "timestamp with time zone", arrayOid: 1185 },
  interval: { oid: 1186, size: 16, name: "interval", arrayOid: 1187 },
  numeric: { oid: 1700, size: -1, name: "numeric", arrayOid: 1231 },
  uuid: { oid: 2950, size: 16, name: "uuid", arrayOid: 2951 },
  // A type of the catalog without arrays of its own: those are arrays of text.
  anyenum: { oid: 3500, size: 4, name: "anyenum", arrayOid: 1015 },
};

/** How values of a type are written: as one of PostgreSQL's types, or as an array of one. */
export interface PgShape {
  readonly type: PgTypeName;
  /** What is written of an Option: its value. */
  readonly payload: AlgebraicType;
  readonly isOption: boolean;
  /** The shape of the elements, for an array. */
  readonly element: PgShape | undefined;
}

const primitiveTypes: Readonly<Partial<Record<AlgebraicType["kind"], PgTypeName>>> = {
  bool: "bool",
  u8: "int2",
  i8: "int2",
  i16: "int2",
  u16: "int4",
  i32: "int4",
  u32: "int8",
  i64: "int8",
  u64: "numeric",
  u128: "numeric",
  i128: "numeric",
  u256: "numeric",
  i256: "numeric",
  f32: "float4",
  f64: "float8",
  string: "varchar",
};

const specialTypes: Readonly<Record<string, PgTypeName>> = {
  identity: "bytea",
  connectionId: "bytea",
  timestamp: "timestamp",
  timeDuration: "interval",
  uuid: "uuid",
};

function scalarType(type: AlgebraicType): PgTypeName {
  const special = specialTypes[specialKind(type) ?? ""];
  if (special !== undefined) return special;
  if (isBytes(type)) return "bytea";
  if (isPlainEnum(type)) return "anyenum";
  return primitiveTypes[type.kind] ?? "json";
}

/** How a column's type is written. Arrays of arrays are arrays of JSON: PostgreSQL's would all have to be of one length. */
export function pgShapeOf(type: AlgebraicType): PgShape {
  const inner = optionPayload(type);
  const payload = inner ?? type;
  const isOption = inner !== undefined;
  if (payload.kind !== "array" || isBytes(payload)) {
    return { type: scalarType(payload), payload, isOption, element: undefined };
  }
  const given = optionPayload(payload.element);
  const element: PgShape = {
    type: scalarType(given ?? payload.element),
    payload: given ?? payload.element,
    isOption: given !== undefined,
    element: undefined,
  };
  return { type: element.type, payload, isOption, element };
}

/** The catalog's number of a shape. */
export function oidOf({ type, element }: PgShape): number {
  return element === undefined ? pgTypes[type].oid : pgTypes[type].arrayOid;
}

/** Bytes of every value of a shape, or -1. */
export function sizeOf({ type, element }: PgShape): number {
  return element === undefined ? pgTypes[type].size : -1;
}

/** A shape as `\d` shows it. */
export function typeText({ type, element }: PgShape): string {
  return `${pgTypes[type].name}${element === undefined ? "" : "[]"}`;
}
