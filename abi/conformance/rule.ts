// What a rule of the ABI is to the suite, and what a rule gets to be checked with.
import type { Session } from "./session.ts";

/** A sentence that holds on every host of this ABI, and the way to find out. */
export interface Rule {
  /** `subject.property`; stable. */
  readonly id: string;
  /** The import or the chapter of ABI.md that it belongs to. */
  readonly about: string;
  /** What must hold, in one sentence. */
  readonly states: string;
  /** Where the reference host is known to differ, how; both pass unless the run is strict. */
  readonly reference?: string;
  /** Rejects with a RuleFailure, or with a RuleSkipped. */
  readonly check: (session: Session) => Promise<void>;
}

/** Rules that share one published module. */
export interface RuleGroup {
  readonly name: string;
  /** The module; undefined for rules that publish what they need. */
  readonly program: (() => Promise<Uint8Array>) | undefined;
  readonly rules: readonly Rule[];
}

/** A rule does not hold; the message says what was seen instead. */
export class RuleFailure extends Error {}

/** A rule cannot be checked on this server; the message says why. */
export class RuleSkipped extends Error {}

export function fail(message: string): never {
  throw new RuleFailure(message);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [seen, wanted] = [show(actual), show(expected)];
  if (seen !== wanted) fail(`${what}: ${seen}, not ${wanted}`);
}

const shownMax = 300;

export function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "bigint" ? one.toString() : one,
  );
  return text !== undefined && text.length > shownMax ? `${text.slice(0, shownMax)}…` : `${text}`;
}

/** Rules of one subject: `about` and the front part of the id are theirs together. */
export function rulesAbout(about: string, prefix: string, rules: readonly RuleText[]): Rule[] {
  return rules.map(({ name, ...rule }) => ({ ...rule, about, id: `${prefix}.${name}` }));
}

export interface RuleText extends Omit<Rule, "id" | "about"> {
  readonly name: string;
}
