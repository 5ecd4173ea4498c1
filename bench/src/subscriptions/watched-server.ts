// A host in its own process that serves one database to those who watch.
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";
import { Remote } from "../remote.ts";
import type { Workshop } from "../workshop.ts";
import type { SocketTarget } from "./clients-process.ts";
import type { HostMethods } from "./host-process.ts";

export class WatchedServer {
  readonly host: Remote<HostMethods>;
  readonly #workshop: Workshop;
  readonly #dataDir: string;
  #address = "";
  #token = "";

  private constructor(workshop: Workshop) {
    this.#workshop = workshop;
    this.#dataDir = workshop.makeDirectory();
    const script = new URL("./host-process.js", import.meta.url);
    this.host = new Remote("host", workshop.startProcess(script));
  }

  /** Starts the host and publishes the module as the database `watched`. */
  static async start(workshop: Workshop, moduleName: WasmName): Promise<WatchedServer> {
    const server = new WatchedServer(workshop);
    const { address } = await server.host.call("start", { dataDir: server.#dataDir });
    server.#address = address;
    const identity = (await server.#request("POST", "/v1/identity")) as { token: string };
    server.#token = identity.token;
    await server.#request("PUT", "/v1/database/watched", readWasm(moduleName));
    return server;
  }

  /** Where clients connect that want nothing confirmed: what is measured is not the disk. */
  get target(): SocketTarget {
    const query = "compression=None&confirmed=false";
    const url = `ws://${this.#address}/v1/database/watched/subscribe?${query}`;
    return { url, token: this.#token };
  }

  async call(reducer: string, args: readonly number[]): Promise<void> {
    await this.#request("POST", `/v1/database/watched/call/${reducer}`, JSON.stringify(args));
  }

  async #request(method: string, path: string, body?: string | Uint8Array): Promise<unknown> {
    const isText = typeof body === "string";
    const response = await fetch(`http://${this.#address}${path}`, {
      method,
      headers: {
        ...(this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(isText ? { "content-type": "application/json" } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async stop(): Promise<void> {
    await this.host.call("stop", null);
    await this.host.end();
    this.#workshop.removeDirectory(this.#dataDir);
  }
}
