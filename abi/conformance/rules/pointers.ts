// Every pointer of every import, leading nowhere: the call traps and nothing else happens.
import { param } from "../layout.ts";
import { type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { at, type Operand, type Script } from "../script.ts";
import { bound, insert, item, rangeOperands, scan, word } from "./world.ts";

/** Good parameters of an import, and which of them are pointers to how many bytes. */
interface Good {
  readonly name: string;
  readonly operands: (s: Script) => readonly Operand[];
  /** Position, name, size. */
  readonly pointers: readonly (readonly [number, string, number])[];
}

const one = item.row({ id: 1, text: "one" });
const both = [bound.unbounded.length] as const;

const range = (s: Script): Operand[] => [
  ...rangeOperands(s, s.index("item_0_btree"), {}),
  s.word(),
];
const prefixed = (s: Script): Operand[] => [
  ...rangeOperands(s, s.index("place_2_3_4_btree"), { prefix: [1], elements: 1 }),
  s.word(),
];
const rangePointers = [
  [4, "rstart", both[0]],
  [6, "rend", both[0]],
  [8, "out", 4],
] as const;

const goods: readonly Good[] = [
  {
    name: "table_id_from_name",
    operands: (s) => [...s.text("item"), s.word()],
    pointers: [
      [0, "name", 4],
      [2, "out", 4],
    ],
  },
  {
    name: "index_id_from_name",
    operands: (s) => [...s.text("item_0_btree"), s.word()],
    pointers: [
      [0, "name", 12],
      [2, "out", 4],
    ],
  },
  {
    name: "datastore_table_row_count",
    operands: (s) => [s.table("item"), s.room(8)],
    pointers: [[1, "out", 8]],
  },
  {
    name: "datastore_table_scan_bsatn",
    operands: (s) => [s.table("item"), s.word()],
    pointers: [[1, "out", 4]],
  },
  { name: "datastore_index_scan_range_bsatn", operands: range, pointers: rangePointers },
  {
    name: "datastore_delete_by_index_scan_range_bsatn",
    operands: range,
    pointers: rangePointers,
  },
  { name: "datastore_btree_scan_bsatn", operands: prefixed, pointers: [[1, "prefix", 1]] },
  {
    name: "datastore_delete_by_btree_scan_bsatn",
    operands: prefixed,
    pointers: [[1, "prefix", 1]],
  },
  ...["datastore_index_scan_point_bsatn", "datastore_delete_by_index_scan_point_bsatn"].map(
    (name): Good => ({
      name,
      operands: (s) => [s.index("item_0_btree"), s.place(word(1)), 4, s.word()],
      pointers: [
        [1, "point", 4],
        [3, "out", 4],
      ],
    }),
  ),
  {
    name: "row_iter_bsatn_advance",
    operands: (s) => {
      insert(s, item, { id: 2, text: "two" });
      return [scan(s, item), s.room(64), s.word(64)];
    },
    pointers: [
      [1, "buffer", 64],
      [2, "buffer_len_ptr", 4],
    ],
  },
  {
    name: "datastore_insert_bsatn",
    operands: (s) => [s.table("item"), s.place(one), s.word(one.length)],
    pointers: [
      [1, "row", one.length],
      [2, "row_len_ptr", 4],
    ],
  },
  {
    name: "datastore_update_bsatn",
    operands: (s) => {
      insert(s, item, { id: 1, text: "old" });
      return [s.table("item"), s.index("item_0_btree"), s.place(one), s.word(one.length)];
    },
    pointers: [
      [2, "row", one.length],
      [3, "row_len_ptr", 4],
    ],
  },
  {
    name: "datastore_delete_all_by_eq_bsatn",
    operands: (s) => [s.table("item"), s.word(0), 4, s.word()],
    pointers: [
      [1, "relation", 4],
      [3, "out", 4],
    ],
  },
  {
    name: "datastore_clear",
    operands: (s) => [s.table("item"), s.room(8)],
    pointers: [[1, "out", 8]],
  },
  {
    name: "bytes_source_read",
    operands: (s) => {
      const out = s.word();
      s.call(0, "get_jwt", param.connection, out);
      return [at(out), s.room(8), s.word(8)];
    },
    pointers: [
      [1, "buffer", 8],
      [2, "buffer_len_ptr", 4],
    ],
  },
  {
    name: "bytes_source_remaining_length",
    operands: (s) => {
      const out = s.word();
      s.call(0, "get_jwt", param.connection, out);
      return [at(out), s.word()];
    },
    pointers: [[1, "out", 4]],
  },
  {
    name: "bytes_sink_write",
    operands: (s) => [at(param.sink), s.room(4), s.word(4)],
    pointers: [
      [1, "buffer", 4],
      [2, "buffer_len_ptr", 4],
    ],
  },
  { name: "identity", operands: (s) => [s.room(32)], pointers: [[0, "out", 32]] },
  {
    name: "get_jwt",
    operands: (s) => [param.connection, s.word()],
    pointers: [
      [0, "connection_id_ptr", 16],
      [1, "out", 4],
    ],
  },
  {
    name: "volatile_nonatomic_schedule_immediate",
    operands: (s) => [...s.text("nothing"), s.room(4), 4],
    pointers: [
      [0, "name", 7],
      [2, "args", 4],
    ],
  },
];

/** The pointers that a rule tries: null, one that ends behind the memory, one whose end overflows 32 bits. */
function badPointers(s: Script, size: number): Operand[] {
  const end = s.call("any", "multiply", s.call("any", "size"), 65_536);
  return [0, s.call("any", "add", end, 1 - size), 0xffff_ffff];
}

const onPointer = (good: Good, position: number, param_: string, size: number): RuleText => ({
  name: `${good.name}.${param_}`,
  states: `Of \`${good.name}\`, \`${param_}\` traps where it is null, leads out of the memory or overflows.`,
  check: async (session) => {
    for (const which of [0, 1, 2]) {
      await session.run((s) => {
        const operands = [...good.operands(s)];
        operands[position] = badPointers(s, size)[which] as Operand;
        s.traps(good.name, ...operands);
      });
    }
    // The database goes on with a new instance.
    await session.run((s) => s.table("item"));
  },
});

export const pointerRules: readonly Rule[] = goods.flatMap((good) =>
  rulesAbout(
    good.name,
    "pointer",
    good.pointers.map(([position, param_, size]) => onPointer(good, position, param_, size)),
  ),
);
