// A login where this machine has no browser: a code that is typed in on another one (RFC 8628).
import { setTimeout as pause } from "node:timers/promises";
import {
  brokenOff,
  endpointOf,
  failureText,
  type FormAnswer,
  idTokenOf,
  type JsonObject,
  type LoginRequest,
  readDiscovery,
  refusal,
  sendForm,
} from "./issuer.ts";

const secondsByDefault = 5;

/** How much slower to ask when the issuer says so, in seconds. */
const slowerSeconds = 5;

/** Asking ends then, if the issuer does not say when the code does, in seconds. */
const expirySecondsMax = 1800;

/** The id_token of whoever types in the code. Throws a CommandError if nobody does. */
export async function logInByDevice(login: LoginRequest): Promise<string> {
  const { issuer, clientId, scope, signal } = login;
  const document = await readDiscovery(login);
  const tokenUrl = endpointOf(document, "token_endpoint", issuer);
  const codeUrl = endpointOf(document, "device_authorization_endpoint", issuer);
  const begun = await sendForm(codeUrl, { client_id: clientId, scope }, signal);
  const started = begun.json ?? {};
  const [deviceCode, userCode, page] = ["device_code", "user_code", "verification_uri"].map(
    (name) => started[name],
  );
  if (begun.status !== 200 || typeof deviceCode !== "string") {
    throw refusal(issuer, failureText(begun));
  }
  login.note(`Open ${printable(page)} on any machine and enter the code ${printable(userCode)}`);
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: deviceCode,
    client_id: clientId,
  };
  return poll(() => sendForm(tokenUrl, form, signal), login, started);
}

async function poll(
  ask: () => Promise<FormAnswer>,
  login: LoginRequest,
  started: JsonObject,
): Promise<string> {
  let interval = numberOf(started["interval"]) ?? secondsByDefault;
  const expiry = Math.min(numberOf(started["expires_in"]) ?? expirySecondsMax, expirySecondsMax);
  for (let waited = 0; waited < expiry; waited += interval) {
    await pause(interval * 1000, undefined, { signal: login.signal }).catch(() => {
      throw brokenOff();
    });
    const answer = await ask();
    const error = answer.json?.["error"];
    if (error === "slow_down") interval += slowerSeconds;
    else if (error !== "authorization_pending") return idTokenOf(answer, login, undefined);
  }
  throw refusal(login.issuer, "nobody entered the code in time");
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

/** Text of the issuer's for a terminal, which obeys control characters. */
function printable(value: unknown): string {
  return typeof value === "string" ? value.replace(/[^ -~]/g, "?") : "?";
}
