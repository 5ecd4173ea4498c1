// Whatever clients ask in whatever order, no byte that one of them is sent tells of a row that it may not see: not by row rules,
// joins, views of the sender's, shared queries, dropped rows, updates of the program, restarts or other identities.
import {
  ConnectionId,
  type Identity,
  LightconeError,
  type RowListView,
  type ServerMessage,
  type Value,
} from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { limit } from "../../src/base/limit.ts";
import { seededRandom } from "../../src/base/random.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { type Row, tableRows } from "../rows.ts";

const subjects = ["alice", "bob", "carol", "owner"] as const;
const privateTables: readonly string[] = ["vault", "hidden_note", "closed_note"];
/** Coins are told from other numbers by their size. */
const firstCoins = 1_000_000_000_000n;
const secretPattern = /secret-\d+/g;
const coinsPattern = /\b1000000\d{6}\b/g;

const texts: readonly string[] = [
  "SELECT * FROM letter",
  "SELECT * FROM letter WHERE author = :sender",
  "SELECT * FROM letter WHERE reader = :sender AND id > 2",
  "SELECT * FROM letter WHERE id = 3",
  "SELECT letter.* FROM player JOIN letter ON player.identity = letter.author",
  "SELECT letter.* FROM letter JOIN player ON player.identity = letter.reader WHERE player.guild = 1",
  "SELECT * FROM club_news",
  "SELECT * FROM club_news WHERE club = 1",
  "SELECT n.* FROM club_member m JOIN club_news n ON m.club = n.club",
  "SELECT club_member.* FROM club_member JOIN club_news ON club_member.club = club_news.club",
  "SELECT * FROM vault",
  "SELECT * FROM hidden_note",
  "SELECT vault.* FROM player JOIN vault ON player.identity = vault.owner",
  "SELECT * FROM my_purse",
  "SELECT * FROM my_player",
  "SELECT * FROM my_guilds",
  "SELECT my_player.* FROM guild JOIN my_player ON guild.id = my_player.guild",
  "SELECT letter.* FROM my_player JOIN letter ON letter.author = my_player.identity",
  "SELECT * FROM *",
];
const httpTexts: readonly string[] = [
  ...texts,
  "SELECT text FROM letter",
  "SELECT l.text, p.guild FROM letter l JOIN player p",
  "SELECT n.text FROM club_member m JOIN club_news n",
  "SELECT coins FROM vault",
  "SELECT coins FROM my_purse",
  "SELECT a.coins, b.coins AS other FROM my_purse a JOIN my_purse b",
];

/** A program that does the same and is another one: a custom section is all that differs. */
function variant(program: Uint8Array, number: number): Uint8Array {
  return Buffer.concat([program, Uint8Array.of(0, 3, 1, 0x76, number)]);
}

function isSame(value: Value | undefined, identity: Identity): boolean {
  return identity.equals(value as unknown as Identity);
}

type Contents = Readonly<
  Record<"letter" | "club_news" | "club_member" | "vault" | "hidden_note", readonly Row[]>
>;

function contentsOf({ database }: TestHost): Contents {
  return {
    letter: tableRows(database, "letter"),
    club_news: tableRows(database, "club_news"),
    club_member: tableRows(database, "club_member"),
    vault: tableRows(database, "vault"),
    hidden_note: tableRows(database, "hidden_note"),
  };
}

/** What tells of rows that `identity` may see. */
function visibleTo(identity: Identity, contents: Contents): string[] {
  const isOwner = identity.equals(owner);
  const clubs = contents.club_member
    .filter((row) => isSame(row["identity"], identity))
    .map((row) => row["club"]);
  const letters = contents.letter.filter(
    (row) => isOwner || isSame(row["author"], identity) || isSame(row["reader"], identity),
  );
  const news = contents.club_news.filter((row) => isOwner || clubs.includes(row["club"]));
  const vaults = contents.vault.filter((row) => isOwner || isSame(row["owner"], identity));
  return [
    ...[...letters, ...news, ...(isOwner ? contents.hidden_note : [])].map(
      (row) => row["text"] as string,
    ),
    ...vaults.map((row) => `${row["coins"] as bigint}`),
  ];
}

