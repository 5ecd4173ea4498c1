// Runs portals: sends their rows, as many as are wanted and as fast as the client takes them, and says what was done.
import {
  writeCommandComplete,
  writeEmpty,
  writeFault,
  writeParameterStatus,
  writeRowDescription,
} from "./backend.ts";
import type { Column, ExecuteResult, PgDatabase, RowPart } from "./contract.ts";
import { PgFault } from "./fault.ts";
import { type LocalRow, writeLocalRows } from "./local-rows.ts";
import type { Output } from "./output.ts";
import type { LocalPlan } from "./plan.ts";
import type { ScalarContext } from "./scalar.ts";
import type { Portal } from "./statements.ts";
import type { Notice, TransactionState } from "./transaction.ts";
import { firstWord, type Utility } from "./utility.ts";

export interface RunnerOptions {
  readonly database: PgDatabase;
  readonly output: Output;
  readonly transaction: TransactionState;
  readonly context: () => ScalarContext;
  /** Forgets prepared statements: one of a name, or all. Throws PgFault 26000. */
  readonly deallocate: (name: string | undefined) => void;
}

/** Whether two answers have the same columns, as far as a client can tell. */
function sameColumns(a: readonly Column[], b: readonly Column[]): boolean {
  const isSame = (column: Column, i: number): boolean =>
    column.name === b[i]?.name && column.oid === b[i].oid;
  return a.length === b.length && a.every(isSame);
}

/** The tag of a statement that changed rows. */
function changeTag(text: string, rowCount: number): string {
  const word = firstWord(text);
  if (word === "SET") return "SET";
  return word === "INSERT" ? `INSERT 0 ${rowCount}` : `${word} ${rowCount}`;
}

/** The tag of a statement that gave rows. */
function rowsTag(text: string, rowCount: number): string {
  const word = firstWord(text);
  return word === "EXPLAIN" || word === "SHOW" ? word : `SELECT ${rowCount}`;
}

export class PortalRunner {
  readonly #options: RunnerOptions;
  #isRunning = false;
  #isCancelled = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Ends the portal that is being run, if one is. */
  cancel(): void {
    if (!this.#isRunning) return;
    this.#isCancelled = true;
    this.#options.database.cancel();
  }

  /**
   * Runs a portal, or goes on with it. `rowMax` may be infinite. `tellsColumns`: the client has not been told of them. Rejects with
   * PgFault; the portal is done then.
   */
  async run(portal: Portal, rowMax: number, tellsColumns: boolean): Promise<void> {
    this.#isRunning = true;
    this.#isCancelled = false;
    try {
      await this.#runKind(portal, rowMax, tellsColumns);
    } catch (thrown) {
      await this.close(portal);
      throw thrown;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Gives up what a portal holds. */
  async close(portal: Portal): Promise<void> {
    const { state } = portal;
    portal.state = { kind: "done" };
    if (state.kind === "cursor") await this.#options.database.closeCursor(state.cursor);
  }

  async #runKind(portal: Portal, rowMax: number, tellsColumns: boolean): Promise<void> {
    const { output, transaction } = this.#options;
    const { plan, text } = portal.statement;
    if (plan.kind === "empty") {
      writeEmpty(output.writer, "emptyQuery");
      return;
    }
    if (plan.kind === "utility") {
      this.#utility(plan.utility);
      return;
    }
    transaction.checkRunnable();
    if (portal.state.kind === "done") writeCommandComplete(output.writer, rowsTag(text, 0));
    else if (plan.kind === "local") await this.#local(portal, plan, rowMax, tellsColumns);
    else if (portal.state.kind === "cursor") await this.#goOn(portal, rowMax);
    else await this.#execute(portal, plan.isWrite, rowMax, tellsColumns);
  }

  #notice(notice: Notice | undefined): void {
    if (notice !== undefined) writeFault(this.#options.output.writer, "WARNING", notice);
  }

  async #local(
    portal: Portal,
    plan: LocalPlan,
    rowMax: number,
    tellsColumns: boolean,
  ): Promise<void> {
    const { database, output, context } = this.#options;
    const { writer } = output;
    let rows: readonly LocalRow[];
    let at = 0;
    if (portal.state.kind === "local") ({ rows, at } = portal.state);
    else rows = await plan.rows(context(), portal.values, () => database.catalog());
    if (tellsColumns) writeRowDescription(writer, plan.columns, portal.resultFormats);
    const end = Math.min(rows.length, at + rowMax);
    for (let from = at; from < end; from += 100) {
      const some = rows.slice(from, Math.min(end, from + 100));
      writeLocalRows(writer, plan.columns, some, portal.resultFormats);
      await output.ready();
    }
    const isLast = end === rows.length;
    portal.state = isLast ? { kind: "done" } : { kind: "local", rows, at: end };
    if (isLast) writeCommandComplete(writer, rowsTag(portal.statement.text, end - at));
    else writeEmpty(writer, "portalSuspended");
  }

  async #execute(
    portal: Portal,
    isWrite: boolean,
    rowMax: number,
    tellsColumns: boolean,
  ): Promise<void> {
    const { database, output, transaction } = this.#options;
    const { statement, values, resultFormats } = portal;
    if (isWrite) transaction.checkWrite();
    // Whatever comes of it: it is not run again.
    portal.state = { kind: "done" };
    const result = await database.execute({ text: statement.text, values, resultFormats, rowMax });
    if (result.kind === "changed") {
      this.#notice(transaction.wrote());
      writeCommandComplete(output.writer, changeTag(statement.text, result.rowCount));
      return;
    }
    if (!result.isLast) portal.state = { kind: "cursor", cursor: result.cursor };
    this.#tellColumns(portal, result, tellsColumns);
    await this.#sendRows(portal, result, rowMax);
  }

