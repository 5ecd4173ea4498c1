// A host in its own process that serves the bank.
import { join } from "node:path";
import { Identity } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { Remote } from "../remote.ts";
import type { Workshop } from "../workshop.ts";
import type { HostMethods } from "./host-process.ts";
import type { LoadTarget } from "./load.ts";
import { accountCount, type BankLanguage, bankModules, firstBalance } from "./settings.ts";
import { type ToldCounts, verifyBank } from "./verify.ts";

/** Where a host keeps its databases, each in a folder named by its identity. */
const replicasFolder = "replicas";

export class BankServer {
  readonly host: Remote<HostMethods>;
  readonly #workshop: Workshop;
  readonly #dataDir: string;
  #address = "";
  #token = "";
  #identity = Identity.zero;

  private constructor(workshop: Workshop) {
    this.#workshop = workshop;
    this.#dataDir = workshop.makeDirectory();
    const script = new URL("./host-process.js", import.meta.url);
    this.host = new Remote("host", workshop.startProcess(script));
  }

  /** Starts the host, publishes the bank and seeds it. */
  static async start(workshop: Workshop, language: BankLanguage = "rust"): Promise<BankServer> {
    const server = new BankServer(workshop);
    const { address } = await server.host.call("start", { dataDir: server.#dataDir });
    server.#address = address;
    const identity = (await server.#request("POST", "/v1/identity")) as { token: string };
    server.#token = identity.token;
    const program = readWasm(bankModules[language]);
    const published = (await server.#request("PUT", "/v1/database/bank", program)) as {
      Success: { database_identity: string };
    };
    server.#identity = Identity.fromHex(published.Success.database_identity);
    const seed = JSON.stringify([accountCount, firstBalance]);
    await server.#request("POST", "/v1/database/bank/call/seed", seed);
    return server;
  }

  /** Where the host keeps code made of modules. */
  get cacheDirectory(): string {
    return join(this.#dataDir, "cache");
  }

  /** Publishes a program as a database of that name, or as new code for it. */
  async publish(name: string, program: Uint8Array): Promise<void> {
    await this.#request("PUT", `/v1/database/${name}`, program);
  }

  /** Where clients that send transfers of a skew connect. */
  target(alpha: number, isConfirmed: boolean): LoadTarget {
    const query = `compression=None&confirmed=${isConfirmed}`;
    const url = `ws://${this.#address}/v1/database/bank/subscribe?${query}`;
    return { kind: "bank", url, token: this.#token, alpha };
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

  /** Stops the host, verifies what it left on the disk, and removes that. */
  async stop(told: ToldCounts): Promise<void> {
    await this.host.call("stop", null);
    await this.host.end();
    await verifyBank(
      join(this.#dataDir, replicasFolder, this.#identity.toHex()),
      this.#identity,
      told,
    );
    this.#workshop.removeDirectory(this.#dataDir);
  }
}
