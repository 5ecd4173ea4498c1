// SATS-JSON, output: straight from BSATN to text, by closures compiled once per type (module-def.md
// section 4).
import type { Reader } from "../bytes/reader.ts";
import { toHex } from "../identity.ts";
import { LightconeError } from "../error.ts";
import { fixedSize } from "./layout.ts";
import { RefCompiler } from "./refs.ts";
import {
  type AlgebraicType,
  type Element,
  emptyElementsMax,
  isBytes,
  type RefType,
  type Typespace,
  valueDepthMax,
} from "./type.ts";

/**
 * How products and sums look: "typed" has objects with names (schemas, envelopes), "positional"
 * arrays and tags (rows of `/sql`, procedure results), "mixed" objects for products and tags for
 * sums (first rows in v1.json).
 */
export type JsonStyle = "typed" | "positional" | "mixed";

/** Reads one value and returns its JSON text. Throws LC_BSATN_DECODE. */
export type JsonWriter = (reader: Reader) => string;

export function compileJsonWriter(
  type: AlgebraicType,
  types: Typespace,
  style: JsonStyle,
): JsonWriter {
  return new JsonWriterCompiler(types, style).compileWhole(type);
}

/**
 * A float as the reference host writes it: whole numbers keep a fraction, what is no number becomes
 * null.
 */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/**
 * The shortest decimal that is still the same f32, for `0.1` shall not become 0.10000000149011612.
 */
function shortestFloat32(value: number): number {
  // Its digits would lose the sign of zero.
  if (value === 0) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function wideText(value: bigint): string {
  return value < 0n ? `"-0x${(-value).toString(16)}"` : `"0x${value.toString(16)}"`;
}

const primitives: Readonly<Partial<Record<AlgebraicType["kind"], JsonWriter>>> = {
  bool: (reader) => String(reader.bool()),
  string: (reader) => JSON.stringify(reader.string()),
  u8: (reader) => String(reader.u8()),
  i8: (reader) => String(reader.i8()),
  u16: (reader) => String(reader.u16()),
  i16: (reader) => String(reader.i16()),
  u32: (reader) => String(reader.u32()),
  i32: (reader) => String(reader.i32()),
  u64: (reader) => String(reader.u64()),
  i64: (reader) => String(reader.i64()),
  u128: (reader) => String(reader.words(2, "u128")),
  i128: (reader) => String(BigInt.asIntN(128, reader.words(2, "i128"))),
  u256: (reader) => wideText(reader.words(4, "u256")),
  i256: (reader) => wideText(BigInt.asIntN(256, reader.words(4, "i256"))),
  f32: (reader) => floatText(shortestFloat32(reader.f32())),
  f64: (reader) => floatText(reader.f64()),
};

const writeBytes: JsonWriter = (reader) => `"${toHex(reader.bytes())}"`;

function keyOf(element: Element, index: number): string {
  return JSON.stringify(element.name ?? String(index));
}

class JsonWriterCompiler {
  readonly #types: Typespace;
  readonly #style: JsonStyle;
  readonly #refs: RefCompiler<JsonWriter>;

  constructor(types: Typespace, style: JsonStyle) {
    this.#types = types;
    this.#style = style;
    this.#refs = new RefCompiler(types, (type) => this.compile(type));
  }

  compileWhole(type: AlgebraicType): JsonWriter {
    return this.#refs.compile(type);
  }

  compile(type: AlgebraicType): JsonWriter {
    switch (type.kind) {
      case "ref":
        return this.#compileRef(type);
      case "product":
        return this.#compileProduct(type.elements);
      case "sum":
        return this.#compileSum(type.variants);
      case "array":
        return isBytes(type) ? writeBytes : this.#compileArray(type.element);
      default:
        return primitives[type.kind] as JsonWriter;
    }
  }

  #compileRef(type: RefType): JsonWriter {
    const target = this.#refs.target(type);
    if ("leaf" in target) return target.leaf;
    const { slot } = target;
    return (reader) => {
      reader.enter(valueDepthMax);
      const text = (slot.compiled as JsonWriter)(reader);
      reader.leave();
      return text;
    };
  }

  #compileProduct(elements: readonly Element[]): JsonWriter {
    const writers = elements.map((element) => this.compile(element.type));
    if (writers.length === 0) {
      const unit = this.#style === "mixed" ? "{}" : "[]";
      return () => unit;
    }
    const isArray = this.#style === "positional";
    // What stands before each value: the bracket or comma, and the key where there is one.
    const heads = elements.map((element, i) =>
      isArray ? (i === 0 ? "[" : ",") : `${i === 0 ? "{" : ","}${keyOf(element, i)}:`,
    );
    const tail = isArray ? "]" : "}";
    return (reader) => {
      let text = "";
      for (let i = 0; i < writers.length; i++) {
        text += heads[i] as string;
        text += (writers[i] as JsonWriter)(reader);
      }
      return text + tail;
    };
  }

  #compileSum(variants: readonly Element[]): JsonWriter {
    const writers = variants.map((variant) => this.compile(variant.type));
    const isTyped = this.#style === "typed";
    const heads = variants.map((variant, i) => (isTyped ? `{${keyOf(variant, i)}:` : `[${i},`));
    const tail = isTyped ? "}" : "]";
    return (reader) => {
      const tag = reader.u8();
      const write = writers[tag];
      if (write === undefined) throw new LightconeError("LC_BSATN_DECODE", `unknown tag ${tag}`);
      return (heads[tag] as string) + write(reader) + tail;
    };
  }

  #compileArray(element: AlgebraicType): JsonWriter {
    const write = this.compile(element);
    const sizeMin = fixedSize(element, this.#types) ?? 1;
    return (reader) => {
      const count = reader.u32("length of an array");
      const countMax = sizeMin === 0 ? emptyElementsMax : reader.remaining / sizeMin;
      if (count > countMax) {
        throw new LightconeError("LC_BSATN_DECODE", `an array claims ${count} elements`);
      }
      let text = "[";
      for (let i = 0; i < count; i++) text += i === 0 ? write(reader) : `,${write(reader)}`;
      return `${text}]`;
    };
  }
}
