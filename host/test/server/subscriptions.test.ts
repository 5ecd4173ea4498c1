// What a subscription promises, over sockets and under load: a first result of one moment, then each later change once and in order, by
// whatever a client asks in between (sql-and-subscriptions.md section 10).
import { setTimeout as pause } from "node:timers/promises";
import {
  compileCodec,
  type Identity,
  identityType,
  type ServerMessage,
  Writer,
} from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { type HeldRows, Mirror } from "../session/mirror.ts";
import { ChildHost } from "./child-host.ts";
import { newToken } from "./remote-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time on a busy machine.
t.setTimeout(300_000);

/** A client that keeps what it is told, while it asks for more without waiting. */
class Watcher {
  readonly socket: SocketClient;
  readonly mirror: Mirror = new Mirror();
  readonly faults: string[] = [];
  /** Calls of reducers that were answered. */
  answered = 0;
  updates = 0;
  /** Query sets asked for and not ended, with their queries. */
  readonly open: Map<number, readonly string[]> = new Map();
  #asked = 0;
  #told = 0;
  readonly #check: (mirror: Mirror, message: ServerMessage) => string | undefined;

  constructor(
    socket: SocketClient,
    check: (mirror: Mirror, message: ServerMessage) => string | undefined = () => undefined,
  ) {
    this.socket = socket;
    this.#check = check;
    void this.#read();
  }

  static async open(host: ChildHost, database: string, token = host.token): Promise<Watcher> {
    return new Watcher(await SocketClient.open(host, database, { token }));
  }

  async #read(): Promise<void> {
    for (;;) {
      const message = await this.socket.next();
      if (message === undefined) return;
      this.mirror.take([message]);
      if (message.kind === "reducerResult") this.answered++;
      if (message.kind === "transactionUpdate") this.updates++;
      if (message.kind === "subscriptionError") this.faults.push(message.error);
      if (message.kind === "subscribeApplied" || message.kind === "unsubscribeApplied")
        this.#told++;
      const fault = this.#check(this.mirror, message);
      if (fault !== undefined) this.faults.push(fault);
    }
  }

  subscribe(querySetId: number, ...queries: readonly string[]): void {
    this.#asked++;
    this.open.set(querySetId, queries);
    this.socket.subscribeSet(querySetId, ...queries);
  }

  unsubscribe(querySetId: number): void {
    this.#asked++;
    this.open.delete(querySetId);
    this.socket.unsubscribe(querySetId);
  }

  /** Waits until all that was asked for is answered. */
  async settled(): Promise<void> {
    await until(() => this.#told === this.#asked);
  }

  /** What is wrong with what it holds: of each of its sets it should hold what a client that asks anew is told. */
  async differences(host: ChildHost, database: string, token = host.token): Promise<string[]> {
    await this.settled();
    const fresh = await Watcher.open(host, database, token);
    for (const [querySetId, queries] of this.open) fresh.subscribe(querySetId, ...queries);
    await fresh.settled();
    // What was committed before the fresh client asked may still be under way to this one.
    await until(() => show(this.mirror) === show(fresh.mirror)).catch(() => undefined);
    await fresh.socket.close();
    const [is, should] = [show(this.mirror), show(fresh.mirror)];
    const difference = is === should ? [] : [`held ${is}\nnot ${should}`];
    return [...this.mirror.faults, ...this.faults, ...difference];
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error("waited for half a minute");
    await pause(5);
  }
}

