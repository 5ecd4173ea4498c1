import { test } from "tap";
import { SocketCount, SocketCounts } from "./socket-counts.ts";

const protocol = "v2.bsatn.spacetimedb";

void test("a connection counts while it is there, and what it did for ever", (t) => {
  const counts = new SocketCounts();
  const count = new SocketCount(counts, protocol);
  count.received(10);
  count.received(5000);
  count.sent(7);
  count.waits(3);
  count.waits(-1);
  count.answeredPing(20);
  t.match(counts, { open: 1, opened: 1, sentBytes: 7, outgoingCount: 2 });
  t.equal(counts.received.get(protocol)?.count, 2);
  t.equal(counts.received.get(protocol)?.sizes.read().sum, 5010);
  t.equal(counts.roundTrips.read().sum, 0.02);
  count.closed(1000);
  t.match(counts, { open: 0, opened: 1, sentBytes: 7 });
  t.end();
});

void test("why a connection ended", (t) => {
  const cases: readonly (readonly [string, (count: SocketCount) => void, number])[] = [
    ["client_close", () => undefined, 1000],
    ["client_close", () => undefined, 1005],
    ["transport", () => undefined, 1006],
    [
      "idle_timeout",
      (count) => {
        count.ends("idle_timeout");
      },
      1006,
    ],
    [
      "outgoing_queue_full",
      (count) => {
        count.sent(1);
        count.dropped();
      },
      1006,
    ],
    [
      "client_message_error",
      (count) => {
        count.ends("client_message_error");
        count.ends("internal_error");
      },
      1011,
    ],
  ];
  for (const [cause, act, code] of cases) {
    const counts = new SocketCounts();
    const count = new SocketCount(counts, protocol);
    act(count);
    count.closed(code);
    t.same([...counts.ended], [[cause, 1]]);
    t.equal(counts.rejected.size, 0);
  }
  t.end();
});

void test("who is dropped before the first message was turned away", (t) => {
  const counts = new SocketCounts();
  const count = new SocketCount(counts, protocol);
  count.dropped();
  count.closed(1006);
  t.same([...counts.rejected], [["client_connected_rejected", 1]]);
  t.equal(counts.ended.size, 0);
  t.end();
});
