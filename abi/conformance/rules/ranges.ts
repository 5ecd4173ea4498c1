// Ranges of keys: bounds, prefixes, and every type that a key can have.
import {
  type AlgebraicType,
  bytesType,
  ConnectionId,
  connectionIdType,
  Identity,
  identityType,
  ref,
  sum,
  Timestamp,
  timestampType,
  unitType,
  type Value,
} from "../../src/index.ts";
import { bsatn, TableDef } from "../definition.ts";
import { makeGuest } from "../guest.ts";
import { type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { orTrap, type Script } from "../script.ts";
import {
  bound,
  deletePoint,
  deleteRange,
  errno,
  holdsCount,
  holdsRows,
  insert,
  nobody,
  on,
  place,
  rangeOperands,
  scanPoint,
  scanRange,
  u32,
  word,
} from "./world.ts";

const { included, excluded, unbounded } = bound;

/** A type of key, and values of it from the least to the greatest. */
interface KeyType {
  readonly name: string;
  readonly type: AlgebraicType;
  readonly values: readonly Value[];
  /** Where `type` is a reference: what it refers to. */
  readonly target?: AlgebraicType;
}

const level = sum({ low: unitType, mid: unitType, high: unitType, top: unitType });

function unsigned(bits: 8 | 16 | 32): KeyType {
  const most = 2 ** bits - 1;
  const values = [0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), most];
  return { name: `u${bits}`, type: { kind: `u${bits}` }, values };
}

function signed(bits: 8 | 16 | 32): KeyType {
  const least = -(2 ** (bits - 1));
  return { name: `i${bits}`, type: { kind: `i${bits}` }, values: [least, -1, 0, 1, -least - 1] };
}

function big(bits: 64 | 128 | 256): KeyType[] {
  const width = BigInt(bits);
  const most = 2n ** width - 1n;
  const half = 2n ** (width - 1n);
  return [
    { name: `u${bits}`, type: { kind: `u${bits}` }, values: [0n, 255n, 256n, half, most] },
    { name: `i${bits}`, type: { kind: `i${bits}` }, values: [-half, -1n, 0n, 256n, half - 1n] },
  ];
}

const keyTypes: readonly KeyType[] = [
  ...([8, 16, 32] as const).flatMap((bits) => [unsigned(bits), signed(bits)]),
  ...([64, 128, 256] as const).flatMap(big),
  { name: "bool", type: { kind: "bool" }, values: [false, true] },
  { name: "f32", type: { kind: "f32" }, values: [-Infinity, -1.5, 0, 0.25, Infinity] },
  { name: "f64", type: { kind: "f64" }, values: [-1e300, -1, 0, 1e-300, NaN] },
  // By bytes of UTF-8; by UTF-16 the last two would be the other way round.
  { name: "string", type: { kind: "string" }, values: ["", "a", "aa", "\uff5e", "\u{1f30d}"] },
  {
    name: "bytes",
    type: bytesType,
    values: [[], [0], [0, 255], [1], [255, 0]].map((bytes) => Uint8Array.from(bytes)),
  },
  {
    name: "identity",
    type: identityType,
    values: [0n, 1n, 2n ** 64n, 2n ** 128n, 2n ** 255n].map((n) =>
      Identity.fromHex(n.toString(16).padStart(64, "0")),
    ),
  },
  {
    name: "connection_id",
    type: connectionIdType,
    values: [0n, 1n, 2n ** 64n, 2n ** 127n].map((n) =>
      ConnectionId.fromHex(n.toString(16).padStart(32, "0")),
    ),
  },
  {
    name: "timestamp",
    type: timestampType,
    values: [-5n, 0n, 7n, 2n ** 62n].map((n) => new Timestamp(n)),
  },
  {
    name: "enum",
    type: ref(0),
    target: level,
    values: ["low", "mid", "high", "top"].map((tag) => ({ tag, value: undefined })),
  },
];

const keyTables = keyTypes.map(
  ({ name, type }) => new TableDef(`by_${name}`, { n: u32, key: type }, { btree: [[1]] }, [level]),
);

export const keysProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      types: [{ name: "Level", type: level }],
      tables: [...keyTables, place],
      reducers: [{ name: "run" }],
    },
  });