  #tellColumns(
    { statement, resultFormats }: Portal,
    { columns }: Extract<ExecuteResult, { kind: "rows" }>,
    tellsColumns: boolean,
  ): void {
    if (tellsColumns) {
      writeRowDescription(this.#options.output.writer, columns, resultFormats);
      return;
    }
    // A new version of the module may have other columns than those that the client was told of.
    if (sameColumns(columns, statement.columns ?? [])) return;
    throw new PgFault("0A000", "cached plan must not change result type");
  }

  async #goOn(portal: Portal, rowMax: number): Promise<void> {
    const { state } = portal;
    if (state.kind !== "cursor") return;
    const part = await this.#options.database.fetch(state.cursor, rowMax);
    if (part.isLast) portal.state = { kind: "done" };
    await this.#sendRows(portal, part, rowMax);
  }

  /** Sends a first part, and more until there are `rowMax` rows or no more. */
  async #sendRows(portal: Portal, first: RowPart, rowMax: number): Promise<void> {
    const { database, output } = this.#options;
    let rowCount = 0;
    for (let part = first; ;) {
      output.send(part.pieces);
      rowCount += part.rowCount;
      if (part.isLast) break;
      if (rowCount >= rowMax) {
        writeEmpty(output.writer, "portalSuspended");
        return;
      }
      await output.ready();
      if (this.#isCancelled) {
        throw new PgFault("57014", "canceling statement due to user request");
      }
      const { state } = portal;
      if (state.kind !== "cursor") break;
      part = await database.fetch(state.cursor, rowMax - rowCount);
      if (part.isLast) portal.state = { kind: "done" };
    }
    writeCommandComplete(output.writer, rowsTag(portal.statement.text, rowCount));
  }

  #utility(utility: Exclude<Utility, { kind: "show" | "showAll" }>): void {
    const { output, transaction, context, deallocate } = this.#options;
    const { writer } = output;
    if (utility.kind === "commit" || utility.kind === "rollback") {
      const { tag, notice } = transaction.end(utility.kind);
      this.#notice(notice);
      writeCommandComplete(writer, tag);
      return;
    }
    transaction.checkRunnable();
    const { settings } = context();
    let tag = "tag" in utility ? utility.tag : "DEALLOCATE";
    if (utility.kind === "begin") this.#notice(transaction.begin());
    if (utility.kind === "deallocate") deallocate(utility.name);
    if (utility.kind === "discard") deallocate(undefined);
    if (utility.kind === "discard" || utility.kind === "resetAll") this.#report(settings.reset());
    if (utility.kind === "resetAll") tag = "RESET";
    if (utility.kind === "set") {
      const report = settings.set(utility.name, utility.value);
      this.#report(report === undefined ? [] : [report]);
      tag = "SET";
    }
    writeCommandComplete(writer, tag);
  }

  #report(changed: readonly (readonly [string, string])[]): void {
    for (const [name, value] of changed) {
      writeParameterStatus(this.#options.output.writer, name, value);
    }
  }
}
