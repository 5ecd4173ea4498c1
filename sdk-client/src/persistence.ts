// What a store of rows that outlives the page needs of its connection. persist/ has the one for browsers; a program may
// bring its own.
import type { ProductValue, TableRows, Typespace } from "@lightcone/abi";
import type { Clockwork } from "./backoff.ts";
import type { ErrorReporter } from "./event.ts";
import type { TableSchema } from "./schema.ts";
import type { Table } from "./table.ts";

/** A table whose rows are worth keeping. */
export interface PersistedTable {
  readonly schema: TableSchema;
  readonly table: Table<ProductValue>;
}

/** A connection, as its persistence sees it. */
export interface PersistenceHost {
  readonly serverUrl: string;
  readonly databaseName: string;
  readonly types: Typespace;
  /** All tables but those of events. */
  readonly tables: readonly PersistedTable[];
  readonly clockwork: Clockwork;
  readonly report: ErrorReporter;
  /** The token to connect with; undefined where the server is to make an identity. */
  readonly startToken: Promise<string | undefined>;
  /** The token of the first connection: another one if the server refused the kept one. Rejected if there is none. */
  readonly token: Promise<string>;
  /**
   * Shows rows of an earlier visit until the server has answered the subscriptions. False, and nothing is shown, once a
   * subscription was sent. Throws as frames of the server do for rows that do not decode.
   */
  showCached(tables: readonly TableRows[]): boolean;
}

/** Keeps the rows of a connection from one visit to the next. */
export interface Persistence {
  /** Called once, when the connection is made. Must not throw; what fails later goes to `report`. */
  attach(host: PersistenceHost): void;
}
