import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { test } from "tap";
import { brotli, gzip } from "./compress.ts";

const lengths = [0, 1, 1025, 70_000, 600_000];

function sample(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 24 < 8 ? i / 24 : (i * 7919) >> 5));
}

void test("what is compressed comes back, and is shorter", async (t) => {
  for (const length of lengths) {
    const bytes = sample(length);
    for (const [name, packed, unpack] of [
      ["gzip", gzip(bytes), gunzipSync],
      ["brotli", brotli(bytes), brotliDecompressSync],
    ] as const) {
      t.ok(Buffer.from(bytes).equals(unpack(packed)), `${name} of ${length} bytes`);
      if (length > 1000) t.ok(packed.length < length, `${name}: ${packed.length} of ${length}`);
    }
  }
});

void test("a gzip member ends with the length of what it holds", async (t) => {
  const packed = gzip(sample(70_000));
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  t.equal(view.getUint32(packed.length - 4, true), 70_000);
});
