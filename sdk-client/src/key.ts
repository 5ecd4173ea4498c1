// Keys of rows in maps: the values of columns that are unique together.
import {
  compileCodec,
  type Element,
  present,
  type ProductType,
  type ProductValue,
  resolve,
  specialKind,
  type Typespace,
  type Value,
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
  switch (resolved.kind) {
    case "product":
      return specialKind(resolved) && ((row) => unwrapped(row[name]));
    case "sum":
    case "array":
      return undefined;
    default:
      return (row) => row[name];
  }
}

/** The number in a value of one of the special products: an identity, a time and the like. */
export function unwrapped(value: Value): bigint {
  const { value: number, micros } = value as { readonly value?: bigint; readonly micros?: bigint };
  return number ?? (micros as bigint);
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
