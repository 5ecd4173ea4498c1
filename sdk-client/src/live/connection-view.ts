// A connection as user interfaces take it: its tables and reducers, and a status that is told.
import type { DbConnection } from "../connection.ts";
import type { ConnectionStatus } from "../event.ts";
import type { Source } from "./source.ts";

/** A connection and how it stands. */
export interface ConnectionView<C extends DbConnection = DbConnection> {
  readonly connection: C;
  readonly db: C["db"];
  readonly reducers: C["reducers"];
  readonly status: ConnectionStatus;
}

const sources = new WeakMap<object, Source<ConnectionStatus>>();

/** The status of a connection: one source, whoever asks. */
export function statusOf(connection: DbConnection): Source<ConnectionStatus> {
  const known = sources.get(connection);
  if (known !== undefined) return known;
  const source: Source<ConnectionStatus> = {
    get: () => connection.status,
    subscribe: (listener) => connection.onStatus(listener),
  };
  sources.set(connection, source);
  return source;
}
