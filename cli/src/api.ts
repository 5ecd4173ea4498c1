// The server's HTTP interface, one method a route that this command uses (http-and-auth.md sections
// 2 to 6). Each turns the route's refusals into a CommandError.
import {
  isJsonArray,
  isJsonObject,
  type JsonValue,
  LightconeError,
  parseJson,
} from "@lightcone/abi";
import { failureOf, type FailureTable, strangeAnswer, unreachable } from "./api-failure.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  readText,
  sendRequest,
  type StreamedBody,
} from "./http.ts";
import type { ServerAddress } from "./server-address.ts";

export interface ApiOptions {
  readonly address: ServerAddress;
  /** Sent as Bearer; without it the server takes the caller for somebody new. */
  readonly token: string | undefined;
  readonly version: string;
  readonly signal?: AbortSignal;
}

export interface Published {
  readonly domain: string | undefined;
  readonly identity: string;
  readonly op: string;
}

/** What publishing would come to. */
export type PublishPlan =
  | { readonly kind: "new" }
  | {
      readonly kind: "migrate";
      readonly text: string;
      readonly breaksClients: boolean;
      readonly token: string;
      /** The new definition has another version, under which names may differ. */
      readonly isMajorUpgrade: boolean;
    }
  | { readonly kind: "impossible"; readonly reason: string };

export interface PublishOptions {
  /** Drop all data first. */
  readonly clear: boolean;
  /** The plan's token, to agree to a change that disconnects clients. */
  readonly breakClientsToken: string | undefined;
}

/** Whose tokens a database takes; empty lists are for any. */
export interface AuthPolicy {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** Whether identities count that the server gives to anybody. */
  readonly anonymous: boolean;
  /** It is the server's policy: the database has none. */
  readonly inherited: boolean;
}

/** What a call came to: a procedure's value as JSON, or undefined for a reducer. */
export type CallAnswer = { readonly value: string | undefined };

interface Sent {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: string | Uint8Array | StreamedBody;
  readonly failures?: FailureTable;
  /** Statuses that are an answer here, no failure. */
  readonly accepts?: readonly number[];
}

interface Received {
  readonly status: number;
  readonly text: string;
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  get token(): string | undefined {
    return this.#options.token;
  }

  async ping(): Promise<void> {
    await this.#exchange({ method: "GET", path: "/v1/ping" });
  }

  /** The key that the server signs tokens with, as PEM. */
  async publicKey(): Promise<string> {
    const { text } = await this.#exchange({ method: "GET", path: "/v1/identity/public-key" });
    return text.trim();
  }

  /** A token of a new identity. */
  async newToken(): Promise<string> {
    const json = await this.#json({ method: "POST", path: "/v1/identity" });
    return this.#text(json, "token");
  }

  /** The databases that an identity owns. */
  async databasesOf(identity: string): Promise<string[]> {
    const json = await this.#json({ method: "GET", path: `/v1/identity/${identity}/databases` });
    return this.#texts(json, "identities");
  }

  async namesOf(database: string): Promise<string[]> {
    const json = await this.#json({ method: "GET", path: `${pathOf(database)}/names` });
    return this.#texts(json, "names");
  }

