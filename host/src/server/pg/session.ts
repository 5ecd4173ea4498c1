// A client that has logged in: its messages one after another, in the simple and in the extended way (PostgreSQL's protocol,
// version 3.0).
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import {
  writeEmpty,
  writeFault,
  writeParameterDescription,
  writeReady,
  writeRowDescription,
} from "./backend.ts";
import type { PgDatabase } from "./contract.ts";
import { PgFault, pgFaultOf } from "./fault.ts";
import { type BindMessage, formatAt, type FrontendMessage, readMessage } from "./frontend.ts";
import type { WholeMessage } from "./message-stream.ts";
import type { Output } from "./output.ts";
import { planStatement } from "./plan.ts";
import { PortalRunner } from "./portal-runner.ts";
import type { ScalarContext } from "./scalar.ts";
import { splitStatements } from "./split.ts";
import { type Portal, portalMap, type PreparedStatement, statementMap } from "./statements.ts";
import { TransactionState } from "./transaction.ts";

/** Statements that one message may hold, and their bytes. */
const batchCountMax = 1000;
const batchLengthMax = 4 * limit.sqlTextBytesMax;

/** Statements of a text; more, or longer ones, than any that this host runs are not looked for. */
function statementsOf(text: string): string[] {
  if (text.length > batchLengthMax) {
    throw new PgFault("54000", `a query text has at most ${batchLengthMax} characters`);
  }
  const statements = splitStatements(text);
  if (statements.length <= batchCountMax) return statements;
  throw new PgFault("54000", `a query text has at most ${batchCountMax} statements`);
}

/** Faults after which nothing more is said: the database or the client is gone. */
function isFatal({ sqlState }: PgFault): boolean {
  return sqlState.startsWith("57P") || sqlState.startsWith("08006");
}

/** Refuses values and formats that do not fit the statement. Throws PgFault 08P01. */
function checkCounts(
  { statement: name, values, parameterFormats, resultFormats }: BindMessage,
  { parameterOids, columns = [] }: PreparedStatement,
): void {
  const formats = parameterFormats.length;
  let fault: string | undefined;
  if (formats > 1 && formats !== values.length) {
    fault = `bind message has ${formats} parameter formats but ${values.length} parameters`;
  } else if (values.length !== parameterOids.length) {
    fault = `bind message supplies ${values.length} parameters, but prepared statement "${name}" requires ${parameterOids.length}`;
  } else if (resultFormats.length > 1 && resultFormats.length !== columns.length) {
    fault = `bind message has ${resultFormats.length} result formats but query has ${columns.length} columns`;
  }
  if (fault !== undefined) throw new PgFault("08P01", fault);
}

export interface SessionOptions {
  readonly database: PgDatabase;
  readonly output: Output;
  readonly context: () => ScalarContext;
}

export class PgSession {
  readonly #database: PgDatabase;
  readonly #output: Output;
  readonly #transaction = new TransactionState();
  readonly #runner: PortalRunner;
  readonly #statements = statementMap();
  readonly #portals = portalMap();
  /** After a fault of the extended way all messages are passed over up to the next Sync. */
  #isSkipping = false;

