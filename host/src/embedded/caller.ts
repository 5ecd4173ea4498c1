// Who a client is: named by a word, or by the identity that a token would have given it.
import { type ConnectionId, type Identity, identityFromClaims } from "@lightcone/abi";
import type { ServiceCaller } from "../session/service-contract.ts";

/** Whose subjects names are. */
const issuer = "localhost";

/** The identity of a name: the same in every process. */
export function identityOf(name: string): Identity {
  return identityFromClaims(issuer, name);
}

/** Who connects. */
export interface CallerOptions {
  /** A name, which stands for an identity (`identityOf`), or the identity itself. */
  readonly identity: Identity | string;
  /** Claims of the token that the module may read, beside `iss` and `sub`. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export function callerOf(options: CallerOptions, connectionId: ConnectionId): ServiceCaller {
  const { identity, claims } = options;
  const isNamed = typeof identity === "string";
  const subject = isNamed ? identity : identity.toHex();
  return {
    identity: isNamed ? identityOf(identity) : identity,
    connectionId,
    jwtPayload: JSON.stringify({
      iss: issuer,
      sub: subject,
      hex_identity: (isNamed ? identityOf(identity) : identity).toHex(),
      ...claims,
    }),
  };
}
