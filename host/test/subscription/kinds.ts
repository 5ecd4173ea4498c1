// The types of columns in random tables, each with a few values by hand: in their order, with how SQL spells them. What equals what
// and what is less is written here, not computed by the code under test.
import {
  type AlgebraicType,
  array,
  bytesType,
  compileCodec,
  ConnectionId,
  connectionIdType,
  encode,
  Identity,
  identityType,
  option,
  present,
  primitive,
  product,
  sum,
  TimeDuration,
  timeDurationType,
  Timestamp,
  timestampType,
  unitType,
  Uuid,
  uuidType,
  type Value,
} from "@lightcone/abi";

/** One value of a column type. A row is a list of cells, each the position of its value among those of the column's kind. */
interface Cell {
  readonly value: Value;
  /** Cells with equal ranks are equal for SQL, though not for the row store. */
  readonly rank: number;
  /** How a query spells it; undefined where it cannot. */
  readonly literal: string | undefined;
  /** The value's BSATN. */
  readonly bytes: Uint8Array;
}

export interface Kind {
  readonly type: AlgebraicType;
  /** Ascending. */
  readonly cells: readonly Cell[];
  /** Whether SQL compares its values at all. */
  readonly isComparable: boolean;
}

/** Values of which each is greater than the one before, with literals. */
function ascending(
  type: AlgebraicType,
  values: readonly (readonly [Value, literal: string | undefined])[],
): Kind {
  const codec = compileCodec(type);
  const cells = values.map(([value, literal], rank) => ({
    value,
    rank,
    literal,
    bytes: encode(codec, value),
  }));
  return { type, cells, isComparable: true };
}

/** Values that SQL does not compare. */
function opaque(type: AlgebraicType, values: readonly Value[]): Kind {
  const { cells } = ascending(
    type,
    values.map((value) => [value, undefined]),
  );
  return { type, cells, isComparable: false };
}

type IntegerKind = `${"u" | "i"}${8 | 16 | 32 | 64 | 128 | 256}`;

function integers(kind: IntegerKind): Kind {
  const bits = Number(kind.slice(1));
  const isSigned = kind.startsWith("i");
  const top = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  const small = [0n, 1n, 2n, 3n, 4n, 5n, 6n];
  const values = isSigned ? [-top - 1n, -1n, ...small, top] : [...small, 128n, top];
  return ascending(
    primitive(kind),
    values.map((value): [Value, string] => [bits <= 32 ? Number(value) : value, String(value)]),
  );
}

/** Both zeros are equal, and NaN is greater than all others. */
function floats(kind: "f32" | "f64"): Kind {
  const tenth = kind === "f32" ? Math.fround(0.1) : 0.1;
  const { type, cells } = ascending(primitive(kind), [
    [-Infinity, "-1e999"],
    [-1.5, "-1.5"],
    [-0, "-0.0"],
    [0, "0"],
    [tenth, "0.1"],
    [2, "2e0"],
    [Infinity, "1e999"],
    [Number.NaN, undefined],
  ]);
  const withZeros = cells.map((cell) => (Object.is(cell.value, -0) ? { ...cell, rank: 3 } : cell));
  return { type, cells: withZeros, isComparable: true };
}

/** Numbers of the identities that callers have, ascending; rows may name them. */
export const callerNumbers: readonly bigint[] = [1n, 0xabcn, 2n ** 255n];

const identityHex = (number: bigint): string => number.toString(16).padStart(64, "0");

function identityBytes(caller: number): [Value, string] {
  const hex = identityHex(callerNumbers[caller] ?? 0n);
  return [Uint8Array.from(Buffer.from(hex, "hex")), `0x${hex}`];
}

const plainEnum = sum({ North: unitType, South: unitType, West: unitType });

