// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** The tables, by the names that they have here: the type of `connection.db`. */
export interface DbTables {
  /** The table `account`. */
  readonly account: sdk.KeyedTable<types.Account, Pick<types.Account, "id">> &
    sdk.IndexedTable<types.Account, { readonly byId: readonly ["id"] }>;
}

/** What can be asked of each table, by the names that they have here: the type of `tables`. */
export interface DbQueries {
  readonly account: sdk.TableQuery<
    types.Account,
    { readonly id: "u32"; readonly balance: "i64" },
    "id"
  >;
}

/** The types of rows, by the names that their tables have in SQL. */
export interface DbRows {
  readonly account: types.Account;
}

export const tableSchemas: Readonly<Record<keyof DbTables, sdk.TableSchema>> = {
  account: {
    name: "account",
    row: sdk.ref(0),
    primaryKey: "id",
    uniques: [["id"]],
    isEvent: false,
    indexes: sdk.rowIndexes({
      byId: ["id"],
    }),
  },
};
