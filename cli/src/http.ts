// One HTTP exchange. Node's own client is used rather than fetch: a followed log may be silent for
// longer than fetch waits, and content types go out exactly as given.
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { messageOf } from "@lightcone/abi";
import { CommandError } from "./exit.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | StreamedBody;
  readonly signal?: AbortSignal;
}

/** A body that need not fit the memory. What `pieces` throw ends the request as its failure. */
export interface StreamedBody {
  readonly bytes: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** An answer whose body was not read yet: it must be, by `readText` or piece by piece. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** No answer came, or it broke off. The message is a short reason, such as `connection refused`. */
export class NoAnswerError extends Error {
  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
    this.name = "NoAnswerError";
  }
}

// A command makes a few requests and ends: a connection kept open would only delay that.
const agentOptions = { keepAlive: false, maxSockets: 8 };
const httpAgent = new HttpAgent(agentOptions);
const httpsAgent = new HttpsAgent(agentOptions);

/** Resolves when the head of the answer is there, whatever its status. Throws NoAnswerError. */
export async function sendRequest(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, signal } = request;
  const isSecure = url.startsWith("https:");
  const send = isSecure ? httpsRequest : httpRequest;
  const length = body === undefined ? {} : { "content-length": bodyLength(body) };
  const options = {
    method,
    headers: { ...headers, ...length },
    agent: isSecure ? httpsAgent : httpAgent,
    ...(signal === undefined ? {} : { signal }),
  };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = send(url, options, resolve);
    // More errors may follow the first, and even an answer: a server may refuse before it has read
    // the whole body.
    sent.on("error", (error) => reject(new NoAnswerError(error)));
    if (!isStreamed(body)) sent.end(body);
    else pipeline(body.pieces, sent).catch((thrown: unknown) => reject(sendFailure(thrown)));
  });
  return { status: message.statusCode ?? 0, body: pieces(message) };
}

function isStreamed(body: HttpRequest["body"]): body is StreamedBody {
  return typeof body === "object" && "pieces" in body;
}

function bodyLength(body: string | Uint8Array | StreamedBody): number {
  return isStreamed(body) ? body.bytes : Buffer.byteLength(body);
}

/** The file that is sent may fail as well as the connection. */
function sendFailure(thrown: unknown): unknown {
  return thrown instanceof CommandError ? thrown : new NoAnswerError(thrown);
}

async function* pieces(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of message) yield piece as Uint8Array;
  } catch (thrown) {
    throw new NoAnswerError(thrown);
  }
}

/** The whole body as text. Throws NoAnswerError. */
export async function readText(answer: HttpAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of answer.body) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke off",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "no way to that host",
  ENETUNREACH: "no network",
  ENOTFOUND: "no host has that name",
  EPIPE: "the connection broke off",
  EPROTO: "it does not speak https",
  ETIMEDOUT: "no answer in time",
  HPE_INVALID_CONSTANT: "it does not speak HTTP",
};

function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code?.startsWith("ERR_SSL_") === true) return reasons["EPROTO"] ?? code;
  return reasons[code ?? ""] ?? messageOf(cause);
}