function show({ sets }: Mirror): string {
  const lines = [...sets].map(([id, tables]) => {
    const shown = [...tables].map(([table, rows]) => {
      const counted = [...rows].map(([row, count]) => `${row} x ${count}`);
      return `${table}: ${counted.sort(compareText).join()}`;
    });
    const filled = shown.filter((text) => !text.endsWith(": "));
    return `${id} ${filled.sort(compareText).join("; ")}`;
  });
  return lines.sort(compareText).join("\n");
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Calls again and again, some calls at a time, until it is stopped. */
class Load {
  callCount = 0;
  #isStopped = false;
  readonly #ended: Promise<void>;

  constructor(client: SocketClient, pipelined: number, send: (number: number) => void) {
    this.#ended = this.#run(client, pipelined, send);
  }

  async #run(client: SocketClient, pipelined: number, send: (n: number) => void): Promise<void> {
    let sent = 0;
    for (; sent < pipelined; sent++) send(sent);
    for (; this.callCount < sent;) {
      const message = await client.next();
      if (message === undefined) return;
      if (message.kind !== "reducerResult") continue;
      this.callCount++;
      if (!this.#isStopped) send(sent++);
    }
  }

  /** Stops when all calls are answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }
}

// More than a first result reads at once.
const accountCount = 20_000;
const balance = 1000n;
const all = "SELECT * FROM account";

function sumOf(rows: HeldRows): bigint {
  let sum = 0n;
  for (const [hex, count] of rows) {
    sum += Buffer.from(hex, "hex").readBigInt64LE(4) * BigInt(count);
  }
  return sum;
}

/** A bank whose accounts pay each other. */
async function openBank(host: ChildHost): Promise<Load> {
  await host.publish("bank", "bank");
  const payer = await SocketClient.open(host, "bank");
  await payer.call("seed", (writer) => {
    writer.u32(accountCount);
    writer.i64(balance);
  });
  const rng = new Rng(1);
  return new Load(payer, 50, () => {
    const from = rng.nextBelow(accountCount);
    const to = (from + 1 + rng.nextBelow(accountCount - 1)) % accountCount;
    payer.sendCall("transfer", transferBytes(from, to));
  });
}

function transferBytes(from: number, to: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(from, 0);
  bytes.writeUInt32LE(to, 4);
  bytes.writeBigInt64LE(1n, 8);
  return bytes;
}

/** A set that watches all accounts holds all the money, at whichever moment. */
function moneyFault(mirror: Mirror, message: ServerMessage): string | undefined {
  if (message.kind !== "subscribeApplied") return undefined;
  const rows = mirror.sets.get(message.querySetId)?.get("account");
  if (rows?.size !== accountCount) return undefined;
  const sum = sumOf(rows);
  return sum === BigInt(accountCount) * balance ? undefined : `a first result holds ${sum}`;
}

void test("[SQL5] [SQL17] first results are of one moment, and every later change follows", async (t) => {
  const host = await ChildHost.start(t);
  const load = await openBank(host);
  const start = Date.now();
  const watcher = new Watcher(await SocketClient.open(host, "bank"), moneyFault);
  for (let round = 1; round <= 6; round++) {
    watcher.subscribe(round, all);
    watcher.subscribe(100 + round, "SELECT * FROM account WHERE balance <> 1000");
    await watcher.settled();
    t.equal(watcher.mirror.sets.get(round)?.get("account")?.size, accountCount);
  }
  const { callCount } = load;
  const seconds = (Date.now() - start) / 1000;
  await load.stop();
  t.same(await watcher.differences(host, "bank"), []);
  t.ok(callCount > 100 && watcher.updates > 100, "others went on meanwhile");
  t.comment(`${Math.round(callCount / seconds)} calls/s, ${watcher.updates} updates`);
});

for (const seed of testSeeds(2)) {
  void test(`sets come and go without a wait, seed ${seed}`, async (t) => {
    const host = await ChildHost.start(t);
    const load = await openBank(host);
    const rng = new Rng(seed);
    const watcher = new Watcher(await SocketClient.open(host, "bank"), moneyFault);
    const queries = [
      "SELECT * FROM account WHERE id < 50",
      "SELECT * FROM account WHERE id = 7",
      "SELECT * FROM account WHERE balance < 1000",
      "SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE b.balance > 1000 AND a.id < 5000",
    ];
    for (let round = 0; round < 60; round++) {
      // What is asked in one turn: a set may end and begin again with the same queries, and two may have the same ones.
      for (let asked = rng.nextBelow(6); asked >= 0; asked--) {
        const querySetId = 1 + rng.nextBelow(4);
        const known = watcher.open.get(querySetId);
        if (known === undefined) {
          watcher.subscribe(querySetId, rng.pick(queries), rng.pick(queries));
          continue;
        }
        watcher.unsubscribe(querySetId);
        if (rng.nextBelow(2) === 0) watcher.subscribe(querySetId, ...known);
      }
      if (round % 20 === 0) watcher.subscribe(1000 + round, all);
      if (rng.nextBelow(3) === 0) await watcher.settled();
    }
    await watcher.settled();
    await load.stop();
    t.same(await watcher.differences(host, "bank"), []);
    t.ok(watcher.updates > 100, `${watcher.updates} updates`);
  });
}

void test("who leaves in the middle of a first result takes nothing along", async (t) => {
  const host = await ChildHost.start(t);
  const load = await openBank(host);
  const watcher = new Watcher(await SocketClient.open(host, "bank"));
  watcher.subscribe(1, "SELECT * FROM account WHERE id < 1000");
  for (let round = 0; round < 20; round++) {
    const other = await SocketClient.open(host, "bank");
    other.subscribeSet(1, all);
    other.subscribeSet(2, `${all} WHERE balance <> ${round}`);
    await pause(round % 5);
    if (round % 2 === 0) other.ws.terminate();
    else other.ws.close();
    await other.ended;
  }
  await load.stop();
  t.same(await watcher.differences(host, "bank"), []);
});

/** A program that does the same and is another one: a custom section is all that differs. */
function variant(program: Uint8Array, number: number): Uint8Array {
  return Buffer.concat([program, Uint8Array.of(0, 3, 1, 0x76, number)]);
}

const kinds = ["join_club", "announce", "send_letter", "send_signal", "set_coins", "set_player"];

/** A call of the module `features` by chance; `number` names its rows. */
function randomCall(rng: Rng, caller: Watcher, others: readonly Watcher[], number: number): void {
  const reducer = rng.pick(kinds);
  const writer = new Writer();
  const text = `text ${number}`;
  switch (reducer) {
    case "join_club":
      writer.u32(rng.nextBelow(3));
      break;
    case "announce":
      writer.u32(rng.nextBelow(3));
      writer.string(text);
      break;
    case "send_letter":
      identityCodec.write(writer, rng.pick(others).socket.identity);
      writer.string(text);
      break;
    case "send_signal":
      writer.u8(1);
      writer.string(text);
      break;
    case "set_coins":
      writer.u64(BigInt(number));
      break;
    default:
      writer.string(`player of ${others.indexOf(caller)}`);
      writer.u32(rng.nextBelow(2));
      writer.i64(BigInt(number));
  }
  caller.socket.sendCall(reducer, writer.finish());
}

const identityCodec = compileCodec<Identity>(identityType);

void test("[SQL5] [SQL19] [SQL23] rules, views and events, each client's own, across an update of the module", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("features", "features")).status, 200);
  const tokens = [host.token, await newToken(host.address), await newToken(host.address)];
  const watchers = await Promise.all(tokens.map((token) => Watcher.open(host, "features", token)));
  for (const watcher of watchers) {
    // The same texts from all, at once.
    watcher.subscribe(1, "SELECT * FROM letter", "SELECT * FROM club_news");
    watcher.subscribe(2, "SELECT * FROM my_purse", "SELECT * FROM my_player");
    watcher.subscribe(3, "SELECT * FROM standings");
    watcher.subscribe(4, "SELECT * FROM letter WHERE author = :sender");
    watcher.subscribe(5, "SELECT * FROM signal");
  }
  for (const watcher of watchers) await watcher.settled();
  const rng = new Rng(3);
  let number = 0;
  for (let round = 0; round < 12; round++) {
    const publishing =
      round % 4 === 3 ? host.publish("features", variant(readWasm("features"), round)) : undefined;
    for (const watcher of watchers) {
      for (let i = 0; i < 10; i++) randomCall(rng, watcher, watchers, ++number);
      if (!watcher.open.has(6)) watcher.subscribe(6, "SELECT * FROM my_purse");
      else watcher.unsubscribe(6);
    }
    t.equal((await publishing)?.status ?? 200, 200);
  }
  for (const watcher of watchers) await until(() => watcher.answered === number / watchers.length);
  const heard = watchers.map(({ mirror }) => mirror.events.join("\n"));
  t.ok(heard[0]?.includes("5 signal"), "there were events");
  t.same(new Set(heard).size, 1, "everybody heard of every event, in the same order");
  for (const [i, watcher] of watchers.entries()) {
    const differences = await watcher.differences(host, "features", tokens[i]);
    t.same(differences, [], `client ${i}`);
  }
  const letters = watchers.map(({ mirror }) => mirror.sets.get(1)?.get("letter")?.size ?? 0);
  t.ok(
    letters.slice(1).every((count) => count > 0 && count < (letters[0] ?? 0)),
    `the owner sees more letters than others: ${letters.join()}`,
  );
});
