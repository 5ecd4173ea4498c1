// The views of a database that somebody uses, each with what it read when it was last run. Before a commit, those whose reads the
// transaction touches are run again inside it (sql-and-subscriptions.md section 9).
//
// What a run has read counts from the commit on: until then it is staged, and a rollback forgets it.
import { assert } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { GuestEnd } from "../../module/guest.ts";
import type { CallerWords } from "../../module/instance.ts";
import { ReadSet } from "../../module/read-set.ts";
import type { ViewResult } from "../../module/view-call.ts";
import type { LiveView } from "./live-view.ts";
import { ReadIndex } from "./read-index.ts";
import { ViewHolders } from "./holders.ts";
import { RowWriter } from "./write-rows.ts";

/** A view for one caller, or for all if it is anonymous. */
export interface ViewCaller {
  readonly identityHex: string;
  readonly sender: CallerWords["sender"];
  readonly argHash: Uint8Array;
}

/** What a view returns to one caller, kept up to date. */
export interface ViewInstance {
  readonly key: string;
  readonly caller: ViewCaller;
  view: LiveView;
  table: Table;
  /** What its last run read. */
  reads: ReadSet;
  /** Query sets that need it. */
  holderCount: number;
  lastUsedMillis: number;
}

/** Runs a view's function in the open transaction. Queries that it returns are answered. */
export type RunView = (
  view: LiveView,
  sender: CallerWords["sender"],
  reads: ReadSet,
  tx: Transaction,
) => Exclude<ViewResult, { kind: "query" }>;

/** Why a view could not be computed. */
export interface ViewFailure extends GuestEnd {
  readonly name: string;
}

/** What becomes of an instance if the open transaction commits; undefined is its end. */
type Staged = Pick<ViewInstance, "view" | "table" | "reads"> | undefined;

/** Rows that no instance keeps up to date any more, on their way out. */
interface Leftover {
  readonly table: Table;
  readonly rows: RowIds;
}

/** Names the instance of a view that a caller uses. */
export function instanceKey({ definition }: LiveView, { identityHex }: ViewCaller): string {
  return definition.isAnonymous ? definition.name : `${definition.name} ${identityHex}`;
}

export class Views {
  readonly holders: ViewHolders = new ViewHolders();
  readonly #instances = new Map<string, ViewInstance>();
  readonly #readers = new ReadIndex<ViewInstance>();
  readonly #writer = new RowWriter();
  readonly #staged = new Map<ViewInstance, Staged>();
  readonly #leftovers = new Map<string, Leftover>();
  /** The open transaction has run all of them already. */
  #isRecomputed = false;
  #nextSweepMillis = 0;

  /** Whether a commit or the end of a turn has anything to do here. */
  get isActive(): boolean {
    return this.#instances.size + this.#staged.size + this.#leftovers.size > 0;
  }

  /** How many there are. */
  get count(): number {
    return this.#instances.size;
  }

  find(key: string): ViewInstance | undefined {
    return this.#instances.get(key);
  }

  /** Whoever has read something that the open transaction changes; none if all were run in it. */
  affectedBy(tx: Transaction): ReadonlySet<ViewInstance> {
    return this.#isRecomputed ? new Set() : this.#readers.affectedBy(tx);
  }

  /** A new instance, computed inside the open transaction, or why that failed: then it must be rolled back. */
  materialise(
    tx: Transaction,
    run: RunView,
    view: LiveView,
    caller: ViewCaller,
    table: Table,
  ): ViewInstance | ViewFailure {
    const key = instanceKey(view, caller);
    assert(!this.#instances.has(key), "a view was computed for a caller who has it");
    const reads = new ReadSet();
    const instance = { key, caller, view, table, reads, holderCount: 0, lastUsedMillis: 0 };
    return this.run(tx, run, instance) ?? instance;
  }

  /** Runs an instance again and writes what is different. A failure must end the transaction, or `empty` must follow. */
  run(tx: Transaction, run: RunView, instance: ViewInstance): ViewFailure | undefined {
    return this.#runAs(tx, run, instance, instance.view, instance.table);
  }

  #runAs(
    tx: Transaction,
    run: RunView,
    instance: ViewInstance,
    view: LiveView,
    table: Table,
  ): ViewFailure | undefined {
    const { sender, argHash } = instance.caller;
    const reads = new ReadSet();
    this.#staged.set(instance, { view, table, reads });
    const result = run(view, sender, reads, tx);
    const { name } = view.definition;
    if (result.kind === "failed") return { ...result, name };
    const message = this.#writer.write(tx, { view, table, argHash }, result);
    return message === undefined ? undefined : { name, message };
  }

