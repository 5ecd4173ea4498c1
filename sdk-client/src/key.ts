// Keys of rows in maps: the bytes of a whole row, or the values of columns that are unique together.
import {
  type AlgebraicType,
  compileCodec,
  type Element,
  present,
  type ProductType,
  type ProductValue,
  resolve,
  specialKind,
  type Typespace,
  Writer,
} from "@lightcone/abi";

// Function.apply has a limit of arguments, in some engines of 65,536.
const chunkLengthMax = 512;

/** Arrays of each length that was needed so far: apply is quick with plain arrays, and making one costs more than filling it. */
const unitLists: number[][] = [];

/**
 * A string with one character for each two bytes of `bytes[start, end)`: equal bytes, equal strings. Different bytes have
 * different strings unless the ones are the others and a zero, which encodings of one type never are: none of them
 * is the beginning of another.
 */
export function bytesKey(bytes: Uint8Array, start: number, end: number): string {
  const unitCount = (end - start + 1) >>> 1;
  if (unitCount <= chunkLengthMax) return unitsText(bytes, start, end, unitCount);
  let key = "";
  for (let from = start; from < end; from += chunkLengthMax * 2) {
    const to = Math.min(end, from + chunkLengthMax * 2);
    key += unitsText(bytes, from, to, (to - from + 1) >>> 1);
  }
  return key;
}

function unitsText(bytes: Uint8Array, start: number, end: number, unitCount: number): string {
  const units = (unitLists[unitCount] ??= new Array<number>(unitCount).fill(0));
  const lastAt = end - 1;
  for (let unit = 0, at = start; at < end; unit++, at += 2) {
    const high = at === lastAt ? 0 : (bytes[at + 1] as number);
    units[unit] = (bytes[at] as number) | (high << 8);
  }
  return String.fromCharCode.apply(undefined, units);
}

/** What stands for the values of some columns in a Map: equal values, equal keys. */
export type KeyOf = (row: ProductValue) => unknown;

/** Compiles the key of `fields` of `row`, which must exist. */
export function compileKey(fields: readonly string[], row: ProductType, types: Typespace): KeyOf {
  const elements = fields.map((field) =>
    present(
      row.elements.find(({ name }) => name === field),
      `no column is called ${field}`,
    ),
  );
  const [only, ...others] = elements;
  const simple = only !== undefined && others.length === 0 ? simpleKey(only, types) : undefined;
  return simple ?? encodedKey(elements, types);
}

// Most keys are one number, string or wrapped number: a Map compares those by value without help.
function simpleKey({ name = "", type }: Element, types: Typespace): KeyOf | undefined {
  const resolved = resolve(type, types);
  switch (specialKind(resolved)) {
    case "identity":
    case "connectionId":
    case "uuid":
      return (row) => (row[name] as { readonly value: bigint }).value;
    case "timestamp":
    case "timeDuration":
      return (row) => (row[name] as { readonly micros: bigint }).micros;
    default:
      return isPrimitive(resolved) ? (row) => row[name] : undefined;
  }
}

function isPrimitive({ kind }: AlgebraicType): boolean {
  return kind !== "product" && kind !== "sum" && kind !== "array" && kind !== "ref";
}

function encodedKey(elements: readonly Element[], types: Typespace): KeyOf {
  const codec = compileCodec({ kind: "product", elements }, types);
  const writer = new Writer(64);
  return (row) => {
    writer.clear();
    codec.write(writer, row);
    return bytesKey(writer.memory, 0, writer.length);
  };
}
