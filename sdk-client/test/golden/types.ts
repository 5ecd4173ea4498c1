// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";

export type Color =
  | { readonly tag: "darkRed"; readonly value?: undefined }
  | { readonly tag: "green"; readonly value?: undefined };

/** A row of the table `everything`. */
export interface EverythingRow {
  /** Primary key. */
  readonly id: bigint;
  /** Column `a_bool`. */
  readonly aBool: boolean;
  /** Column `a_string`. */
  readonly aString: string;
  /** Column `a_i8`. */
  readonly aI8: number;
  /** Column `a_u8`. */
  readonly aU8: number;
  /** Column `a_i16`. */
  readonly aI16: number;
  /** Column `a_u16`. */
  readonly aU16: number;
  /** Column `a_i32`. */
  readonly aI32: number;
  /** Column `a_u32`. */
  readonly aU32: number;
  /** Column `a_i64`. */
  readonly aI64: bigint;
  /** Column `a_u64`. */
  readonly aU64: bigint;
  /** Column `a_i128`. */
  readonly aI128: bigint;
  /** Column `a_u128`. */
  readonly aU128: bigint;
  /** Column `a_i256`. */
  readonly aI256: bigint;
  /** Column `a_u256`. */
  readonly aU256: bigint;
  /** Column `a_f32`. */
  readonly aF32: number;
  /** Column `a_f64`. */
  readonly aF64: number;
  /** Column `some_bytes`. */
  readonly someBytes: Uint8Array;
  readonly identity: sdk.Identity;
  /** Column `connection_id`. */
  readonly connectionId: sdk.ConnectionId;
  /** Column `sent_at`. */
  readonly sentAt: sdk.Timestamp;
  readonly span: sdk.TimeDuration;
  readonly uuid: sdk.Uuid;
  readonly due: sdk.ScheduleAt;
  readonly maybe: string | undefined;
  /** Column `maybe_maybe`. */
  readonly maybeMaybe: { readonly some: string | undefined } | undefined;
  /** Column `maybe_nothing`. */
  readonly maybeNothing: { readonly some: Marker } | undefined;
  readonly outcome: { readonly ok: bigint } | { readonly err: string };
  readonly list: readonly (GeoPoint | undefined)[];
  readonly grid: readonly (readonly number[])[];
  readonly color: Color;
  readonly shape: GeoShape;
  readonly tree: Tree;
  readonly names: Names;
}

/** A row of the table `ping`. */
export interface GeoPoint {
  readonly x: number;
  readonly y: number;
}

export type GeoShape =
  | { readonly tag: "point"; readonly value: GeoPoint }
  | { readonly tag: "circle"; readonly value: number }
  | { readonly tag: "nothing"; readonly value?: undefined };

export type Marker = sdk.Unit;

/** A row of the table `message`, the view `my_messages`. */
export interface Message {
  readonly id: bigint;
  readonly text: string;
  /** Column `room_id`. */
  readonly roomId: number;
}

/** A row of the table `nameless_thing`. */
export interface NamelessThing {
  readonly _1: number;
  readonly word: string;
}

export type Names = readonly string[];

/** A row of the table `mail.outbox_2`, the table `message_log`, the view `top_pair`. */
export interface Pair {
  readonly left: string;
  readonly right: string;
  readonly weight: number;
}

export type Tree =
  | { readonly tag: "leaf"; readonly value: string }
  | { readonly tag: "node"; readonly value: readonly Tree[] };

/** What the types are at run time. References are positions in this list. */
export const typespace: sdk.Typespace = [
  // 0: Color
  sdk.sum({
    darkRed: sdk.unitType,
    green: sdk.unitType,
  }),
  // 1: EverythingRow
  sdk.product({
    id: sdk.primitive("u64"),
    aBool: sdk.primitive("bool"),
    aString: sdk.primitive("string"),
    aI8: sdk.primitive("i8"),
    aU8: sdk.primitive("u8"),
    aI16: sdk.primitive("i16"),
    aU16: sdk.primitive("u16"),
    aI32: sdk.primitive("i32"),
    aU32: sdk.primitive("u32"),
    aI64: sdk.primitive("i64"),
    aU64: sdk.primitive("u64"),
    aI128: sdk.primitive("i128"),
    aU128: sdk.primitive("u128"),
    aI256: sdk.primitive("i256"),
    aU256: sdk.primitive("u256"),
    aF32: sdk.primitive("f32"),
    aF64: sdk.primitive("f64"),
    someBytes: sdk.bytesType,
    identity: sdk.identityType,
    connectionId: sdk.connectionIdType,
    sentAt: sdk.timestampType,
    span: sdk.timeDurationType,
    uuid: sdk.uuidType,
    due: sdk.scheduleAtType,
    maybe: sdk.option(sdk.primitive("string")),
    maybeMaybe: sdk.option(sdk.option(sdk.primitive("string"))),
    maybeNothing: sdk.option(sdk.ref(4)),
    outcome: sdk.sum({ ok: sdk.primitive("u64"), err: sdk.primitive("string") }),
    list: sdk.array(sdk.option(sdk.ref(2))),
    grid: sdk.array(sdk.array(sdk.primitive("f64"))),
    color: sdk.ref(0),
    shape: sdk.ref(3),
    tree: sdk.ref(9),
    names: sdk.ref(7),
  }),
  // 2: GeoPoint
  sdk.product({
    x: sdk.primitive("f64"),
    y: sdk.primitive("f64"),
  }),
  // 3: GeoShape
  sdk.sum({
    point: sdk.ref(2),
    circle: sdk.primitive("f32"),
    nothing: sdk.ref(4),
  }),
  // 4: Marker
  sdk.unitType,
  // 5: Message
  sdk.product({
    id: sdk.primitive("u64"),
    text: sdk.primitive("string"),
    roomId: sdk.primitive("u32"),
  }),
  // 6: NamelessThing
  sdk.product({
    _1: sdk.primitive("u8"),
    word: sdk.primitive("string"),
  }),
  // 7: Names
  sdk.array(sdk.primitive("string")),
  // 8: Pair
  sdk.product({
    left: sdk.primitive("string"),
    right: sdk.primitive("string"),
    weight: sdk.primitive("i32"),
  }),
  // 9: Tree
  sdk.sum({
    leaf: sdk.primitive("string"),
    node: sdk.array(sdk.ref(9)),
  }),
];