/** A table with all values of a type, put in out of order. */
interface Keyed {
  readonly index: ReturnType<Script["index"]>;
  readonly key: (position: number) => Uint8Array;
  readonly rows: (from: number, to: number) => Uint8Array[];
  readonly table: TableDef;
  readonly first: number;
  readonly second: number;
  readonly count: number;
}

function fill(s: Script, position: number): Keyed {
  const { type, target, values } = keyTypes[position] as KeyType;
  const table = keyTables[position] as TableDef;
  const row = (n: number): { n: number; key: Value } => ({ n, key: values[n] });
  const order = values.map((_, i) => (i * 3 + 1) % values.length);
  for (const n of new Set([...order, ...values.keys()])) insert(s, table, row(n));
  const count = values.length;
  return {
    index: s.index(`${table.name}_1_btree`),
    key: (n) => bsatn(target ?? type, values[n]),
    rows: (from, to) => Array.from({ length: to - from }, (_, i) => table.row(row(from + i))),
    table,
    first: count > 2 ? 1 : 0,
    second: count > 2 ? count - 2 : count - 1,
    count,
  };
}

const scanOfType = ({ name }: KeyType, position: number): RuleText =>
  on(
    `type-${name}`,
    `Keys of type ${name} are found in their order, between bounds of each kind.`,
    (s) => {
      const { index, key, rows, first, second, count } = fill(s, position);
      const [low, high] = [key(first), key(second)];
      holdsRows(s, scanRange(s, index, {}), rows(0, count));
      const closedOpen = { start: included(low), end: excluded(high) };
      holdsRows(s, scanRange(s, index, closedOpen), rows(first, second));
      const openClosed = { start: excluded(low), end: included(high) };
      holdsRows(s, scanRange(s, index, openClosed), rows(first + 1, second + 1));
      const fromLow = { start: included(low) };
      holdsRows(s, scanRange(s, index, fromLow), rows(first, count));
      holdsRows(s, scanRange(s, index, { end: excluded(low) }), rows(0, first));
      const backwards = { start: included(high), end: included(low) };
      holdsRows(s, scanRange(s, index, backwards), []);
    },
  );

const pointOfType = ({ name }: KeyType, position: number): RuleText =>
  on(`type-${name}`, `A key of type ${name} is found by its BSATN alone.`, (s) => {
    const { index, key, rows, count } = fill(s, position);
    for (let n = 0; n < count; n++) holdsRows(s, scanPoint(s, index, key(n)), rows(n, n + 1));
  });

const deleteOfType = ({ name }: KeyType, position: number): RuleText =>
  on(`type-${name}`, `Rows are deleted by a range of keys of type ${name}.`, (s) => {
    const { index, key, table, first, second, count } = fill(s, position);
    const range = { start: included(key(first)), end: excluded(key(second)) };
    deleteRange(s, index, range, second - first);
    holdsCount(s, table, BigInt(count - (second - first)));
    deleteRange(s, index, {}, count - (second - first));
  });

const deletePointOfType = ({ name }: KeyType, position: number): RuleText =>
  on(`type-${name}`, `The row with a key of type ${name} is deleted by it.`, (s) => {
    const { index, key, table, count } = fill(s, position);
    deletePoint(s, index, key(count - 1), 1);
    deletePoint(s, index, key(count - 1), 0);
    holdsCount(s, table, BigInt(count - 1));
  });

/** Zone u8, row i16, name string: the index of three columns. */
const zones = [1, 2].flatMap((zone) =>
  [-300, 0, 7].flatMap((row) => ["", "b"].map((name) => ({ zone, row, name }))),
);

interface Shape {
  readonly name: string;
  readonly states: string;
  readonly range: Parameters<typeof scanRange>[2];
  readonly finds: (key: (typeof zones)[number]) => boolean;
}

const i16 = (value: number): number[] => [...new Uint8Array(Int16Array.of(value).buffer)];
const text = (value: string): number[] => [...word(value.length), ...Buffer.from(value)];

