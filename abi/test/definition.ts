// Raw definitions made by hand: a small sound module in V9 and in V10, to be broken in one place at
// a time.
import { productTypeToRaw, type RawType, typeToRaw } from "../src/sats/algebraic-type.ts";
import {
  type AlgebraicType,
  product,
  ref,
  scheduleAtType,
  sum,
  type Typespace,
  unitType,
} from "../src/sats/type.ts";
import type {
  RawModuleDefV10,
  RawReducerV10,
  RawSectionName,
  RawSectionsV10,
  RawSectionV10,
  RawTableV10,
  RawViewV10,
} from "../src/schema/raw-v10.ts";
import type { RawModuleDefV9, RawReducerV9, RawTableV9 } from "../src/schema/raw-v9.ts";
import type { RawParams } from "../src/schema/raw-shared.ts";

export const string: AlgebraicType = { kind: "string" };
export const u32: AlgebraicType = { kind: "u32" };
export const u64: AlgebraicType = { kind: "u64" };

/** 0: a person, 1: a timer's row, 2: a plain enum, 3: a point. */
export const types: Typespace = [
  product({ id: u32, name: string, level: ref(2), score: { kind: "i64" } }),
  product({ id: u64, at: scheduleAtType }),
  sum({ Low: unitType, High: unitType }),
  product({ x: u32, y: u32 }),
];

export function plain<Tag extends string>(
  tag: Tag,
): { readonly tag: Tag; readonly value: undefined } {
  return { tag, value: undefined };
}

export function rawParams(params: Readonly<Record<string, AlgebraicType>>): RawParams {
  return productTypeToRaw(product(params));
}

export function raw(type: AlgebraicType): RawType {
  return typeToRaw(type);
}

export function table10(over: Partial<RawTableV10> = {}): RawTableV10 {
  return {
    source_name: "person",
    product_type_ref: 0,
    primary_key: [0],
    indexes: [index10("person_id_idx_btree", [0])],
    constraints: [unique10([0])],
    sequences: [],
    table_type: plain("User"),
    table_access: plain("Public"),
    default_values: [],
    is_event: false,
    ...over,
  };
}

export function index10(
  name: string | undefined,
  columns: readonly number[],
  tag: "BTree" | "Hash" = "BTree",
): RawTableV10["indexes"][number] {
  return { source_name: name, accessor_name: undefined, algorithm: { tag, value: columns } };
}

export function direct10(column: number): RawTableV10["indexes"][number] {
  return {
    source_name: "some_direct",
    accessor_name: undefined,
    algorithm: { tag: "Direct", value: column },
  };
}

export function unique10(columns: readonly number[]): RawTableV10["constraints"][number] {
  return { source_name: undefined, data: { tag: "Unique", value: { columns } } };
}

export function sequence10(
  column: number,
  over: Partial<RawTableV10["sequences"][number]> = {},
): RawTableV10["sequences"][number] {
  return {
    source_name: undefined,
    column,
    start: undefined,
    min_value: undefined,
    max_value: undefined,
    increment: 1n,
    ...over,
  };
}

export const timerTable10: RawTableV10 = table10({
  source_name: "timer",
  product_type_ref: 1,
  indexes: [index10("timer_id_idx_btree", [0])],
  sequences: [sequence10(0)],
  table_access: plain("Private"),
});

export function reducer10(name: string, over: Partial<RawReducerV10> = {}): RawReducerV10 {
  return {
    source_name: name,
    params: rawParams({}),
    visibility: plain("ClientCallable"),
    ok_return_type: raw(unitType),
    err_return_type: raw(string),
    ...over,
  };
}

export function view10(name: string, over: Partial<RawViewV10> = {}): RawViewV10 {
  return {
    source_name: name,
    index: 0,
    is_public: true,
    is_anonymous: true,
    params: rawParams({}),
    return_type: raw({ kind: "array", element: ref(0) }),
    ...over,
  };
}

const sound10: Partial<RawSectionsV10> = {
  Typespace: { types: types.map(typeToRaw) },
  Types: [
    { source_name: { scope: [], source_name: "Person" }, ty: 0, custom_ordering: true },
    { source_name: { scope: [], source_name: "Timer" }, ty: 1, custom_ordering: true },
    { source_name: { scope: [], source_name: "Level" }, ty: 2, custom_ordering: true },
    { source_name: { scope: ["geo"], source_name: "Point" }, ty: 3, custom_ordering: true },
  ],
  Tables: [table10(), timerTable10],
  Reducers: [
    reducer10("add", { params: rawParams({ name: string, point: ref(3) }) }),
    reducer10("tick", { params: rawParams({ row: ref(1) }) }),
    reducer10("start"),
  ],
  Schedules: [
    { source_name: undefined, table_name: "timer", schedule_at_col: 1, function_name: "tick" },
  ],
  LifeCycleReducers: [{ lifecycle_spec: plain("Init"), function_name: "start" }],
};

/** The sound V10 module with some sections replaced, or taken out where undefined. */
export function module10(
  over: {
    readonly [Name in RawSectionName]?: RawSectionsV10[Name] | undefined;
  } = {},
): RawModuleDefV10 {
  const sections = Object.entries({ ...sound10, ...over })
    .filter(([, value]) => value !== undefined)
    .map(([tag, value]) => ({ tag, value }) as RawSectionV10);
  return { sections };
}

export function table9(over: Partial<RawTableV9> = {}): RawTableV9 {
  return {
    name: "person",
    product_type_ref: 0,
    primary_key: [0],
    indexes: [{ name: undefined, accessor_name: "byId", algorithm: { tag: "BTree", value: [0] } }],
    constraints: [{ name: undefined, data: { tag: "Unique", value: { columns: [0] } } }],
    sequences: [],
    schedule: undefined,
    table_type: plain("User"),
    table_access: plain("Public"),
    ...over,
  };
}

const timerTable9: RawTableV9 = table9({
  name: "timer",
  product_type_ref: 1,
  schedule: { name: undefined, reducer_name: "tick", scheduled_at_column: 1 },
});

export function reducer9(name: string, over: Partial<RawReducerV9> = {}): RawReducerV9 {
  return { name, params: rawParams({}), lifecycle: undefined, ...over };
}

/** The sound V9 module with some fields replaced. */
export function module9(over: Partial<RawModuleDefV9> = {}): RawModuleDefV9 {
  return {
    typespace: { types: types.map(typeToRaw) },
    tables: [table9(), timerTable9],
    reducers: [
      reducer9("add", { params: rawParams({ name: string, point: ref(3) }) }),
      reducer9("tick", { params: rawParams({ row: ref(1) }) }),
      reducer9("start", { lifecycle: plain("Init") }),
    ],
    types: [
      { name: { scope: [], name: "Person" }, ty: 0, custom_ordering: true },
      { name: { scope: [], name: "Timer" }, ty: 1, custom_ordering: true },
      { name: { scope: [], name: "Level" }, ty: 2, custom_ordering: true },
      { name: { scope: ["geo"], name: "Point" }, ty: 3, custom_ordering: true },
    ],
    misc_exports: [],
    row_level_security: [],
    ...over,
  };
}
