// What a database should hold, as maps of rows: the tables now, and the changes of each transaction
// that made them, so that the tables after any of them can be had again.
import type { WriteOutcome } from "../../src/datastore/table.ts";
import { keyText, type Row, type Shape } from "./shape.ts";

/** The net changes of a transaction to one table. */
export interface TableChange {
  readonly shape: Shape;
  readonly inserts: readonly Row[];
  readonly deletes: readonly Row[];
}

/** A table as a map of rows. */
export class ModelTable {
  readonly shape: Shape;
  readonly rows: Map<string, Row> = new Map();
  /** For each unique constraint, rows by key. */
  readonly #byKey: readonly Map<string, Row>[];
  /** What the open transaction changed so far. */
  readonly #inserted = new Map<string, Row>();
  readonly #deleted = new Map<string, Row>();

  constructor(shape: Shape) {
    this.shape = shape;
    this.#byKey = shape.unique.map(() => new Map<string, Row>());
  }

  insert(row: Row): WriteOutcome {
    if (this.rows.has(row.text)) return "unchanged";
    if (this.#isTaken(row, undefined)) return "duplicate";
    this.#add(row);
    return "done";
  }

  /** Replaces the row with the same key in the unique constraint at `position`. */
  update(position: number, row: Row): WriteOutcome {
    const columns = this.shape.unique[position] as readonly number[];
    const old = this.#byKey[position]?.get(keyText(row.values, columns));
    if (old === undefined) return "absent";
    if (old.text === row.text) return "unchanged";
    if (this.#isTaken(row, old)) return "duplicate";
    this.delete(old);
    this.#add(row);
    return "done";
  }

  delete(row: Row): void {
    this.#remove(row);
    if (!this.#inserted.delete(row.text)) this.#deleted.set(row.text, row);
  }

  clear(): number {
    const count = this.rows.size;
    for (const row of this.rows.values()) this.delete(row);
    return count;
  }

  /** Ends the transaction. Undefined if it changed nothing here. */
  commit(): TableChange | undefined {
    const inserts = [...this.#inserted.values()];
    const deletes = [...this.#deleted.values()];
    this.#inserted.clear();
    this.#deleted.clear();
    if (this.shape.sketch.isEvent === true) for (const row of inserts) this.#remove(row);
    if (inserts.length === 0 && deletes.length === 0) return undefined;
    return { shape: this.shape, inserts, deletes };
  }

  rollBack(): void {
    for (const row of this.#inserted.values()) this.#remove(row);
    for (const row of this.#deleted.values()) this.#put(row);
    this.#inserted.clear();
    this.#deleted.clear();
  }

  /** Does what a committed transaction did. */
  apply({ inserts, deletes }: TableChange): void {
    if (this.shape.sketch.isEvent === true) return;
    for (const row of deletes) this.#remove(row);
    for (const row of inserts) this.#put(row);
  }

  #isTaken(row: Row, except: Row | undefined): boolean {
    return this.#byKey.some((rows, i) => {
      const other = rows.get(keyText(row.values, this.shape.unique[i] as readonly number[]));
      return other !== undefined && other !== except;
    });
  }

  #add(row: Row): void {
    this.#put(row);
    if (!this.#deleted.delete(row.text)) this.#inserted.set(row.text, row);
  }

  #put(row: Row): void {
    this.rows.set(row.text, row);
    this.#byKey.forEach((rows, i) => {
      rows.set(keyText(row.values, this.shape.unique[i] as readonly number[]), row);
    });
  }

  #remove(row: Row): void {
    this.rows.delete(row.text);
    this.#byKey.forEach((rows, i) => {
      rows.delete(keyText(row.values, this.shape.unique[i] as readonly number[]));
    });
  }
}

/** A table made by a transaction, and its schema as text. */
export interface MadeTable {
  readonly shape: Shape;
  readonly id: number;
  readonly schema: string;
}

/** A value that a sequence gave to a committed transaction. */
export interface DrawnValue {
  readonly tableId: number;
  readonly value: bigint;
}

/** A committed transaction. */
export interface HistoryEntry {
  readonly inputs: string;
  readonly made: readonly MadeTable[];
  readonly changes: readonly TableChange[];
  readonly drawn: readonly DrawnValue[];
}

/** A database's tables, by name. */
export interface ModelState {
  readonly tables: ReadonlyMap<string, ModelTable>;
  readonly made: readonly MadeTable[];
}

/** Committed transactions by offset, and which of them were reported durable. */
export class History {
  readonly entries: HistoryEntry[] = [];
  #acknowledged = -1;

  get lastOffset(): number {
    return this.entries.length - 1;
  }

  /** The last offset that was reported durable: none up to it may be lost. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  acknowledge(offset: number): void {
    this.#acknowledged = offset;
  }

  /** Forgets what a crash took: all after `offset`. What is left was found by recovery: it is durable. */
  cut(offset: number): void {
    this.entries.length = offset + 1;
    this.#acknowledged = offset;
  }

  /** The tables after a transaction, made anew from the first. */
  stateAt(offset: number): ModelState {
    const tables = new Map<string, ModelTable>();
    const made: MadeTable[] = [];
    for (const entry of this.entries.slice(0, offset + 1)) {
      for (const table of entry.made) {
        made.push(table);
        tables.set(table.shape.name, new ModelTable(table.shape));
      }
      for (const change of entry.changes) tables.get(change.shape.name)?.apply(change);
    }
    return { tables, made };
  }

  /** Values that sequences gave to transactions up to the last, as `<table id> <value>`. */
  drawnValues(): Set<string> {
    const values = new Set<string>();
    for (const { drawn } of this.entries) {
      for (const { tableId, value } of drawn) values.add(`${tableId} ${value}`);
    }
    return values;
  }
}
