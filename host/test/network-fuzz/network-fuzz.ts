// A live host under random frames and requests: it answers each, well-formed, and whoever behaves notices nothing.
//
// WebSockets speak all four protocols with every kind of compression. Of 100 messages about 48 make a reducer run and 14 a procedure, 26
// are calls that are refused before any code runs, 4 are SQL asked once, 4 subscribe and 4 unsubscribe; what they hold is changed by chance where
// it can be without making them undecodable. One frame in ten is a Ping or a Pong, one message in nine comes in parts. One connection in two has up to
// 20 frames, the others up to 800; three in four then send what may end them (one frame in 350), and up to ten frames more.
import { setTimeout as pause } from "node:timers/promises";
import { assert } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { ChildHost } from "../server/child-host.ts";
import { type HostFacts, settledFacts } from "../server/crowd.ts";
import { newToken } from "../server/remote-host.ts";
import { SocketClient } from "../server/socket-client.ts";
import { checkFlat, growth } from "./flat.ts";
import { fuzzPg, newPgTally, type PgTally } from "./pg-fuzz.ts";
import { fuzzHostCommand, pgAddressOf } from "./pg-address.ts";
import { fuzzRequest, type HttpTally, newHttpTally } from "./http-fuzz.ts";
import { ScriptWriter } from "./script.ts";
import { fuzzConnection, newSocketTally, type SocketTally } from "./socket-fuzz.ts";
import { accountCount } from "./template.ts";

const database = "bank";
const firstBalance = 1000;

/** Connections or requests at a time. */
const atOnce = 8;

/** Between two calls of the client that behaves, in milliseconds. */
const witnessPauseMillis = 10;

/** Transactions between two snapshots: the log of millions of calls is deleted as it grows. */
const snapshotEvery = 100_000;

export interface Amounts {
  /** Frames of WebSockets, HTTP requests, messages of PostgreSQL's protocol. */
  readonly frames: number;
  readonly requests: number;
  readonly pgMessages: number;
}

export class NetworkFuzz {
  readonly host: ChildHost;
  readonly sockets: SocketTally = newSocketTally();
  readonly http: HttpTally = newHttpTally();
  readonly pg: PgTally = newPgTally();
  readonly #rounds: HostFacts[] = [];
  readonly #scripts = Array.from({ length: atOnce }, () => new ScriptWriter());
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
    const host = await ChildHost.start(t, { snapshotEvery, wrap: fuzzHostCommand });
    await host.publish(database, "bank");
    await host.publish("kitchen", "kitchen");
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
      await pause(witnessPauseMillis);
    }
  }

  async #many(
    count: () => number,
    wanted: number,
    one: (rng: Rng, lane: number) => Promise<void>,
    seed: number,
  ): Promise<void> {
    let number = 0;
    const run = async (lane: number): Promise<void> => {
      while (count() < wanted) {
        const own = seed * 1_000_000 + number++;
        await one(new Rng(own), lane).catch((thrown: unknown) => {
          throw new Error(`seed ${own}: ${String(thrown)}`);
        });
      }
    };
    const lanes = Array.from({ length: atOnce }, (_, lane) => run(lane));
    await Promise.race([Promise.all(lanes), this.#watching.then(() => Promise.all(lanes))]);
  }

  /** Sends at least so many frames. Rejects with the seed of a connection that found a fault. */
  sendFrames(wanted: number, seed: number): Promise<void> {
    const { sockets, host } = this;
    const end = sockets.frames + wanted;
    const place = { address: host.address, token: this.#stranger };
    return this.#many(
      () => sockets.frames,
      end,
      (rng, lane) => fuzzConnection(rng, place, this.#scripts[lane] as ScriptWriter, sockets),
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

  /** Sends at least so many messages of PostgreSQL's protocol. Rejects with the seed of a connection that found a fault. */
  sendPg(wanted: number, seed: number): Promise<void> {
    const { pg, host } = this;
    const end = pg.messages + wanted;
    const place = { address: pgAddressOf(host), database, token: this.#stranger };
    return this.#many(
      () => pg.messages,
      end,
      (rng) => fuzzPg(rng, place, pg),
      seed,
    );
  }

  /** Sends all that, and tells what the host holds when only the witness is connected. */
  async round({ frames, requests, pgMessages }: Amounts, seed: number): Promise<HostFacts> {
    await this.sendFrames(frames, seed);
    await this.sendRequests(requests, seed);
    await this.sendPg(pgMessages, seed);
    const facts = await settledFacts(this.host, database, 2);
    this.#rounds.push(facts);
    return facts;
  }

  /** What the host's memory has grown by since the first third of the rounds, in bytes. */
  get growth(): number {
    return growth(this.#rounds);
  }

  /** What was sent, and what came of it, in shares of the whole. */
  summary(): string {
    const { frames, messages, spoiled, compressed, payloads, replies, reached, protocols, ends } =
      this.sockets;
    const percent = (part: number, whole: number): string =>
      `${((100 * part) / whole).toFixed(1)} %`;
    const counts = (tally: ReadonlyMap<string, number>): string =>
      [...tally]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, count]) => `${what} ${count}`)
        .join(", ");
    return [
      `${messages} messages in ${frames} frames: ${[...reached].map(([reach, count]) => `${reach} ${percent(count, messages)}`).join(", ")}`,
      `${spoiled} frames that were to end their connection (${percent(spoiled, frames)}); connections: ${counts(protocols)}; ended by ${counts(ends)}`,
      `${replies} answers in ${payloads} payloads, ${compressed} of them compressed`,
      `HTTP: ${counts(this.http.statuses)}`,
      `PostgreSQL: ${this.pg.replies} messages came; ${counts(this.pg.ends)}; ${counts(this.pg.errors)}`,
    ].join("\n");
  }

  /** The host is as large as before, and no money came or went; resolves with the number of the witness's calls that were answered. */
  async finish(): Promise<number> {
    checkFlat(this.#rounds);
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