  /** The module's definition as JSON. */
  async schema(database: string): Promise<string> {
    const { text } = await this.#exchange({
      method: "GET",
      path: `${pathOf(database)}/schema`,
      query: { version: "10" },
      failures: unknownDatabase(database, this.#options.address),
    });
    return text;
  }

  async planPublish(database: string, program: Uint8Array, style: string): Promise<PublishPlan> {
    const answer = await this.#exchange({
      method: "POST",
      path: `${pathOf(database)}/pre_publish`,
      query: { host_type: "Wasm", style },
      contentType: "application/wasm",
      body: program,
      accepts: [200, 404],
      failures: publishFailures,
    });
    if (answer.status === 404) return { kind: "new" };
    const json = this.#parse(answer.text);
    const auto = memberOf(json, "AutoMigrate");
    if (auto !== undefined) {
      return {
        kind: "migrate",
        text: this.#text(auto, "migrate_plan"),
        breaksClients: memberOf(auto, "break_clients") === true,
        token: this.#text(auto, "token"),
        isMajorUpgrade: memberOf(auto, "major_version_upgrade") === true,
      };
    }
    const manual = memberOf(json, "ManualMigrate") ?? null;
    return { kind: "impossible", reason: this.#text(manual, "reason") };
  }

  /** Publishes under a name or identity, or without a name. */
  async publish(
    database: string | undefined,
    program: Uint8Array,
    { clear, breakClientsToken }: PublishOptions,
  ): Promise<Published> {
    const policy =
      breakClientsToken === undefined
        ? { policy: "Compatible" }
        : { policy: "BreakClients", token: breakClientsToken };
    const json = await this.#json({
      method: database === undefined ? "POST" : "PUT",
      path: database === undefined ? "/v1/database" : pathOf(database),
      query: { host_type: "Wasm", ...(clear ? { clear: "true" } : {}), ...policy },
      contentType: "application/wasm",
      body: program,
      failures: publishFailures,
    });
    const success = memberOf(json, "Success") ?? null;
    const domain = memberOf(success, "domain");
    return {
      domain: typeof domain === "string" ? domain : undefined,
      identity: this.#text(success, "database_identity"),
      op: this.#text(success, "op"),
    };
  }

  /**
   * `argumentsJson`: an array in order, or an object by parameter name. Answers undefined if there
   * is no such function.
   */
  async call(
    database: string,
    name: string,
    argumentsJson: string,
  ): Promise<CallAnswer | undefined> {
    const { status, text } = await this.#exchange({
      method: "POST",
      path: `${pathOf(database)}/call/${encodeURIComponent(name)}`,
      contentType: "application/json",
      body: argumentsJson,
      accepts: [200, 404],
      failures: callFailures,
    });
    if (status === 404) return undefined;
    return { value: text === "" ? undefined : text };
  }

  /** The server's answer to one statement, a JSON array. */
  async sql(database: string, statement: string, confirmed: boolean): Promise<string> {
    const { text } = await this.#exchange({
      method: "POST",
      path: `${pathOf(database)}/sql`,
      query: { confirmed: String(confirmed) },
      contentType: "text/plain; charset=utf-8",
      body: statement,
      failures: { ...unknownDatabase(database, this.#options.address), ...sqlFailures },
    });
    return text;
  }

  /**
   * The module's log as it arrives. With `follow` it ends when the server ends it or the signal is
   * given.
   */
  async *logs(
    database: string,
    { lineCount, follow }: { lineCount: number | undefined; follow: boolean },
  ): AsyncGenerator<Uint8Array> {
    const answer = await this.#send({
      method: "GET",
      path: `${pathOf(database)}/logs`,
      query: {
        ...(lineCount === undefined ? {} : { num_lines: String(lineCount) }),
        ...(follow ? { follow: "true" } : {}),
      },
      failures: unknownDatabase(database, this.#options.address),
    });
    try {
      yield* answer.body;
    } catch (thrown) {
      throw unreachable(this.#options.address, thrown);
    }
  }

  /** The archive of a database as it arrives, whole or with a failure. */
  async *backup(database: string): AsyncGenerator<Uint8Array> {
    const answer = await this.#send({
      method: "GET",
      path: `${pathOf(database)}/backup`,
      failures: unknownDatabase(database, this.#options.address),
    });
    try {
      yield* answer.body;
    } catch (thrown) {
      throw unreachable(this.#options.address, thrown);
    }
  }

  /** Makes a new database of an archive and returns its identity. */
  async restore(name: string, archive: StreamedBody): Promise<string> {
    const json = await this.#json({
      method: "PUT",
      path: `${pathOf(name)}/restore`,
      contentType: "application/octet-stream",
      body: archive,
      failures: restoreFailures,
    });
    return this.#text(memberOf(json, "Success") ?? null, "database_identity");
  }

  /** The policy that holds for a database, after its own was dropped if the method is DELETE. */
  async authPolicy(database: string, method: "GET" | "DELETE"): Promise<AuthPolicy> {
    return this.#policy({ method, path: `${pathOf(database)}/auth-policy` }, database);
  }

  /** Replaces the policy of a database. */
  setAuthPolicy(database: string, policy: Omit<AuthPolicy, "inherited">): Promise<AuthPolicy> {
    const path = `${pathOf(database)}/auth-policy`;
    const body = JSON.stringify(policy);
    const contentType = "application/json";
    return this.#policy({ method: "PUT", path, contentType, body }, database);
  }

  async #policy(sent: Sent, database: string): Promise<AuthPolicy> {
    const failures = unknownDatabase(database, this.#options.address);
    const json = await this.#json({ ...sent, failures });
    return {
      issuers: this.#texts(json, "issuers"),
      audiences: this.#texts(json, "audiences"),
      anonymous: memberOf(json, "anonymous") === true,
      inherited: memberOf(json, "inherited") === true,
    };
  }

  /** Deletes a database; with `isFinal` so that nothing brings it back. */
  async remove(database: string, isFinal: boolean): Promise<void> {
    await this.manage("DELETE", database, "", isFinal ? { query: { purge: "true" } } : {});
  }

  /** A request of whoever looks after a database, to one of its routes; the text of the answer. */
  async manage(
    method: Sent["method"],
    database: string,
    route: string,
    more: Pick<Sent, "query" | "body"> = {},
  ): Promise<string> {
    const { text } = await this.#exchange({
      method,
      path: `${pathOf(database)}${route}`,
      failures: unknownDatabase(database, this.#options.address),
      ...more,
    });
    return text;
  }

  /** What the server says of the caller's deleted databases, as JSON. */
  async deleted(): Promise<string> {
    const { text } = await this.#exchange({ method: "GET", path: "/v1/deleted" });
    return text;
  }

  /** Sends and checks the status; the body is still to be read. */
  async #send(sent: Sent): Promise<HttpAnswer> {
    const { address, token, version, signal } = this.#options;
    const query = new URLSearchParams(sent.query).toString();
    const headers = {
      "user-agent": `lightcone-cli/${version}`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent.contentType === undefined ? {} : { "content-type": sent.contentType }),
    };
    try {
      const answer = await sendRequest({
        method: sent.method,
        url: `${address.url}${sent.path}${query === "" ? "" : `?${query}`}`,
        headers,
        ...(sent.body === undefined ? {} : { body: sent.body }),
        ...(signal === undefined ? {} : { signal }),
      });
      if ((sent.accepts ?? successes).includes(answer.status)) return answer;
      const { status } = answer;
      const text = await readText(answer);
      throw failureOf({ status, text, address, hadToken: token !== undefined }, sent.failures);
    } catch (thrown) {
      throw unreachable(address, thrown);
    }
  }

  async #exchange(sent: Sent): Promise<Received> {
    const answer = await this.#send(sent);
    try {
      return { status: answer.status, text: await readText(answer) };
    } catch (thrown) {
      throw unreachable(this.#options.address, thrown);
    }
  }

  async #json(sent: Sent): Promise<JsonValue> {
    return this.#parse((await this.#exchange(sent)).text);
  }

  #parse(text: string): JsonValue {
    try {
      return parseJson(text);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      throw strangeAnswer(this.#options.address, thrown.message);
    }
  }

  #text(json: JsonValue, key: string): string {
    const value = memberOf(json, key);
    if (typeof value === "string") return value;
    throw strangeAnswer(this.#options.address, `${key} is missing`);
  }

  #texts(json: JsonValue, key: string): string[] {
    const values = memberOf(json, key);
    if (values !== undefined && isJsonArray(values)) {
      return values.filter((value) => typeof value === "string");
    }
    throw strangeAnswer(this.#options.address, `${key} is missing`);
  }
}

