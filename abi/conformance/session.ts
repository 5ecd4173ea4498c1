// What a rule's check works with: one published database, scripts run in it, and looks at what they left behind.
import { setTimeout as pause } from "node:timers/promises";
import {
  type Identity,
  identityFromClaims,
  isJsonObject,
  type JsonValue,
  parseJson,
  toHex,
} from "../src/index.ts";
import { type Answer, type Client, type LogLine, ServerFailure, textOf } from "./client.ts";
import { Finish } from "./machine.ts";
import { reportTable } from "./layout.ts";
import { expectEqual, fail, show } from "./rule.ts";
import { Script } from "./script.ts";

/** What every reducer that trapped, or returned an unknown code, is reported with. */
const fatalText = "The instance encountered a fatal error.";

/** The status for a reducer that failed. */
export const failedStatus = 530;

export interface RunOptions {
  /** Which function runs the script; `run` by default. */
  readonly fn?: string;
  /** Whether the reducer succeeds; otherwise everything it did is undone. */
  readonly commits?: boolean;
  /** Who calls; the owner by default. */
  readonly as?: Client;
}

/** How long a rule waits for what happens by itself, and how often it looks. */
const waitMs = 60_000;
const lookMs = 25;

/** Rows of reports have ids of their own over the whole run. */
let lastReport = 0;

export class Session {
  readonly client: Client;
  /** The database's name. */
  readonly name: string;
  readonly isStrict: boolean;
  #extraCount = 0;
  readonly #removeLater: (name: string) => void;

  constructor(
    client: Client,
    name: string,
    isStrict: boolean,
    removeLater: (name: string) => void,
  ) {
    this.client = client;
    this.name = name;
    this.isStrict = isStrict;
    this.#removeLater = removeLater;
  }

  /** The claims of the token that the suite calls with, as they are in it. */
  get claims(): Uint8Array {
    return Buffer.from(this.client.token.split(".")[1] ?? "", "base64url");
  }

  /** Whom the suite calls as. */
  get identity(): Identity {
    const claims = parseJson(Buffer.from(this.claims).toString());
    if (!isJsonObject(claims)) return fail("the token has no claims");
    return identityFromClaims(textOf(claims["iss"]), textOf(claims["sub"]));
  }

  /** Runs a script in a reducer and checks all that it expects. */
  async run(build: (script: Script) => void, options: RunOptions = {}): Promise<Script> {
    const script = new Script();
    build(script);
    if (!script.endsInTrap) {
      await this.#runWhole(script, options);
      return script;
    }
    // First without the step that must trap, to see that everything before it is as it should be.
    await this.#runOnce(script, { ...options, commits: false }, false);
    expectTrap(await this.#send(script, Finish.error, 1, options));
    return script;
  }

  async #runWhole(script: Script, options: RunOptions): Promise<void> {
    if (!script.mayTrap || this.isStrict) return this.#runOnce(script, options);
    const { fn = "run", as = this.client } = options;
    const args = encodeArgs(script.encode(Finish.error, 1));
    const answer = await as.call(this.name, fn, args);
    if (isTrap(answer)) return;
    script.verify(answer.text, this.isStrict);
  }

