// Types as values: AlgebraicType, ProductType and Typespace described in their own terms, so that
// they travel as BSATN (module definitions, st_column.col_type) and as JSON (/schema, /sql) through
// the same codecs as everything else. Reference: module-def.md sections 1 and 4.
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";
import { compileCodec } from "./bsatn.ts";
import { compileJsonWriter } from "./json-write.ts";
import {
  type AlgebraicType,
  array,
  type Element,
  kindsByTag,
  option,
  type PrimitiveKind,
  product,
  type ProductType,
  ref,
  sum,
  type Typespace,
  unitType,
} from "./type.ts";

/** Most levels of types inside one type, references not followed. */
export const typeDepthMax = 64;

/** Most variants of a sum: its tag is one byte. */
export const variantsMax = 256;

const elementType = product({ name: option({ kind: "string" }), algebraic_type: ref(0) });

/** The type of ProductType, in `typeTypes`. */
export const productTypeType: ProductType = product({ elements: array(elementType) });

const payloads: Readonly<Partial<Record<AlgebraicType["kind"], AlgebraicType>>> = {
  ref: { kind: "u32" },
  sum: product({ variants: array(elementType) }),
  product: productTypeType,
  array: ref(0),
};

// "u128" is "U128" on the wire, "string" is "String".
function variantName<K extends string>(kind: K): Capitalize<K> {
  return (kind.slice(0, 1).toUpperCase() + kind.slice(1)) as Capitalize<K>;
}

/** The type of AlgebraicType: its references lead into a typespace that has it at position 0. */
export const typeType: AlgebraicType = sum(
  Object.fromEntries(kindsByTag.map((kind) => [variantName(kind), payloads[kind] ?? unitType])),
);

/** The typespace of `typeType` and `productTypeType`. */
export const typeTypes: Typespace = [typeType];

/** A type as the generic codec has it. */
export type RawType =
  | { readonly tag: "Ref"; readonly value: number }
  | { readonly tag: "Sum"; readonly value: { readonly variants: readonly RawElement[] } }
  | { readonly tag: "Product"; readonly value: RawProductType }
  | { readonly tag: "Array"; readonly value: RawType }
  | { readonly tag: Capitalize<PrimitiveKind>; readonly value: undefined };

export type RawElement = {
  readonly name: string | undefined;
  readonly algebraic_type: RawType;
};

export type RawProductType = { readonly elements: readonly RawElement[] };

const primitives = new Map(
  kindsByTag
    .filter((kind) => payloads[kind] === undefined)
    .map((kind) => [variantName(kind), { kind } as AlgebraicType] as const),
);

/**
 * The type that `raw` describes. Throws LC_BSATN_DECODE for too deep a type or too many variants.
 */
export function typeFromRaw(raw: RawType): AlgebraicType {
  return fromRaw(raw, 1);
}

/** As typeFromRaw. */
export function productTypeFromRaw(raw: RawProductType): ProductType {
  return { kind: "product", elements: elementsFromRaw(raw.elements, 1) };
}

function fromRaw(raw: RawType, depth: number): AlgebraicType {
  if (depth > typeDepthMax) {
    throw new LightconeError(
      "LC_BSATN_DECODE",
      `a type is nested over ${typeDepthMax} levels deep`,
    );
  }
  switch (raw.tag) {
    case "Ref":
      return { kind: "ref", ref: raw.value };
    case "Product":
      return { kind: "product", elements: elementsFromRaw(raw.value.elements, depth) };
    case "Sum": {
      const { variants } = raw.value;
      if (variants.length > variantsMax) {
        throw new LightconeError("LC_BSATN_DECODE", `a sum type has ${variants.length} variants`);
      }
      return { kind: "sum", variants: elementsFromRaw(variants, depth) };
    }
    case "Array":
      return { kind: "array", element: fromRaw(raw.value, depth + 1) };
    default:
      return primitives.get(raw.tag) as AlgebraicType;
  }
}

function elementsFromRaw(raw: readonly RawElement[], depth: number): Element[] {
  return raw.map((element) => ({
    name: element.name,
    type: fromRaw(element.algebraic_type, depth + 1),
  }));
}

/** `type` as the generic codec has it: the inverse of typeFromRaw. */
export function typeToRaw(type: AlgebraicType): RawType {
  switch (type.kind) {
    case "ref":
      return { tag: "Ref", value: type.ref };
    case "product":
      return { tag: "Product", value: productTypeToRaw(type) };
    case "sum":
      return { tag: "Sum", value: { variants: elementsToRaw(type.variants) } };
    case "array":
      return { tag: "Array", value: typeToRaw(type.element) };
    default:
      return { tag: variantName(type.kind), value: undefined };
  }
}

/** The inverse of productTypeFromRaw. */
export function productTypeToRaw(type: ProductType): RawProductType {
  return { elements: elementsToRaw(type.elements) };
}

function elementsToRaw(elements: readonly Element[]): RawElement[] {
  return elements.map(({ name, type }) => ({ name, algebraic_type: typeToRaw(type) }));
}

const typeCodec = compileCodec<RawType>(typeType, typeTypes);
const writeTypeJson = compileJsonWriter(typeType, typeTypes, "typed");
const writeProductTypeJson = compileJsonWriter(productTypeType, typeTypes, "typed");

/** Reads one type. Throws LC_BSATN_DECODE. */
export function readType(reader: Reader): AlgebraicType {
  return typeFromRaw(typeCodec.read(reader));
}

export function writeType(writer: Writer, type: AlgebraicType): void {
  typeCodec.write(writer, typeToRaw(type));
}

/** The BSATN of a type, as `st_column.col_type` holds it. */
export function encodeType(type: AlgebraicType): Uint8Array {
  const writer = new Writer(64);
  writeType(writer, type);
  return writer.finish();
}

/** The type of its BSATN. Throws LC_BSATN_DECODE. */
export function decodeType(bytes: Uint8Array): AlgebraicType {
  return readType(new Reader(bytes));
}

/** The JSON text of a type: `{"U8":[]}`, `{"Ref":3}`. */
export function typeToJson(type: AlgebraicType): string {
  return writeTypeJson(new Reader(encodeType(type)));
}

/** The JSON text of a product type by itself, as `/sql` gives it: `{"elements":[…]}`. */
export function productTypeToJson(type: ProductType): string {
  // The tag in front says that it is a product, which is known here.
  return writeProductTypeJson(new Reader(encodeType(type), 1));
}
