// BSATN: a codec is compiled once per type into closures; nothing inspects a type while values pass
// (module-def.md section 2).
import { LightconeError } from "../error.ts";
import { ConnectionId, Identity, Uuid } from "../identity.ts";
import { TimeDuration, Timestamp } from "../time.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { fixedSize } from "./layout.ts";
import { RefCompiler } from "./refs.ts";
import {
  type AlgebraicType,
  type Element,
  emptyElementsMax,
  isBytes,
  isUnit,
  type RefType,
  resolve,
  specialKind,
  type Typespace,
  valueDepthMax,
} from "./type.ts";
import { optionIsBoxed, type Value } from "./value.ts";

/**
 * Reads and writes the values of one type. Faults: LC_BSATN_DECODE when reading, LC_VALUE_INVALID
 * when writing.
 */
export interface Codec<T = Value> {
  readonly read: (reader: Reader) => T;
  readonly write: (writer: Writer, value: T) => void;
}

/**
 * Compiles the codec of `type`. Types may be recursive. `T` is what the caller knows the values of
 * that type to look like (value.ts).
 */
export function compileCodec<T = Value>(type: AlgebraicType, types: Typespace = []): Codec<T> {
  return new Compiler(types).compileWhole(type) as unknown as Codec<T>;
}

/** The bytes of one value. */
export function encode(codec: Codec, value: Value): Uint8Array {
  const writer = new Writer(64);
  codec.write(writer, value);
  return writer.finish();
}

/** The value of `bytes`; bytes after it are ignored, as the host of reference does. */
export function decode(codec: Codec, bytes: Uint8Array): Value {
  return codec.read(new Reader(bytes));
}

function bad(expected: string, value: unknown): never {
  const shown =
    typeof value === "object" && value !== null ? value.constructor.name : String(value);
  throw new LightconeError("LC_VALUE_INVALID", `expected ${expected}, given ${shown}`);
}

function integer(value: Value, min: number, max: number, kind: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    bad(`${kind} (an integer from ${min} to ${max})`, value);
  }
  return value;
}

function bigInteger(value: Value, bits: number, signed: boolean): bigint {
  const kind = `${signed ? "i" : "u"}${bits}`;
  if (typeof value !== "bigint") bad(`${kind} (a bigint)`, value);
  const fits = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (fits !== value) bad(`${kind} (in range)`, value);
  return value;
}

function small(
  kind: string,
  min: number,
  max: number,
  read: (reader: Reader) => number,
  write: (writer: Writer, value: number) => void,
): Codec {
  return { read, write: (writer, value) => write(writer, integer(value, min, max, kind)) };
}

function wide(bits: number, signed: boolean): Codec {
  const words = bits / 64;
  const kind = `${signed ? "i" : "u"}${bits}`;
  return {
    read: (reader) => {
      const value = reader.words(words, kind);
      return signed ? BigInt.asIntN(bits, value) : value;
    },
    write: (writer, value) => writer.words(bigInteger(value, bits, signed), words),
  };
}

function float(write: (writer: Writer, value: number) => void, read: (r: Reader) => number): Codec {
  return {
    read,
    write: (writer, value) => {
      if (typeof value !== "number") bad("a number", value);
      write(writer, value);
    },
  };
}

const primitives: Readonly<Record<string, Codec>> = {
  bool: {
    read: (reader) => reader.bool(),
    write: (writer, value) => {
      if (typeof value !== "boolean") bad("a boolean", value);
      writer.bool(value);
    },
  },
  string: {
    read: (reader) => reader.string(),
    write: (writer, value) => {
      if (typeof value !== "string") bad("a string", value);
      writer.string(value);
    },
  },
  u8: small(
    "u8",
    0,
    0xff,
    (r) => r.u8(),
    (w, v) => w.u8(v),
  ),
  i8: small(
    "i8",
    -0x80,
    0x7f,
    (r) => r.i8(),
    (w, v) => w.u8(v),
  ),
  u16: small(
    "u16",
    0,
    0xffff,
    (r) => r.u16(),
    (w, v) => w.u16(v),
  ),
  i16: small(
    "i16",
    -0x8000,
    0x7fff,
    (r) => r.i16(),
    (w, v) => w.u16(v),
  ),
  u32: small(
    "u32",
    0,
    0xffffffff,
    (r) => r.u32(),
    (w, v) => w.u32(v),
  ),
  i32: small(
    "i32",
    -0x80000000,
    0x7fffffff,
    (r) => r.i32(),
    (w, v) => w.u32(v),
  ),
  u64: {
    read: (reader) => reader.u64(),
    write: (writer, value) => writer.u64(bigInteger(value, 64, false)),
  },
  i64: {
    read: (reader) => reader.i64(),
    write: (writer, value) => writer.i64(bigInteger(value, 64, true)),
  },
  u128: wide(128, false),
  i128: wide(128, true),
  u256: wide(256, false),
  i256: wide(256, true),
  f32: float(
    (w, v) => w.f32(v),
    (r) => r.f32(),
  ),
  f64: float(
    (w, v) => w.f64(v),
    (r) => r.f64(),
  ),
};