  constructor({ database, output, context }: SessionOptions) {
    this.#database = database;
    this.#output = output;
    this.#runner = new PortalRunner({
      database,
      output,
      transaction: this.#transaction,
      context,
      deallocate: (name) => {
        if (name === undefined) this.#statements.removeAll();
        else {
          this.#statements.get(name);
          this.#statements.remove(name);
        }
      },
    });
  }

  /** Whether something waits for the client that others pay for. */
  get isHolding(): boolean {
    return this.#transaction.status !== "I" || this.#portals.size > 0;
  }

  /** Ends the statement under way. */
  cancel(): void {
    this.#runner.cancel();
  }

  /** Says that the next message may come. */
  greet(): void {
    writeReady(this.#output.writer, this.#transaction.status);
    this.#output.flush();
  }

  /** Answers a message; false after the last one. Rejects with a PgFault that ends the connection. */
  async handle({ letter, body }: WholeMessage): Promise<boolean> {
    try {
      const message = readMessage(letter, body);
      if (message.kind === "terminate") return false;
      if (message.kind === "sync") await this.#sync();
      else if (!this.#isSkipping) await this.#answer(message);
    } catch (thrown) {
      // What is no refusal is a fault of the host: the connection ends, and it is reported.
      if (!(thrown instanceof PgFault) && !(thrown instanceof LightconeError)) throw thrown;
      const fault = pgFaultOf(thrown);
      if (isFatal(fault)) throw fault;
      if (!this.#isSkipping) this.#refuse(fault);
      // The simple way has no Sync: its message is answered whole.
      this.#isSkipping = letter !== "Q" && letter !== "F";
      if (!this.#isSkipping) this.#ready();
    }
    await this.#output.ready();
    return true;
  }

  #refuse(fault: PgFault): void {
    this.#transaction.fail();
    writeFault(this.#output.writer, "ERROR", fault);
  }

  #ready(): void {
    this.#transaction.sync();
    writeReady(this.#output.writer, this.#transaction.status);
    this.#output.flush();
  }

  async #sync(): Promise<void> {
    this.#isSkipping = false;
    if (this.#transaction.status === "I") await this.#closePortals();
    this.#ready();
  }

  async #closePortals(): Promise<void> {
    for (const portal of this.#portals.removeAll()) await this.#runner.close(portal);
  }

  #answer(message: Exclude<FrontendMessage, { kind: "sync" | "terminate" }>): Promise<void> | void {
    switch (message.kind) {
      case "query":
        return this.#query(message.text);
      case "parse":
        return this.#parse(message);
      case "bind":
        return this.#bind(message);
      case "describe":
        return this.#describe(message.of, message.name);
      case "execute": {
        const portal = this.#portals.get(message.portal);
        return this.#runner.run(portal, message.rowMax || Number.POSITIVE_INFINITY, false);
      }
      case "close":
        return this.#close(message.of, message.name);
      case "flush":
        return this.#output.flush();
      case "functionCall":
        throw new PgFault("0A000", "calls of functions by their numbers are not supported");
      case "copy":
        return undefined;
    }
  }

  /** Statements of a text one after another; the first that fails is the last. */
  async #query(text: string): Promise<void> {
    this.#statements.remove("");
    const unnamed = this.#portals.remove("");
    if (unnamed !== undefined) await this.#runner.close(unnamed);
    const statements = statementsOf(text).map((each): PreparedStatement => {
      const plan = planStatement(each, []);
      return { text: each, plan, parameterOids: [], columns: undefined };
    });
    this.#refuseSeveralWrites(statements);
    if (statements.length === 0) writeEmpty(this.#output.writer, "emptyQuery");
    for (const statement of statements) {
      const portal: Portal = { statement, values: [], resultFormats: [], state: { kind: "new" } };
      await this.#runner.run(portal, Number.POSITIVE_INFINITY, true);
    }
    if (this.#transaction.status === "I") await this.#closePortals();
    this.#ready();
  }

  /** Statements of one text are one transaction: before the first has run, nothing is lost. */
  #refuseSeveralWrites(statements: readonly PreparedStatement[]): void {
    const writes = statements.filter(({ plan }) => plan.kind === "sql" && plan.isWrite);
    if (writes.length > 1) {
      throw new PgFault(
        "0A000",
        "several writes in one query text are not supported: nothing was run",
        "Send each as a query of its own; or put writes that belong together into a reducer of the module.",
      );
    }
  }

  async #parse({
    statement: name,
    text,
    types,
  }: Extract<FrontendMessage, { kind: "parse" }>): Promise<void> {
    this.#statements.checkFree(name);
    if (name === "") this.#statements.remove("");
    const statements = statementsOf(text);
    if (statements.length > 1) {
      throw new PgFault("42601", "cannot insert multiple commands into a prepared statement");
    }
    this.#statements.set(name, await this.#prepare(statements[0] ?? "", types));
    writeEmpty(this.#output.writer, "parseComplete");
  }

  async #prepare(text: string, types: readonly number[]): Promise<PreparedStatement> {
    const plan = planStatement(text, types);
    if (plan.kind !== "utility" && plan.kind !== "empty") this.#transaction.checkRunnable();
    if (plan.kind === "sql") return { text, plan, ...(await this.#database.describe(text, types)) };
    const { columns, parameterOids } =
      plan.kind === "local" ? plan : { columns: undefined, parameterOids: types };
    return { text, plan, columns, parameterOids };
  }

  async #bind(given: BindMessage): Promise<void> {
    const { portal: name, values, parameterFormats, resultFormats } = given;
    const statement = this.#statements.get(given.statement);
    this.#portals.checkFree(name);
    const old = name === "" ? this.#portals.remove("") : undefined;
    if (old !== undefined) await this.#runner.close(old);
    checkCounts(given, statement);
    this.#portals.set(name, {
      statement,
      values: values.map((bytes, i) => ({
        bytes,
        format: formatAt(parameterFormats, i),
        oid: statement.parameterOids[i] ?? 0,
      })),
      resultFormats,
      state: { kind: "new" },
    });
    writeEmpty(this.#output.writer, "bindComplete");
  }

  #describe(of: "statement" | "portal", name: string): void {
    const { writer } = this.#output;
    const portal = of === "portal" ? this.#portals.get(name) : undefined;
    const statement = portal?.statement ?? this.#statements.get(name);
    if (portal === undefined) writeParameterDescription(writer, statement.parameterOids);
    if (statement.columns === undefined) writeEmpty(writer, "noData");
    else writeRowDescription(writer, statement.columns, portal?.resultFormats ?? []);
  }

  async #close(of: "statement" | "portal", name: string): Promise<void> {
    if (of === "statement") this.#statements.remove(name);
    else {
      const portal = this.#portals.remove(name);
      if (portal !== undefined) await this.#runner.close(portal);
    }
    writeEmpty(this.#output.writer, "closeComplete");
  }
}
