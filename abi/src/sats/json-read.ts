// SATS-JSON, input: from parsed JSON to BSATN, by closures compiled once per type (module-def.md
// section 4). A fault names the path to the value: `argument order.lines[2].price: expected i64,
// given "x"`.
import { Writer } from "../bytes/writer.ts";
import { type ErrorCode, LightconeError } from "../error.ts";
import { fromHex } from "../identity.ts";
import { isJsonArray, isJsonObject, type JsonValue, stringifyJson } from "./json-text.ts";
import {
  type AlgebraicType,
  type Element,
  isBytes,
  type ProductType,
  type RefType,
  specialKind,
  type Typespace,
} from "./type.ts";
import { RefCompiler } from "./refs.ts";

/** Writes the BSATN of one JSON value. Throws LC_JSON_DECODE. */
export type JsonReader = (json: JsonValue, writer: Writer) => void;

/** Compiles the reader of `type`. */
export function compileJsonReader(type: AlgebraicType, types: Typespace): JsonReader {
  const read = new JsonReaderCompiler(types).compileWhole(type);
  return (json, writer) => read(json, writer, new Path("LC_JSON_DECODE", "value"));
}

/** Writes the BSATN of a call's arguments. Throws LC_REDUCER_ARGUMENTS. */
export type ArgumentsReader = (json: JsonValue, writer: Writer) => void;

/**
 * Compiles the reader of arguments: a JSON array in order, or an object by the names of the
 * parameters.
 */
export function compileArguments(params: ProductType, types: Typespace): ArgumentsReader {
  const compiler = new JsonReaderCompiler(types);
  const readers = params.elements.map((element) => compiler.compileWhole(element.type));
  const names = elementNames(params.elements);
  return (json, writer) => {
    const path = new Path("LC_REDUCER_ARGUMENTS", "argument");
    const values = fieldValues(json, names, path, "arguments");
    for (const [i, read] of readers.entries()) {
      path.push(`${names[i]}`);
      read(values[i] as JsonValue, writer, path);
      path.pop();
    }
  };
}

/** The BSATN of a call's arguments: compileArguments for one use. */
export function encodeArguments(
  params: ProductType,
  types: Typespace,
  json: JsonValue,
): Uint8Array {
  const writer = new Writer(64);
  compileArguments(params, types)(json, writer);
  return writer.finish();
}

/** Where in the JSON a reader is, and how its faults are told. */
class Path {
  readonly #code: ErrorCode;
  readonly #root: string;
  readonly #steps: string[] = [];

  constructor(code: ErrorCode, root: string) {
    this.#code = code;
    this.#root = root;
  }

  push(step: string): void {
    this.#steps.push(step);
  }

  pop(): void {
    this.#steps.pop();
  }

  /** For what the JSON value is not. */
  expected(what: string, json: JsonValue): never {
    return this.fail(`expected ${what}, given ${shown(json)}`);
  }

  fail(text: string): never {
    const steps = this.#steps.join("").replace(/^\./, "");
    const place = steps === "" ? this.#root : `${this.#root} ${steps}`;
    throw new LightconeError(this.#code, `${place}: ${text}`);
  }
}

const shownLengthMax = 60;

function shown(json: JsonValue): string {
  if (isJsonArray(json)) return json.length === 0 ? "[]" : `an array of ${json.length}`;
  if (isJsonObject(json)) {
    const keys = Object.keys(json);
    return keys.length === 0 ? "{}" : `an object with ${cut(keys.join(", "))}`;
  }
  return cut(stringifyJson(json));
}

function cut(text: string): string {
  return text.length <= shownLengthMax ? text : `${text.slice(0, shownLengthMax)}…`;
}

type Read = (json: JsonValue, writer: Writer, path: Path) => void;

function elementNames(elements: readonly Element[]): string[] {
  return elements.map((element, i) => element.name ?? String(i));
}

/** The values of all fields in order, from an array or an object that has exactly them. */
function fieldValues(
  json: JsonValue,
  names: readonly string[],
  path: Path,
  what: string,
): readonly JsonValue[] {
  if (isJsonArray(json)) {
    if (json.length === names.length) return json;
    return path.fail(`expected ${names.length} ${what}, given ${json.length}`);
  }
  if (!isJsonObject(json)) {
    return path.expected(`an array or an object of ${names.length} ${what}`, json);
  }
  for (const key of Object.keys(json)) {
    if (!names.includes(key)) {
      path.fail(`unknown name ${JSON.stringify(key)}, expected ${names.join(", ") || "none"}`);
    }
  }
  return names.map((name) => {
    // Objects that did not come from parseJson have a prototype, whose members are no fields.
    if (Object.hasOwn(json, name)) return json[name] as JsonValue;
    return path.fail(`${JSON.stringify(name)} is missing`);
  });
}

function integerOf(json: JsonValue): bigint | undefined {
  if (typeof json === "bigint") return json;
  return typeof json === "number" && Number.isSafeInteger(json) ? BigInt(json) : undefined;
}

function integerReader(kind: string, bits: number, isSigned: boolean): Read {
  const words = Math.ceil(bits / 64);
  return (json, writer, path) => {
    const value = integerOf(json);
    if (value === undefined) return path.expected(kind, json);
    const fits = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
    if (fits !== value) return path.expected(`${kind} (in range)`, json);
    if (bits === 8) writer.u8(Number(value));
    else if (bits === 16) writer.u16(Number(value));
    else if (bits === 32) writer.u32(Number(value));
    else writer.words(value, words);
  };
}

/** 256-bit numbers are strings of hex digits. */
function wideReader(kind: string, isSigned: boolean): Read {
  const pattern = isSigned ? /^(-?)0x([0-9a-fA-F]{1,64})$/ : /^()0x([0-9a-fA-F]{1,64})$/;
  return (json, writer, path) => {
    const found = typeof json === "string" ? pattern.exec(json) : null;
    if (found === null) return path.expected(`${kind} (a string "0x…")`, json);
    const size = BigInt(`0x${found[2]}`);
    const value = found[1] === "-" ? -size : size;
    const fits = isSigned ? BigInt.asIntN(256, value) : value;
    if (fits !== value) return path.expected(`${kind} (in range)`, json);
    writer.words(value, 4);
  };
}

function floatReader(kind: string, write: (writer: Writer, value: number) => void): Read {
  return (json, writer, path) => {
    if (typeof json !== "number" && typeof json !== "bigint") return path.expected(kind, json);
    write(writer, Number(json));
  };
}

const primitives: Readonly<Partial<Record<AlgebraicType["kind"], Read>>> = {
  bool: (json, writer, path) => {
    if (typeof json !== "boolean") return path.expected("bool", json);
    writer.bool(json);
  },
  string: (json, writer, path) => {
    if (typeof json !== "string") return path.expected("string", json);
    writer.string(json);
  },
  u8: integerReader("u8", 8, false),
  i8: integerReader("i8", 8, true),
  u16: integerReader("u16", 16, false),
  i16: integerReader("i16", 16, true),
  u32: integerReader("u32", 32, false),
  i32: integerReader("i32", 32, true),
  u64: integerReader("u64", 64, false),
  i64: integerReader("i64", 64, true),
  u128: integerReader("u128", 128, false),
  i128: integerReader("i128", 128, true),
  u256: wideReader("u256", false),
  i256: wideReader("i256", true),
  f32: floatReader("f32", (writer, value) => writer.f32(value)),
  f64: floatReader("f64", (writer, value) => writer.f64(value)),
};

const readHex: Read = (json, writer, path) => {
  if (typeof json !== "string") return path.expected("bytes (hex digits or an array)", json);
  if (json.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(json)) {
    return path.expected("bytes (an even number of hex digits)", json);
  }
  writer.bytes(fromHex(json));
};

class JsonReaderCompiler {
  readonly #refs: RefCompiler<Read>;

