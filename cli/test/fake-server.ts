// A server that answers as http-and-auth.md says, from memory, and keeps what it was asked.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { identityFromClaims } from "@lightcone/abi";
import { schema } from "./schema.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly body?: string;
  readonly type?: string;
  /** Pieces that follow, after which the answer stays open until the client leaves. */
  readonly more?: readonly (string | Buffer)[];
}

type Handler = (seen: Seen) => Answer;

interface FakeDatabase {
  readonly identity: string;
  readonly owner: string;
  names: string[];
}

/** The part of a tap test that this file uses. */
interface Owner {
  teardown(fn: () => unknown): void;
}

export const publicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";

const logText: string = [
  {
    level: "Info",
    ts: 1_795_248_115_833_886,
    target: "mod",
    filename: "src/lib.rs",
    line_number: 12,
    message: "connected",
  },
  { level: "Warn", ts: 1_795_248_116_000_000, message: "caf\u00e9 \u001b[31mred" },
  {
    level: "Panic",
    ts: 1_795_248_117_000_000,
    message: "boom",
    trace: [{ module_name: "m", func_name: "f" }],
  },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");

/** A token that a server could have issued: its signature is not looked at here. */
export function tokenOf(subject: string, issuer = "localhost"): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ typ: "JWT", alg: "ES256" })}.${part({ sub: subject, iss: issuer })}.c2ln`;
}

export class FakeServer {
  readonly seen: Seen[] = [];
  readonly databases: FakeDatabase[] = [];
  /** Answers that go before the usual ones, by `METHOD path` or `METHOD …/end`. */
  readonly overrides: Map<string, Answer | Handler> = new Map();
  readonly #server = createServer((request, response) => {
    let body = Buffer.alloc(0);
    request.on("data", (piece: Buffer) => (body = Buffer.concat([body, piece])));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://fake");
      const seen: Seen = {
        method: request.method ?? "",
        path: decodeURIComponent(url.pathname),
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: body.toString("latin1"),
      };
      this.seen.push(seen);
      reply(response, this.#answer(seen));
    });
  });
  #identityCount = 0;

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  async listen(t: Owner): Promise<this> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    t.teardown(() => {
      this.#server.close();
      this.#server.closeAllConnections();
    });
    return this;
  }

  /** The last request to a path that ends so. */
  last(end: string): Seen | undefined {
    return this.seen.findLast(({ path }) => path.endsWith(end));
  }

  #answer(seen: Seen): Answer {
    const key = `${seen.method} ${seen.path}`;
    const end = `${seen.method} …/${seen.path.slice(seen.path.lastIndexOf("/") + 1)}`;
    const override = this.overrides.get(key) ?? this.overrides.get(end);
    if (override !== undefined) return typeof override === "function" ? override(seen) : override;
    const [, , first, second, third, fourth] = seen.path.split("/");
    if (first === "ping") return {};
    if (first === "identity") return this.#identity(second, third);
    if (first === "database") return this.#database(seen, second, third, fourth);
    return { status: 404 };
  }

  #identity(second: string | undefined, third: string | undefined): Answer {
    if (second === undefined) {
      const token = tokenOf(`somebody-${++this.#identityCount}`);
      return json({ identity: callerOf(token), token });
    }
    if (second === "public-key")
      return { body: `${publicKey}\n`, type: "application/pem-certificate-chain" };
    const owned = this.databases.filter(({ owner }) => owner === second);
    return third === "databases"
      ? json({ identities: owned.map(({ identity }) => identity) })
      : { status: 404 };
  }

  #database(
    seen: Seen,
    name: string | undefined,
    route: string | undefined,
    last: string | undefined,
  ): Answer {
    const caller = callerOf(
      seen.headers.authorization?.replace("Bearer ", "") ?? tokenOf("anonymous"),
    );
    const database = this.databases.find(
      ({ identity, names }) => identity === name || names.includes(name ?? ""),
    );
    if (route === undefined && seen.method.startsWith("P"))
      return this.#publish(name, caller, database);
    if (database === undefined) return { status: 404, body: `\`${name}\` not found` };
    const isOwner = database.owner === caller;
    const denied = {
      status: 403,
      body: `${caller} is not authorized to perform action on database`,
    };
    switch (route) {
      case undefined:
        if (!isOwner) return denied;
        this.databases.splice(this.databases.indexOf(database), 1);
        return {};
      case "names":
        return json({ names: database.names });
      case "pre_publish":
        return isOwner ? json(unchangedPlan) : denied;
      case "schema":
        return json(schema);
      case "call":
        return callAnswer(seen, last);
      case "sql":
        return sqlAnswer(seen.body);
      case "logs":
        if (!isOwner) return denied;
        return seen.query["follow"] === "true" ? { body: logText, more: [] } : { body: logText };
      default:
        return { status: 404 };
    }
  }

  #publish(name: string | undefined, caller: string, database: FakeDatabase | undefined): Answer {
    const op = database === undefined ? "created" : "updated";
    if (database !== undefined && database.owner !== caller)
      return { status: 403, body: "not authorized" };
    const identity = database?.identity ?? callerOf(tokenOf(`database-${this.databases.length}`));
    if (database === undefined)
      this.databases.push({ identity, owner: caller, names: name === undefined ? [] : [name] });
    return json({ Success: { domain: name ?? null, database_identity: identity, op } });
  }
}

export const unchangedPlan: unknown = {
  AutoMigrate: {
    migrate_plan: "Migration plan\n",
    break_clients: false,
    token: "0xab",
    major_version_upgrade: false,
  },
};

export function callerOf(token: string): string {
  const [, payload = ""] = token.split(".");
  const { iss, sub } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<
    string,
    string
  >;
  return identityFromClaims(iss ?? "", sub ?? "").toHex();
}

export function json(value: unknown): Answer {
  return { body: JSON.stringify(value), type: "application/json" };
}

function callAnswer(seen: Seen, name: string | undefined): Answer {
  if (seen.headers["content-type"] !== "application/json")
    return { status: 415, body: "Expected request with `Content-Type: application/json`" };
  if (name === "send_message" || name === "store") return { body: "" };
  if (name === "add") return { body: "18446744073709551615", type: "application/json" };
  return { status: 404, body: "No such procedure" };
}

/** What the two statements of the tests come to; the numbers are beyond what JSON.parse keeps. */
function sqlAnswer(statement: string): Answer {
  const stats = { rows_inserted: 0, rows_deleted: 0, rows_updated: 0 };
  if (/^insert/i.test(statement)) {
    return json([
      {
        schema: { elements: [] },
        rows: [],
        total_duration_micros: 1500,
        stats: { ...stats, rows_inserted: 2 },
      },
    ]);
  }
  if (!/^select/i.test(statement)) return { status: 400, body: "Empty SQL query" };
  const column = (name: string, type: string): string =>
    `{"name":{"some":"${name}"},"algebraic_type":{"${type}":[]}}`;
  return {
    type: "application/json",
    body:
      `[{"schema":{"elements":[${column("id", "U64")},${column("name", "String")}]},` +
      `"rows":[[3,"C"],[18446744073709551615,"B\\"eth"]],"total_duration_micros":173,` +
      `"stats":${JSON.stringify(stats)}}]`,
  };
}

function reply(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status ?? 200, {
    "content-type": answer.type ?? "text/plain; charset=utf-8",
  });
  if (answer.more === undefined) {
    response.end(answer.body ?? "");
    return;
  }
  response.write(answer.body ?? "");
  for (const piece of answer.more) response.write(piece);
}
