// A module's definition with everything that bindings can contain, for the golden files beside it.
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  identityType,
  type ModuleDef,
  option,
  type PrimitiveKind,
  type ProcedureDef,
  primitive,
  product,
  type ProductType,
  type ReducerDef,
  ref,
  scheduleAtType,
  sum,
  type TableDef,
  timeDurationType,
  timestampType,
  unitType,
  uuidType,
} from "@lightcone/abi";

const string = primitive("string");
const u64 = primitive("u64");

const kinds: readonly PrimitiveKind[] = [
  "bool",
  "string",
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "i128",
  "u128",
  "i256",
  "u256",
  "f32",
  "f64",
];

/** The positions of the typespace. */
const at = {
  everything: 0,
  color: 1,
  shape: 2,
  point: 3,
  tree: 4,
  marker: 5,
  message: 6,
  secret: 7,
  nameless: 8,
  pair: 9,
  names: 10,
} as const;

const everything = product({
  id: u64,
  ...Object.fromEntries(kinds.map((kind) => [`a_${kind}`, primitive(kind)])),
  some_bytes: bytesType,
  identity: identityType,
  connection_id: connectionIdType,
  sent_at: timestampType,
  span: timeDurationType,
  uuid: uuidType,
  due: scheduleAtType,
  maybe: option(string),
  maybe_maybe: option(option(string)),
  maybe_nothing: option(ref(at.marker)),
  outcome: sum({ ok: u64, err: string }),
  list: array(option(ref(at.point))),
  grid: array(array(primitive("f64"))),
  color: ref(at.color),
  shape: ref(at.shape),
  tree: ref(at.tree),
  names: ref(at.names),
});

const typespace: readonly AlgebraicType[] = [
  everything,
  sum({ darkRed: unitType, green: unitType }),
  sum({ point: ref(at.point), circle: primitive("f32"), nothing: ref(at.marker) }),
  product({ x: primitive("f64"), y: primitive("f64") }),
  sum({ leaf: string, node: array(ref(at.tree)) }),
  unitType,
  product({ id: u64, text: string, room_id: primitive("u32") }),
  product({ key: string }),
  product({ _1: primitive("u8"), word: string }),
  product({ left: string, right: string, weight: primitive("i32") }),
  array(string),
];

interface TableSketch {
  readonly name: string;
  readonly row: number;
  readonly primaryKey?: number;
  readonly uniques?: readonly (readonly number[])[];
  readonly isPrivate?: boolean;
  readonly isEvent?: boolean;
  readonly sequence?: number;
  readonly indexes?: readonly (readonly number[])[];
}

function tableOf(sketch: TableSketch): TableDef {
  const {
    name,
    row,
    primaryKey,
    uniques = [],
    isPrivate = false,
    isEvent = false,
    indexes = [],
  } = sketch;
  const { elements } = typespace[row] as ProductType;
  return {
    name,
    sourceName: name,
    productTypeRef: row,
    columns: elements.map((element) => ({
      name: element.name ?? "",
      sourceName: element.name ?? "",
      type: element.type,
      defaultValue: undefined,
    })),
    primaryKey,
    indexes: [...uniques, ...indexes].map((columns) => ({
      name: `${name}_${columns.join("_")}_idx`,
      sourceName: `${name}_${columns.join("_")}_idx`,
      accessorName: undefined,
      algorithm: { kind: "btree", columns },
    })),
    constraints: uniques.map((columns) => ({ name: `${name}_${columns.join("_")}_key`, columns })),
    sequences:
      sketch.sequence === undefined
        ? []
        : [
            {
              name: `${name}_seq`,
              column: sketch.sequence,
              start: undefined,
              min: undefined,
              max: undefined,
              increment: 1n,
            },
          ],
    schedule: undefined,
    access: isPrivate ? "private" : "public",
    isEvent,
  };
}

export function reducerOf(
  name: string,
  params: ProductType,
  more: Partial<ReducerDef> = {},
): ReducerDef {
  const rest = { id: 0, sourceName: name, lifecycle: undefined, isPrivate: false };
  return { name, params, ...rest, ...more };
}

export function procedureOf(
  name: string,
  params: ProductType,
  returnType: AlgebraicType,
): ProcedureDef {
  return { id: 0, name, sourceName: name, params, returnType, isPrivate: false };
}

export const goldenDef: ModuleDef = {
  version: 10,
  typespace,
  types: [
    { scope: [], name: "everything_row", ref: at.everything },
    { scope: [], name: "Color", ref: at.color },
    { scope: ["geo"], name: "Shape", ref: at.shape },
    { scope: ["geo"], name: "Point", ref: at.point },
    { scope: [], name: "Tree", ref: at.tree },
    { scope: [], name: "Marker", ref: at.marker },
    { scope: [], name: "Message", ref: at.message },
    { scope: [], name: "Secret", ref: at.secret },
    { scope: [], name: "Pair", ref: at.pair },
    { scope: [], name: "Names", ref: at.names },
  ],
  tables: [
    tableOf({ name: "everything", row: at.everything, primaryKey: 0, uniques: [[0]] }),
    tableOf({
      name: "message",
      row: at.message,
      primaryKey: 0,
      uniques: [[0], [2]],
      sequence: 0,
      indexes: [[2, 1], [2]],
    }),
    tableOf({ name: "message_log", row: at.pair, indexes: [[2]] }),
    tableOf({ name: "mail.outbox_2", row: at.pair, uniques: [[0, 1], [2]] }),
    tableOf({ name: "nameless_thing", row: at.nameless }),
    tableOf({ name: "ping", row: at.point, isEvent: true }),
    tableOf({ name: "secret", row: at.secret, isPrivate: true, primaryKey: 0, uniques: [[0]] }),
  ],
  reducers: [
    reducerOf("init", product({}), { lifecycle: "init" }),
    reducerOf("send_message", product({ text: string, reply_to: option(u64) })),
    reducerOf("draw", product({ shape: ref(at.shape), by: identityType, parts: bytesType })),
    reducerOf("clear_all", product({})),
    reducerOf("tick", product({ row: ref(at.secret) }), { isPrivate: true }),
  ],
  procedures: [
    procedureOf("count_messages", product({}), primitive("u64")),
    procedureOf("find_shape", product({ near_point: ref(at.point) }), option(ref(at.shape))),
    procedureOf("forget", product({ id: u64 }), unitType),
  ],
  views: [
    {
      index: 0,
      name: "my_messages",
      sourceName: "my_messages",
      isPublic: true,
      isAnonymous: false,
      params: product({}),
      returnType: array(ref(at.message)),
      primaryKey: 0,
    },
    {
      index: 0,
      name: "top_pair",
      sourceName: "top_pair",
      isPublic: true,
      isAnonymous: true,
      params: product({}),
      returnType: option(ref(at.pair)),
      primaryKey: undefined,
    },
  ],
  rowLevelSecurity: [],
  httpHandlers: [],
  httpRoutes: [],
};
