// Runs groups of rules against a server: each group in a database of its own, a few of them at a time.
import { randomBytes } from "node:crypto";
import { messageOf } from "../src/index.ts";
import { Client, ServerFailure } from "./client.ts";
import { type Rule, RuleFailure, type RuleGroup, RuleSkipped } from "./rule.ts";
import { refuseStrangers, Session } from "./session.ts";

export interface RunOptions {
  readonly server: string;
  readonly token?: string;
  /** Rules whose id or subject contains this text. */
  readonly filter?: string;
  /** Whether only what is documented passes. */
  readonly isStrict?: boolean;
  /** Whether the run ends with the first rule that fails. */
  readonly stopsAtFailure?: boolean;
}

export interface RuleResult {
  readonly rule: Rule;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly reason: string;
}

const groupsAtATime = 4;

function selected(groups: readonly RuleGroup[], filter: string): RuleGroup[] {
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter(({ id, about }) => id.includes(filter) || about === filter),
    }))
    .filter(({ rules }) => rules.length > 0);
}

/** Runs the rules and removes every database made for them. Throws ServerFailure where there is no server to speak of. */
export async function runRules(
  groups: readonly RuleGroup[],
  options: RunOptions,
): Promise<RuleResult[]> {
  const client = await Client.open(options.server, options.token);
  const run = new Run(client, options);
  const waiting = selected(groups, options.filter ?? "");
  const order = new Map(waiting.flatMap(({ rules }) => rules).map(({ id }, i) => [id, i]));
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      await run.group(group);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: groupsAtATime }, work));
  await run.removeAll();
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  return run.results.sort((a, b) => (order.get(a.rule.id) ?? 0) - (order.get(b.rule.id) ?? 0));
}

class Run {
  readonly results: RuleResult[] = [];
  readonly #client: Client;
  readonly #options: RunOptions;
  /** Nobody else's databases are called so, nor an earlier run's. */
  readonly #prefix = `conformance-${randomBytes(5).toString("hex")}`;
  readonly #made: string[] = [];
  #isStopped = false;

  constructor(client: Client, options: RunOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Runs a group. A server that fails ends the other groups as well. */
  async group(group: RuleGroup): Promise<void> {
    try {
      await this.#group(group);
    } catch (thrown) {
      this.#isStopped = true;
      throw thrown;
    }
  }

  async #group({ name, program, rules }: RuleGroup): Promise<void> {
    const databaseName = `${this.#prefix}-${name}`;
    const removeLater = (made: string): void => void this.#made.push(made);
    const { isStrict = false } = this.#options;
    const session = new Session(this.#client, databaseName, isStrict, removeLater);
    if (this.#isStopped) return;
    const refusal = program === undefined ? undefined : await this.#publish(session, program);
    for (const rule of rules) {
      if (this.#isStopped) return;
      const result =
        refusal === undefined
          ? await checkRule(rule, session)
          : { rule, outcome: "failed" as const, reason: refusal };
      this.results.push(result);
      if (result.outcome === "failed" && this.#options.stopsAtFailure === true) {
        this.#isStopped = true;
      }
    }
  }

  async #publish(
    session: Session,
    program: () => Promise<Uint8Array>,
  ): Promise<string | undefined> {
    this.#made.push(session.name);
    const answer = await this.#client.publish(session.name, await program());
    refuseStrangers(answer);
    const { status, text } = answer;
    return status === 200 ? undefined : `its module was not published: ${status} ${text}`;
  }

  async removeAll(): Promise<void> {
    await Promise.allSettled(this.#made.map((name) => this.#client.remove(name)));
  }
}

async function checkRule(rule: Rule, session: Session): Promise<RuleResult> {
  try {
    await rule.check(session);
    return { rule, outcome: "passed", reason: "" };
  } catch (thrown) {
    if (thrown instanceof ServerFailure) throw thrown;
    const reason = messageOf(thrown);
    if (thrown instanceof RuleSkipped) return { rule, outcome: "skipped", reason };
    // Anything else that was thrown is an answer that the rule could not even read.
    const text = thrown instanceof RuleFailure ? reason : `unexpected: ${reason}`;
    return { rule, outcome: "failed", reason: text };
  }
}
