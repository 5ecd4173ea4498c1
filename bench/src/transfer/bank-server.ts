// A host in its own process that serves the bank.
import { join } from "node:path";
import { Identity } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { HostApi } from "../host-api.ts";
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
  readonly #api: HostApi;
  readonly #identity: Identity;

  private constructor(
    workshop: Workshop,
    dataDir: string,
    host: Remote<HostMethods>,
    api: HostApi,
    identity: Identity,
  ) {
    this.#workshop = workshop;
    this.#dataDir = dataDir;
    this.host = host;
    this.#api = api;
    this.#identity = identity;
  }

  /** Starts the host, publishes the bank and seeds it. */
  static async start(workshop: Workshop, language: BankLanguage = "rust"): Promise<BankServer> {
    const dataDir = workshop.makeDirectory();
    const script = new URL("./host-process.js", import.meta.url);
    const host = new Remote<HostMethods>("host", workshop.startProcess(script));
    const { address } = await host.call("start", { dataDir });
    const api = await HostApi.open(address);
    const program = readWasm(bankModules[language]);
    const published = (await api.request("PUT", "/v1/database/bank", program)) as {
      Success: { database_identity: string };
    };
    const identity = Identity.fromHex(published.Success.database_identity);
    const seed = JSON.stringify([accountCount, firstBalance]);
    await api.request("POST", "/v1/database/bank/call/seed", seed);
    return new BankServer(workshop, dataDir, host, api, identity);
  }

  /** Where the host keeps code made of modules. */
  get cacheDirectory(): string {
    return join(this.#dataDir, "cache");
  }

  /** Publishes a program as a database of that name, or as new code for it. */
  async publish(name: string, program: Uint8Array): Promise<void> {
    await this.#api.request("PUT", `/v1/database/${name}`, program);
  }

  /** Where clients that send transfers of a skew connect. */
  target(alpha: number, isConfirmed: boolean): LoadTarget {
    const query = `compression=None&confirmed=${isConfirmed}`;
    const url = `ws://${this.#api.address}/v1/database/bank/subscribe?${query}`;
    return { kind: "bank", url, token: this.#api.token, alpha };
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
