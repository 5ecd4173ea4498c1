import { test } from "tap";
import { ManualClock } from "../../base/clock.ts";
import { limit } from "../../base/limit.ts";
import { type Client, noTrafficLimits, Traffic, type TrafficLimits } from "./traffic.ts";

const alice: Client = { address: "1.2.3.4", identity: "c2aa" };
const bob: Client = { address: "1.2.3.4", identity: "c2bb" };
const far: Client = { address: "5.6.7.8", identity: "c2cc" };
const nobody: Client = { address: "1.2.3.4", identity: undefined };

function open(limits: Partial<TrafficLimits>): { traffic: Traffic; clock: ManualClock } {
  const clock = new ManualClock();
  return { traffic: new Traffic({ ...noTrafficLimits, ...limits }, clock), clock };
}

const second = 1_000_000n;

void test("without limits nothing is counted", async (t) => {
  const { traffic } = open({});
  for (let i = 0; i < 100; i++) {
    const meter = traffic.openConnection(alice);
    t.ok(meter.calls(1_000_000) && meter.energy(1e12));
    traffic.admitRequest(alice);
    traffic.admitIdentity(alice);
    meter.close();
  }
  t.equal(traffic.accountCount, 0);
});

void test("connections, in all, of one address, of one identity", async (t) => {
  const cases: readonly [Partial<TrafficLimits>, Client[], Client, RegExp][] = [
    [{ connectionsMax: 2 }, [alice, far], bob, /connections to this host/],
    [{ connectionsPerAddressMax: 2 }, [alice, bob, far], nobody, /from this address/],
    [{ connectionsPerIdentityMax: 2 }, [alice, bob, alice], alice, /of this identity/],
  ];
  for (const [limits, open_, refused, message] of cases) {
    const { traffic } = open(limits);
    const meters = open_.map((client) => traffic.openConnection(client));
    const again = (): unknown => traffic.openConnection(refused);
    t.throws(again, { code: "LC_RATE_LIMIT", message });
    t.throws(again, { code: "LC_RATE_LIMIT" }, "a refusal counts for nothing");
    meters[0]?.close();
    meters[0]?.close();
    t.ok(again(), "one has ended, and ended once");
    t.throws(again, { code: "LC_RATE_LIMIT" });
  }
});

void test("the anonymous of one address are one client", async (t) => {
  const { traffic } = open({ connectionsPerAddressMax: 1, callsPerSecond: 1 });
  traffic.openConnection(nobody).close();
  traffic.openConnection(nobody);
  t.throws(() => traffic.openConnection(nobody), { code: "LC_RATE_LIMIT" });
  traffic.admitRequest(nobody);
  traffic.admitRequest(nobody);
  t.throws(() => traffic.admitRequest(nobody), { code: "LC_RATE_LIMIT" });
  t.doesNotThrow(() => traffic.admitRequest({ ...nobody, address: "9.9.9.9" }));
  t.doesNotThrow(() => traffic.admitRequest(alice), "who has a token counts as its identity");
});

void test("new connections and identities per second", async (t) => {
  const { traffic, clock } = open({ newConnectionsPerSecond: 3 });
  for (let i = 0; i < 3; i++) {
    traffic.openConnection(alice).close();
    traffic.admitIdentity(nobody);
  }
  t.throws(
    () => traffic.openConnection(bob),
    { message: /try again in 1 s/ },
    "of one address together",
  );
  t.doesNotThrow(() => traffic.openConnection(far));
  clock.advance(second);
  for (let i = 0; i < 3; i++) traffic.admitIdentity(nobody);
  t.throws(() => traffic.admitIdentity(nobody), { message: /too many new identities/ });
});

void test("calls per second: requests are refused, messages are told", async (t) => {
  const { traffic, clock } = open({ callsPerSecond: 10 });
  const meter = traffic.openConnection(alice);
  t.ok(meter.calls(15));
  for (let i = 0; i < 5; i++) traffic.admitRequest(alice);
  t.throws(() => traffic.admitRequest(alice), { message: "too many requests: try again in 1 s" });
  t.notOk(meter.calls(5), "they have been sent already: what is too much stays a debt");
  t.throws(() => traffic.admitRequest(alice), { code: "LC_RATE_LIMIT" });
  clock.advance(second);
  t.ok(meter.calls(5));
  t.notOk(meter.calls(1));
  t.doesNotThrow(() => traffic.admitRequest(bob));
});

void test("energy per minute: who is over the budget waits", async (t) => {
  const { traffic, clock } = open({ energyPerMinute: 600 });
  const meter = traffic.admitRequest(alice);
  t.ok(meter.energy(600));
  t.notOk(meter.energy(100));
  t.throws(() => traffic.admitRequest(alice), { message: /try again in 11 s/ });
  clock.advance(11n * second);
  t.doesNotThrow(() => traffic.admitRequest(alice));
});

void test("clients that have gone are forgotten, those with a connection are not", async (t) => {
  const { traffic } = open({ callsPerSecond: 5, connectionsPerIdentityMax: 1 });
  traffic.openConnection(alice);
  for (let i = 0; i < limit.accountCountMax * 1.5; i++) {
    traffic.admitRequest({ address: "x", identity: String(i) });
  }
  t.ok(traffic.accountCount <= limit.accountCountMax, `${traffic.accountCount} are known`);
  t.throws(() => traffic.openConnection(alice), { code: "LC_RATE_LIMIT" });
});