  constructor(types: Typespace) {
    this.#refs = new RefCompiler(types, (type) => this.compile(type));
  }

  compileWhole(type: AlgebraicType): Read {
    return this.#refs.compile(type);
  }

  compile(type: AlgebraicType): Read {
    switch (type.kind) {
      case "ref":
        return this.#compileRef(type);
      case "product":
        return this.#compileProduct(type.elements);
      case "sum":
        return this.#compileSum(type.variants, specialKind(type) === "option");
      case "array":
        return this.#compileArray(type);
      default:
        return primitives[type.kind] as Read;
    }
  }

  #compileRef(type: RefType): Read {
    const target = this.#refs.target(type);
    if ("leaf" in target) return target.leaf;
    const { slot } = target;
    // The depth of recursion is that of the JSON, which parseJson limits.
    return (json, writer, path) => (slot.compiled as Read)(json, writer, path);
  }

  #compileProduct(elements: readonly Element[]): Read {
    const readers = elements.map((element) => this.compile(element.type));
    const names = elementNames(elements);
    return (json, writer, path) => {
      const values = fieldValues(json, names, path, "fields");
      for (let i = 0; i < readers.length; i++) {
        path.push(`.${names[i]}`);
        (readers[i] as Read)(values[i] as JsonValue, writer, path);
        path.pop();
      }
    };
  }

  #compileSum(variants: readonly Element[], isOption: boolean): Read {
    const readers = variants.map((variant) => this.compile(variant.type));
    const names = elementNames(variants);
    const expected = `a variant out of ${names.join(", ")}`;
    return (json, writer, path) => {
      if (isOption && json === null) {
        writer.u8(1);
        return;
      }
      const [key, value] = variantOf(json) ?? path.expected(expected, json);
      const tag = tagOf(key, names);
      const read = readers[tag];
      if (read === undefined) return path.expected(expected, key);
      writer.u8(tag);
      path.push(`.${names[tag]}`);
      read(value, writer, path);
      path.pop();
    };
  }

  #compileArray(type: Extract<AlgebraicType, { kind: "array" }>): Read {
    const read = this.compile(type.element);
    const takesHex = isBytes(type);
    return (json, writer, path) => {
      if (!isJsonArray(json)) {
        return takesHex ? readHex(json, writer, path) : path.expected("an array", json);
      }
      writer.u32(json.length);
      for (const [i, item] of json.entries()) {
        path.push(`[${i}]`);
        read(item, writer, path);
        path.pop();
      }
    };
  }
}

/** The variant and its value: `{"name": value}` or `[tag or name, value]`. */
function variantOf(json: JsonValue): readonly [JsonValue, JsonValue] | undefined {
  if (isJsonArray(json)) {
    return json.length === 2 ? [json[0] as JsonValue, json[1] as JsonValue] : undefined;
  }
  if (!isJsonObject(json)) return undefined;
  const entries = Object.entries(json);
  return entries.length === 1 ? entries[0] : undefined;
}

/**
 * The position of the variant that `key` means by name, by number, or by number as text; -1 for
 * none.
 */
function tagOf(key: JsonValue, names: readonly string[]): number {
  if (typeof key === "number") return key;
  if (typeof key !== "string") return -1;
  const byName = names.indexOf(key);
  return byName >= 0 || !/^(0|[1-9][0-9]{0,2})$/.test(key) ? byName : Number(key);
}
