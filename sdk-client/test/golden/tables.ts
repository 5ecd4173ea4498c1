// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** The tables, by the names that they have here: the type of `connection.db`. */
export interface DbTables {
  /** The table `everything`. */
  readonly everything: sdk.KeyedTable<types.EverythingRow, Pick<types.EverythingRow, "id">> &
    sdk.IndexedTable<types.EverythingRow, { readonly byId: readonly ["id"] }>;
  /** The table `mail.outbox_2`. */
  readonly mailOutbox2: sdk.UniqueTable<
    types.Pair,
    Pick<types.Pair, "left" | "right"> | Pick<types.Pair, "weight">
  > &
    sdk.IndexedTable<
      types.Pair,
      {
        readonly byLeftAndRight: readonly ["left", "right"];
        readonly byWeight: readonly ["weight"];
      }
    >;
  /** The table `message`. */
  readonly message: sdk.KeyedTable<
    types.Message,
    Pick<types.Message, "id"> | Pick<types.Message, "roomId">
  > &
    sdk.IndexedTable<
      types.Message,
      {
        readonly byId: readonly ["id"];
        readonly byRoomId: readonly ["roomId"];
        readonly byRoomIdAndText: readonly ["roomId", "text"];
      }
    >;
  /** The table `message_log`. */
  readonly messageLog: sdk.Table<types.Pair> &
    sdk.IndexedTable<types.Pair, { readonly byWeight: readonly ["weight"] }>;
  /** The view `my_messages`. */
  readonly myMessages: sdk.KeyedTable<types.Message, Pick<types.Message, "id">>;
  /** The table `nameless_thing`. */
  readonly namelessThing: sdk.Table<types.NamelessThing>;
  /** The event table `ping`. */
  readonly ping: sdk.EventTable<types.GeoPoint>;
  /** The view `top_pair`. */
  readonly topPair: sdk.Table<types.Pair>;
}

/** What can be asked of each table, by the names that they have here: the type of `tables`. */
export interface DbQueries {
  readonly everything: sdk.TableQuery<
    types.EverythingRow,
    {
      readonly id: "u64";
      readonly aBool: "bool";
      readonly aString: "string";
      readonly aI8: "i8";
      readonly aU8: "u8";
      readonly aI16: "i16";
      readonly aU16: "u16";
      readonly aI32: "i32";
      readonly aU32: "u32";
      readonly aI64: "i64";
      readonly aU64: "u64";
      readonly aI128: "i128";
      readonly aU128: "u128";
      readonly aI256: "i256";
      readonly aU256: "u256";
      readonly aF32: "f32";
      readonly aF64: "f64";
      readonly someBytes: "bytes";
      readonly identity: "identity";
      readonly connectionId: "connectionId";
      readonly sentAt: "timestamp";
      readonly uuid: "uuid";
    },
    "id"
  >;
  readonly mailOutbox2: sdk.TableQuery<
    types.Pair,
    { readonly left: "string"; readonly right: "string"; readonly weight: "i32" },
    "weight"
  >;
  readonly message: sdk.TableQuery<
    types.Message,
    { readonly id: "u64"; readonly text: "string"; readonly roomId: "u32" },
    "id" | "roomId"
  >;
  readonly messageLog: sdk.TableQuery<
    types.Pair,
    { readonly left: "string"; readonly right: "string"; readonly weight: "i32" },
    "weight"
  >;
  readonly myMessages: sdk.TableQuery<
    types.Message,
    { readonly id: "u64"; readonly text: "string"; readonly roomId: "u32" }
  >;
  readonly namelessThing: sdk.TableQuery<
    types.NamelessThing,
    { readonly _1: "u8"; readonly word: "string" }
  >;
  readonly ping: sdk.TableQuery<types.GeoPoint, { readonly x: "f64"; readonly y: "f64" }>;
  readonly topPair: sdk.TableQuery<
    types.Pair,
    { readonly left: "string"; readonly right: "string"; readonly weight: "i32" }
  >;
}

/** The types of rows, by the names that their tables have in SQL. */
export interface DbRows {
  readonly everything: types.EverythingRow;
  readonly "mail.outbox_2": types.Pair;
  readonly message: types.Message;
  readonly message_log: types.Pair;
  readonly my_messages: types.Message;
  readonly nameless_thing: types.NamelessThing;
  readonly ping: types.GeoPoint;
  readonly top_pair: types.Pair;
}

export const tableSchemas: Readonly<Record<keyof DbTables, sdk.TableSchema>> = {
  everything: {
    name: "everything",
    row: sdk.ref(1),
    primaryKey: "id",
    uniques: [["id"]],
    isEvent: false,
    columns: {
      aBool: "a_bool",
      aString: "a_string",
      aI8: "a_i8",
      aU8: "a_u8",
      aI16: "a_i16",
      aU16: "a_u16",
      aI32: "a_i32",
      aU32: "a_u32",
      aI64: "a_i64",
      aU64: "a_u64",
      aI128: "a_i128",
      aU128: "a_u128",
      aI256: "a_i256",
      aU256: "a_u256",
      aF32: "a_f32",
      aF64: "a_f64",
      someBytes: "some_bytes",
      connectionId: "connection_id",
      sentAt: "sent_at",
      maybeMaybe: "maybe_maybe",
      maybeNothing: "maybe_nothing",
    },
    indexes: sdk.rowIndexes({
      byId: ["id"],
    }),
  },
  mailOutbox2: {
    name: "mail.outbox_2",
    row: sdk.ref(8),
    primaryKey: undefined,
    uniques: [["left", "right"], ["weight"]],
    isEvent: false,
    indexes: sdk.rowIndexes({
      byLeftAndRight: ["left", "right"],
      byWeight: ["weight"],
    }),
  },
  message: {
    name: "message",
    row: sdk.ref(5),
    primaryKey: "id",
    uniques: [["id"], ["roomId"]],
    isEvent: false,
    columns: {
      roomId: "room_id",
    },
    indexes: sdk.rowIndexes({
      byId: ["id"],
      byRoomId: ["roomId"],
      byRoomIdAndText: ["roomId", "text"],
    }),
  },
  messageLog: {
    name: "message_log",
    row: sdk.ref(8),
    primaryKey: undefined,
    uniques: [],
    isEvent: false,
    indexes: sdk.rowIndexes({
      byWeight: ["weight"],
    }),
  },
  myMessages: {
    name: "my_messages",
    row: sdk.ref(5),
    primaryKey: "id",
    uniques: [["id"]],
    isEvent: false,
    columns: {
      roomId: "room_id",
    },
  },
  namelessThing: {
    name: "nameless_thing",
    row: sdk.ref(6),
    primaryKey: undefined,
    uniques: [],
    isEvent: false,
  },
  ping: {
    name: "ping",
    row: sdk.ref(2),
    primaryKey: undefined,
    uniques: [],
    isEvent: true,
  },
  topPair: {
    name: "top_pair",
    row: sdk.ref(8),
    primaryKey: undefined,
    uniques: [],
    isEvent: false,
  },
};