interface SentTable {
  readonly table: string;
  readonly lists: readonly RowListView[];
}

function sentTables(message: ServerMessage): SentTable[] {
  const single = (tables: readonly { table: string; rows: RowListView }[] = []): SentTable[] =>
    tables.map(({ table, rows }) => ({ table, lists: [rows] }));
  switch (message.kind) {
    case "subscribeApplied":
    case "unsubscribeApplied":
      return single(message.tables);
    case "oneOffQueryResult":
      return message.result.kind === "ok" ? single(message.result.tables) : [];
    case "transactionUpdate":
      return updated(message.querySets);
    case "reducerResult":
      return message.outcome.kind === "ok" ? updated(message.outcome.querySets) : [];
    default:
      return [];
  }
}

type QuerySets = Extract<ServerMessage, { kind: "transactionUpdate" }>["querySets"];

function updated(querySets: QuerySets): SentTable[] {
  return querySets.flatMap(({ tables }) =>
    tables.map(({ table, rows }) => ({
      table,
      lists: rows.flatMap((part) =>
        part.kind === "event" ? [part.events] : [part.inserts, part.deletes],
      ),
    })),
  );
}

class World {
  host: TestHost = new TestHost();
  readonly #rng: Rng;
  readonly #clients = new Map<number, TestClient>();
  /** What each identity could see before or after the step under way. */
  readonly #visible = new Map<string, Set<string>>();
  readonly #isMistaken: boolean;
  /** To be checked when the step is over, by what was visible after it as well. */
  readonly #received: (readonly [TestClient, readonly ServerMessage[]])[] = [];
  readonly faults: string[] = [];
  /** How much was told that not everybody may see. */
  toldCount = 0;
  #lastSocket = 0;
  #lastNumber = 0;
  #programNumber = 0;

  /** With `isMistaken` one client is taken for another: the rig has to notice. */
  constructor(seed: number, isMistaken = false) {
    this.#rng = new Rng(seed);
    this.#isMistaken = isMistaken;
  }

  async open(): Promise<void> {
    const service = await this.host.open();
    await service.publish(readWasm("features"), owner);
  }

  #look(): void {
    const contents = contentsOf(this.host);
    for (const identity of new Set([...this.#clients.values()].map((one) => one.identity))) {
      const hex = identity.toHex();
      const known = this.#visible.get(hex) ?? new Set<string>();
      for (const one of visibleTo(identity, contents)) known.add(one);
      this.#visible.set(hex, known);
    }
  }

  /** Checks what tells of a row. */
  #told(identity: Identity, what: string, found: Iterable<string>): void {
    const others = [...this.#visible].find(([hex]) => hex !== identity.toHex())?.[1];
    const visible = this.#isMistaken ? others : this.#visible.get(identity.toHex());
    for (const one of found) {
      this.toldCount++;
      if (visible?.has(one) !== true) this.faults.push(`${what} tells of ${one}`);
    }
  }

  #receive(client: TestClient, messages: readonly ServerMessage[]): void {
    this.#received.push([client, messages]);
  }

