// A live host under random frames and requests: it answers each, well-formed, and whoever behaves notices nothing.
import { assert } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { ChildHost } from "../server/child-host.ts";
import { type HostFacts, settledFacts } from "../server/crowd.ts";
import { newToken } from "../server/remote-host.ts";
import { SocketClient } from "../server/socket-client.ts";
import { fuzzRequest, type HttpTally, newHttpTally } from "./http-fuzz.ts";
import { accountCount } from "./messages.ts";
import { fuzzConnection, newSocketTally, type SocketTally } from "./socket-fuzz.ts";

const database = "bank";
const firstBalance = 1000;

/** Connections or requests at a time. */
const atOnce = 8;

export class NetworkFuzz {
  readonly host: ChildHost;
  readonly sockets: SocketTally = newSocketTally();
  readonly http: HttpTally = newHttpTally();
  readonly #witness: SocketClient;
  readonly #stranger: string;
  readonly #identity: string;
  #isWatching = true;
  #witnessed = 0;
  readonly #watching: Promise<void>;

  private constructor(host: ChildHost, witness: SocketClient, stranger: string, identity: string) {
    this.host = host;
    this.#witness = witness;
    this.#stranger = stranger;
    this.#identity = identity;
    this.#watching = this.#watch();
  }

  static async open(t: { teardown(end: () => unknown): void }): Promise<NetworkFuzz> {
    const host = await ChildHost.start(t);
    await host.publish(database, "bank");
    await host.call(database, "seed", accountCount, firstBalance);
    const { text } = await host.send("GET", `database/${database}/identity`);
    const witness = await SocketClient.open(host, database);
    return new NetworkFuzz(host, witness, await newToken(host.address), text);
  }

  /** Somebody who behaves: each of its calls is answered. */
  async #watch(): Promise<void> {
    while (this.#isWatching) {
      const answer = await this.#witness.call("transfer", (writer) => {
        writer.u32(1);
        writer.u32(2);
        writer.i64(0n);
      });
      assert(answer === "amount must be positive, got 0", `a good client was answered: ${answer}`);
      this.#witnessed++;
    }
  }

  async #many(
    count: () => number,
    wanted: number,
    one: (rng: Rng) => Promise<void>,
    seed: number,
  ): Promise<void> {
    let number = 0;
    const lane = async (): Promise<void> => {
      while (count() < wanted) {
        const own = seed * 1_000_000 + number++;
        await one(new Rng(own)).catch((thrown: unknown) => {
          throw new Error(`seed ${own}: ${String(thrown)}`);
        });
      }
    };
    const lanes = Array.from({ length: atOnce }, lane);
    await Promise.race([Promise.all(lanes), this.#watching.then(() => Promise.all(lanes))]);
  }

  /** Sends at least so many frames. Rejects with the seed of a connection that found a fault. */
  sendFrames(wanted: number, seed: number): Promise<void> {
    const { sockets, host } = this;
    const end = sockets.frames + wanted;
    return this.#many(
      () => sockets.frames,
      end,
      (rng) => fuzzConnection(rng, host.address, database, this.#stranger, sockets),
      seed,
    );
  }

  /** Sends so many requests. Rejects with the seed of one that found a fault. */
  sendRequests(wanted: number, seed: number): Promise<void> {
    const { http, host } = this;
    const names = { database, identity: this.#identity, tokens: [this.#stranger] };
    return this.#many(
      () => http.requests,
      http.requests + wanted,
      (rng) => fuzzRequest(rng, host.address, names, http),
      seed,
    );
  }

  /** What the host holds when only the witness is connected. */
  facts(): Promise<HostFacts> {
    return settledFacts(this.host, database, 2);
  }

  /** No money came or went; how many calls of the witness were answered. */
  async finish(): Promise<number> {
    this.#isWatching = false;
    await this.#watching;
    const rows = await this.host.sql(database, "SELECT SUM(balance) AS s FROM account");
    assert(
      JSON.stringify(rows) === `[[${accountCount * firstBalance}]]`,
      `the accounts hold ${JSON.stringify(rows)}`,
    );
    await this.#witness.close();
    return this.#witnessed;
  }
}
