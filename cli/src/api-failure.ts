// What to tell of an answer that is a refusal, by its status (http-and-auth.md sections 1 and 10).
import { messageOf } from "@lightcone/abi";
import { CommandError, type ExitName } from "./exit.ts";
import { NoAnswerError } from "./http.ts";
import type { ServerAddress } from "./server-address.ts";

interface Failure {
  readonly exit: ExitName;
  /** In place of the server's text. */
  readonly message?: string;
  readonly advice?: string;
}

/** What statuses mean to one route. */
export type FailureTable = Readonly<Record<number, Failure>>;

const anyRoute: FailureTable = {
  400: { exit: "refused" },
  401: { exit: "forbidden" },
  402: { exit: "refused", advice: "Ask who runs the server for energy." },
  403: {
    exit: "forbidden",
    advice:
      "`lightcone identity` shows who you are; `lightcone login --token` makes you somebody else.",
  },
  404: {
    exit: "refused",
    advice: "Check the name, and whether --server names the server you mean.",
  },
  413: { exit: "refused", advice: "Send less at a time." },
  500: { exit: "refused", advice: "This is a fault of the server: its log tells more." },
  501: { exit: "refused", advice: "This version of the server cannot do that yet." },
  503: { exit: "refused", advice: "The database is closed for now. Try again in a moment." },
  504: { exit: "refused", advice: "Try again in a moment." },
};

/** A refusal as it came. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly address: ServerAddress;
  /** Whether the request had a token. */
  readonly hadToken: boolean;
}

/**
 * The error for a status that is no success. Failures of the route come before those of any route.
 */
export function failureOf(refusal: Refusal, table: FailureTable = {}): CommandError {
  const { status, text, address, hadToken } = refusal;
  const name = deniedName(text);
  if (name !== undefined) {
    const advice = "Choose another name, or log in as its owner.";
    return new CommandError("forbidden", `the name ${name} belongs to somebody else`, advice);
  }
  const failure = table[status] ?? anyRoute[status] ?? { exit: "refused" };
  const advice =
    failure.advice ?? (status === 401 ? loginAdvice(address.label, hadToken) : undefined);
  const said = text.trim() || `${address.label} answered with status ${status}`;
  return new CommandError(failure.exit, failure.message ?? said, advice);
}

function loginAdvice(label: string, hadToken: boolean): string {
  if (!hadToken)
    return `Log in with \`lightcone login --server ${label}\`, and leave out --anonymous.`;
  return (
    `The token kept for ${label} is not accepted there. If it is of a provider, log in again with ` +
    `\`lightcone login --issuer …\`; else forget it with \`lightcone logout --server ${label}\`.`
  );
}

/** The name that a publish was refused for: the one refusal whose body is JSON. */
function deniedName(text: string): string | undefined {
  return /^\{"PermissionDenied":\{"(?:name|domain)":"([^"]*)"\}\}$/.exec(text.trim())?.[1];
}

/** The error for no answer at all; anything else passes unchanged. */
export function unreachable({ url }: ServerAddress, thrown: unknown): unknown {
  if (!(thrown instanceof NoAnswerError)) return thrown;
  return new CommandError(
    "unreachable",
    `cannot reach ${url}: ${messageOf(thrown)}`,
    "Is it running? Start a host with `lightcone start`, or name another server with --server.",
  );
}

/** The error for a body that is not what the route promises. */
export function strangeAnswer({ url }: ServerAddress, reason: string): CommandError {
  return new CommandError(
    "refused",
    `${url} gave an answer that cannot be understood: ${reason}`,
    "Is that a Lightcone server? `lightcone server list` shows the servers known.",
  );
}
