// The tables of the double: plain arrays of encoded rows, searched from end to end.
import {
  type Codec,
  compareUtf8,
  compileCodec,
  encode,
  Errno,
  type IndexDef,
  LightconeError,
  type ModuleDef,
  type ProductValue,
  Reader,
  type TableDef,
  type Value,
  Writer,
} from "@lightcone/abi";

/** Why an import answers an error. */
export class Refusal extends Error {
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

export interface Bounds {
  readonly index: DoubleIndex;
  readonly prefix: readonly Value[];
  readonly from: Bound;
  readonly to: Bound;
}

type Bound = { readonly kind: number; readonly value: Value };

export interface DoubleIndex {
  readonly def: IndexDef;
  readonly table: DoubleTable;
}

function compareValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b);
  if (typeof a === "object" && typeof b === "object") {
    const left = Object.values(a) as Value[];
    const right = Object.values(b) as Value[];
    for (const [i, value] of left.entries()) {
      const order = compareValues(value, right[i]);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  const [left, right] = [a as number, b as number];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Reads `count` values with their codecs, and nothing behind them. */
function readAll(codecs: readonly Codec[], bytes: Uint8Array): Value[] {
  try {
    const reader = new Reader(bytes);
    const values = codecs.map((codec) => codec.read(reader));
    if (reader.remaining > 0) throw new Refusal(Errno.bsatnDecodeError);
    return values;
  } catch (thrown) {
    if (thrown instanceof LightconeError) throw new Refusal(Errno.bsatnDecodeError);
    throw thrown;
  }
}

export class DoubleTable {
  readonly def: TableDef;
  readonly #columnCodecs: readonly Codec[];
  readonly #nextOf = new Map<number, bigint>();
  /** A row is an array of bytes that nobody changes. */
  readonly #decoded = new WeakMap<Uint8Array, readonly Value[]>();
  rows: Uint8Array[] = [];

  constructor(def: TableDef, module: ModuleDef) {
    this.def = def;
    this.#columnCodecs = def.columns.map((column) => compileCodec(column.type, module.typespace));
  }

  decode(row: Uint8Array): readonly Value[] {
    const known = this.#decoded.get(row);
    if (known !== undefined) return known;
    const values = readAll(this.#columnCodecs, row);
    this.#decoded.set(row, values);
    return values;
  }

  decodeColumns(columns: readonly number[], bytes: Uint8Array): Value[] {
    return readAll(this.#codecsOf(columns), bytes);
  }

  /** A bound of a range: a tag and, but for an open end, a value of the column. */
  decodeBound(column: number, bytes: Uint8Array): Bound {
    const [tag, ...rest] = bytes;
    if (tag === 2 && rest.length === 0) return { kind: 2, value: undefined };
    if (tag !== 0 && tag !== 1) throw new Refusal(Errno.bsatnDecodeError);
    const [value] = this.decodeColumns([column], bytes.subarray(1));
    return { kind: tag, value };
  }

  encode(values: readonly Value[]): Uint8Array {
    const writer = new Writer(64);
    for (const [i, value] of values.entries()) this.#columnCodecs[i]?.write(writer, value);
    return writer.finish();
  }

  /** Rows by field name, for tests. */
  objects(): ProductValue[] {
    return this.rows.map((row) => {
      const entries = this.decode(row).map(
        (value, i) => [this.def.columns[i]?.name, value] as const,
      );
      return Object.fromEntries(entries) as ProductValue;
    });
  }

  /** Gives zeros of sequences their values: the row, and the generated values to write back. */
  generate(row: Uint8Array): { readonly row: Uint8Array; readonly generated: Uint8Array } {
    const values = [...this.decode(row)];
    const generated: number[] = [];
    const columns = this.def.sequences.map((sequence) => sequence.column).sort((a, b) => a - b);
    for (const column of columns) {
      if (BigInt(values[column] as bigint) !== 0n) continue;
      const next = this.#nextOf.get(column) ?? 1n;
      this.#nextOf.set(column, next + 1n);
      values[column] = typeof values[column] === "bigint" ? next : Number(next);
      generated.push(...encode(this.#columnCodecs[column] as Codec, values[column]));
    }
    return { row: this.encode(values), generated: Uint8Array.from(generated) };
  }

  insert(row: Uint8Array, replaced?: Uint8Array): void {
    const values = this.decode(row);
    if (this.rows.some((each) => each !== replaced && sameBytes(each, row))) return;
    for (const { columns } of this.def.constraints) {
      const taken = this.find(
        columns,
        columns.map((column) => values[column]),
      );
      if (taken.some((each) => each !== replaced)) throw new Refusal(Errno.uniqueAlreadyExists);
    }
    if (replaced !== undefined) this.remove([replaced]);
    this.rows.push(row);
  }

  remove(rows: readonly Uint8Array[]): number {
    const gone = new Set(rows);
    this.rows = this.rows.filter((row) => !gone.has(row));
    return gone.size;
  }

  find(columns: readonly number[], key: readonly Value[]): Uint8Array[] {
    return this.rows.filter((row) => {
      const values = this.decode(row);
      return columns.every((column, i) => compareValues(values[column], key[i]) === 0);
    });
  }

  isUnique(columns: readonly number[]): boolean {
    return this.def.constraints.some(
      (each) =>
        each.columns.length === columns.length &&
        each.columns.every((column) => columns.includes(column)),
    );
  }

  #codecsOf(columns: readonly number[]): Codec[] {
    return columns.map((column) => this.#columnCodecs[column] as Codec);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The rows whose key lies between the bounds, in the order of the keys. */
export function rowsBetween({ index, prefix, from, to }: Bounds): Uint8Array[] {
  const { columns } = index.def.algorithm;
  const { table } = index;
  const bounded = columns[prefix.length] as number;
  const isWithin = (row: Uint8Array): boolean => {
    const values = table.decode(row);
    if (prefix.some((value, i) => compareValues(values[columns[i] as number], value) !== 0)) {
      return false;
    }
    const value = values[bounded];
    const low =
      from.kind === 2 ? 1 : compareValues(value, from.value) + (from.kind === 0 ? 0.5 : 0);
    const high = to.kind === 2 ? -1 : compareValues(value, to.value) - (to.kind === 0 ? 0.5 : 0);
    return low > 0 && high < 0;
  };
  const keyOf = (row: Uint8Array): Value[] => {
    const values = table.decode(row);
    return columns.map((column) => values[column]);
  };
  return table.rows.filter(isWithin).sort((a, b) => compareValues(keyOf(a), keyOf(b)));
}