  #check(client: TestClient, messages: readonly ServerMessage[]): void {
    const { identity } = client;
    for (const message of messages) {
      for (const { table, lists } of sentTables(message)) {
        const what = `${message.kind} of ${table} for ${client.socket}`;
        if (privateTables.includes(table) && !identity.equals(owner)) {
          this.faults.push(`${what}: it is private`);
        }
        for (const list of lists) this.#checkRows(client, table, list, what);
      }
    }
  }

  #checkRows(client: TestClient, table: string, list: RowListView, what: string): void {
    const { identity } = client;
    const { data } = list;
    if (table === "letter" || table === "club_news") {
      const found = Buffer.from(data).toString("latin1").match(secretPattern) ?? [];
      this.#told(identity, what, found);
    }
    if (table === "my_purse") {
      const view = new DataView(data.buffer, data.byteOffset, data.length);
      for (let at = 0; at < data.length; at += 8) {
        this.#told(identity, what, [`${view.getBigUint64(at, true)}`]);
      }
    }
    const [rowTable, column] = table === "my_player" ? ["player", "identity"] : ["guild", "leader"];
    if (table !== "my_player" && table !== "my_guilds") return;
    for (const row of client.rows(rowTable, list) as Row[]) {
      this.toldCount++;
      if (!isSame(row[column], identity)) this.faults.push(`${what}: of another sender`);
    }
  }

  #connect(): string {
    const socket = ++this.#lastSocket;
    const client = new TestClient(this.host, socket, this.#rng.pick(subjects), socket % 2 === 0);
    this.#clients.set(socket, client);
    return `connect ${socket}`;
  }

  #call(client: TestClient): string {
    const rng = this.#rng;
    const number = ++this.#lastNumber;
    const [club, guild] = [rng.nextBelow(3), rng.nextBelow(3)];
    const text = `secret-${number}`;
    const reader = rng.pick([...this.#clients.values()]).identity as unknown as Value;
    const calls: readonly (readonly [string, Record<string, Value>])[] = [
      ["send_letter", { reader, text }],
      ["send_letter", { reader, text }],
      ["join_club", { club }],
      ["leave_club", {}],
      ["announce", { club, text }],
      ["announce", { club, text }],
      ["set_coins", { coins: firstCoins + BigInt(number) }],
      ["set_player", { name: `player of ${number}`, guild, score: BigInt(number) }],
      ["set_guild", { id: guild, title: `guild ${number}` }],
      ["remove_player", {}],
      ["write_notes", { text }],
      ["send_signal", { kind: club, text }],
    ];
    const [reducer, args] = rng.pick(calls);
    this.#receive(client, client.call(reducer, args));
    return `call ${reducer}`;
  }

  #caller(identity: Identity): Parameters<TestHost["service"]["sql"]>[1] {
    const connectionId = new ConnectionId(BigInt(1_000_000 + ++this.#lastNumber));
    return { identity, connectionId, jwtPayload: `{"iss":"localhost","sub":"http"}` };
  }

  /** A statement over HTTP; refusals are answers too. */
  async #sql(identity: Identity, text: string): Promise<string> {
    let told: string;
    try {
      const answer = await this.host.service.sql(text, this.#caller(identity), false);
      told = "kind" in answer ? "" : Buffer.concat(answer.pieces).toString();
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      told = thrown.message;
    }
    const found = [...(told.match(secretPattern) ?? []), ...(told.match(coinsPattern) ?? [])];
    // Signals and open notes are for everybody; no statement asks for them.
    this.#look();
    if (text.startsWith("SELECT")) this.#told(identity, text, found);
    return text;
  }

  /** The owner changes rows by hand. */
  #change(client: TestClient): Promise<string> {
    const rng = this.#rng;
    const [id, club] = [1 + rng.nextBelow(8), rng.nextBelow(3)];
    const who = `0x${client.identity.toHex()}`;
    const text = `secret-${++this.#lastNumber}`;
    return this.#sql(
      owner,
      rng.pick([
        `UPDATE letter SET text = '${text}' WHERE id = ${id}`,
        `UPDATE letter SET reader = ${who} WHERE id = ${id}`,
        `UPDATE letter SET author = ${who}, text = '${text}' WHERE id > ${id}`,
        `DELETE FROM letter WHERE id = ${id}`,
        `UPDATE club_member SET club = ${club}`,
        `DELETE FROM club_member WHERE identity = ${who}`,
        `UPDATE club_news SET club = ${club} WHERE id = ${id}`,
        `UPDATE vault SET owner = ${who} WHERE coins > ${firstCoins + BigInt(id * 20)}`,
        `DELETE FROM vault WHERE owner = ${who}`,
      ]),
    );
  }

  async #restart(): Promise<string> {
    await this.host.database.log.flush();
    if (this.#rng.nextBelow(2) === 0) await this.host.database.snapshot();
    this.#clients.clear();
    this.host = new TestHost((this.host.disk as MemoryDisk).crash(seededRandom(1)));
    await this.host.open();
    return "restart";
  }

  async #publish(): Promise<string> {
    const number = ++this.#programNumber % 128;
    await this.host.service.publish(variant(readWasm("features"), number), owner);
    return "publish";
  }

  /** One random thing; returns what it was. */
  async step(): Promise<string> {
    const rng = this.#rng;
    const dice = rng.nextBelow(100);
    if (this.#clients.size === 0 || (dice < 8 && this.#clients.size < 6)) return this.#connect();
    const client = rng.pick([...this.#clients.values()]);
    if (dice < 11) {
      this.#clients.delete(client.socket);
      this.host.service.disconnect(client.socket);
      this.host.service.endTurn();
      return `disconnect ${client.socket}`;
    }
    if (dice < 12) return rng.nextBelow(2) === 0 ? this.#restart() : this.#publish();
    if (dice < 16) {
      this.host.clock.advance(BigInt(limit.viewIdleMillisMax + limit.viewSweepMillis) * 1000n);
      this.host.service.endTurn();
      return "time passes";
    }
    const setId = rng.nextBelow(5);
    if (dice < 34) {
      const asked = Array.from({ length: 1 + rng.nextBelow(2) }, () => rng.pick(texts));
      this.#receive(client, client.subscribe(setId, ...asked));
      return `subscribe ${client.socket} ${setId} ${asked.join("; ")}`;
    }
    if (dice < 40) {
      this.#receive(client, client.unsubscribe(setId));
      return `unsubscribe ${client.socket} ${setId}`;
    }
    if (dice < 48) {
      const text = rng.pick(texts);
      this.#receive(client, client.query(text));
      return `query ${client.socket} ${text}`;
    }
    if (dice < 56) return this.#sql(client.identity, rng.pick(httpTexts));
    if (dice < 70) return this.#change(client);
    return this.#call(client);
  }

  /** One step and all that clients are sent for it. Returns what was wrong, with what was done. */
  async run(): Promise<string[]> {
    this.#visible.clear();
    this.#look();
    this.#received.length = 0;
    const what = await this.step();
    this.host.service.endTurn();
    this.#look();
    await this.host.database.log.flush();
    for (const client of this.#clients.values()) {
      this.#receive(client, this.host.take(client.socket));
    }
    for (const [client, messages] of this.#received) this.#check(client, messages);
    this.faults.push(...this.host.failures);
    return this.faults.length === 0 ? [] : [what, ...this.faults];
  }
}

/** Runs a world until something is wrong; returns the step and what that was. */
async function firstFault(world: World, stepCount: number): Promise<string[]> {
  await world.open();
  for (let step = 0; step < stepCount; step++) {
    const faults = await world.run();
    if (faults.length > 0) return [`step ${step}`, ...faults];
  }
  return [];
}

void test("nobody is sent what tells of a row that it may not see", async (t) => {
  for (const seed of testSeeds(2)) {
    const world = new World(seed);
    t.same(await firstFault(world, 200), [], `seed ${seed}`);
    t.ok(world.toldCount > 30, `seed ${seed} told ${world.toldCount} things`);
  }
});

void test("a client that is taken for another would be noticed", async (t) => {
  for (const seed of testSeeds(1)) t.not((await firstFault(new World(seed, true), 200)).length, 0);
});
