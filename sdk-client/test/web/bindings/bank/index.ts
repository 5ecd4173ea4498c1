// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import { type DbReducers, reducerSchemas } from "./reducers.js";
import { type DbQueries, type DbRows, type DbTables, tableSchemas } from "./tables.js";
import { typespace } from "./types.js";

export type * from "./reducers.js";
export type * from "./tables.js";
export type * from "./types.js";

/** What the module offers its clients. */
export interface DbModule {
  readonly tables: DbTables;
  readonly reducers: DbReducers;
  readonly rows: DbRows;
}

const schema: sdk.ModuleSchema<DbModule> = {
  types: typespace,
  tables: tableSchemas,
  reducers: reducerSchemas,
};

/** A connection to a database that runs this module. */
export type DbConnection = sdk.DbConnection<DbModule>;

/** Makes connections: `DbConnection.builder().withUri(…).withDatabaseName(…).build()`. */
export const DbConnection: { readonly builder: () => sdk.ConnectionBuilder<DbModule> } = {
  builder: () => sdk.connectionBuilder(schema),
};

/** Queries without SQL: `connection.subscribe(tables.….where((row) => row.….eq(…)))`. */
export const tables: DbQueries = /* @__PURE__ */ sdk.queryTables<DbQueries>(
  tableSchemas,
  typespace,
);
