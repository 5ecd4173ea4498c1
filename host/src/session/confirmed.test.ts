// Confirmed reads: nothing before it is durable, then all in order (protocol.md section 7.9, runtime.md scenario 17); and what
// a disk that fails does to a database (design decision 8).
import { test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import { MemoryDisk } from "../base/disk/memory.ts";
import { seededRandom } from "../base/random.ts";
import { owner, TestClient, TestHost } from "./test-client.ts";

/** A disk whose syncs wait while it is held. */
class HeldDisk {
  readonly disk: MemoryDisk;
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;

  constructor() {
    this.disk = new MemoryDisk({ beforeSync: () => this.#gate ?? Promise.resolve() });
  }

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Lets syncs through, and returns when those under way have been told of. */
  async release(host: TestHost): Promise<void> {
    this.#gate = undefined;
    this.#open();
    await host.database.log.flush();
  }
}

interface World {
  readonly held: HeldDisk;
  readonly host: TestHost;
  readonly confirmed: TestClient;
  readonly unconfirmed: TestClient;
}

async function open(): Promise<World> {
  const held = new HeldDisk();
  const host = new TestHost(held.disk);
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const confirmed = new TestClient(host, 1, "alice", true);
  const unconfirmed = new TestClient(host, 2, "bob");
  await host.database.log.flush();
  host.take(1);
  host.take(2);
  return { held, host, confirmed, unconfirmed };
}

const kinds = (messages: readonly { kind: string }[]): string[] => messages.map(({ kind }) => kind);

/** Lets everything run that is not held back. */
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

void test("[scenario 17] a confirmed client is told after the sync, an unconfirmed one at once", async (t) => {
  const { held, host, confirmed, unconfirmed } = await open();
  confirmed.subscribe(1, "SELECT * FROM item");
  unconfirmed.subscribe(1, "SELECT * FROM item");
  host.take(1);
  held.hold();
  t.same(kinds(unconfirmed.call("upsert", { id: 1, text: "a" }, 10)), ["reducerResult"]);
  t.same(kinds(confirmed.call("upsert", { id: 2, text: "b" }, 11)), []);
  t.same(
    kinds(confirmed.call("fail", { message: "no" }, 12)),
    [],
    "nor what would not need to wait",
  );
  t.same(kinds(confirmed.query("SELECT * FROM item")), []);
  t.same(kinds(confirmed.subscribe(2, "SELECT * FROM nothing")), []);
  t.same(kinds(host.take(2)), ["transactionUpdate"], "others see it before it is durable");
  await turn();
  t.same(host.take(1), []);
  await held.release(host);
  const messages = host.take(1);
  t.same(kinds(messages), [
    "transactionUpdate",
    "reducerResult",
    "reducerResult",
    "oneOffQueryResult",
    "subscriptionError",
  ]);
  t.match(messages, [{}, { requestId: 11 }, { requestId: 12 }]);
  t.same(
    kinds(confirmed.query("SELECT * FROM item")),
    ["oneOffQueryResult"],
    "at once, if nothing waits",
  );
});

void test("the greeting does not wait, what follows does", async (t) => {
  const { held, host } = await open();
  held.hold();
  const carol = new TestClient(host, 3, "carol", true);
  t.same(kinds(host.take(3)), ["initialConnection"]);
  t.same(carol.subscribe(1, "SELECT * FROM item"), []);
  await held.release(host);
  t.same(kinds(host.take(3)), ["subscribeApplied"]);
});

void test("groups leave one after the other, each when it is durable", async (t) => {
  const { held, host, confirmed } = await open();
  held.hold();
  t.same(confirmed.call("upsert", { id: 1, text: "a" }, 1), []);
  await turn();
  t.same(confirmed.call("upsert", { id: 2, text: "b" }, 2), []);
  t.same(confirmed.call("upsert", { id: 3, text: "c" }, 3), []);
  await held.release(host);
  t.match(host.take(1), [{ requestId: 1 }, { requestId: 2 }, { requestId: 3 }]);
});

void test("a socket that is closed gets the answers to what it asked before", async (t) => {
  const { held, host, confirmed, unconfirmed } = await open();
  held.hold();
  confirmed.call("upsert", { id: 1, text: "a" });
  confirmed.raw(new Uint8Array([250]));
  t.same(host.closed, [], "its answer is not durable yet");
  t.same(kinds(unconfirmed.raw(new Uint8Array([250]))), []);
  t.match(host.closed, [{ socket: 2, code: 1011 }]);
  await held.release(host);
  t.same(kinds(host.take(1)), ["reducerResult"]);
  t.match(host.closed, [{ socket: 2 }, { socket: 1, code: 1011, reason: /unknown tag 250/ }]);
});

void test("closing tells everybody, after the answers to what they asked", async (t) => {
  const { held, host, confirmed, unconfirmed } = await open();
  held.hold();
  confirmed.call("upsert", { id: 1, text: "a" });
  const closing = host.service.close("the host is stopping");
  await turn();
  t.match(host.closed, [{ socket: 2, code: 1001, reason: "the host is stopping" }]);
  t.same(unconfirmed.call("whoami"), [], "nothing is taken any more");
  const call = { identity: owner, connectionId: confirmed.connectionId, jwtPayload: "{}" };
  await t.rejects(host.service.call("whoami", "[]", call), { code: "LC_DATABASE_UNAVAILABLE" });
  await held.release(host);
  await closing;
  t.same(kinds(host.take(1)), ["reducerResult"]);
  t.match(host.closed, [{}, { socket: 1, code: 1001 }]);
  const again = new TestHost(held.disk.crash(seededRandom(2)));
  await again.open();
  const left = await again.database.parts.moduleLog.read();
  t.notMatch(left, /connected when the host stopped/, "nobody was left behind");
});

void test("a disk that fails ends the database; nothing confirmed is lost", async (t) => {
  for (const errno of ["ENOSPC", "EIO"] as const) {
    const { held, host, confirmed, unconfirmed } = await open();
    t.same(kinds(confirmed.call("upsert", { id: 1, text: "durable" })), []);
    await host.database.log.flush();
    t.same(kinds(host.take(1)), ["reducerResult"]);
    held.disk.failAfter("any", 0, errno);
    t.same(kinds(confirmed.call("upsert", { id: 2, text: "lost" })), []);
    await t.rejects(host.database.log.flush(), { code: "LC_DISK" });
    t.same(host.take(1), [], "what is not durable is never told to who asked for that");
    t.match(host.failures, [new RegExp(errno)]);
    t.same(kinds(unconfirmed.call("whoami")), [], "and nothing more is done");
    const call = { identity: owner, connectionId: confirmed.connectionId, jwtPayload: "{}" };
    await t.rejects(host.service.call("whoami", "[]", call), { code: "LC_DISK" });
    await t.rejects(host.service.publish(readWasm("chat"), owner), { code: "LC_DISK" });
    t.throws(() => host.service.planPublish(readWasm("chat")), { code: "LC_DISK" });
    host.service.disconnect(1);
    held.disk.heal();
    const again = new TestHost(held.disk.crash(seededRandom(7)));
    await again.open();
    const carol = new TestClient(again, 1, "carol");
    again.take(1);
    const [answer] = carol.query("SELECT * FROM item WHERE text = 'durable'");
    t.match(answer, { result: { tables: [{ rows: { sizeHint: { kind: "fixedSize" } } }] } });
  }
});
