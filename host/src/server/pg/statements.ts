// What a client has prepared, and its portals: statements with values, some of them read in part. Both are bounded.
import { limit } from "../../base/limit.ts";
import type { Column } from "./contract.ts";
import { PgFault } from "./fault.ts";
import type { Format } from "./frontend.ts";
import type { LocalRow } from "./local-rows.ts";
import type { BoundValue } from "./parameter-value.ts";
import type { Plan } from "./plan.ts";

export interface PreparedStatement {
  readonly text: string;
  readonly plan: Plan;
  readonly parameterOids: readonly number[];
  /** Undefined for one that gives no rows. */
  readonly columns: readonly Column[] | undefined;
}

/** How far a portal has been read. */
type PortalState =
  | { readonly kind: "new" }
  | { readonly kind: "cursor"; readonly cursor: number }
  | { readonly kind: "local"; readonly rows: readonly LocalRow[]; readonly at: number }
  | { readonly kind: "done" };

export interface Portal {
  readonly statement: PreparedStatement;
  readonly values: readonly BoundValue[];
  readonly resultFormats: readonly Format[];
  state: PortalState;
}

/** Things by their names, of which "" may be given to another at any time. */
export class NamedMap<T> {
  readonly #items = new Map<string, T>();
  readonly #what: string;
  readonly #unknownState: string;
  readonly #takenState: string;
  readonly #sizeOf: (item: T) => number;
  #byteLength = 0;

  /** The SQLSTATEs of a name that nothing has, and of one that something has. */
  constructor(what: string, unknownState: string, takenState: string, sizeOf: (item: T) => number) {
    this.#what = what;
    this.#unknownState = unknownState;
    this.#takenState = takenState;
    this.#sizeOf = sizeOf;
  }

  #called(name: string): string {
    return name === "" ? `unnamed ${this.#what}` : `${this.#what} "${name}"`;
  }

  /** Throws PgFault. */
  get(name: string): T {
    const item = this.#items.get(name);
    if (item !== undefined) return item;
    throw new PgFault(this.#unknownState, `${this.#called(name)} does not exist`);
  }

  /** Refuses a name that is taken. Throws PgFault. */
  checkFree(name: string): void {
    if (name === "" || !this.#items.has(name)) return;
    throw new PgFault(this.#takenState, `${this.#called(name)} already exists`);
  }

  /** Throws PgFault 53400 where there would be too much. What had the name "" must have been removed. */
  set(name: string, item: T): void {
    this.checkFree(name);
    const byteLength = this.#byteLength + this.#sizeOf(item);
    if (this.#items.size >= limit.pgNamedCountMax || byteLength > limit.pgNamedBytesMax) {
      const most = `${limit.pgNamedCountMax} and ${limit.pgNamedBytesMax} bytes`;
      throw new PgFault("53400", `a connection keeps no more ${this.#what}s than ${most}`);
    }
    this.#byteLength = byteLength;
    this.#items.set(name, item);
  }

  /** Removes what has the name, if anything has. */
  remove(name: string): T | undefined {
    const item = this.#items.get(name);
    if (item === undefined) return undefined;
    this.#items.delete(name);
    this.#byteLength -= this.#sizeOf(item);
    return item;
  }

  /** Removes all. */
  removeAll(): T[] {
    const items = [...this.#items.values()];
    this.#items.clear();
    this.#byteLength = 0;
    return items;
  }

  get size(): number {
    return this.#items.size;
  }
}

export function statementMap(): NamedMap<PreparedStatement> {
  return new NamedMap("prepared statement", "26000", "42P05", ({ text }) => text.length * 2);
}

export function portalMap(): NamedMap<Portal> {
  return new NamedMap("portal", "34000", "42P03", ({ values }) =>
    values.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0) + 64, 64),
  );
}
