// The rows of a table, or those that a condition selects, as an array that stays the same until one of them changes.
//
// With listeners the view follows the table: rows keep their places, a changed row takes the place of its former one,
// new rows come last, and reading copies the list once after each change. Without listeners, as while a component is
// rendered for the first time, the rows are gathered anew where the table has another version.
import type { Stop } from "../event.ts";
import type { Table, TableChange } from "../table.ts";
import { Notifier, type Source } from "./source.ts";
import { type Follower, hubOf, type TableHub } from "./table-hub.ts";

/** Whether a row is wanted. It must be told by the row alone, which never changes. */
export type Where<Row> = (row: Row) => boolean;

/** Which rows of a table. */
export interface RowsOptions<Row> {
  readonly where?: Where<Row> | undefined;
}

/** What a place of a row that went holds until the list is packed. */
const hole = undefined;

export class RowsView<Row extends object> implements Source<readonly Row[]>, Follower<Row> {
  readonly #hub: TableHub<Row>;
  readonly #where: Where<Row> | undefined;
  readonly #notifier = new Notifier();
  #snapshot: readonly Row[];
  /** The table's version that the snapshot or the list is of; -1 if the rows must be gathered anew. */
  #version = -1;
  /** Undefined while nobody listens. */
  #list: FollowedList<Row> | undefined;

  /** `like`: an array to hand out instead of a new one with the same rows. */
  constructor(hub: TableHub<Row>, where: Where<Row> | undefined, like: readonly Row[] = []) {
    this.#hub = hub;
    this.#where = where;
    this.#snapshot = like;
  }

  /** Throws what the condition throws. */
  readonly get = (): readonly Row[] => {
    // The version is ahead of the list in callbacks of rows, which come before those of the table.
    if (this.#list === undefined || this.#version !== this.#hub.table.version) this.#gather();
    else if (this.#list.isChanged) this.#show(this.#list.take());
    return this.#snapshot;
  };

  readonly subscribe = (listener: () => void): Stop => {
    if (this.#notifier.isEmpty) this.#hub.follow(this);
    const stop = this.#notifier.add(listener);
    this.#list ??= this.#startList();
    return () => {
      stop();
      if (!this.#notifier.isEmpty) return;
      this.#hub.unfollow(this);
      this.#forgetList();
    };
  };

  apply(change: TableChange<Row>): void {
    try {
      this.#list?.apply(change, this.#where);
      if (this.#list !== undefined) this.#version = this.#hub.table.version;
    } catch {
      // The condition failed on a row: it fails again for whoever reads, who is the one to be told.
      this.#forgetList();
    }
    if (this.#list === undefined || this.#list.isChanged) this.#notifier.notify();
  }

  #gather(): void {
    const { table } = this.#hub;
    if (this.#version === table.version) return;
    const where = this.#where;
    const rows = where === undefined ? [...table] : [...table].filter((row) => where(row));
    this.#show(rows);
    this.#version = table.version;
  }

  // Rows that came and went between two readings leave the array as it was.
  #show(rows: readonly Row[]): void {
    if (!haveSameItems(rows, this.#snapshot)) this.#snapshot = rows;
  }

  #startList(): FollowedList<Row> | undefined {
    try {
      return new FollowedList(this.get());
    } catch {
      return undefined;
    }
  }

  #forgetList(): void {
    this.#list = undefined;
    this.#version = -1;
  }
}

/** A list that changes in place: places of rows are found by a map, those of rows that went stay empty for a while. */
class FollowedList<Row extends object> {
  #rows: (Row | typeof hole)[];
  #places: Map<Row, number>;
  #isChanged = false;

  constructor(rows: readonly Row[]) {
    this.#rows = [...rows];
    this.#places = placesOf(rows);
  }

  /** Whether rows changed since the last `take()`. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** The rows as an array that is not changed any more. */
  take(): readonly Row[] {
    this.#isChanged = false;
    const rowCount = this.#places.size;
    if (rowCount === this.#rows.length) return this.#rows.slice() as Row[];
    const rows = this.#rows.filter((row) => row !== hole);
    if (this.#rows.length > 2 * rowCount) {
      this.#rows = [...rows];
      this.#places = placesOf(rows);
    }
    return rows;
  }

  apply({ inserted, deleted, updated }: TableChange<Row>, where: Where<Row> | undefined): void {
    for (const row of deleted) this.#remove(row);
    for (const [before, after] of updated) {
      if (where !== undefined && !where(after)) this.#remove(before);
      else this.#replace(before, after);
    }
    for (const row of inserted) {
      if (where === undefined || where(row)) this.#append(row);
    }
  }

  #append(row: Row): void {
    if (this.#places.has(row)) return;
    this.#places.set(row, this.#rows.length);
    this.#rows.push(row);
    this.#isChanged = true;
  }

  #replace(before: Row, after: Row): void {
    const place = this.#places.get(before);
    if (place === undefined) {
      this.#append(after);
      return;
    }
    this.#places.delete(before);
    this.#places.set(after, place);
    this.#rows[place] = after;
    this.#isChanged = true;
  }

  #remove(row: Row): void {
    const place = this.#places.get(row);
    if (place === undefined) return;
    this.#places.delete(row);
    this.#rows[place] = hole;
    this.#isChanged = true;
  }
}

function placesOf<Row>(rows: readonly Row[]): Map<Row, number> {
  return new Map(rows.map((row, place) => [row, place] as const));
}

/** Whether two lists have the same values in the same places. */
export function haveSameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

const views = new WeakMap<object, object>();

/** All rows: one view for everybody. With a condition: a view of its own. `like` as for the class. */
export function rowsView<Row extends object>(
  table: Table<Row>,
  where?: Where<Row>,
  like?: readonly Row[],
): RowsView<Row> {
  const hub = hubOf(table);
  if (where !== undefined) return new RowsView(hub, where, like);
  const known = views.get(hub) as RowsView<Row> | undefined;
  if (known !== undefined) return known;
  const view = new RowsView(hub, undefined);
  views.set(hub, view);
  return view;
}
