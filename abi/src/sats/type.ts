// Algebraic types as one union, and what can be said of a type without a value: size, special
// meaning, resolution of references. Reference: module-def.md sections 1 and 3.
import { LightconeError } from "../error.ts";

export type PrimitiveKind =
  | "string"
  | "bool"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i64"
  | "u64"
  | "i128"
  | "u128"
  | "i256"
  | "u256"
  | "f32"
  | "f64";

export interface Element {
  readonly name: string | undefined;
  readonly type: AlgebraicType;
}

export interface ProductType {
  readonly kind: "product";
  readonly elements: readonly Element[];
}

export interface SumType {
  readonly kind: "sum";
  readonly variants: readonly Element[];
}

export interface ArrayType {
  readonly kind: "array";
  readonly element: AlgebraicType;
}

export interface RefType {
  readonly kind: "ref";
  readonly ref: number;
}

export type AlgebraicType =
  { readonly kind: PrimitiveKind } | ProductType | SumType | ArrayType | RefType;

/**
 * The types that `ref`s point into. Never changed once it is in use: what is known of its types is
 * remembered.
 */
export type Typespace = readonly AlgebraicType[];

/** BSATN tags of the kinds: the position in this list. */
export const kindsByTag = [
  "ref",
  "sum",
  "product",
  "array",
  "string",
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
] as const;

/** A primitive type, shared. */
export function primitive(kind: PrimitiveKind): AlgebraicType {
  return { kind };
}

export function product(elements: Readonly<Record<string, AlgebraicType>>): ProductType {
  return {
    kind: "product",
    elements: Object.entries(elements).map(([name, type]) => ({ name, type })),
  };
}

export function sum(variants: Readonly<Record<string, AlgebraicType>>): SumType {
  return {
    kind: "sum",
    variants: Object.entries(variants).map(([name, type]) => ({ name, type })),
  };
}

export function array(element: AlgebraicType): ArrayType {
  return { kind: "array", element };
}

export function option(some: AlgebraicType): SumType {
  return sum({ some, none: unitType });
}

export function ref(index: number): RefType {
  return { kind: "ref", ref: index };
}

export const unitType: ProductType = { kind: "product", elements: [] };
export const bytesType: ArrayType = { kind: "array", element: { kind: "u8" } };
export const identityType: ProductType = product({ __identity__: { kind: "u256" } });
export const connectionIdType: ProductType = product({ __connection_id__: { kind: "u128" } });
export const timestampType: ProductType = product({
  __timestamp_micros_since_unix_epoch__: { kind: "i64" },
});
export const timeDurationType: ProductType = product({ __time_duration_micros__: { kind: "i64" } });
export const uuidType: ProductType = product({ __uuid__: { kind: "u128" } });
export const scheduleAtType: SumType = sum({ Interval: timeDurationType, Time: timestampType });

/** Types recognised by the names of their fields or variants (module-def.md section 3). */
export type SpecialKind =
  | "identity"
  | "connectionId"
  | "timestamp"
  | "timeDuration"
  | "uuid"
  | "scheduleAt"
  | "option"
  | "result"
  | "query";

const specialFields: Readonly<Record<string, readonly [SpecialKind, AlgebraicType["kind"]]>> = {
  __identity__: ["identity", "u256"],
  __connection_id__: ["connectionId", "u128"],
  __timestamp_micros_since_unix_epoch__: ["timestamp", "i64"],
  __time_duration_micros__: ["timeDuration", "i64"],
  __uuid__: ["uuid", "u128"],
  __query__: ["query", "ref"],
};

/**
 * Which special type `type` is, if any. References are not followed: a special type always stands
 * inline.
 */
export function specialKind(type: AlgebraicType): SpecialKind | undefined {
  if (type.kind === "product") {
    const [element, ...others] = type.elements;
    if (element?.name === undefined || others.length > 0) return undefined;
    const special = specialFields[element.name];
    return special !== undefined && special[1] === element.type.kind ? special[0] : undefined;
  }
  if (type.kind !== "sum" || type.variants.length !== 2) return undefined;
  const [first, second] = type.variants as [Element, Element];
  if (first.name === "some" && second.name === "none" && isUnit(second.type)) return "option";
  if (first.name === "ok" && second.name === "err") return "result";
  const isScheduleAt =
    first.name === "Interval" &&
    second.name === "Time" &&
    specialKind(first.type) === "timeDuration" &&
    specialKind(second.type) === "timestamp";
  return isScheduleAt ? "scheduleAt" : undefined;
}

export function isUnit(type: AlgebraicType): boolean {
  return type.kind === "product" && type.elements.length === 0;
}

export function isBytes(type: AlgebraicType): boolean {
  return type.kind === "array" && type.element.kind === "u8";
}

/** Follows references until something else comes. */
export function resolve(type: AlgebraicType, types: Typespace): Exclude<AlgebraicType, RefType> {
  let current = type;
  for (let hops = 0; current.kind === "ref"; hops++) {
    const next = types[current.ref];
    if (next === undefined || hops > types.length) {
      throw new LightconeError("LC_MODULE_INVALID", `type reference ${current.ref} leads nowhere`);
    }
    current = next;
  }
  return current;
}

/**
 * Most levels of references, to types that have references themselves, that one value may go down.
 * Deeper values are refused, for they would overflow the stack of whoever reads them.
 */
export const valueDepthMax = 500;

/**
 * Most elements of an array whose elements take no bytes: a count alone must not keep a reader
 * busy.
 */
export const emptyElementsMax = 1024;

/** Whether two types are the same, letter by letter; references must have equal numbers. */
export function typesEqual(a: AlgebraicType, b: AlgebraicType): boolean {
  if (a === b) return true;
  if (a.kind === "ref") return b.kind === "ref" && a.ref === b.ref;
  if (a.kind === "array") return b.kind === "array" && typesEqual(a.element, b.element);
  if (a.kind === "product") return b.kind === "product" && elementsEqual(a.elements, b.elements);
  if (a.kind === "sum") return b.kind === "sum" && elementsEqual(a.variants, b.variants);
  return a.kind === b.kind;
}

function elementsEqual(a: readonly Element[], b: readonly Element[]): boolean {
  return (
    a.length === b.length &&
    a.every((element, i) => {
      const other = b[i] as Element;
      return element.name === other.name && typesEqual(element.type, other.type);
    })
  );
}
