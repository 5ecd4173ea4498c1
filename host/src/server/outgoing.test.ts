// What waits for a client that does not read, and how much of it may.
import { Duplex } from "node:stream";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { OutgoingQueue } from "./outgoing.ts";

/** A socket whose client reads when the test says so. */
class SlowSocket extends Duplex {
  /** Sizes of writes, those of one turn together. */
  readonly writes: number[] = [];
  #done: (() => void) | undefined;

  override _read(): void {
    // Nothing comes from the client.
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.writes.push(chunk.length);
    this.#done = done;
  }

  override _writev(chunks: readonly { chunk: Uint8Array }[], done: () => void): void {
    this.writes.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
    this.#done = done;
  }

  /** The client takes what was written. */
  async finishWrite(): Promise<void> {
    const done = this.#done;
    this.#done = undefined;
    done?.();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

interface Rig {
  readonly socket: SlowSocket;
  readonly queue: OutgoingQueue;
  readonly events: string[];
}

function open(): Rig {
  const socket = new SlowSocket();
  const events: string[] = [];
  return { socket, events, queue: new OutgoingQueue(socket, () => events.push("full")) };
}

/** Frames of messages with so many bytes each, in memory of their own. */
function frames(count: number, length: number): Uint8Array {
  const header = length <= 125 ? [0x82, length] : [0x82, 126, length >>> 8, length & 0xff];
  const frame = Uint8Array.from({ length: header.length + length }, (_, i) => header[i] ?? 7);
  return Buffer.concat(Array.from({ length: count }, () => frame));
}

void test("[SUB4] the frames of a turn are one write", async (t) => {
  const { socket, queue } = open();
  for (let i = 0; i < 3; i++) queue.write(frames(1, 8));
  t.same(socket.writes, []);
  queue.endTurn();
  t.same(socket.writes, [30]);
  queue.endTurn();
  queue.write(frames(2, 8));
  queue.write(frames(1, 200));
  queue.endTurn();
  t.same(socket.writes, [30], "the client has not read yet");
  await socket.finishWrite();
  t.same(socket.writes, [30, 20 + 204]);
});

void test("receipts come when the client has read, in order", async (t) => {
  const { socket, queue, events } = open();
  queue.write(frames(1, 8), () => events.push("first"));
  queue.endTurn();
  queue.write(frames(1, 8), () => events.push("second"));
  queue.endTurn();
  t.same(events, []);
  await socket.finishWrite();
  t.same(events, ["first"]);
  await socket.finishWrite();
  t.same(events, ["first", "second"]);
});

void test("[SUB6] messages that wait are counted, however they come", async (t) => {
  const { socket, queue, events } = open();
  const turn = (count: number, length = 8): void => {
    queue.write(frames(count, length));
    queue.endTurn();
  };
  turn(10);
  turn(limit.outgoingFrameCountMax - 300);
  for (let i = 0; i < 3; i++) turn(100, 300);
  t.same(events, [], "so many may wait");
  turn(1);
  t.same(events, ["full"]);
  await socket.finishWrite();
  await socket.finishWrite();
  events.length = 0;
  turn(limit.outgoingFrameCountMax);
  t.same(events, [], "what was read counts no more");
});

void test("[SUB6] bytes that wait are counted", async (t) => {
  const { queue, events } = open();
  const large = new Uint8Array(limit.outgoingBytesMax / 4);
  large.set([0x82, 127, 0, 0, 0, 0]);
  new DataView(large.buffer).setUint32(6, large.length - 10);
  for (let i = 0; i < 4; i++) {
    queue.write(large);
    queue.endTurn();
  }
  t.same(events, []);
  queue.write(frames(1, 1));
  t.same(events, ["full"]);
});