const shapes: readonly Shape[] = [
  {
    name: "first-column",
    states: "Without a prefix the bounds are for the first column; the others are free.",
    range: { start: included([2]), end: included([2]) },
    finds: ({ zone }) => zone === 2,
  },
  {
    name: "prefix-one",
    states: "With one prefix column the bounds are for the second.",
    range: { prefix: [1], elements: 1, start: included(i16(-300)), end: excluded(i16(7)) },
    finds: ({ zone, row }) => zone === 1 && row < 7,
  },
  {
    name: "prefix-two",
    states: "With two prefix columns the bounds are for the third.",
    range: { prefix: [2, ...i16(7)], elements: 2, start: excluded(text("")) },
    finds: ({ zone, row, name }) => zone === 2 && row === 7 && name > "",
  },
  {
    name: "prefix-unbounded",
    states: "Unbounded at both ends: every key with the prefix.",
    range: { prefix: [1], elements: 1 },
    finds: ({ zone }) => zone === 1,
  },
  {
    name: "excluded-start",
    states: "An excluded start skips every key with the value, whatever follows it.",
    range: { start: excluded([1]) },
    finds: ({ zone }) => zone > 1,
  },
  {
    name: "included-end",
    states: "An included end takes in every key with the value, whatever follows it.",
    range: { end: included([1]) },
    finds: ({ zone }) => zone <= 1,
  },
  {
    name: "excluded-end",
    states: "An excluded end stops before every key with the value.",
    range: { end: excluded([2]) },
    finds: ({ zone }) => zone < 2,
  },
  {
    name: "point-shaped",
    states: "Included at both ends with the same value of the last column: the rows with the key.",
    range: {
      prefix: [2, ...i16(0)],
      elements: 2,
      start: included(text("b")),
      end: included(text("b")),
    },
    finds: ({ zone, row, name }) => zone === 2 && row === 0 && name === "b",
  },
  {
    name: "backwards",
    states: "A start behind the end finds nothing and is no error.",
    range: { start: included([9]), end: included([1]) },
    finds: () => false,
  },
  {
    name: "nothing-between",
    states: "Excluded at both ends with the same value finds nothing.",
    range: { start: excluded([1]), end: excluded([1]) },
    finds: () => false,
  },
];

function fillZones(s: Script): Uint8Array[] {
  const rows = zones.map((zone, i) => ({ id: i, slot: i, ...zone }));
  for (const row of [...rows].reverse()) insert(s, place, row);
  return rows.map((row) => place.row(row));
}

const scanOfShape = ({ name, states, range, finds }: Shape): RuleText =>
  on(name, states, (s) => {
    const rows = fillZones(s);
    const iterator = scanRange(s, s.index("place_2_3_4_btree"), range);
    holdsRows(
      s,
      iterator,
      rows.filter((_, i) => finds(zones[i] as (typeof zones)[number])),
    );
  });

const deleteOfShape = ({ name, states, range, finds }: Shape): RuleText =>
  on(name, `Deleting: ${states.charAt(0).toLowerCase()}${states.slice(1)}`, (s) => {
    fillZones(s);
    const count = zones.filter(finds).length;
    deleteRange(s, s.index("place_2_3_4_btree"), range, count);
    holdsCount(s, place, BigInt(zones.length - count));
  });

interface Refused {
  readonly name: string;
  readonly states: string;
  readonly index: string | number;
  readonly range: Parameters<typeof scanRange>[2];
  readonly expected: Parameters<typeof scanRange>[3];
  readonly reference?: string;
}

const trapsThere = "it traps";

const refusals: readonly Refused[] = [
  {
    name: "unknown-index",
    states: "An unknown index id answers 5.",
    index: nobody,
    range: {},
    expected: errno.noIndex,
  },
  {
    name: "no-column-left",
    states: "A prefix of all columns leaves none for the bounds: 3.",
    index: "place_0_btree",
    range: { prefix: word(1), elements: 1 },
    expected: errno.decode,
  },
  {
    name: "prefix-short",
    states: "A prefix that is cut off answers 3.",
    index: "place_2_3_4_btree",
    range: { prefix: [1], elements: 2 },
    expected: errno.decode,
  },
  {
    name: "bound-short",
    states: "A bound whose value is cut off answers 3.",
    index: "place_0_btree",
    range: { start: [0, 1, 2] },
    expected: errno.decode,
  },
  {
    name: "bound-tag",
    states: "A bound of an unknown kind answers 3.",
    index: "place_0_btree",
    range: { end: [3, 0, 0, 0, 0] },
    expected: errno.decode,
  },
  {
    name: "hash",
    states: "A range of a hash index answers 10.",
    index: "place_2_hash",
    range: { start: included([1]), end: included([2]) },
    expected: orTrap(errno.wrongAlgorithm),
    reference: trapsThere,
  },
];

