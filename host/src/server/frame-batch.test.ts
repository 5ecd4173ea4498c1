import { test } from "tap";
import { FrameBatch } from "./frame-batch.ts";

void test("messages lie one behind the other, each with its socket, its length and whether it is text", async (t) => {
  const batch = new FrameBatch();
  t.ok(batch.isEmpty);
  batch.add(7, new Uint8Array([1, 2, 3]), true);
  batch.add(0x01020304, new Uint8Array(0), false);
  t.notOk(batch.isEmpty);
  const { buffer, length } = batch.take();
  t.same(
    [...new Uint8Array(buffer, 0, length)],
    [7, 0, 0, 0, 3, 0, 0, 0x80, 1, 2, 3, 4, 3, 2, 1, 0, 0, 0, 0],
  );
  t.ok(batch.isEmpty, "the buffer is given away");
});

void test("a batch grows as far as its messages need, and not all of that is kept", async (t) => {
  const batch = new FrameBatch();
  const large = new Uint8Array(3_000_000).fill(9);
  batch.add(1, large, false);
  batch.add(2, large, false);
  const { buffer, length } = batch.take();
  t.equal(length, 2 * (8 + large.length));
  t.equal(new DataView(buffer).getUint32(8 + large.length, true), 2);
  t.equal(new Uint8Array(buffer)[length - 1], 9);
  t.equal(batch.take().buffer.byteLength, 1024 * 1024);
});
