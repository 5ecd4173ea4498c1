import { test } from "tap";
import { textTag } from "./frame-style.ts";
import { openSlab, partExtraBytes, sealPart, Slab } from "./slab.ts";

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

/** What a client finds in the frames of batches: payloads without tags, one text of socket and length for each. */
function batchesOf(slab: Slab): string[] {
  return framesOf(slab).frames.map(({ socket, message: { length } }) => `${socket}:${length}`);
}

void test("messages that follow each other for one socket share a frame", (t) => {
  const slab = new Slab(16);
  // Lengths around those at which a header grows.
  const lengths = [1, 120, 3, 2, 65_000, 404, 5, 6];
  for (const length of lengths) slab.addToBatch(7, message(length), length, 512 * 1024);
  const { frames, writes } = framesOf(slab);
  t.equal(writes, 1);
  t.equal(frames.length, 1);
  const whole = Buffer.concat(lengths.map((length) => message(length)));
  t.ok(whole.equals(frames[0]?.message ?? new Uint8Array(0)), "byte by byte");
  t.end();
});

void test("a batch ends where it is full, and where anything else comes between", (t) => {
  const cases: readonly (readonly [string, (slab: Slab) => void, readonly string[]])[] = [
    ["a longer message goes alone", () => undefined, ["1:60", "1:50", "1:500", "1:10"]],
    [
      "another socket's message",
      (slab) => slab.address(2, slab.addFrame(message(1), 1)),
      ["1:60", "2:1", "1:50", "1:500", "1:10"],
    ],
    [
      "a shared frame",
      (slab) => {
        const shared = slab.addFrame(message(9), 9);
        slab.address(2, shared);
        slab.address(1, shared);
      },
      ["1:60", "2:9", "1:9", "1:50", "1:500", "1:10"],
    ],
  ];
  for (const [title, between, expected] of cases) {
    const slab = new Slab(16);
    slab.addToBatch(1, message(40), 40, 100);
    slab.addToBatch(1, message(20), 20, 100);
    between(slab);
    for (const length of [50, 500, 10]) slab.addToBatch(1, message(length), length, 100);
    t.same(batchesOf(slab), expected, title);
  }
  t.end();
});

void test("a frame that was shared before is addressed between two messages", (t) => {
  const slab = new Slab(16);
  const shared = slab.addFrame(message(9), 9);
  slab.address(2, shared);
  slab.addToBatch(1, message(5), 5, 100);
  slab.address(1, shared);
  slab.addToBatch(1, message(6), 6, 100);
  slab.address(3, shared);
  slab.addToBatch(1, message(7), 7, 100);
  t.same(batchesOf(slab), ["2:9", "1:5", "1:9", "1:6", "3:9", "1:7"]);
  t.end();
});

void test("a batch has no more messages than a client takes", (t) => {
  const slab = new Slab(16);
  for (let i = 0; i < 5000; i++) slab.addToBatch(1, message(3), 3, 512 * 1024);
  t.same(batchesOf(slab), [`1:${3 * 4096}`, `1:${3 * 904}`]);
  t.end();
});

void test("text frames have no tag, and parts of text none either", (t) => {
  const slab = new Slab(16);
  slab.address(1, slab.addFrame(message(3), 3, textTag));
  const fill = (target: Uint8Array, at: number): void => {
    target.set(message(2), at);
  };
  const bytes: number[] = [];
  const parts = [
    { length: 2, fill, isFirst: true, isLast: false },
    { length: 2, fill, isFirst: false, isLast: true },
  ].map((part) => sealPart(1, part, textTag, new ArrayBuffer(part.length + partExtraBytes)));
  for (const sealed of [slab.seal(), ...parts.map((part) => part.slab)]) {
    openSlab(sealed, (_socket, frames) => bytes.push(...frames));
  }
  const [a, b] = [[...message(3)], [...message(2)]];
  t.same(bytes, [0x81, 3, ...a, 0x01, 2, ...b, 0x80, 2, ...b]);
  t.end();
});

void test("a part of any length has a slab to itself, and a receipt", (t) => {
  for (const length of [0, 1, 2, 3, 124, 125, 126, 65_534, 65_535, 65_536]) {
    for (const [isFirst, isLast] of [
      [true, false],
      [false, false],
      [false, true],
    ] as const) {
      const fill = (target: Uint8Array, at: number): void => {
        target.set(message(length), at);
      };
      const memory = new ArrayBuffer(length + partExtraBytes);
      new Uint8Array(memory).fill(0xee);
      const part = sealPart(7, { length, fill, isFirst, isLast }, 0, memory);
      t.equal(part.slab.buffer, memory);
      openSlab(part.slab, (socket, frames, wantsReceipt) => {
        t.same([socket, wantsReceipt, frames.length], [7, true, part.byteCount]);
        t.equal(frames[0], (isLast ? 0x80 : 0) | (isFirst ? 2 : 0));
        const payload = frames.subarray(frames.length - length - (isFirst ? 1 : 0));
        t.same(payload, isFirst ? [0, ...message(length)] : [...message(length)]);
      });
    }
  }
  t.end();
});
