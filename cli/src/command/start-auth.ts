// What `lightcone start` makes of its flags about identities and certificates.
import { resolve } from "node:path";
import type { AuthOptions, TlsPaths } from "@lightcone/host";
import { CommandError } from "../exit.ts";

interface AuthFlags {
  readonly privateKeyPath: string | undefined;
  readonly publicKeyPath: string | undefined;
  readonly trustedIssuers: readonly string[] | undefined;
  readonly onlyTrustedIssuers: boolean;
  readonly allowedIssuers: readonly string[] | undefined;
  readonly allowedAudiences: readonly string[] | undefined;
  readonly noAnonymous: boolean;
}

interface TlsFlags {
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
}

/** Relative paths start at `folder`. */
export function authOf(flags: AuthFlags, folder: string): AuthOptions {
  const { privateKeyPath, publicKeyPath } = flags;
  const pair = pathPair(
    ["--jwt-priv-key-path", privateKeyPath],
    ["--jwt-pub-key-path", publicKeyPath],
    folder,
  );
  const keyPaths = pair && { privatePath: pair[0], publicPath: pair[1] };
  return {
    ...(keyPaths === undefined ? {} : { keyPaths }),
    trustedIssuers: flags.trustedIssuers ?? [],
    onlyTrustedIssuers: flags.onlyTrustedIssuers,
    policy: {
      issuers: flags.allowedIssuers ?? [],
      audiences: flags.allowedAudiences ?? [],
      allowsAnonymous: !flags.noAnonymous,
    },
  };
}

/** Nothing, without the flags. */
export function tlsOf({ tlsCert, tlsKey }: TlsFlags, folder: string): { readonly tls?: TlsPaths } {
  const pair = pathPair(["--tls-cert", tlsCert], ["--tls-key", tlsKey], folder);
  return pair === undefined ? {} : { tls: { certPath: pair[0], keyPath: pair[1] } };
}

type PathFlag = readonly [flag: string, path: string | undefined];

/** Both paths or neither. */
function pathPair(
  [flagA, pathA]: PathFlag,
  [flagB, pathB]: PathFlag,
  folder: string,
): readonly [string, string] | undefined {
  if (pathA !== undefined && pathB !== undefined) {
    return [resolve(folder, pathA), resolve(folder, pathB)];
  }
  if (pathA === undefined && pathB === undefined) return undefined;
  const missing = pathA === undefined ? flagA : flagB;
  throw new CommandError("usage", `${missing} is missing`, `${flagA} and ${flagB} go together.`);
}
