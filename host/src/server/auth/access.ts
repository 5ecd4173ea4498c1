// Enforces policies in one place, before any route runs.
import type { Identity } from "@lightcone/abi";
import type { DeletedRecord } from "../control-data/deleted.ts";
import type { Control, DatabaseRecord } from "../control.ts";
import { parseDatabaseRef } from "../database-name.ts";
import { findDatabase, findDeleted } from "../resolve.ts";
import { type AuthPolicy, checkPolicy, isOpen } from "./policy.ts";
import type { VerifiedToken } from "./token.ts";

/** What decides who may come in. */
export interface AccessRules {
  readonly control: Control;
  /** Of databases without a policy of their own, and for making databases. */
  readonly hostPolicy: AuthPolicy;
}

/** The policy that holds for a database, and whether it is the database's own. */
export function policyOf(
  { control, hostPolicy }: AccessRules,
  database: Identity,
): { readonly policy: AuthPolicy; readonly isOwn: boolean } {
  const own = control.policy(database);
  return { policy: own ?? hostPolicy, isOwn: own !== undefined };
}

/**
 * Refuses a caller that the policy of a database does not let in: LC_TOKEN_INVALID, or
 * LC_UNAUTHORIZED without a token. Its owner always is, also while it is deleted and can come back.
 * `database` is the name or identity in a path; for one that does not exist, and for none, the host's
 * policy holds. LC_NAME_INVALID for a bad name.
 */
export function requireAccess(
  rules: AccessRules,
  database: string | undefined,
  token: VerifiedToken,
  isAnonymous: boolean,
): void {
  // Most hosts have no policies, and look up nothing for them.
  if (isOpen(rules.hostPolicy) && !rules.control.hasPolicies) return;
  const record = database === undefined ? undefined : recordOf(rules.control, database);
  if (record !== undefined && token.identity.equals(record.owner)) return;
  const policy = record === undefined ? rules.hostPolicy : policyOf(rules, record.identity).policy;
  checkPolicy(policy, token, isAnonymous);
}

function recordOf(control: Control, database: string): DatabaseRecord | DeletedRecord | undefined {
  const ref = parseDatabaseRef(database);
  return findDatabase(control, ref) ?? findDeleted(control, ref);
}
