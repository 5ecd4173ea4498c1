// The documented HTTP API of a server, as far as the suite needs it. Nothing else of a server is used.
import {
  isJsonArray,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from "../src/index.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A server that does not do what every rule stands on: it ends the run, not one rule. */
export class ServerFailure extends Error {}

const requestMsMax = 180_000;

export class Client {
  readonly #server: string;
  readonly token: string;

  private constructor(server: string, token: string) {
    this.#server = server;
    this.token = token;
  }

  /** A client with a token: the one given, or a new identity's. */
  static async open(server: string, token?: string): Promise<Client> {
    const base = server.replace(/\/+$/, "");
    if (!/^https?:\/\/[^/]+/.test(base)) {
      throw new ServerFailure(`${server} is no URL of a server, such as http://127.0.0.1:3000`);
    }
    return new Client(base, token ?? (await newToken(base)));
  }

  /** The same server, as somebody else. */
  async stranger(): Promise<Client> {
    return new Client(this.#server, await newToken(this.#server));
  }

  /** `path` goes behind `/v1/database/`. */
  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    contentType = "application/json",
  ): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": contentType };
    return request(`${this.#server}/v1/database/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  publish(name: string, program: Uint8Array, query = ""): Promise<Answer> {
    return this.send("PUT", `${name}${query}`, program, "application/wasm");
  }

  call(name: string, fn: string, args: string): Promise<Answer> {
    return this.send("POST", `${name}/call/${fn}`, args);
  }

  remove(name: string): Promise<Answer> {
    return this.send("DELETE", name);
  }

  /** The rows of a query, each the list of its cells. Throws where the server refuses it. */
  async rows(name: string, sql: string): Promise<readonly (readonly JsonValue[])[]> {
    const { status, text } = await this.send("POST", `${name}/sql`, sql, "text/plain");
    if (status !== 200) throw new Error(`${sql}: ${status} ${text}`);
    const [first] = parseJson(text) as readonly JsonValue[];
    const rows = first !== undefined && isJsonObject(first) ? first["rows"] : undefined;
    if (rows === undefined || !isJsonArray(rows)) throw new Error(`${sql}: no rows: ${text}`);
    return rows as readonly (readonly JsonValue[])[];
  }

  /** The module's log, oldest line first. */
  async logs(name: string): Promise<readonly LogLine[]> {
    const { status, text } = await this.send("GET", `${name}/logs`);
    if (status !== 200) throw new Error(`the log: ${status} ${text}`);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => parseJson(line) as LogLine);
  }
}

/** A value as text: a string as it is, everything else as JSON. */
export function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : stringifyJson(value);
}

/** A line of a module's log. */
export type LogLine = Readonly<Record<string, JsonValue>>;

async function newToken(server: string): Promise<string> {
  const { status, text } = await request(`${server}/v1/identity`, { method: "POST" });
  const answer = status === 200 ? parseJson(text) : null;
  const token = answer !== null && isJsonObject(answer) ? answer["token"] : undefined;
  if (typeof token !== "string") {
    throw new ServerFailure(`${server} gave no identity: ${status} ${text.slice(0, 200)}`);
  }
  return token;
}

async function request(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(requestMsMax) });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    throw new ServerFailure(`${init.method} ${url}: ${String(cause)}`);
  }
}
