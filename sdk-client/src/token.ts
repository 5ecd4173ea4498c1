// Where the token that says who we are stays between connections.

/** Keeps tokens by server. Its methods may answer later; what they throw is reported and otherwise counts as nothing kept. */
export interface TokenStore {
  /** `serverUrl` as given to `withUri`, in its normal form. */
  get(serverUrl: string): string | undefined | Promise<string | undefined>;
  /** Takes the place of a token kept before. */
  set(serverUrl: string, token: string): void | Promise<void>;
}

/** Keeps tokens as long as the store itself is kept: give one store to two connections to make them one identity. */
export function memoryTokenStore(): TokenStore {
  const tokens = new Map<string, string>();
  return {
    get: (serverUrl) => tokens.get(serverUrl),
    set: (serverUrl, token) => {
      tokens.set(serverUrl, token);
    },
  };
}