const bytesCodec: Codec = {
  read: (reader) => reader.bytesCopy(),
  write: (writer, value) => {
    if (!(value instanceof Uint8Array)) bad("a Uint8Array", value);
    writer.bytes(value);
  },
};

/** A class around one integer: reads through `make`, writes what `take` finds in it. */
function wrapped<T extends Value & object>(
  name: string,
  is: (value: unknown) => value is T,
  make: (reader: Reader) => T,
  put: (writer: Writer, value: T) => void,
): Codec {
  return {
    read: make,
    write: (writer, value) => {
      if (!is(value)) bad(`a ${name}`, value);
      put(writer, value);
    },
  };
}

const specials: Readonly<Record<string, Codec>> = {
  identity: wrapped(
    "Identity",
    (value) => value instanceof Identity,
    (reader) => new Identity(reader.words(4, "Identity")),
    (writer, value) => writer.words(value.value, 4),
  ),
  connectionId: wrapped(
    "ConnectionId",
    (value) => value instanceof ConnectionId,
    (reader) => new ConnectionId(reader.words(2, "ConnectionId")),
    (writer, value) => writer.words(value.value, 2),
  ),
  uuid: wrapped(
    "Uuid",
    (value) => value instanceof Uuid,
    (reader) => new Uuid(reader.words(2, "Uuid")),
    (writer, value) => writer.words(value.value, 2),
  ),
  timestamp: wrapped(
    "Timestamp",
    (value) => value instanceof Timestamp,
    (reader) => new Timestamp(reader.i64()),
    (writer, value) => writer.i64(value.micros),
  ),
  timeDuration: wrapped(
    "TimeDuration",
    (value) => value instanceof TimeDuration,
    (reader) => new TimeDuration(reader.i64()),
    (writer, value) => writer.i64(value.micros),
  ),
};

