// The rows of one source between the bytes that the engine and clients hold and the cells that the model is made of.
import { compileCodec, encode, present, Reader, type Value } from "@lightcone/abi";
import { type Kind, type KindName, kinds } from "./kinds.ts";
import type { Row } from "./script.ts";

interface Column {
  readonly read: (reader: Reader) => Value;
  readonly cells: Kind["cells"];
  /** By the hex of a value's BSATN. */
  readonly cellByHex: ReadonlyMap<string, number>;
  readonly hexOf: (value: Value) => string;
}

function columnOf(kind: KindName): Column {
  const { type, cells } = kinds[kind];
  const codec = compileCodec(type);
  const hexOf = (value: Value): string => Buffer.from(encode(codec, value)).toString("hex");
  const cellByHex = new Map(
    cells.map(({ bytes }, cell) => [Buffer.from(bytes).toString("hex"), cell]),
  );
  return { read: (reader) => codec.read(reader), cells, cellByHex, hexOf };
}

const columnByKind = new Map<KindName, Column>();

function sharedColumn(kind: KindName): Column {
  let column = columnByKind.get(kind);
  if (column === undefined) columnByKind.set(kind, (column = columnOf(kind)));
  return column;
}

/** Remembers each row that it has seen: equal rows are one object. */
export class RowBook {
  readonly #columns: readonly Column[];
  readonly #rowByHex = new Map<string, Row>();
  readonly #hexByRow = new Map<Row, string>();

  constructor(kindNames: readonly KindName[]) {
    this.#columns = kindNames.map(sharedColumn);
  }

  /** The row that these bytes are. */
  rowOf(bytes: Uint8Array, start: number, end: number): Row {
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
    return this.#rowByHex.get(hex) ?? this.#decode(hex, bytes, start);
  }

  #decode(hex: string, bytes: Uint8Array, start: number): Row {
    const reader = new Reader(bytes, start);
    const row = this.#columns.map(({ read, cellByHex, hexOf }) =>
      present(cellByHex.get(hexOf(read(reader))), "a value that nobody wrote"),
    );
    this.#remember(hex, row);
    return row;
  }

  #remember(hex: string, row: Row): void {
    this.#rowByHex.set(hex, row);
    this.#hexByRow.set(row, hex);
  }

  /** A row's bytes. */
  encode(row: Row): Uint8Array {
    return Buffer.concat(
      row.map((cell, column) =>
        present(this.#columns[column]?.cells[cell]?.bytes, "a cell of the column's kind"),
      ),
    );
  }

  /** The bytes of a row of this book, as hex. */
  hexOf(row: Row): string {
    return present(this.#hexByRow.get(row), "a row of this book");
  }
}
