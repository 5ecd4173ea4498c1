// Who is read from, and whose turn it is, while a database has more to do than it can.
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { textFrameBit } from "./channel.ts";
import { Incoming, IncomingSocket } from "./incoming.ts";
import type { Meter } from "./limits/traffic.ts";

let lastId = 0;

class Socket {
  readonly told: string[] = [];
  readonly incoming: IncomingSocket;

  constructor(meter?: Meter) {
    this.incoming = new IncomingSocket(
      ++lastId,
      {
        pause: (isPaused) => this.told.push(isPaused ? "pause" : "resume"),
        close: (code, reason) => this.told.push(`${code} ${reason}`),
      },
      meter,
    );
  }
}

/** A thread that takes batches: of each the sockets' ids, one for each message. */
class Thread {
  readonly batches: number[][] = [];
  /** The clock's milliseconds. */
  now = 0;
  readonly all: Incoming = new Incoming(
    () => this.now,
    (buffer, length) => {
      const view = new DataView(buffer);
      const ids: number[] = [];
      for (let at = 0; at < length; at += 8 + view.getUint32(at + 4, true)) {
        ids.push(view.getUint32(at, true));
      }
      this.batches.push(ids);
    },
  );

  /** Works on the oldest batch until nothing is left, waiting where it is told to; how many there were. */
  drain(): number {
    let count = 0;
    let waitMillis = this.all.flush();
    while (count < this.batches.length || waitMillis > 0) {
      this.now += waitMillis;
      if (count < this.batches.length) {
        count++;
        this.work();
      }
      waitMillis = this.all.flush();
    }
    return count;
  }

  /** Works on the oldest batch, for so many milliseconds. */
  work(millis = 0): void {
    this.now += millis;
    this.all.taken();
  }
}

/** So many messages of a size. */
function send(all: Incoming, socket: Socket, count: number, byteCount: number): number {
  const message = new Uint8Array(byteCount);
  let taken = 0;
  for (let i = 0; i < count; i++) if (all.add(socket.incoming, message, false)) taken++;
  return taken;
}

const cases: readonly (readonly [title: string, count: number, byteCount: number])[] = [
  ["many small messages", limit.incomingPauseCount + 1, 10],
  ["a few large ones", 5, Math.ceil(limit.incomingBytesMax / 4)],
];

for (const [title, count, byteCount] of cases) {
  void test(`[SUB7] ${title} pause their socket alone, until half of them are done`, async (t) => {
    const thread = new Thread();
    const { all } = thread;
    const [greedy, modest] = [new Socket(), new Socket()];
    send(all, greedy, count - 1, byteCount);
    send(all, modest, 3, 10);
    t.same(greedy.told, []);
    send(all, greedy, 1, byteCount);
    send(all, modest, 3, 10);
    t.same(greedy.told, ["pause"]);
    all.flush();
    all.taken();
    all.flush();
    t.same(greedy.told, ["pause"], "too little of it is done");
    thread.drain();
    t.same(greedy.told, ["pause", "resume"]);
    t.same(modest.told, []);
    t.equal(greedy.incoming.byteCount + modest.incoming.messageCount, 0);
    const ids = thread.batches.flat();
    t.equal(ids.filter((id) => id === greedy.incoming.id).length, count, "all have arrived");
  });
}

void test("text stays text when it has to wait for a later batch", (t) => {
  const words: number[] = [];
  const all = new Incoming(
    () => 0,
    (buffer, length) => {
      const view = new DataView(buffer);
      for (let at = 0; at < length; at += 9) words.push(view.getUint32(at + 4, true));
    },
  );
  const { incoming } = new Socket();
  const count = limit.incomingLoneTurnCount * 3;
  for (let i = 0; i < count; i++) all.add(incoming, new Uint8Array(1), i % 3 === 0);
  t.equal(all.messageCount, count);
  all.flush();
  while (all.messageCount > 0) {
    all.taken();
    all.flush();
  }
  const asSent = Array.from({ length: count }, (_, i) => i % 3 === 0);
  t.same(
    words.map((word) => (word & textFrameBit) !== 0),
    asSent,
  );
  t.end();
});

void test("[SUB7] when all together send too much, those who keep to their share are read from", async (t) => {
  const thread = new Thread();
  const { all } = thread;
  const sockets = Array.from({ length: 8 }, () => new Socket());
  const [modest] = [new Socket()];
  for (const socket of sockets) {
    send(all, socket, 3, Math.ceil(limit.incomingTotalBytesMax / sockets.length / 3) + 1);
    t.same(socket.told.length, socket === sockets.at(-1) ? 1 : 0);
  }
  send(all, modest, 5, 100);
  t.same(modest.told, []);
  send(all, modest, 1, limit.incomingShareBytes);
  t.same(modest.told, ["pause"]);
  thread.drain();
  t.same(modest.told, ["pause", "resume"]);
  t.ok(sockets.every(({ incoming }) => !incoming.isPaused && incoming.byteCount === 0));
});

void test("[SUB7] who sends on all the same is closed, and nothing more of it is taken", async (t) => {
  const thread = new Thread();
  const { all } = thread;
  const socket = new Socket();
  const count = limit.incomingFrameCountMax;
  t.equal(send(all, socket, count + 10, 7), count);
  t.same(socket.told, ["pause", "1013 too many requests"]);
  thread.drain();
  t.equal(socket.incoming.messageCount, 0);
  t.equal(send(all, socket, 1, 7), 0);
});

