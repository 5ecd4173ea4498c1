import { test } from "tap";
import { copyBytes, sameBytes } from "./copy.ts";

const size = 400;

void test("short and long parts are copied, and nothing beside them", async (t) => {
  const source = Uint8Array.from({ length: size }, (_, i) => (i * 7 + 1) % 256);
  for (let length = 0; length <= 130; length++) {
    for (const [start, at] of [
      [0, 0],
      [3, 5],
      [size - length, size - length],
    ] as const) {
      // A part of a larger buffer, as pages of rows and memories of modules are.
      const whole = new Uint8Array(size + 16).fill(255);
      const target = new DataView(whole.buffer, 8, size);
      copyBytes(new DataView(source.buffer), start, start + length, target, at);
      const expected = new Uint8Array(size + 16).fill(255);
      expected.set(source.subarray(start, start + length), 8 + at);
      t.same(whole, expected, `${length} bytes from ${start} to ${at}`);
      t.ok(sameBytes(target, at, new DataView(source.buffer), start, length));
      for (let i = 0; i < length; i++) {
        target.setUint8(at + i, target.getUint8(at + i) ^ 1);
        const isSame = sameBytes(target, at, new DataView(source.buffer), start, length);
        target.setUint8(at + i, target.getUint8(at + i) ^ 1);
        if (isSame) t.fail(`${length} bytes of which number ${i} differs`);
      }
    }
  }
});

void test("what lies outside is refused", async (t) => {
  const view = new DataView(new ArrayBuffer(20));
  const source = new DataView(new ArrayBuffer(200));
  for (const length of [1, 4, 8, 12, 100]) {
    t.throws(() => copyBytes(source, 0, length, view, 21 - length), RangeError, `${length} bytes`);
  }
});
