// Compiles modules from text, and runs them in a host of their own.
import { assert } from "@lightcone/abi";
import { startServer } from "@lightcone/host";
import type { Test } from "tap";
import { type Compiled, type CompileOptions, compileModule } from "../src/compile.ts";
import { packageFolder } from "../src/paths.ts";

/** The names that most modules here import. */
export const importAll: string = [
  "import { AnonymousViewContext, Bound, ConnectionId, err, HandlerContext, HttpRequest, HttpResponse, I128, I256, Identity,",
  "  InsertError, log, ok, Option, ProcedureContext, Query, Range, ReducerContext, ReducerResult, Result, RowIter,",
  '  ScheduleAt, TimeDuration, Timestamp, U128, U256, Unit, unit, Uuid, ViewContext } from "@lightcone/sdk-module-as";',
  "",
].join("\n");

/** Compiles `source` as the file assembly/index.ts of a module. */
export function compileText(
  source: string,
  options: Partial<CompileOptions> = {},
): Promise<Compiled> {
  const { files, ...others } = options;
  return compileModule({
    entry: "assembly/index.ts",
    folder: packageFolder,
    files: { "assembly/index.ts": source, ...files },
    ...others,
  });
}

/** The bytes of a module that must compile. */
export async function wasmOf(
  source: string,
  options: Partial<CompileOptions> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { wasm, errors } = await compileText(source, options);
  assert(wasm !== undefined, `the module does not compile:\n${errors.join("\n")}`);
  return new Uint8Array(wasm);
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A published module, and its owner who asks it. */
export class Database {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  /** The same database for somebody else. */
  async join(): Promise<Database> {
    return new Database(this.url, await newToken(new URL(this.url).origin));
  }

  async request(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<Reply> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    if (path.startsWith("/call/")) headers["content-type"] = "application/json";
    const response = await fetch(this.url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    return { status: response.status, text: await response.text() };
  }

  /** How a call ended: the status, and what came back. */
  async call(name: string, args = "[]"): Promise<string> {
    const { status, text } = await this.request("POST", `/call/${name}`, args);
    return text === "" ? String(status) : `${status} ${text}`;
  }

  /** The rows of a query, as they stand in the reply. */
  async rows(sql: string): Promise<string> {
    const { status, text } = await this.request("POST", "/sql", sql);
    return /"rows":(.*),"total_duration_micros"/s.exec(text)?.[1] ?? `${status} ${text}`;
  }

  /** The module's log: level and message, a line each. */
  async log(): Promise<string[]> {
    const { text } = await this.request("GET", "/logs");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const { level, message } = JSON.parse(line) as { level: string; message: string };
      return `${level} ${message}`;
    });
  }
}

async function newToken(hostUrl: string): Promise<string> {
  const answer = await fetch(`${hostUrl}/v1/identity`, { method: "POST" });
  return ((await answer.json()) as { token: string }).token;
}

/** Publishes modules in a host that runs as long as the test. */
export async function openHost(
  t: Test,
): Promise<(wasm: Uint8Array<ArrayBuffer>) => Promise<Database>> {
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir: t.testdir(),
    moduleHttp: "anywhere",
  });
  t.teardown(() => server.close());
  const url = `http://${server.address}`;
  let count = 0;
  return async (wasm) => {
    const token = await newToken(url);
    const database = new Database(`${url}/v1/database/module-${++count}`, token);
    const { status, text } = await database.request("PUT", "", wasm);
    assert(status === 200, `publishing failed: ${status} ${text}`);
    return database;
  };
}