function isRecord(value: Value): value is { readonly [field: string]: Value } {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function fieldNames(elements: readonly Element[]): string[] {
  return elements.map((element, i) => element.name ?? String(i));
}

class Compiler {
  readonly #types: Typespace;
  readonly #refs: RefCompiler<Codec>;

  constructor(types: Typespace) {
    this.#types = types;
    this.#refs = new RefCompiler(types, (type) => this.compile(type));
  }

  compileWhole(type: AlgebraicType): Codec {
    return this.#refs.compile(type);
  }

  compile(type: AlgebraicType): Codec {
    if (type.kind === "ref") return this.#compileRef(type);
    const special = specialKind(type);
    switch (type.kind) {
      case "product":
        return (special && specials[special]) ?? this.#compileProduct(type.elements);
      case "sum":
        if (special === "option") return this.#compileOption((type.variants[0] as Element).type);
        if (special === "result") return this.#compileResult(type.variants);
        return this.#compileSum(type.variants);
      case "array":
        return isBytes(type) ? bytesCodec : this.#compileArray(type.element);
      default:
        return primitives[type.kind] as Codec;
    }
  }

  #compileRef(type: RefType): Codec {
    const target = this.#refs.target(type);
    if ("leaf" in target) return target.leaf;
    const { slot } = target;
    return {
      read: (reader) => {
        reader.enter(valueDepthMax);
        const value = (slot.compiled as Codec).read(reader);
        reader.leave();
        return value;
      },
      write: (writer, value) => (slot.compiled as Codec).write(writer, value),
    };
  }

  #compileProduct(elements: readonly Element[]): Codec {
    const names = fieldNames(elements);
    const codecs = elements.map((element) => this.compile(element.type));
    return {
      read: (reader) => {
        const value: Record<string, Value> = {};
        for (let i = 0; i < names.length; i++) {
          value[names[i] as string] = (codecs[i] as Codec).read(reader);
        }
        return value;
      },
      write: (writer, value) => {
        if (!isRecord(value)) bad(`an object with ${names.join(", ") || "no fields"}`, value);
        for (let i = 0; i < names.length; i++) {
          (codecs[i] as Codec).write(writer, value[names[i] as string]);
        }
      },
    };
  }

  #compileSum(variants: readonly Element[]): Codec {
    const names = fieldNames(variants);
    const codecs = variants.map((variant) => this.compile(variant.type));
    const isPlain = variants.map((variant) => isUnit(resolve(variant.type, this.#types)));
    const tagByName = new Map(names.map((name, tag) => [name, tag]));
    return {
      read: (reader) => {
        const tag = reader.u8();
        const codec = codecs[tag];
        if (codec === undefined) throw new LightconeError("LC_BSATN_DECODE", `unknown tag ${tag}`);
        return { tag: names[tag] as string, value: isPlain[tag] ? undefined : codec.read(reader) };
      },
      write: (writer, value) => {
        const name = isRecord(value) ? value["tag"] : undefined;
        const tag = typeof name === "string" ? tagByName.get(name) : undefined;
        if (tag === undefined) bad(`a { tag } out of ${names.join(", ")}`, name);
        writer.u8(tag);
        const content = (value as { readonly value?: Value }).value;
        if (!isPlain[tag]) (codecs[tag] as Codec).write(writer, content);
      },
    };
  }

  #compileOption(content: AlgebraicType): Codec {
    const codec = this.compile(content);
    const boxed = optionIsBoxed(content, this.#types);
    return {
      read: (reader) => {
        const tag = reader.u8();
        if (tag > 1) throw new LightconeError("LC_BSATN_DECODE", `unknown tag ${tag} of an option`);
        if (tag === 1) return undefined;
        const value = codec.read(reader);
        return boxed ? { some: value } : value;
      },
      write: (writer, value) => {
        writer.u8(value === undefined ? 1 : 0);
        if (value === undefined) return;
        codec.write(writer, boxed ? (value as { readonly some: Value }).some : value);
      },
    };
  }

  #compileResult(variants: readonly Element[]): Codec {
    const [ok, err] = variants.map((variant) => this.compile(variant.type)) as [Codec, Codec];
    return {
      read: (reader) => {
        const tag = reader.u8();
        if (tag > 1) throw new LightconeError("LC_BSATN_DECODE", `unknown tag ${tag} of a result`);
        return tag === 0 ? { ok: ok.read(reader) } : { err: err.read(reader) };
      },
      write: (writer, value) => {
        if (!isRecord(value)) bad("{ ok } or { err }", value);
        const isOk = "ok" in value;
        writer.u8(isOk ? 0 : 1);
        (isOk ? ok : err).write(writer, isOk ? value["ok"] : value["err"]);
      },
    };
  }

  #compileArray(element: AlgebraicType): Codec {
    const codec = this.compile(element);
    // What is not of fixed size takes at least one byte, a tag or a length.
    const sizeMin = fixedSize(element, this.#types) ?? 1;
    return {
      read: (reader) => {
        const count = reader.u32("length of an array");
        // A hostile count must fail before it costs memory or time.
        const countMax = sizeMin === 0 ? emptyElementsMax : reader.remaining / sizeMin;
        if (count > countMax) {
          throw new LightconeError("LC_BSATN_DECODE", `an array claims ${count} elements`);
        }
        const values: Value[] = [];
        for (let i = 0; i < count; i++) values.push(codec.read(reader));
        return values;
      },
      write: (writer, value) => {
        if (!Array.isArray(value)) bad("an array", value);
        writer.u32(value.length);
        for (const item of value) codec.write(writer, item as Value);
      },
    };
  }
}
