import fc from "fast-check";
import { test } from "tap";
import { PgFault } from "./fault.ts";
import { readMessage, readPassword, readStartup } from "./frontend.ts";
import { MessageStream } from "./message-stream.ts";
import { MessageWriter } from "./message-writer.ts";

/** The bytes of a message with a letter. */
function whole(letter: string, body: Uint8Array): Uint8Array {
  const out = new MessageWriter();
  out.begin(letter);
  out.raw(body);
  out.end();
  return out.take();
}

/** What a stream makes of chunks: messages, then perhaps the SQLSTATE of a fault. */
function read(chunks: readonly Uint8Array[], bytesMax = 1000): string[] {
  const stream = new MessageStream(bytesMax);
  stream.start();
  const seen: string[] = [];
  try {
    for (const chunk of chunks) {
      stream.push(chunk);
      for (let found = stream.next(); found !== undefined; found = stream.next()) {
        seen.push(`${found.letter} ${Buffer.from(found.body).toString("hex")}`);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof PgFault)) throw thrown;
    seen.push(thrown.sqlState);
  }
  return seen;
}

const messages = fc.array(
  fc.tuple(fc.constantFrom(..."QPBDECHSXp".split("")), fc.uint8Array({ maxLength: 300 })),
  { maxLength: 8 },
);

void test("messages are found whatever pieces they come in", (t) => {
  fc.assert(
    fc.property(messages, fc.array(fc.nat(40), { minLength: 1 }), (list, sizes) => {
      const bytes = Buffer.concat(list.map(([letter, body]) => whole(letter, body)));
      const chunks: Uint8Array[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = 1 + (sizes[i % sizes.length] ?? 0);
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      const wanted = list.map(([letter, body]) => `${letter} ${Buffer.from(body).toString("hex")}`);
      t.same(read(chunks), wanted);
    }),
    { numRuns: 200 },
  );
  t.end();
});

void test("a letter or a length that is none is refused before anything is kept", (t) => {
  const long = new MessageWriter();
  long.begin("Q");
  const bytes = long.take();
  new DataView(bytes.buffer).setInt32(1, 1001);
  t.same(read([bytes]), ["08P01"], "too long");
  t.same(read([Uint8Array.of(0)]), ["08P01"], "no letter, told by the first byte");
  t.same(read([Uint8Array.of(0x51, 0, 0, 0, 3)]), ["08P01"], "shorter than its own length");
  t.same(read([Uint8Array.of(0x51, 0xff, 0xff, 0xff, 0xff)]), ["08P01"], "negative");
  t.end();
});

/** Whatever reading comes to, it is a message or a refusal. */
function isOrderly(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (thrown) {
    return thrown instanceof PgFault;
  }
}

void test("no bytes break the readers", (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), bytes, (letter, body) => {
      t.ok(isOrderly(() => readMessage(String.fromCharCode(letter), body)));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(..."QPBDEC".split("")), bytes, (letter, body) => {
      t.ok(isOrderly(() => readMessage(letter, body)));
      t.ok(isOrderly(() => readStartup(Buffer.concat([Uint8Array.of(0, 3, 0, 0), body]))));
      t.ok(isOrderly(() => readPassword(body)));
    }),
    { numRuns: 3000 },
  );
  t.end();
});

void test("a writer keeps what it wrote when it grows, at every length", (t) => {
  for (let length = 200; length < 300; length++) {
    const out = new MessageWriter();
    out.raw(new Uint8Array(length).fill(7));
    out.i64(-2n);
    out.f64(0.5);
    out.u8(9);
    out.cstring("ä\0b");
    const bytes = out.take();
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    t.equal(view.getBigInt64(length), -2n);
    t.equal(view.getFloat64(length + 8), 0.5);
    t.equal(bytes[length + 16], 9);
    t.equal(Buffer.from(bytes.subarray(length + 17)).toString(), "äb\0");
  }
  t.end();
});
