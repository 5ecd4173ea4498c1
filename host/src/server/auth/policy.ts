// Who may use a database, by what their token says: a policy of the database's own, kept in control
// data, or else the host's.
import { type ErrorCode, LightconeError } from "@lightcone/abi";
import { ownIssuer, tokenFault } from "./claims.ts";
import type { VerifiedToken } from "./token.ts";

/** Most issuers, and most audiences, of one policy. */
const entryCountMax = 64;

/** Most bytes of UTF-8 in each of them: longer issuers have no identity. */
const entryBytesMax = 128;

export interface AuthPolicy {
  /** Issuers whose tokens count, as they stand in `iss`; empty for all. */
  readonly issuers: readonly string[];
  /** Audiences of which a token must name one; empty if it need not. */
  readonly audiences: readonly string[];
  /** Whether identities count that this host gives to anybody. */
  readonly allowsAnonymous: boolean;
}

export const openPolicy: AuthPolicy = { issuers: [], audiences: [], allowsAnonymous: true };

/** Whether a policy lets everybody in. */
export function isOpen({ issuers, audiences, allowsAnonymous }: AuthPolicy): boolean {
  return issuers.length === 0 && audiences.length === 0 && allowsAnonymous;
}

/** LC_TOKEN_INVALID, or LC_UNAUTHORIZED for a caller without a token, if the policy refuses. */
export function checkPolicy(policy: AuthPolicy, token: VerifiedToken, isAnonymous: boolean): void {
  const fault = policyFault(policy, token);
  if (fault === undefined) return;
  if (!isAnonymous) throw tokenFault(fault);
  throw new LightconeError("LC_UNAUTHORIZED", `Authorization required: ${fault}`);
}

function policyFault(
  { issuers, audiences, allowsAnonymous }: AuthPolicy,
  { issuer, audiences: given }: VerifiedToken,
): string | undefined {
  if (issuer === ownIssuer && !allowsAnonymous) {
    return "an identity that this host gives to anybody is not accepted here";
  }
  if (issuers.length > 0 && !issuers.includes(issuer)) {
    return `issuer ${JSON.stringify(issuer)} is not accepted here`;
  }
  if (audiences.length > 0 && !given.some((one) => audiences.includes(one))) {
    return "InvalidAudience: none of its audiences is accepted here";
  }
  return undefined;
}

/** The JSON form, with every member. */
export function policyToJson(policy: AuthPolicy): Readonly<Record<string, unknown>> {
  const { issuers, audiences, allowsAnonymous } = policy;
  return { issuers, audiences, anonymous: allowsAnonymous };
}

/** Reads the JSON form; a member that is missing is that of `openPolicy`. LC_REQUEST_INVALID for others. */
export function parsePolicy(text: string): AuthPolicy {
  const { issuers, audiences, anonymous = true, ...others } = parseObject(text);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw bad(`${JSON.stringify(unknown)} is no member of it`);
  if (typeof anonymous !== "boolean") throw bad("anonymous must be true or false");
  const policy = {
    issuers: parseList(issuers, "issuers"),
    audiences: parseList(audiences, "audiences"),
    allowsAnonymous: anonymous,
  };
  return checkedPolicy(policy, "LC_REQUEST_INVALID");
}

/** The policy itself, each of its entries once. A refusal with that code if it breaks a limit. */
export function checkedPolicy(
  { issuers, audiences, allowsAnonymous }: AuthPolicy,
  code: ErrorCode,
): AuthPolicy {
  return {
    issuers: checkedList(issuers, "issuers", code),
    audiences: checkedList(audiences, "audiences", code),
    allowsAnonymous,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && !Array.isArray(json)) {
      return json as Record<string, unknown>;
    }
  } catch {
    // Told below, as for any other body that is no object.
  }
  throw bad("it must be a JSON object");
}

function parseList(json: unknown, name: string): string[] {
  const list = json ?? [];
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
  throw bad(`${name} must be an array of strings`);
}

function checkedList(list: readonly string[], name: string, code: ErrorCode): readonly string[] {
  const distinct = [...new Set(list)];
  if (distinct.length > entryCountMax) throw bad(`it may have ${entryCountMax} ${name}`, code);
  for (const one of distinct) {
    const length = Buffer.byteLength(one);
    if (length === 0 || length > entryBytesMax) {
      throw bad(`each of its ${name} must have 1 to ${entryBytesMax} bytes`, code);
    }
  }
  return distinct;
}

function bad(rule: string, code: ErrorCode = "LC_REQUEST_INVALID"): LightconeError {
  return new LightconeError(code, `this is no policy: ${rule}`);
}