  /**
   * After a failed run in a transaction that must be committed: the view is empty until something that the run has read changes.
   */
  empty(tx: Transaction, { table, caller }: ViewInstance): void {
    const rows = this.#writer.rowsOf({ table, argHash: caller.argHash });
    for (let i = 0; i < rows.count; i++) tx.delete(table, rows.at(i));
  }

  /**
   * Computes all instances by another program's views, over tables as they are then. Those whose view is gone, or belongs to
   * other callers now, end. A failure must end the transaction.
   */
  recompute(
    tx: Transaction,
    run: RunView,
    views: ReadonlyMap<string, LiveView>,
    tableOf: (view: LiveView) => Table,
  ): ViewFailure | undefined {
    this.#isRecomputed = true;
    for (const instance of this.#instances.values()) {
      const view = views.get(instance.view.definition.name);
      if (view === undefined || instanceKey(view, instance.caller) !== instance.key) {
        this.#staged.set(instance, undefined);
        continue;
      }
      const failure = this.#runAs(tx, run, instance, view, tableOf(view));
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** The transaction is committed: what its runs read counts from now on. */
  committed(): void {
    this.#isRecomputed = false;
    if (this.#staged.size === 0) return;
    for (const [instance, staged] of this.#staged) {
      if (this.#instances.has(instance.key)) this.#readers.remove(instance, instance.reads);
      if (staged === undefined) {
        this.#instances.delete(instance.key);
        continue;
      }
      this.#instances.set(instance.key, instance);
      // Its run has seen to rows that an earlier instance left.
      this.#leftovers.delete(instance.key);
      instance.view = staged.view;
      instance.table = staged.table;
      instance.reads = staged.reads;
      this.#readers.add(instance, instance.reads);
    }
    this.#staged.clear();
  }

  /** The transaction is rolled back. */
  rolledBack(): void {
    this.#staged.clear();
    this.#isRecomputed = false;
  }

  /** Ends instances that nobody has used for long; returns whether rows of such wait to be deleted. */
  endIdle(nowMillis: number): boolean {
    if (nowMillis >= this.#nextSweepMillis) {
      this.#nextSweepMillis = nowMillis + limit.viewSweepMillis;
      for (const instance of this.#instances.values()) {
        const idleMillis = nowMillis - instance.lastUsedMillis;
        if (instance.holderCount === 0 && idleMillis >= limit.viewIdleMillisMax)
          this.#end(instance);
      }
    }
    return this.#leftovers.size > 0;
  }

  #end(instance: ViewInstance): void {
    const { key, table, caller } = instance;
    this.#readers.remove(instance, instance.reads);
    this.#instances.delete(key);
    const found = this.#writer.rowsOf({ table, argHash: caller.argHash });
    const rows = new RowIds();
    for (let i = 0; i < found.count; i++) rows.push(found.at(i));
    if (rows.count > 0) this.#leftovers.set(key, { table, rows });
  }

  /** Deletes up to `count` rows of instances that have ended. */
  deleteLeftovers(tx: Transaction, count: number): void {
    let left = count;
    for (const [key, { table, rows }] of this.#leftovers) {
      while (rows.count > 0 && left-- > 0) {
        const row = rows.at(--rows.count);
        // An update of the program may have taken the table away.
        if (table.isLive(row)) tx.delete(table, row);
      }
      if (rows.count > 0) return;
      this.#leftovers.delete(key);
    }
  }
}
