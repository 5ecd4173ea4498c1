// Between a table and all that follows it: one callback of the table, however many views there are.
import type { Stop } from "../event.ts";
import type { Table, TableChange } from "../table.ts";

/** A view that is kept up to date by the changes alone. It must take a change that it has seen already. */
export interface Follower<Row> {
  apply(change: TableChange<Row>): void;
}

export class TableHub<Row extends object> {
  readonly table: Table<Row>;
  readonly #followers = new Set<Follower<Row>>();
  #stop: Stop | undefined;

  constructor(table: Table<Row>) {
    this.table = table;
  }

  follow(follower: Follower<Row>): void {
    this.#followers.add(follower);
    this.#stop ??= this.table.onChange((change) => {
      for (const each of this.#followers) each.apply(change);
    });
  }

  unfollow(follower: Follower<Row>): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }
}

const hubs = new WeakMap<object, object>();

/** The hub of a table, made when it is first asked for. */
export function hubOf<Row extends object>(table: Table<Row>): TableHub<Row> {
  const known = hubs.get(table) as TableHub<Row> | undefined;
  if (known !== undefined) return known;
  const hub = new TableHub(table);
  hubs.set(table, hub);
  return hub;
}
