// A login in the browser: authorization code with PKCE (RFC 7636, RFC 8252).
import { createHash, randomBytes } from "node:crypto";
import {
  endpointOf,
  idTokenOf,
  type JsonObject,
  type LoginRequest,
  readDiscovery,
  refusal,
  sendForm,
} from "./issuer.ts";
import { listenForBrowser } from "./loopback.ts";

export interface RedirectLogin extends LoginRequest {
  /** Shows a page in the browser. */
  readonly openBrowser: (url: string) => void;
  /** The port that the browser comes back to; 0 for any free one. */
  readonly redirectPort: number;
}

/** What ties the answer to the question. */
interface Secrets {
  readonly state: string;
  readonly nonce: string;
  /** PKCE: only who has it gets a token for the code. */
  readonly verifier: string;
}

/** The id_token of whoever logs in. Throws a CommandError if nobody does. */
export async function logInByRedirect(login: RedirectLogin): Promise<string> {
  const document = await readDiscovery(login);
  const tokenUrl = endpointOf(document, "token_endpoint", login.issuer);
  const secrets = { state: secret(), nonce: secret(), verifier: secret() };
  const loopback = await listenForBrowser(login.redirectPort, login.signal);
  try {
    const { redirectUri } = loopback;
    const page = pageUrl(login, document, redirectUri, secrets);
    const answered = loopback.answer((query) => query.get("state") === secrets.state);
    login.note(`Log in in your browser. If it does not open, open this page yourself:\n${page}`);
    login.openBrowser(page);
    const code = codeOf(await answered, login);
    const answer = await sendForm(
      tokenUrl,
      {
        grant_type: "authorization_code",
        code,
        redirect_uri: redirectUri,
        client_id: login.clientId,
        code_verifier: secrets.verifier,
      },
      login.signal,
    );
    return idTokenOf(answer, login, secrets.nonce);
  } finally {
    loopback.close();
  }
}

function secret(): string {
  return randomBytes(32).toString("base64url");
}

function pageUrl(
  { issuer, clientId, scope }: RedirectLogin,
  document: JsonObject,
  redirectUri: string,
  { state, nonce, verifier }: Secrets,
): string {
  const url = new URL(endpointOf(document, "authorization_endpoint", issuer));
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

function codeOf(query: URLSearchParams, { issuer }: RedirectLogin): string {
  // Where the issuer says who it is, another one has no say (RFC 9207).
  const said = query.get("iss");
  if (said !== null && said !== issuer) throw refusal(issuer, `the answer is of ${said}`);
  const code = query.get("code");
  if (code !== null) return code;
  const words = [query.get("error"), query.get("error_description")];
  throw refusal(issuer, words.filter((one) => one !== null).join(": ") || "it gave no code");
}
