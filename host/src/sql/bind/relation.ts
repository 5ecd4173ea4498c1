// What a name in FROM stands for: the rows of a table, or those rows of a view's backing table that are the caller's
// (sql-and-subscriptions.md section 9.1).
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { Table } from "../../datastore/table.ts";

/** Bytes of a backing table's first column, a U256 that tells whose result a row is. It is never named nor sent. */
export const argHashBytes = 32;

export interface Relation {
  readonly table: Table;
  /** The alias, which hides the table's name, or else the name as written. */
  readonly name: string;
  /** How many of a row's first bytes nobody sees: 0, or `argHashBytes` for a view. */
  readonly rowOffset: number;
  /** What those bytes must be. */
  readonly keyPrefix: Uint8Array | undefined;
}

/** How many of a relation's first columns cannot be named. */
export function hiddenColumnCount({ rowOffset }: Relation): number {
  return rowOffset > 0 ? 1 : 0;
}

/** Throws LC_LIMIT for more tables than a join may have. */
export function checkTableCount(count: number): void {
  const { joinTableCountMax } = limit;
  if (count <= joinTableCountMax) return;
  const message = `a query joins at most ${joinTableCountMax} tables, row rules included`;
  throw new LightconeError("LC_LIMIT", message);
}
