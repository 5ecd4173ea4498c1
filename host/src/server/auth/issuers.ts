// The keys of issuers other than this host, kept for a while (http-and-auth.md section 9.3).
//
// Whoever sends a token names its issuer, so a request to an issuer is a stranger's wish: each issuer
// is asked by one request at a time, failures are remembered, and issuers that no operator has named
// share a number of requests under way and a number in a minute, apart from those whose keys are
// known already. Nothing waits for its turn: what cannot be asked now is refused now.
import { LightconeError } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import type { HttpClient } from "../../base/http/client.ts";
import { limit } from "../../base/limit.ts";
import { RecentMap } from "../recent.ts";
import type { Report } from "../report.ts";
import { tokenFault } from "./claims.ts";
import { discover, issuerUrlFault, strangerHttpClient, trustedHttpClient } from "./discovery.ts";
import type { ParsedToken } from "./jws.ts";
import type { KeySet } from "./key-set.ts";
import { RequestGate } from "./request-gate.ts";

/** How long keys count as fresh, and how long they serve if the issuer does not answer. */
const freshMillis = 300_000;
const usableMillis = 7_200_000;

/** The least time between two requests to an issuer; after failures it doubles, up to the other. */
const againMillis = 30_000;
const againMillisMax = 960_000;

/** Issuers whose failures are remembered. */
const failedCountMax = 1024;

/** As many times more of them may have their keys renewed. */
const renewalFactor = 2;

export interface IssuersOptions {
  readonly clock: Clock;
  readonly report: Report;
  /** Issuers that an operator has named: they may be private and speak plain HTTP. */
  readonly trusted?: readonly string[];
  /** Whether all others are refused unasked. */
  readonly onlyTrusted?: boolean;
  /** The way to issuers that nobody has named, and to those that are; for tests. */
  readonly strangerHttp?: HttpClient;
  readonly trustedHttp?: HttpClient;
}

/** What is known of an issuer. */
interface Entry {
  /** Undefined until it has answered well. */
  keys: KeySet | undefined;
  keysMillis: number;
  /** When it was last asked. */
  askedMillis: number;
  /** Times that it failed since. */
  failureCount: number;
  reason: string;
}

export class Issuers {
  readonly #options: IssuersOptions;
  readonly #strangerHttp: HttpClient;
  readonly #trustedHttp: HttpClient;
  readonly #trusted: ReadonlyMap<string, Entry>;
  // Apart, so that a storm of unknown issuers pushes out no known one.
  readonly #known = new RecentMap<string, Entry>(limit.issuerCountMax);
  readonly #failed = new RecentMap<string, Entry>(failedCountMax);
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #discoveries: RequestGate;
  readonly #renewals: RequestGate;

  /** LC_CONFIG for a trusted issuer that is no URL. */
  constructor(options: IssuersOptions) {
    const { clock, trusted = [] } = options;
    this.#options = options;
    this.#strangerHttp = options.strangerHttp ?? strangerHttpClient();
    this.#trustedHttp = options.trustedHttp ?? trustedHttpClient();
    for (const issuer of trusted) checkTrusted(issuer);
    if (options.onlyTrusted === true && trusted.length === 0) {
      throw new LightconeError(
        "LC_CONFIG",
        "only trusted issuers shall count, but none is named: name one with --trusted-issuer",
      );
    }
    this.#trusted = new Map(trusted.map((issuer) => [issuer, newEntry()]));
    const { issuerRequestCountMax: atOnce, issuersPerMinuteMax: perMinute } = limit;
    this.#discoveries = new RequestGate(atOnce, perMinute, clock);
    this.#renewals = new RequestGate(atOnce * renewalFactor, perMinute * renewalFactor, clock);
  }

