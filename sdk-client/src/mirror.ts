// All tables together: one message of the server is one step of all of them, or of none.
import {
  LightconeError,
  type ProductValue,
  type QuerySetUpdate,
  type RowListView,
  type TableRows,
  type TableUpdateRows,
  type Typespace,
} from "@lightcone/abi";
import { isEmptyChange, RowDecoder, type RowChange, TableCache } from "./cache.ts";
import type { ErrorReporter, EventContext } from "./event.ts";
import type { TableSchema } from "./schema.ts";
import { CachedTable, PassingTable } from "./table.ts";

interface KeptTable {
  readonly kind: "kept";

  readonly decoder: RowDecoder;
  readonly cache: TableCache;
  readonly handle: CachedTable;
}

interface EventfulTable {
  readonly kind: "event";
  readonly decoder: RowDecoder;
  readonly handle: PassingTable;
}

type MirroredTable = KeptTable | EventfulTable;

interface KeptChange {
  readonly table: KeptTable;
  readonly change: RowChange;
}

interface PassedRows {
  readonly table: EventfulTable;
  readonly rows: readonly ProductValue[];
}

/** What one message changed, for `notify`. */
export interface Changes {
  readonly kept: readonly KeptChange[];
  readonly passed: readonly PassedRows[];
}

function makeTable(schema: TableSchema, types: Typespace): MirroredTable {
  const decoder = new RowDecoder(schema, types);
  if (schema.isEvent) return { kind: "event", decoder, handle: new PassingTable(decoder) };
  const cache = new TableCache(schema, types, decoder);
  return {
    kind: "kept",
    decoder,
    cache,
    handle: new CachedTable(cache, schema.indexes),
  };
}

/** Whether there is nothing to tell. */
export function isSilent({ kept, passed }: Changes): boolean {
  return (
    passed.every(({ rows }) => rows.length === 0) &&
    kept.every(({ change }) => isEmptyChange(change))
  );
}

export class Mirror {
  /** Table handles by accessor. */
  readonly handles: Readonly<Record<string, CachedTable | PassingTable>>;
  readonly #tables: ReadonlyMap<string, MirroredTable>;
  readonly #report: ErrorReporter;
  /** The tables that the message at hand has rows of. */
  #touched: KeptTable[] = [];

  constructor(
    schemas: Readonly<Record<string, TableSchema>>,
    types: Typespace,
    report: ErrorReporter,
  ) {
    const handles: Record<string, CachedTable | PassingTable> = {};
    const tables = new Map<string, MirroredTable>();
    for (const [accessor, schema] of Object.entries(schemas)) {
      const table = makeTable(schema, types);
      tables.set(schema.name, table);
      handles[accessor] = table.handle;
    }
    this.handles = handles;
    this.#tables = tables;
    this.#report = report;
  }

  /** The rows of a subscription that begins. Throws LC_FRAME_INVALID or LC_BSATN_DECODE, and then changes nothing. */
  addRows(tables: readonly TableRows[]): Changes {
    return this.#step(() => {
      for (const { table, rows } of tables) this.#kept(table)?.cache.insert(rows);
    });
  }

  /** The rows of a subscription that ended. Throws as addRows. */
  removeRows(tables: readonly TableRows[]): Changes {
    return this.#step(() => {
      for (const { table, rows } of tables) this.#kept(table)?.cache.delete(rows);
    });
  }

  /** What a transaction changed. Throws as addRows. */
  update(querySets: readonly QuerySetUpdate[]): Changes {
    const passed: PassedRows[] = [];
    return this.#step(() => {
      for (const { tables } of querySets) {
        for (const { table, rows } of tables) {
          for (const part of rows) this.#updateTable(table, part, passed);
        }
      }
    }, passed);
  }

  #updateTable(name: string, part: TableUpdateRows, passed: PassedRows[]): void {
    const table = this.#table(name);
    if (part.kind === "event") {
      if (table.kind !== "event") throw otherKind(name, "an event table");
      passed.push({ table, rows: table.handle.decode(part.events) });
      return;
    }
    if (table.kind !== "kept") throw otherKind(name, "no event table");
    this.#touch(table);
    // Inserts first: the same row may leave one query and enter another one.
    table.cache.insert(part.inserts);
    table.cache.delete(part.deletes);
  }

  #touch(table: KeptTable): void {
    if (!this.#touched.includes(table)) this.#touched.push(table);
  }

  #step(apply: () => void, passed: readonly PassedRows[] = []): Changes {
    this.#touched = [];
    try {
      apply();
      for (const { cache } of this.#touched) cache.check();
    } catch (thrown) {
      for (const { cache } of this.#touched) cache.discard();
      throw thrown;
    }
    const kept = this.#touched.map((table) => ({ table, change: table.cache.settle() }));
    return { kept, passed };
  }

  #table(name: string): MirroredTable {
    const table = this.#tables.get(name);
    if (table !== undefined) return table;
    throw new LightconeError(
      "LC_TABLE_UNKNOWN",
      `the server sent rows of ${name}, which the bindings do not have: generate them anew`,
    );
  }

  // Event tables occur among the rows of subscriptions too, always empty.
  #kept(name: string): KeptTable | undefined {
    const table = this.#table(name);
    if (table.kind === "event") return undefined;
    this.#touch(table);
    return table;
  }

  /** Gathers rows apart until `finishStaging`: readers see those of before, and changes are empty but for events. */
  startStaging(): void {
    for (const table of this.#tables.values()) {
      if (table.kind === "kept") table.cache.startStaging();
    }
  }

  /** Shows the rows gathered since `startStaging`; the changes are the difference to those of before. */
  finishStaging(): Changes {
    const kept: KeptChange[] = [];
    for (const table of this.#tables.values()) {
      if (table.kind === "kept") kept.push({ table, change: table.cache.finishStaging() });
    }
    return { kept, passed: [] };
  }

  /** Calls the callbacks of all rows that changed. */
  notify(changes: Changes, event: EventContext): void {
    const { kept, passed } = changes;
    const report = this.#report;
    for (const { table, change } of kept) table.handle.countChange(change);
    for (const { table, change } of kept) table.handle.emit(report, change, event);
    for (const { table, rows } of passed) table.handle.emit(report, rows, event);
    for (const { table, change } of kept) table.handle.emitChange(report, change, event);
  }

  /** The rows of an answer to a query. Throws LC_TABLE_UNKNOWN for a table that the bindings leave out. */
  decodeRows(name: string, list: RowListView): ProductValue[] {
    return this.#table(name).decoder.decodeAll(list);
  }
}

function otherKind(table: string, kind: string): LightconeError {
  const message = `${table} is ${kind} to the server, unlike in the bindings: generate them anew`;
  return new LightconeError("LC_FRAME_INVALID", message);
}
