// A host in its own process that serves one database to those who watch.
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";
import { HostApi } from "../host-api.ts";
import { Remote } from "../remote.ts";
import type { Workshop } from "../workshop.ts";
import type { SocketTarget } from "./clients-process.ts";
import type { HostMethods } from "./host-process.ts";

export class WatchedServer {
  readonly host: Remote<HostMethods>;
  readonly #workshop: Workshop;
  readonly #dataDir: string;
  readonly #api: HostApi;

  private constructor(
    workshop: Workshop,
    dataDir: string,
    host: Remote<HostMethods>,
    api: HostApi,
  ) {
    this.#workshop = workshop;
    this.#dataDir = dataDir;
    this.host = host;
    this.#api = api;
  }

  /** Starts the host and publishes the module as the database `watched`. */
  static async start(workshop: Workshop, moduleName: WasmName): Promise<WatchedServer> {
    const dataDir = workshop.makeDirectory();
    const script = new URL("./host-process.js", import.meta.url);
    const host = new Remote<HostMethods>("host", workshop.startProcess(script));
    const { address } = await host.call("start", { dataDir });
    const api = await HostApi.open(address);
    await api.request("PUT", "/v1/database/watched", readWasm(moduleName));
    return new WatchedServer(workshop, dataDir, host, api);
  }

  /** Where clients connect that want nothing confirmed: what is measured is not the disk. */
  get target(): SocketTarget {
    const query = "compression=None&confirmed=false";
    const url = `ws://${this.#api.address}/v1/database/watched/subscribe?${query}`;
    return { url, token: this.#api.token };
  }

  async call(reducer: string, args: readonly number[]): Promise<void> {
    await this.#api.request("POST", `/v1/database/watched/call/${reducer}`, JSON.stringify(args));
  }

  async stop(): Promise<void> {
    await this.host.call("stop", null);
    await this.host.end();
    this.#workshop.removeDirectory(this.#dataDir);
  }
}