void test("[SUB7] sockets have turns: a message waits for two batches of others at most", async (t) => {
  const thread = new Thread();
  const { all, batches } = thread;
  const [greedy, other, modest] = [new Socket(), new Socket(), new Socket()];
  send(all, greedy, 1000, 10);
  send(all, other, 150, 10);
  all.flush();
  t.equal(batches.length, limit.incomingBatchCount, "no more are under way");
  send(all, modest, 1, 10);
  t.equal(thread.drain(), batches.length);
  const at = batches.findIndex((ids) => ids.includes(modest.incoming.id));
  t.ok(at <= limit.incomingBatchCount, `in batch ${at}`);
  for (const ids of batches) {
    for (const { incoming } of [greedy, other]) {
      const count = ids.filter((id) => id === incoming.id).length;
      t.ok(count <= limit.incomingLoneTurnCount, `${count} of ${ids.length}`);
    }
  }
  t.equal(batches.flat().length, 1151);
  t.ok(batches.length >= 1000 / limit.incomingLoneTurnCount);
});

void test("[SUB7] who has company has small turns; who has been alone for a while, large ones", (t) => {
  const thread = new Thread();
  const { all, batches } = thread;
  const [greedy, modest] = [new Socket(), new Socket()];
  const greedyCounts = (): number[] => {
    batches.length = 0;
    send(all, greedy, 300, 10);
    thread.drain();
    return batches.map((ids) => ids.filter((id) => id === greedy.incoming.id).length);
  };
  t.equal(Math.max(...greedyCounts()), limit.incomingLoneTurnCount, "nobody else is there");
  send(all, modest, 1, 10);
  thread.drain();
  t.equal(Math.max(...greedyCounts().slice(1)), limit.incomingTurnCount);
  thread.now += limit.incomingCompanyMillis - 1;
  t.equal(Math.max(...greedyCounts().slice(1)), limit.incomingTurnCount, "not long enough ago");
  thread.now += 1;
  t.equal(Math.max(...greedyCounts().slice(1)), limit.incomingLoneTurnCount);
  t.end();
});

void test("[SUB7] those with a backlog leave half of the time free while somebody waits for answers", (t) => {
  const thread = new Thread();
  const { all, batches } = thread;
  const [greedy, modest] = [new Socket(), new Socket()];
  const turnMillis = 0.75;
  /** How long nothing is under way until all is done, in the middle of which the modest one calls or not. */
  const freeMillis = (isCalled: boolean): number => {
    let worked = batches.length;
    let free = 0;
    send(all, greedy, 400, 10);
    all.flush();
    if (isCalled) send(all, modest, 1, 10);
    while (all.messageCount > 0) {
      if (worked < batches.length) {
        worked++;
        thread.work(turnMillis);
      }
      const waitMillis = all.flush();
      if (worked < batches.length) continue;
      thread.now += waitMillis;
      free += waitMillis;
    }
    return free;
  };
  t.equal(freeMillis(false), 0, "nobody else is there");
  const before = batches.length;
  const free = freeMillis(true);
  const turns = batches.slice(before).filter((ids) => ids.length <= limit.incomingPacedCount);
  t.ok(turns.length > 10, `${turns.length} small turns`);
  t.ok(free > (turns.length * turnMillis) / 2, `${free} ms free`);
  t.ok(
    batches
      .slice(before, before + 4)
      .flat()
      .includes(modest.incoming.id),
    "and has its turn",
  );
  thread.now += limit.incomingCompanyMillis;
  t.equal(freeMillis(false), 0, "not any more");
  t.end();
});

void test("large messages have turns by their bytes", async (t) => {
  const thread = new Thread();
  const [large, small] = [new Socket(), new Socket()];
  send(thread.all, large, 6, limit.incomingTurnBytes / 2);
  send(thread.all, small, 6, 10);
  thread.drain();
  const counts = thread.batches.map((ids) => [
    ids.filter((id) => id === large.incoming.id).length,
    ids.filter((id) => id === small.incoming.id).length,
  ]);
  t.same(counts, [
    [2, 6],
    [2, 0],
    [2, 0],
  ]);
});

void test("what comes after a socket's messages waits for all of them, and for no others", async (t) => {
  const thread = new Thread();
  const { all, batches } = thread;
  const [greedy, modest] = [new Socket(), new Socket()];
  send(all, greedy, 300, 10);
  send(all, modest, 1, 10);
  const order: string[] = [];
  all.after(greedy.incoming, () => order.push(`greedy ${batches.flat().length}`));
  all.after(modest.incoming, () => order.push(`modest ${batches.flat().length}`));
  t.same(order, [`modest ${limit.incomingLoneTurnCount + 1}`]);
  thread.drain();
  t.equal(order[1], "greedy 301");
});

void test("messages are counted once a batch; who sends too many is closed", async (t) => {
  const thread = new Thread();
  const { all } = thread;
  const counted: number[] = [];
  const socket = new Socket({
    calls: (count) => counted.push(count) < 3,
    energy: () => true,
  });
  send(all, socket, 200, 10);
  thread.drain();
  t.same(counted, [64, 64, 64, 8]);
  t.same(socket.told, ["1013 too many requests"]);
  t.equal(send(all, socket, 1, 10), 0);
});
