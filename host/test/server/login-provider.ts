// A real OpenID Connect provider on a port of this machine, whose login page takes any name.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import type { Test } from "tap";

export const clientId: string = "lightcone";

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

export interface LoginProvider {
  readonly issuer: string;
  /** How often its keys were asked for. */
  readonly keyRequestCount: () => number;
  /** Signs with a new key from now on, and publishes that alone. */
  readonly rotate: () => Promise<void>;
}

export async function startLoginProvider(t: Test): Promise<LoginProvider> {
  let serve: RequestListener = () => undefined;
  let keyRequestCount = 0;
  const server = createServer((request, response) => {
    if (request.url === "/jwks") keyRequestCount += 1;
    serve(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let keyNumber = 0;
  const rotate = async (): Promise<void> => {
    keyNumber += 1;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: `key-${keyNumber}`, use: "sig" };
    serve = new Provider(issuer, configuration(key)).callback();
  };
  await rotate();
  return { issuer, keyRequestCount: () => keyRequestCount, rotate };
}

function configuration(key: object): object {
  return {
    clients: [
      {
        client_id: clientId,
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code", deviceGrant],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["a secret of the tests"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, deviceFlow: { enabled: true } },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => Promise.resolve({ sub: id }),
    }),
  };
}