  /** LC_TOKEN_INVALID unless a key of the issuer has signed the token; the message says why. */
  async verify(token: ParsedToken, issuer: string): Promise<void> {
    const shown = JSON.stringify(issuer);
    if (this.#options.onlyTrusted === true && !this.#trusted.has(issuer)) {
      throw tokenFault(`issuer ${shown} is not trusted by this host`);
    }
    const urlFault = issuerUrlFault(issuer, this.#trusted.has(issuer));
    if (urlFault !== undefined) throw tokenFault(`issuer ${shown} cannot be trusted: ${urlFault}`);
    const keys = await this.#keysOf(issuer);
    let verdict = await keys.check(token);
    if (verdict.kind === "unknownKey") {
      const newer = await this.#newerKeysOf(issuer, keys);
      if (newer !== undefined) verdict = await newer.check(token);
    }
    if (verdict.kind !== "signed") throw tokenFault(verdict.reason);
  }

  /** Keys that are fresh, or that serve for want of better ones. */
  async #keysOf(issuer: string): Promise<KeySet> {
    const before = this.#entry(issuer);
    if (before.keys === undefined || this.#age(before) > freshMillis)
      await this.#ask(issuer, before);
    const after = this.#entry(issuer);
    if (after.keys !== undefined && this.#age(after) <= usableMillis) return after.keys;
    const why = after.reason === "" ? "too many others are being asked, try again" : after.reason;
    throw tokenFault(`issuer ${JSON.stringify(issuer)} cannot be asked for its keys: ${why}`);
  }

  /** Keys other than `seen`: the issuer may have changed them since. */
  async #newerKeysOf(issuer: string, seen: KeySet): Promise<KeySet | undefined> {
    const before = this.#entry(issuer);
    if (before.keys === seen) await this.#ask(issuer, before);
    const { keys } = this.#entry(issuer);
    return keys === seen ? undefined : keys;
  }

  #age({ keysMillis }: Entry): number {
    return this.#options.clock.nowMillis() - keysMillis;
  }

  #entry(issuer: string): Entry {
    const found = this.#trusted.get(issuer) ?? this.#known.get(issuer) ?? this.#failed.get(issuer);
    return found ?? newEntry();
  }

  /** Asks the issuer, or awaits whoever does. Where it is too early, or too much, nothing happens. */
  async #ask(issuer: string, entry: Entry): Promise<void> {
    let asking = this.#underWay.get(issuer);
    if (asking === undefined) {
      const failures = Math.max(0, entry.failureCount - 1);
      const pause = Math.min(againMillis * 2 ** failures, againMillisMax);
      if (this.#options.clock.nowMillis() - entry.askedMillis < pause) return;
      const gate = this.#gateOf(issuer, entry);
      if (gate?.enter() === false) return;
      asking = this.#fetch(issuer, entry).finally(() => {
        gate?.leave();
        this.#underWay.delete(issuer);
      });
      this.#underWay.set(issuer, asking);
    }
    await asking;
  }

  /** What a request must pass: nothing, to an issuer that an operator has named. */
  #gateOf(issuer: string, { keys }: Entry): RequestGate | undefined {
    if (this.#trusted.has(issuer)) return undefined;
    return keys === undefined ? this.#discoveries : this.#renewals;
  }

  async #fetch(issuer: string, entry: Entry): Promise<void> {
    const { clock, report } = this.#options;
    const isTrusted = this.#trusted.has(issuer);
    const http = isTrusted ? this.#trustedHttp : this.#strangerHttp;
    const found = await discover(issuer, { http, allowsPlain: isTrusted, clock });
    entry.askedMillis = clock.nowMillis();
    if (found.kind === "keys") {
      entry.keys = found.keys;
      entry.keysMillis = entry.askedMillis;
      entry.failureCount = 0;
      entry.reason = "";
    } else {
      entry.failureCount += 1;
      entry.reason = found.reason;
      // Of others nobody need know: a stranger could fill the host's own log.
      if (isTrusted) report(new Error(found.detail), `asking issuer ${issuer} for its keys`);
    }
    if (isTrusted) return;
    (entry.keys === undefined ? this.#failed : this.#known).set(issuer, entry);
  }
}

function newEntry(): Entry {
  return {
    keys: undefined,
    keysMillis: -Infinity,
    askedMillis: -Infinity,
    failureCount: 0,
    reason: "",
  };
}

function checkTrusted(issuer: string): void {
  const fault = issuerUrlFault(issuer, true);
  if (fault === undefined) return;
  throw new LightconeError(
    "LC_CONFIG",
    `the trusted issuer ${issuer} must be written as in the iss of its tokens: ${fault}`,
  );
}