/** Kinds of text, bytes and numbers, and of values that SQL does not compare. */
export type KindName =
  | IntegerKind
  | ("bool" | "f32" | "f64" | "string" | "bytes" | "identity" | "connectionId" | "uuid")
  | ("timestamp" | "duration" | "option" | "enum" | "list" | "product");

export const kinds: Readonly<Record<KindName, Kind>> = {
  bool: ascending(primitive("bool"), [
    [false, "FALSE"],
    [true, "true"],
  ]),
  u8: integers("u8"),
  i8: integers("i8"),
  u16: integers("u16"),
  i16: integers("i16"),
  u32: integers("u32"),
  i32: integers("i32"),
  u64: integers("u64"),
  i64: integers("i64"),
  u128: integers("u128"),
  i128: integers("i128"),
  u256: integers("u256"),
  i256: integers("i256"),
  f32: floats("f32"),
  f64: floats("f64"),
  // By the bytes of UTF-8, which is not the order of UTF-16.
  string: ascending(primitive("string"), [
    ["", "''"],
    ["A", "'A'"],
    ["a", "'a'"],
    ["a\0", undefined],
    ["it's", "'it''s'"],
    ["é", "'é'"],
    ["\uffff", "'\uffff'"],
    ["\u{1f600}", "'\u{1f600}'"],
  ]),
  // By their bytes; those of the callers' identities are among them.
  bytes: ascending(bytesType, [
    [new Uint8Array(0), "X''"],
    identityBytes(0),
    identityBytes(1),
    [Uint8Array.of(0, 1), "0x0001"],
    [Uint8Array.of(1), "X'01'"],
    [Uint8Array.of(1, 0), "0x0100"],
    identityBytes(2),
    [Uint8Array.of(255), "0xff"],
  ]),
  identity: ascending(
    identityType,
    [0n, ...callerNumbers].map((number) => [new Identity(number), `0x${identityHex(number)}`]),
  ),
  connectionId: ascending(
    connectionIdType,
    [0n, 1n, 256n, 2n ** 127n].map((number) => [
      new ConnectionId(number),
      `0x${number.toString(16).padStart(32, "0")}`,
    ]),
  ),
  uuid: ascending(
    uuidType,
    [0n, 1n, 2n ** 64n, 2n ** 128n - 1n].map((number) => [
      new Uuid(number),
      `'${new Uuid(number).toString()}'`,
    ]),
  ),
  timestamp: ascending(timestampType, [
    [new Timestamp(-1n), "'1969-12-31T23:59:59.999999Z'"],
    [new Timestamp(0n), "'1970-01-01T00:00:00Z'"],
    [new Timestamp(1_735_786_985_000_001n), "'2025-01-02 04:03:05.000001+01:00'"],
    [new Timestamp(2n ** 62n), undefined],
  ]),
  duration: opaque(
    timeDurationType,
    [-1n, 0n, 1n].map((micros) => new TimeDuration(micros)),
  ),
  option: opaque(option(primitive("u32")), [undefined, 0, 7]),
  enum: opaque(
    plainEnum,
    ["North", "South", "West"].map((tag) => ({ tag, value: undefined })),
  ),
  list: opaque(array(primitive("u16")), [[], [0], [0, 0], [1]]),
  product: opaque(product({ a: primitive("i8"), b: primitive("string") }), [
    { a: -1, b: "" },
    { a: 0, b: "b" },
  ]),
};

export const kindNames: readonly KindName[] = Object.keys(kinds) as KindName[];

/** Kinds beside which `:sender` may stand. */
export type SenderKind = "identity" | "bytes";

/** By caller: which cell is its identity. */
const senderCells: Readonly<Record<SenderKind, readonly number[]>> = {
  identity: [1, 2, 3],
  bytes: [1, 2, 6],
};

export function isSenderKind(kind: KindName): kind is SenderKind {
  return kind in senderCells;
}

/** The cell that `:sender` stands for. */
export function senderCell(kind: SenderKind, caller: number): number {
  return present(senderCells[kind][caller], "a caller");
}
