// A whole host on a free port over a temporary directory, and clients that speak to it over sockets.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assert,
  decodeServerMessage,
  Reader,
  type ServerMessage,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
} from "@lightcone/abi";
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";
import { WebSocket } from "ws";
import { type RunningServer, type ServerOptions, startServer } from "../../src/index.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** How a socket ended; 1006 is an end without a Close frame. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A running host, by its address. */
export class RemoteHost {
  readonly token: string;
  #address: string;

  constructor(address: string, token: string) {
    this.#address = address;
    this.token = token;
  }

  /** As a new identity. */
  static async open(address: string): Promise<RemoteHost> {
    return new RemoteHost(address, await newToken(address));
  }

  get address(): string {
    return this.#address;
  }

  moved(address: string): void {
    this.#address = address;
  }

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    token: string = this.token,
  ): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body === undefined ? { method, headers } : { method, headers, body };
    const answer = await fetch(`http://${this.address}/v1/${path}`, init);
    return { status: answer.status, text: await answer.text() };
  }

  publish(database: string, program: WasmName | Uint8Array): Promise<HttpAnswer> {
    const bytes = typeof program === "string" ? readWasm(program) : program;
    return this.send("PUT", `database/${database}`, bytes);
  }

  call(database: string, reducer: string, ...args: readonly unknown[]): Promise<HttpAnswer> {
    return this.send("POST", `database/${database}/call/${reducer}`, JSON.stringify(args));
  }

  /** The rows of a query over HTTP, or the text of a refusal. */
  async sql(database: string, text: string): Promise<unknown> {
    const answer = await this.send("POST", `database/${database}/sql`, text);
    if (answer.status !== 200) return `${answer.status} ${answer.text}`;
    const [result] = JSON.parse(answer.text) as { rows: unknown }[];
    return result?.rows;
  }

  /** Asks again and again, for some seconds, until a database answers. */
  async untilOpen(database: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await this.send("GET", `database/${database}`);
      if (answer.status === 200) return;
      assert(tries < 200, `${database} does not open: ${answer.status} ${answer.text}`);
      await pause(50);
    }
  }
}

async function newToken(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/v1/identity`, { method: "POST" });
  const { token } = (await answer.json()) as { token: string };
  return token;
}

type HostOptions = Partial<Omit<ServerOptions, "listenAddr">>;

/** A host in this process. */
export class SocketHost extends RemoteHost {
  readonly dataDir: string;
  #server: RunningServer;
  readonly #options: HostOptions;

  private constructor(server: RunningServer, dataDir: string, token: string, options: HostOptions) {
    super(server.address, token);
    this.#server = server;
    this.dataDir = dataDir;
    this.#options = options;
  }

  static async start(
    t: { teardown(end: () => unknown): void },
    options: HostOptions = {},
  ): Promise<SocketHost> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "lightcone-host-")));
    const server = await startServer({
      report: () => undefined,
      ...options,
      listenAddr: "127.0.0.1:0",
      dataDir,
    });
    const host = new SocketHost(server, dataDir, await newToken(server.address), options);
    t.teardown(async () => {
      await host.#server.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    });
    return host;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Starts again over the same directory; the port is another. */
  async restart(): Promise<void> {
    await this.#server.close();
    const { dataDir } = this;
    this.#server = await startServer({ ...this.#options, listenAddr: "127.0.0.1:0", dataDir });
    this.moved(this.#server.address);
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis);
  });
}

export interface ClientOptions {
  readonly confirmed?: boolean;
  readonly token?: string;
  readonly query?: string;
}

/** One WebSocket of protocol v2. */
export class SocketClient {
  readonly ws: WebSocket;
  /** Resolves when the socket is gone. */
  readonly ended: Promise<SocketEnd>;
  readonly #arrived: ServerMessage[] = [];
  #wake: () => void = () => undefined;
  #end: SocketEnd | undefined;

  constructor(host: RemoteHost, database: string, options: ClientOptions = {}) {
    const { confirmed = true, token = host.token, query = "" } = options;
    const path = `/v1/database/${database}/subscribe?compression=None&confirmed=${confirmed}${query}`;
    this.ws = new WebSocket(`ws://${host.address}${path}`, ["v2.bsatn.spacetimedb"], {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    this.ws.binaryType = "nodebuffer";
    this.ws.on("message", (data: Buffer) => {
      this.#arrived.push(decodeServerMessage(new Reader(data, 1)));
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      // Each error is followed by a close, which tells enough.
      this.ws.on("error", () => undefined);
      this.ws.on("close", (code, reason) => {
        this.#end = { code, reason: reason.toString() };
        resolve(this.#end);
        this.#wake();
      });
    });
  }

  /** A client that has been greeted. */
  static async open(
    host: RemoteHost,
    database: string,
    options: ClientOptions = {},
  ): Promise<SocketClient> {
    const client = new SocketClient(host, database, options);
    const hello = await client.next();
    assert(hello?.kind === "initialConnection", `greeted with ${hello?.kind}`);
    return client;
  }

  /** The next message, or undefined if the socket ends before it comes. */
  async next(): Promise<ServerMessage | undefined> {
    while (this.#arrived.length === 0) {
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#arrived.shift();
  }

  sendCall(reducer: string, args: Uint8Array, requestId = 1): void {
    const writer = new Writer();
    writeCallReducer(writer, requestId, reducer, args);
    this.ws.send(writer.finish());
  }

  /** Calls a reducer with arguments that `write` appends; how it ended, or how the socket did. */
  async call(reducer: string, write: (writer: Writer) => void = () => undefined): Promise<string> {
    const args = new Writer();
    write(args);
    this.sendCall(reducer, args.finish());
    for (;;) {
      const message = await this.next();
      if (message === undefined) return `ended ${JSON.stringify(this.#end)}`;
      if (message.kind !== "reducerResult") continue;
      const { outcome } = message;
      if (outcome.kind === "err") return new Reader(outcome.error).string();
      return outcome.kind === "internalError" ? outcome.error : outcome.kind;
    }
  }

  subscribe(...queries: readonly string[]): void {
    const writer = new Writer();
    writeSubscribe(writer, 1, 1, queries);
    this.ws.send(writer.finish());
  }

  query(text: string): void {
    const writer = new Writer();
    writeOneOffQuery(writer, 1, text);
    this.ws.send(writer.finish());
  }

  async close(): Promise<SocketEnd> {
    this.ws.close();
    return this.ended;
  }
}
