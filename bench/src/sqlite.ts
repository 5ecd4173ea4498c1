// The peer better-sqlite3. It lives in bench/peers, a package outside the workspaces, since it is a
// native add-on that may have to be compiled: where it is not installed, its cases are left out.
import { createRequire } from "node:module";

export interface SqliteStatement {
  run(...values: readonly (number | string)[]): unknown;
  get(...values: readonly (number | string)[]): unknown;
  all(...values: readonly (number | string)[]): unknown[];
  iterate(...values: readonly (number | string)[]): IterableIterator<unknown>;
  /** Results are the first column's values from now on. */
  pluck(): SqliteStatement;
  /** Results are arrays from now on, which are made faster than objects. */
  raw(): SqliteStatement;
}

export interface SqliteDatabase {
  exec(sql: string): unknown;
  pragma(text: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

type SqliteConstructor = new (path: string) => SqliteDatabase;

/** From bench/dist/src. */
const peers = new URL("../../peers/package.json", import.meta.url);

let loaded: SqliteConstructor | undefined;

/** Throws where the peer is not installed. */
function load(): SqliteConstructor {
  loaded ??= createRequire(peers)("better-sqlite3") as SqliteConstructor;
  return loaded;
}

/** Opens a database in a file, or in memory where the path is ":memory:". */
export function openSqlite(path: string): SqliteDatabase {
  const Constructor = load();
  return new Constructor(path);
}

/** Why cases of the peer are left out, if they are. */
export function sqliteLeftOut(): string | undefined {
  try {
    openSqlite(":memory:").close();
    return undefined;
  } catch {
    return "better-sqlite3 is not installed (npm ci in bench/peers)";
  }
}