const general = (
  about: string,
  prefix: string,
  act: (s: Script, index: Refused["index"], refused: Refused) => void,
  name: string,
): Rule[] =>
  rulesAbout(about, prefix, [
    ...refusals.map((refused): RuleText =>
      on(
        refused.name,
        refused.states,
        (s) => act(s, refused.index, refused),
        refused.reference === undefined ? {} : { reference: refused.reference },
      ),
    ),
    on(
      "prefix-not-read",
      "Without prefix columns the prefix is not looked at, wherever it points.",
      (s) => {
        const index = s.index("place_0_btree");
        const [, , , , ...rest] = rangeOperands(s, index, { start: unbounded, end: unbounded });
        s.call(0, name, index, 0xffff_fff0, 100, 0, ...rest, s.word());
      },
    ),
    on("prefix-count", "More than 65535 prefix columns trap.", (s) => {
      const index = s.index("place_0_btree");
      const [, , , , ...rest] = rangeOperands(s, index, {});
      s.traps(name, index, s.room(4), 4, 65_536, ...rest, s.word());
    }),
    on("same-buffer", "Both bounds may be the same bytes.", (s) => {
      fillZones(s);
      const both = s.place(included(word(3)));
      const out = s.word();
      s.call(0, name, s.index("place_0_btree"), 0, 0, 0, both, 5, both, 5, out);
    }),
    on("hash-point", "A point-shaped range works on a hash index.", (s) => {
      fillZones(s);
      const both = s.place(included([1]));
      s.call(0, name, s.index("place_2_hash"), 0, 0, 0, both, 2, both, 2, s.word());
    }),
    on("direct", "A direct index has ranges.", (s) => {
      fillZones(s);
      const range = { start: included(word(2)), end: excluded(word(5)) };
      const operands = rangeOperands(s, s.index("place_1_direct"), range);
      s.call(0, name, ...operands, s.word());
    }),
  ]);

const aliases = (alias: string, prefix: string, isDelete: boolean): Rule[] =>
  rulesAbout(alias, prefix, [
    on("same", "The old name does what the new one does.", (s) => {
      const rows = fillZones(s);
      const range = { start: included(word(2)), end: excluded(word(5)) };
      const index = s.index("place_0_btree");
      if (isDelete) deleteRange(s, index, range, 3, 0, alias);
      else holdsRows(s, scanRange(s, index, range, 0, alias), rows.slice(2, 5));
    }),
    on("unknown-index", "An unknown index id answers 5.", (s) => {
      if (isDelete) deleteRange(s, nobody, {}, undefined, errno.noIndex, alias);
      else scanRange(s, nobody, {}, errno.noIndex, alias);
    }),
  ]);

const indexOf = (s: Script, index: string | number): ReturnType<Script["index"]> | number =>
  typeof index === "number" ? index : s.index(index);

const scanName = "datastore_index_scan_range_bsatn";
const deleteName = "datastore_delete_by_index_scan_range_bsatn";

export const rangeRules: readonly Rule[] = [
  ...rulesAbout(scanName, "range", [...shapes.map(scanOfShape), ...keyTypes.map(scanOfType)]),
  ...general(
    scanName,
    "range",
    (s, index, { range, expected }) => void scanRange(s, indexOf(s, index), range, expected),
    scanName,
  ),
  ...rulesAbout(deleteName, "delete-range", [
    ...shapes.map(deleteOfShape),
    ...keyTypes.map(deleteOfType),
  ]),
  ...general(
    deleteName,
    "delete-range",
    (s, index, { range, expected }) =>
      deleteRange(s, indexOf(s, index), range, undefined, expected),
    deleteName,
  ),
  ...aliases("datastore_btree_scan_bsatn", "old-range", false),
  ...aliases("datastore_delete_by_btree_scan_bsatn", "old-delete-range", true),
  ...rulesAbout("datastore_index_scan_point_bsatn", "point", keyTypes.map(pointOfType)),
  ...rulesAbout(
    "datastore_delete_by_index_scan_point_bsatn",
    "delete-point",
    keyTypes.map(deletePointOfType),
  ),
];
