// What `lightcone start` makes of its options about identities and certificates.
import { resolve } from "node:path";
import type { AuthOptions, TlsPaths } from "@lightcone/host";
import { CommandError } from "../exit.ts";
import { flagOf } from "../start/options.ts";
import type { Settings } from "../start/settings.ts";

/** Relative paths start at `folder`. */
export function authOf(settings: Settings, folder: string): AuthOptions {
  const pair = pathPair(settings, "jwt-priv-key-path", "jwt-pub-key-path", folder);
  const keyPaths = pair && { privatePath: pair[0], publicPath: pair[1] };
  return {
    ...(keyPaths === undefined ? {} : { keyPaths }),
    trustedIssuers: settings.value("trusted-issuer") ?? [],
    onlyTrustedIssuers: settings.get("only-trusted-issuers"),
    policy: {
      issuers: settings.value("allowed-issuer") ?? [],
      audiences: settings.value("allowed-audience") ?? [],
      allowsAnonymous: !settings.get("no-anonymous"),
    },
  };
}

/** Nothing, without the options. */
export function tlsOf(settings: Settings, folder: string): { readonly tls?: TlsPaths } {
  const pair = pathPair(settings, "tls-cert", "tls-key", folder);
  return pair === undefined ? {} : { tls: { certPath: pair[0], keyPath: pair[1] } };
}

type PathOption = "jwt-priv-key-path" | "jwt-pub-key-path" | "tls-cert" | "tls-key";

/** Both paths or neither. */
function pathPair(
  settings: Settings,
  nameA: PathOption,
  nameB: PathOption,
  folder: string,
): readonly [string, string] | undefined {
  const pathA = settings.value(nameA);
  const pathB = settings.value(nameB);
  if (pathA !== undefined && pathB !== undefined) {
    return [resolve(folder, pathA), resolve(folder, pathB)];
  }
  if (pathA === undefined && pathB === undefined) return undefined;
  const [flagA, flagB] = [flagOf(nameA), flagOf(nameB)];
  const missing = pathA === undefined ? flagA : flagB;
  throw new CommandError("usage", `${missing} is missing`, `${flagA} and ${flagB} go together.`);
}
