// Who sends a request (http-and-auth.md section 1, protocol.md section 1.3).
import type { IncomingHttpHeaders } from "node:http";
import { LightconeError } from "@lightcone/abi";
import { queryText } from "../query.ts";
import type { Tokens, VerifiedToken } from "./token.ts";

export interface Credentials {
  readonly token: VerifiedToken;
  readonly isAnonymous: boolean;
}

/**
 * The token in a request: of the header, else of the query, since some clients cannot set headers.
 */
function givenToken(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return queryText(query, "token");
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization);
  if (bearer === null) {
    throw new LightconeError("LC_REQUEST_INVALID", "Authorization is invalid: malformed token");
  }
  return bearer[1];
}

/**
 * Checks the token of a request. Where none is given: LC_UNAUTHORIZED if one is `required`, else a
 * new one, for a new identity. LC_TOKEN_INVALID as `Tokens.verify` says.
 */
export async function authenticate(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
  required: boolean,
  tokens: Tokens,
): Promise<Credentials> {
  const given = givenToken(headers, query);
  if (given !== undefined) return { token: await tokens.verify(given), isAnonymous: false };
  if (required) throw new LightconeError("LC_UNAUTHORIZED", "Authorization required");
  return { token: await tokens.issueNew(), isAnonymous: true };
}
