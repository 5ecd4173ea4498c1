// An OpenID Connect issuer as this program meets it: what its discovery document says, its answers to
// forms, and the id_token in the end (OpenID Connect Core 1.0, Discovery 1.0).
import { messageOf } from "@lightcone/abi";
import { CommandError } from "../exit.ts";
import { type HttpAnswer, NoAnswerError, readText, sendRequest } from "../http.ts";

/** How long one answer may take. */
const answerMillis = 30_000;

/** How somebody logs in, and with whom. */
export interface LoginRequest {
  /** As in the `iss` of its tokens. */
  readonly issuer: string;
  /** What the issuer knows this program as: a public client, which has no secret. */
  readonly clientId: string;
  /** Must hold `openid`. */
  readonly scope: string;
  /** Breaks the login off. */
  readonly signal: AbortSignal;
  /** Tells the person something. */
  readonly note: (text: string) => void;
}

/** An issuer's discovery document, or one of its answers. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the issuer's discovery document. Throws a CommandError if it has none that is its own. */
export async function readDiscovery({ issuer, signal }: LoginRequest): Promise<JsonObject> {
  checkSecure(issuer, "the issuer");
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, json } = await exchange("GET", url, undefined, signal);
  if (status !== 200 || json === undefined) {
    throw refusal(issuer, `${url} is answered with status ${status} and no document`);
  }
  if (json["issuer"] !== issuer) {
    throw refusal(issuer, `its document is of the issuer ${String(json["issuer"])}`);
  }
  return json;
}

/** The address of one of the issuer's services. */
export function endpointOf(document: JsonObject, name: string, issuer: string): string {
  const url = document[name];
  if (typeof url !== "string" || !URL.canParse(url)) {
    throw refusal(issuer, `its document names no ${name}`);
  }
  checkSecure(url, name);
  return url;
}

export interface FormAnswer {
  readonly status: number;
  /** Undefined for what is no JSON object. */
  readonly json: JsonObject | undefined;
}

/** Sends a form to one of the issuer's services. */
export function sendForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<FormAnswer> {
  return exchange("POST", url, new URLSearchParams(fields).toString(), signal);
}

/** What a refusal of the issuer says, in its own words if it has some (RFC 6749 section 5.2). */
export function failureText({ status, json }: FormAnswer): string {
  const words = [json?.["error"], json?.["error_description"]];
  const said = words.filter((one) => typeof one === "string").join(": ");
  return said === "" ? `its answer has status ${status}` : said;
}

/**
 * The id_token of a good answer. Its signature is for the server to check; it came from the issuer
 * itself, over TLS or within this machine (OpenID Connect Core section 3.1.3.7).
 */
export function idTokenOf(
  answer: FormAnswer,
  { issuer, clientId }: LoginRequest,
  nonce: string | undefined,
): string {
  if (answer.status !== 200) throw refusal(issuer, failureText(answer));
  const token = answer.json?.["id_token"];
  if (typeof token !== "string") {
    throw refusal(issuer, "it gave no id_token: does the scope hold openid?");
  }
  const claims = claimsOf(token);
  const audiences = [claims["aud"]].flat();
  if (claims["iss"] !== issuer || !audiences.includes(clientId)) {
    throw refusal(issuer, "its id_token is of another issuer or for another client");
  }
  if (nonce !== undefined && claims["nonce"] !== nonce) {
    throw refusal(issuer, "its id_token belongs to another login");
  }
  return token;
}

function claimsOf(token: string): JsonObject {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as JsonObject;
  } catch {
    return {};
  }
}

/** A login that cannot go on. */
export function refusal(issuer: string, reason: string): CommandError {
  return new CommandError(
    "forbidden",
    `${issuer} did not log you in: ${reason}`,
    "Check --issuer and --client-id, and what the issuer lets that client do.",
  );
}

/** Codes and tokens go there: nobody on the way may read them. */
function checkSecure(text: string, what: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal =
    url !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (isLocal && url.protocol === "http:")) return;
  throw new CommandError(
    "usage",
    `${what} ${text} must begin with https://`,
    "Only on this machine itself http:// will do.",
  );
}

async function exchange(
  method: "GET" | "POST",
  url: string,
  form: string | undefined,
  signal: AbortSignal,
): Promise<FormAnswer> {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  try {
    const answer: HttpAnswer = await sendRequest({
      method,
      url,
      headers: { accept: "application/json", ...(form === undefined ? {} : type) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMillis)]),
      ...(form === undefined ? {} : { body: form }),
    });
    return { status: answer.status, json: parseObject(await readText(answer)) };
  } catch (thrown) {
    if (signal.aborted) throw brokenOff();
    if (!(thrown instanceof NoAnswerError)) throw thrown;
    throw new CommandError("unreachable", `cannot reach ${url}: ${messageOf(thrown)}`);
  }
}

/** The person has stopped the login. */
export function brokenOff(): CommandError {
  return new CommandError("refused", "the login was broken off");
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
