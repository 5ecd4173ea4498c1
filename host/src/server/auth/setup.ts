// What the host makes of its options about identities: keys, issuers, the policy of all databases.
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Disk } from "../../base/disk/contract.ts";
import { nodeDisk } from "../../base/disk/node.ts";
import { generateKeyPair, type GenerateKeyPair } from "../../base/keys.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import { lockDataDir } from "../lock-file.ts";
import type { Report } from "../report.ts";
import { Issuers } from "./issuers.ts";
import {
  type KeyPaths,
  loadFormerKeys,
  loadOrMakeKeys,
  readKeys,
  refuseOpenKey,
  rotateKeys,
} from "./keys.ts";
import { type AuthPolicy, checkedPolicy, openPolicy } from "./policy.ts";
import { Tokens } from "./token.ts";

export interface AuthOptions {
  /** A pair of the operator's own instead of the one in the data directory. */
  readonly keyPaths?: KeyPaths;
  /** Issuers, as in the `iss` of their tokens, that may be private and speak plain HTTP. */
  readonly trustedIssuers?: readonly string[];
  /** Whether all other issuers are refused unasked; false if not given. */
  readonly onlyTrustedIssuers?: boolean;
  /** For databases without a policy of their own, and for making databases; open if not given. */
  readonly policy?: AuthPolicy;
}

export interface AuthParts {
  readonly tokens: Tokens;
  readonly hostPolicy: AuthPolicy;
}

interface Environment {
  /** An absolute path, the root of `disk`. */
  readonly dataDir: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Report;
  readonly generateKeyPair: GenerateKeyPair;
}

/** LC_CONFIG for keys, issuers and policies that are wrong. */
export async function openAuth(options: AuthOptions, env: Environment): Promise<AuthParts> {
  const { clock, random, report, disk, dataDir } = env;
  const { keyPaths, trustedIssuers = [], onlyTrustedIssuers = false } = options;
  const hostPolicy = checkedPolicy(options.policy ?? openPolicy, "LC_CONFIG");
  const issuers = new Issuers({
    clock,
    report,
    trusted: trustedIssuers,
    onlyTrusted: onlyTrustedIssuers,
  });
  const keys =
    keyPaths === undefined
      ? await loadOrMakeKeys(disk, env.generateKeyPair)
      : await readKeys(keyPaths);
  if (keyPaths === undefined) await refuseOpenKey(dataDir);
  const formerPublicPems = await loadFormerKeys(disk);
  const tokens = await Tokens.open({ keys, formerPublicPems, issuers, clock, random });
  return { tokens, hostPolicy };
}

/**
 * Gives the data directory `dataDir`, an absolute path whose host is stopped, a new signing key; what
 * the former one signed stays good. LC_DATA_DIR_IN_USE while a host runs, LC_CONFIG if there is
 * nothing to change, LC_DISK.
 */
export async function rotateSigningKeys(
  dataDir: string,
  clock: Clock = systemClock,
): Promise<void> {
  const disk = nodeDisk(dataDir);
  const lock = await lockDataDir(dataDir, disk, systemRandom);
  try {
    await rotateKeys(disk, generateKeyPair, clock);
  } finally {
    await lock.release();
  }
}
