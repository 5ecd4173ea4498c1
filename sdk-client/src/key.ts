// Keys of rows in maps: the values of columns that are unique together.
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
    let key = "";
    for (const byte of writer.written()) key += String.fromCharCode(byte);
    return key;
  };
}
