// Where the columns of a BSATN row lie. Columns before the first one of variable length have a constant position.
import {
  type AlgebraicType,
  assert,
  compileWalk,
  fixedSize,
  isFreeForm,
  type Typespace,
  type Walk,
} from "@lightcone/abi";

/** Finds columns in rows of one table and checks rows handed in from outside. */
export class RowLayout {
  readonly columnCount: number;
  /** Whether every `rowSize` bytes are a row. */
  readonly #isFreeForm: boolean;
  /** Bytes of every row, or -1 where rows differ in length. */
  readonly rowSize: number;
  readonly columnTypes: readonly AlgebraicType[];
  readonly #walks: readonly Walk[];
  readonly #walkRow: Walk;
  /** Constant position of each column, or -1. */
  readonly #offsets: Int32Array;
  /** Constant length of each column, or -1. */
  readonly #sizes: Int32Array;

  constructor(columnTypes: readonly AlgebraicType[], types: Typespace = []) {
    this.columnTypes = columnTypes;
    this.columnCount = columnTypes.length;
    this.#walks = columnTypes.map((type) => compileWalk(type, types));
    this.#walkRow = compileWalk(
      {
        kind: "product",
        elements: columnTypes.map((type, i) => ({ name: `c${i}`, type })),
      },
      types,
    );
    this.#sizes = Int32Array.from(columnTypes, (type) => fixedSize(type, types) ?? -1);
    this.#offsets = new Int32Array(columnTypes.length);
    let offset = 0;
    for (let i = 0; i < columnTypes.length; i++) {
      this.#offsets[i] = offset;
      const size = this.#sizes[i] as number;
      offset = offset < 0 || size < 0 ? -1 : offset + size;
    }
    this.rowSize = offset;
    this.#isFreeForm = offset >= 0 && columnTypes.every((type) => isFreeForm(type, types));
  }

  /** Position after the row that starts at `at`, or -1 if there is no valid row before `end`. */
  rowEnd(bytes: Uint8Array, at: number, end: number): number {
    if (this.#isFreeForm) return end - at < this.rowSize ? -1 : at + this.rowSize;
    return this.#walkRow(bytes, at, end);
  }

  /** Constant offset of a column in the row, or -1 where it depends on the row. */
  constantOffset(column: number): number {
    return this.#offsets[column] as number;
  }

  /** Constant size of a column, or -1. */
  constantSize(column: number): number {
    return this.#sizes[column] as number;
  }

  /** Position of `column` in the valid row that starts at `rowStart`. */
  columnStart(column: number, bytes: Uint8Array, rowStart: number): number {
    const constant = this.#offsets[column] as number;
    if (constant >= 0) return rowStart + constant;
    let from = column - 1;
    while ((this.#offsets[from] as number) < 0) from--;
    let at = rowStart + (this.#offsets[from] as number);
    for (let i = from; i < column; i++) at = this.#walk(i, bytes, at);
    return at;
  }

  /** Position after `column`, which starts at `at`. */
  columnEnd(column: number, bytes: Uint8Array, at: number): number {
    const size = this.#sizes[column] as number;
    return size >= 0 ? at + size : this.#walk(column, bytes, at);
  }

  #walk(column: number, bytes: Uint8Array, at: number): number {
    const next = (this.#walks[column] as Walk)(bytes, at, bytes.length);
    assert(next >= 0, "a stored row does not match its table's columns");
    return next;
  }
}
