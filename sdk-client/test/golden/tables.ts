// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** The tables, by the names that they have here: the type of `connection.db`. */
export interface DbTables {
  /** The table `everything`. */
  readonly everything: sdk.KeyedTable<types.EverythingRow, Pick<types.EverythingRow, "id">>;
  /** The table `mail.outbox_2`. */
  readonly mailOutbox2: sdk.UniqueTable<
    types.Pair,
    Pick<types.Pair, "left" | "right"> | Pick<types.Pair, "weight">
  >;
  /** The table `message`. */
  readonly message: sdk.KeyedTable<
    types.Message,
    Pick<types.Message, "id"> | Pick<types.Message, "roomId">
  >;
  /** The table `message_log`. */
  readonly messageLog: sdk.Table<types.Pair>;
  /** The view `my_messages`. */
  readonly myMessages: sdk.KeyedTable<types.Message, Pick<types.Message, "id">>;
  /** The table `nameless_thing`. */
  readonly namelessThing: sdk.Table<types.NamelessThing>;
  /** The event table `ping`. */
  readonly ping: sdk.EventTable<types.GeoPoint>;
  /** The view `top_pair`. */
  readonly topPair: sdk.Table<types.Pair>;
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
  },
  mailOutbox2: {
    name: "mail.outbox_2",
    row: sdk.ref(8),
    primaryKey: undefined,
    uniques: [["left", "right"], ["weight"]],
    isEvent: false,
  },
  message: {
    name: "message",
    row: sdk.ref(5),
    primaryKey: "id",
    uniques: [["id"], ["roomId"]],
    isEvent: false,
  },
  messageLog: {
    name: "message_log",
    row: sdk.ref(8),
    primaryKey: undefined,
    uniques: [],
    isEvent: false,
  },
  myMessages: {
    name: "my_messages",
    row: sdk.ref(5),
    primaryKey: "id",
    uniques: [["id"]],
    isEvent: false,
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
