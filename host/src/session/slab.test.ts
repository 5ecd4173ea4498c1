import { test } from "tap";
import { openSlab, Slab } from "./slab.ts";

interface Frame {
  readonly socket: number;
  readonly message: Uint8Array;
}

/** What a client's WebSocket library makes of the bytes of whole frames. */
function readFrames(socket: number, bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    if (view.getUint8(at) !== 0x82) throw new Error("not a final binary frame");
    const short = view.getUint8(at + 1);
    if (short > 127) throw new Error("a server's frame is not masked");
    const [length, header] =
      short < 126
        ? [short, 2]
        : short === 126
          ? [view.getUint16(at + 2), 4]
          : [Number(view.getBigUint64(at + 2)), 10];
    // RFC 6455: the shortest form that can hold the length must be used.
    if ((short === 126 && length < 126) || (short === 127 && length < 65_536)) {
      throw new Error("the length has too long a form");
    }
    const payload = bytes.subarray(at + header, at + header + length);
    if (payload[0] !== 0) throw new Error("the compression tag is not 0");
    frames.push({ socket, message: payload.subarray(1) });
    at += header + length;
  }
  return frames;
}

function framesOf(slab: Slab): { frames: Frame[]; writes: number } {
  const frames: Frame[] = [];
  let writes = 0;
  openSlab(slab.seal(), (socket, bytes) => {
    writes++;
    frames.push(...readFrames(socket, bytes));
  });
  return { frames, writes };
}

const message = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);

void test("messages of every form of length arrive as they were", (t) => {
  // One more byte, the tag, makes the payload.
  for (const length of [0, 1, 124, 125, 126, 65_534, 65_535, 65_536, 200_000]) {
    const slab = new Slab(16);
    slab.address(9, slab.addFrame(message(length), length));
    t.same(
      framesOf(slab),
      { frames: [{ socket: 9, message: message(length) }], writes: 1 },
      `${length}`,
    );
  }
  t.end();
});

void test("the given part of a message's memory is sent", (t) => {
  const slab = new Slab(16);
  slab.address(1, slab.addFrame(message(100), 7));
  t.same(framesOf(slab).frames[0]?.message, message(100).subarray(0, 7));
  t.end();
});

void test("one fragment serves many sockets", (t) => {
  const slab = new Slab(64);
  const shared = slab.addFrame(message(50), 50);
  const before = slab.length;
  for (let socket = 1; socket <= 1000; socket++) slab.address(socket, shared);
  t.equal(slab.length, before, "the bytes are there once");
  const { frames } = framesOf(slab);
  t.equal(frames.length, 1000);
  t.ok(frames.every((frame, i) => frame.socket === i + 1 && frame.message.length === 50));
  t.end();
});

void test("frames that follow each other for one socket are one write, in order", (t) => {
  const slab = new Slab(64);
  const send = (socket: number, length: number): void => {
    slab.address(socket, slab.addFrame(message(length), length));
  };
  send(1, 10);
  send(1, 20);
  send(2, 30);
  send(1, 40);
  const shared = slab.addFrame(message(5), 5);
  slab.address(1, shared);
  slab.address(2, shared);
  slab.address(2, shared);
  const { frames, writes } = framesOf(slab);
  t.same(
    frames.map(({ socket, message: { length } }) => [socket, length]),
    [
      [1, 10],
      [1, 20],
      [2, 30],
      [1, 40],
      [1, 5],
      [2, 5],
      [2, 5],
    ],
  );
  t.equal(writes, 5);
  t.end();
});

void test("an empty slab, and one whose frames have any alignment", (t) => {
  t.ok(new Slab(8).isEmpty);
  t.same(framesOf(new Slab(8)), { frames: [], writes: 0 });
  for (let length = 0; length < 9; length++) {
    const slab = new Slab(8);
    slab.address(0x7fff_ffff, slab.addFrame(message(length), length));
    t.notOk(slab.isEmpty);
    t.same(framesOf(slab).frames, [{ socket: 0x7fff_ffff, message: message(length) }]);
  }
  t.end();
});
