// A whole definition, byte by byte, for readers of ABI.md.

/** Bytes in hexadecimal, and what they say. */
export type ExampleLine = readonly [bytes: string, meaning: string];

const hexOf = (text: string): string => Buffer.from(text).toString("hex");

export const exampleLines: readonly ExampleLine[] = [
  ["02", "the definition has version 10"],
  ["04000000", "four sections follow"],
  ["00", "section Typespace"],
  ["01000000", "one type: number 0, the row of the table"],
  ["02 02000000", "Product of two elements"],
  [`00 02000000 ${hexOf("id")} 0b`, "name given, of two bytes: `id`; its type U32"],
  [`00 01000000 ${hexOf("n")} 0d`, "`n`, U64"],
  ["01", "section Types"],
  ["01000000", "one exported type"],
  [`00000000 07000000 ${hexOf("Counter")}`, "no scope; its name is `Counter`"],
  ["00000000 01", "type number 0; its elements are in the module's own order"],
  ["02", "section Tables"],
  ["01000000", "one table"],
  [`07000000 ${hexOf("counter")}`, "its name is `counter`"],
  ["00000000", "its rows are of type number 0"],
  ["01000000 0000", "primary key: one column, number 0"],
  ["01000000", "one index"],
  [`00 14000000 ${hexOf("counter_id_idx_btree")}`, "its source name"],
  ["01", "no accessor name"],
  ["00 01000000 0000", "BTree over one column, number 0"],
  ["01000000", "one constraint"],
  ["01 00 01000000 0000", "no name; Unique over one column, number 0"],
  ["00000000", "no sequences"],
  ["01 00", "table of a user; public"],
  ["00000000 00", "no default values; no event table"],
  ["03", "section Reducers"],
  ["01000000", "one reducer: id 0"],
  [`03000000 ${hexOf("add")}`, "its name is `add`"],
  [`01000000 00 02000000 ${hexOf("id")} 0b`, "one parameter: `id`, U32"],
  ["01", "clients may call it"],
  ["02 00000000 04", "returns the empty Product; its error is a String"],
];

export const exampleBytes: Uint8Array = Uint8Array.from(
  Buffer.from(exampleLines.map(([bytes]) => bytes.replaceAll(" ", "")).join(""), "hex"),
);