const successes = [200, 204];

function memberOf(json: JsonValue, key: string): JsonValue | undefined {
  return isJsonObject(json) ? json[key] : undefined;
}

function pathOf(database: string): string {
  return `/v1/database/${encodeURIComponent(database)}`;
}

function unknownDatabase(database: string, { label }: ServerAddress): FailureTable {
  return {
    404: {
      exit: "refused",
      message: `no database is called ${database} on ${label}`,
      advice: "`lightcone list` shows yours; --server names another server.",
    },
  };
}

const publishFailures: FailureTable = {
  500: {
    exit: "module",
    advice: "Nothing was published. Correct the module, build it again and retry.",
  },
};

const restoreFailures: FailureTable = {
  400: { exit: "refused", advice: "Nothing was restored. Try another backup." },
  409: {
    exit: "refused",
    advice: "Restore under another name, or delete that database first. Nothing was restored.",
  },
  500: {
    exit: "module",
    advice: "Nothing was restored: the program in the backup does not start.",
  },
};

const sqlFailures: FailureTable = {
  400: { exit: "refused", advice: "`lightcone describe DB` shows the tables and their columns." },
};

const callFailures: FailureTable = {
  400: {
    exit: "refused",
    advice: "`lightcone describe DB` shows the parameters of each function.",
  },
  // The reducer returned an error or panicked.
  530: {
    exit: "module",
    advice: "Nothing of this call was kept. `lightcone logs DB` may tell more.",
  },
  500: { exit: "module", advice: "`lightcone logs DB` may tell more." },
};