  async #runOnce(script: Script, options: RunOptions, withTrap = true): Promise<void> {
    const { commits = false } = options;
    if (!commits) {
      const answer = await this.#send(script, Finish.error, 1, options, withTrap);
      if (answer.status !== failedStatus || isTrap(answer)) {
        fail(`the script ended with ${answer.status} ${show(answer.text)}`);
      }
      return script.verify(answer.text, this.isStrict, withTrap);
    }
    const id = ++lastReport;
    const answer = await this.#send(script, Finish.row, 0, options, true, id);
    expectEqual([answer.status, answer.text], [200, ""], "the answer to a reducer that succeeds");
    const rows = await this.rows(`SELECT * FROM ${reportTable} WHERE id = ${id}`);
    script.verify(textOf(rows[0]?.[1]), this.isStrict);
  }

  #send(
    script: Script,
    finish: Finish,
    code: number,
    { fn = "run", as = this.client }: RunOptions,
    withTrap = true,
    id = 0,
  ): Promise<Answer> {
    return as.call(this.name, fn, encodeArgs(script.encode(finish, code, id, withTrap)));
  }

  /** Runs a script whose reducer returns a code of its own; what it answers. */
  async runCode(build: (script: Script) => void, code: number): Promise<Answer> {
    const script = new Script();
    build(script);
    return this.#send(script, Finish.none, code, {});
  }

  /** Runs a script in a procedure that returns the report. */
  async runProcedure(build: (script: Script) => void, fn = "perform"): Promise<Script> {
    const script = new Script();
    build(script);
    if (script.endsInTrap) {
      await this.#runProcedureOnce(script, fn, false);
      const answer = await this.#send(script, Finish.value, 0, { fn });
      expectEqual(answer.status, 500, "the status of a procedure that traps");
      return script;
    }
    if (script.mayTrap && !this.isStrict) {
      const answer = await this.#send(script, Finish.value, 0, { fn });
      if (answer.status === 500) return script;
      script.verify(valueOf(answer), false);
      return script;
    }
    await this.#runProcedureOnce(script, fn, true);
    return script;
  }

  async #runProcedureOnce(script: Script, fn: string, withTrap: boolean): Promise<void> {
    const answer = await this.#send(script, Finish.value, 0, { fn }, withTrap);
    script.verify(valueOf(answer), this.isStrict, withTrap);
  }

  /** Calls a function with JSON arguments. */
  call(fn: string, args: string, as: Client = this.client): Promise<Answer> {
    return as.call(this.name, fn, args);
  }

  rows(sql: string): Promise<readonly (readonly JsonValue[])[]> {
    return this.client.rows(this.name, sql);
  }

  /** Checks the rows of a query, their order apart. */
  async expectRows(sql: string, expected: readonly (readonly unknown[])[]): Promise<void> {
    const seen = (await this.rows(sql)).map((row) => show(row)).sort();
    expectEqual(seen, expected.map((row) => show(row)).sort(), sql);
  }

  /** Waits until a query gives what `isDone` wants; fails after a while. */
  async waitForRows(
    sql: string,
    isDone: (rows: readonly (readonly JsonValue[])[]) => boolean,
  ): Promise<readonly (readonly JsonValue[])[]> {
    const end = performance.now() + waitMs;
    for (;;) {
      const rows = await this.rows(sql);
      if (isDone(rows)) return rows;
      if (performance.now() > end) fail(`${sql}: still ${show(rows)} after ${waitMs / 1000} s`);
      await pause(lookMs);
    }
  }

  logs(): Promise<readonly LogLine[]> {
    return this.client.logs(this.name);
  }

  /** The lines of the log whose message contains a text; waits for the first of them. */
  async logLines(text: string): Promise<readonly LogLine[]> {
    const end = performance.now() + waitMs;
    for (;;) {
      const found = (await this.logs()).filter(({ message }) => textOf(message).includes(text));
      if (found.length > 0) return found;
      if (performance.now() > end) fail(`no line of the log contains ${show(text)}`);
      await pause(lookMs);
    }
  }

  /** Publishes a module of the rule's own; the database is removed after the run. */
  async publish(program: Uint8Array): Promise<{ answer: Answer; session: Session }> {
    const name = `${this.name}-${++this.#extraCount}`;
    this.#removeLater(name);
    const answer = await this.client.publish(name, program);
    refuseStrangers(answer);
    const session = new Session(this.client, name, this.isStrict, this.#removeLater);
    return { answer, session };
  }

  /** A module that must be taken. */
  async publishGood(program: Uint8Array): Promise<Session> {
    const { answer, session } = await this.publish(program);
    if (answer.status !== 200) fail(`publish: ${answer.status} ${show(answer.text)}`);
    return session;
  }

  /** A module that must be refused; the answer's text. */
  async publishBad(program: Uint8Array): Promise<string> {
    const { answer } = await this.publish(program);
    if (answer.status < 400) fail(`publish: ${answer.status} ${show(answer.text)}, not a refusal`);
    return answer.text;
  }
}

/** Ends the run where the server takes nothing from whom the suite calls as: that is no refusal of a module. */
export function refuseStrangers({ status, text }: Answer): void {
  if (status === 401 || status === 403) {
    throw new ServerFailure(`the server takes no programs with this token: ${status} ${text}`);
  }
}

function isTrap({ status, text }: Answer): boolean {
  return status === failedStatus && text === fatalText;
}

export function expectTrap(answer: Answer): void {
  expectEqual([answer.status, answer.text], [failedStatus, fatalText], "the answer after a trap");
}

/** A script as the JSON arguments of the function that runs it. */
function encodeArgs(script: Uint8Array): string {
  return `["${toHex(script)}"]`;
}

/** The String that a procedure returned. */
function valueOf({ status, text }: Answer): string {
  if (status !== 200) fail(`the procedure ended with ${status} ${show(text)}`);
  const value = parseJson(text);
  if (typeof value !== "string") fail(`the procedure returned ${show(text)}`);
  return value;
}
