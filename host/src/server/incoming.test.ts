// Who is read from, and who is not, while a database has more to do than it can.
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { Incoming, IncomingSocket } from "./incoming.ts";

class Socket {
  readonly told: string[] = [];
  readonly incoming: IncomingSocket = new IncomingSocket({
    pause: (isPaused) => this.told.push(isPaused ? "pause" : "resume"),
    close: (code, reason) => this.told.push(`${code} ${reason}`),
  });
}

/** So many messages of a size. */
function send(all: Incoming, socket: Socket, count: number, byteCount: number): number {
  let taken = 0;
  for (let i = 0; i < count; i++) if (all.add(socket.incoming, byteCount)) taken++;
  return taken;
}

const cases: readonly (readonly [title: string, count: number, byteCount: number])[] = [
  ["many small messages", limit.incomingFrameCountMax / 4 + 1, 10],
  ["a few large ones", 5, Math.ceil(limit.incomingBytesMax / 4)],
];

for (const [title, count, byteCount] of cases) {
  void test(`[SUB7] ${title} pause their socket alone, until half of them are done`, async (t) => {
    const all = new Incoming();
    const [greedy, modest] = [new Socket(), new Socket()];
    send(all, greedy, Math.ceil(count / 2), byteCount);
    send(all, modest, 3, 10);
    t.same(greedy.told, []);
    all.endBatch();
    send(all, greedy, Math.floor(count / 2), byteCount);
    send(all, modest, 3, 10);
    t.same(greedy.told, ["pause"]);
    all.endBatch();
    all.taken();
    t.same(greedy.told, ["pause", "resume"]);
    all.taken();
    t.same(modest.told, []);
    t.equal(greedy.incoming.byteCount + modest.incoming.messageCount, 0);
  });
}

void test("[SUB7] when all together send too much, those who keep to their share are read from", async (t) => {
  const all = new Incoming();
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
  all.endBatch();
  all.taken();
  t.same(modest.told, ["pause", "resume"]);
  t.ok(sockets.every(({ incoming }) => !incoming.isPaused && incoming.byteCount === 0));
});

void test("[SUB7] who sends on all the same is closed, and nothing more of it is taken", async (t) => {
  const all = new Incoming();
  const socket = new Socket();
  const count = limit.incomingFrameCountMax;
  t.equal(send(all, socket, count + 10, 7), count);
  t.same(socket.told, ["pause", "1013 too many requests"]);
  all.endBatch();
  all.taken();
  t.equal(socket.incoming.messageCount, 0);
  t.equal(send(all, socket, 1, 7), 0);
});
