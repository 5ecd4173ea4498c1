// Large reads come in pieces with turns of the event loop between them; nothing is lost or out of order.
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { readInTurns } from "./read-turn.ts";

interface Rig {
  readonly socket: Duplex;
  readonly pieces: Buffer[];
  /** Sizes of the pieces that came since the last look. */
  readonly look: () => number[];
}

function rig(isPaused: () => boolean = () => false): Rig {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const pieces: Buffer[] = [];
  let seen = 0;
  readInTurns(socket, isPaused);
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  const look = (): number[] => {
    const sizes = pieces.slice(seen).map(({ length }) => length);
    seen = pieces.length;
    return sizes;
  };
  return { socket, pieces, look };
}

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 251));
}

const most = limit.readTurnBytes;

void test("small reads come at once, large ones a piece a turn", async (t) => {
  const { socket, pieces, look } = rig();
  await turn();
  socket.emit("data", bytes(most));
  t.same(look(), [most]);
  socket.emit("data", bytes(2 * most + 5));
  t.same(look(), [most], "the first at once");
  t.ok(socket.isPaused());
  await turn();
  t.same(look(), [most]);
  t.ok(socket.isPaused());
  await turn();
  t.same(look(), [5]);
  t.notOk(socket.isPaused(), "read from again");
  t.same(Buffer.concat(pieces.slice(1)), bytes(2 * most + 5));
});

void test("what is read meanwhile comes behind it", async (t) => {
  const { socket, pieces } = rig();
  await turn();
  const [first, second] = [bytes(most + 1), bytes(3).fill(9)];
  socket.emit("data", first);
  socket.emit("data", second);
  while (pieces.length < 3) await turn();
  t.same(Buffer.concat(pieces), Buffer.concat([first, second]));
});

void test("a socket that is paused for another reason stays so", async (t) => {
  let isPaused = true;
  const { socket, look } = rig(() => isPaused);
  await turn();
  socket.emit("data", bytes(most + 1));
  await turn();
  t.same(look(), [most, 1]);
  t.ok(socket.isPaused());
  isPaused = false;
  socket.emit("data", bytes(most + 1));
  await turn();
  t.notOk(socket.isPaused());
});

for (const event of ["end", "close"]) {
  void test(`all that was read comes before '${event}'`, async (t) => {
    const { socket, look } = rig();
    await turn();
    const atEnd: number[][] = [];
    socket.on(event, () => atEnd.push(look()));
    socket.emit("data", bytes(3 * most + 1));
    socket.emit(event);
    t.same(atEnd, [[most, 2 * most + 1]]);
    await turn();
    t.same(look(), [], "and once");
  });
}

void test("who listens no more gets no more", async (t) => {
  const { socket, pieces } = rig();
  await turn();
  socket.emit("data", bytes(2 * most));
  socket.removeAllListeners("data");
  await turn();
  t.equal(pieces.length, 1);
});
