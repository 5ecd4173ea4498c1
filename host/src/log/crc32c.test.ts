// CRC-32C against published vectors and against the definition, bit by bit.
import fc from "fast-check";
import { test } from "tap";
import { crc32c } from "./crc32c.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const sequence = (first: number, step: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => first + i * step);

// RFC 3720 appendix B.4, and the check value of the CRC catalogue.
const vectors: readonly (readonly [title: string, bytes: Uint8Array, crc: number])[] = [
  ["nothing", ascii(""), 0],
  ["123456789", ascii("123456789"), 0xe3069283],
  ["32 zeros", sequence(0, 0), 0x8a9136aa],
  ["32 ones", sequence(0xff, 0), 0x62a8ab43],
  ["32 ascending", sequence(0, 1), 0x46dd794e],
  ["32 descending", sequence(31, -1), 0x113fdb5c],
];

function byDefinition(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

for (const [title, bytes, expected] of vectors) {
  void test(`[LOG3] the CRC-32C of ${title}`, async (t) => {
    t.equal(crc32c(bytes, 0, bytes.length), expected);
  });
}

void test("[LOG3] the CRC-32C of any range is that of the definition", async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(8), fc.nat(8), (all, head, tail) => {
      // A view into larger memory, so that a wrong offset shows.
      const memory = new Uint8Array(all.length + 5);
      memory.set(all, 5);
      const bytes = memory.subarray(5);
      const start = Math.min(head, bytes.length);
      const end = Math.max(start, bytes.length - tail);
      return crc32c(bytes, start, end) === byDefinition(bytes.subarray(start, end));
    }),
  );
  t.pass("no counter-example");
});
