// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** The tables, by the names that they have here: the type of `connection.db`. */
export interface DbTables {
  /** The table `message`. */
  readonly message: sdk.KeyedTable<types.Message, Pick<types.Message, "id">>;
  /** The table `user`. */
  readonly user: sdk.KeyedTable<types.User, Pick<types.User, "identity">>;
}

/** The types of rows, by the names that their tables have in SQL. */
export interface DbRows {
  readonly message: types.Message;
  readonly user: types.User;
}

export const tableSchemas: Readonly<Record<keyof DbTables, sdk.TableSchema>> = {
  message: {
    name: "message",
    row: sdk.ref(0),
    primaryKey: "id",
    uniques: [["id"]],
    isEvent: false,
  },
  user: {
    name: "user",
    row: sdk.ref(1),
    primaryKey: "identity",
    uniques: [["identity"]],
    isEvent: false,
  },
};
