// One row, found by its key. A list of ten thousand of them costs a change only what the rows in it cost.
import type { Stop } from "../event.ts";
import type { TableChange, UniqueTable } from "../table.ts";
import { Notifier, type Source } from "./source.ts";
import { type Follower, hubOf, type TableHub } from "./table-hub.ts";

export class RowView<Row extends object, Key> implements Source<Row | undefined> {
  readonly #table: UniqueTable<Row, Key>;
  readonly #watch: RowWatch<Row>;
  readonly #key: Key;
  readonly #notifier = new Notifier();
  /** As the listeners were last told of. */
  #row: Row | undefined;

  constructor(table: UniqueTable<Row, Key>, watch: RowWatch<Row>, key: Key) {
    this.#table = table;
    this.#watch = watch;
    this.#key = key;
  }

  /** Throws LC_VALUE_INVALID for columns that are not unique together. */
  readonly get = (): Row | undefined => this.#table.find(this.#key);

  readonly subscribe = (listener: () => void): Stop => {
    if (this.#notifier.isEmpty) {
      this.#row = this.get();
      this.#watch.add(this, this.#row);
    }
    const stop = this.#notifier.add(listener);
    return () => {
      stop();
      if (this.#notifier.isEmpty) this.#watch.remove(this, this.#row);
    };
  };

  /** The row may have changed. */
  refresh(): void {
    const row = this.get();
    if (row === this.#row) return;
    const before = this.#row;
    this.#row = row;
    this.#watch.add(this, row);
    this.#watch.remove(this, before);
    this.#notifier.notify();
  }
}

interface Refreshable {
  refresh(): void;
}

/** Which views show which row. */
export class RowWatch<Row extends object> implements Follower<Row> {
  readonly #hub: TableHub<Row>;
  readonly #byRow = new Map<Row, Set<Refreshable>>();
  /** Those whose row is not there, but may come. */
  readonly #absent = new Set<Refreshable>();

  constructor(hub: TableHub<Row>) {
    this.#hub = hub;
  }

  add(view: Refreshable, row: Row | undefined): void {
    if (this.#byRow.size + this.#absent.size === 0) this.#hub.follow(this);
    if (row === undefined) {
      this.#absent.add(view);
      return;
    }
    const views = this.#byRow.get(row) ?? new Set();
    views.add(view);
    this.#byRow.set(row, views);
  }

  remove(view: Refreshable, row: Row | undefined): void {
    if (row === undefined) this.#absent.delete(view);
    else {
      const views = this.#byRow.get(row);
      views?.delete(view);
      if (views?.size === 0) this.#byRow.delete(row);
    }
    if (this.#byRow.size + this.#absent.size === 0) this.#hub.unfollow(this);
  }

  apply({ inserted, deleted, updated }: TableChange<Row>): void {
    for (const row of deleted) this.#refresh(row);
    for (const [before] of updated) this.#refresh(before);
    if (this.#absent.size === 0 || inserted.length + updated.length === 0) return;
    for (const view of this.#absent) view.refresh();
  }

  #refresh(row: Row): void {
    const views = this.#byRow.get(row);
    if (views === undefined) return;
    for (const view of views) view.refresh();
  }
}

const watches = new WeakMap<object, object>();

export function rowView<Row extends object, Key>(
  table: UniqueTable<Row, Key>,
  key: Key,
): RowView<Row, Key> {
  const hub = hubOf(table);
  let watch = watches.get(hub) as RowWatch<Row> | undefined;
  if (watch === undefined) {
    watch = new RowWatch(hub);
    watches.set(hub, watch);
  }
  return new RowView(table, watch, key);
}

/** Equal for keys that find the same row, so that a key written in place does not count as another one. */
export function keyText(key: object): string {
  return JSON.stringify(key, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}
