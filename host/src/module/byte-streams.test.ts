import { present } from "@lightcone/abi";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { ByteSink, ByteSources } from "./byte-streams.ts";
import { GuestTrap, type Trap } from "./trap.ts";

const trap: Trap = (message) => {
  throw new GuestTrap(message);
};

void test("sources that were read are not kept, and their numbers come again", (t) => {
  const sources = new ByteSources(trap);
  const bytes = new Uint8Array(limit.httpBodyBytesMax);
  for (let i = 0; i < 2000; i++) {
    const handle = sources.open(bytes, 0, bytes.length);
    if (handle !== (i % 1024) + 1) t.fail(`handle ${handle} after ${i} others`);
    const source = sources.get(handle);
    sources.close(present(source, "an open source"));
    if (source?.view.byteLength !== 0) t.fail("its bytes are kept");
    if (sources.get(handle) !== undefined) t.fail("it is still open");
  }
  t.equal(sources.open(bytes, 0, 0), 0, "no bytes have no source");
  t.end();
});

void test("sources that are left unread have a limit in bytes and in number", (t) => {
  const sources = new ByteSources(trap);
  const bytes = new Uint8Array(limit.httpBodyBytesMax);
  sources.open(bytes, 0, bytes.length);
  sources.open(bytes, 0, bytes.length);
  t.throws(() => sources.open(bytes, 0, 1), { message: /too many bytes unread/ });
  sources.closeAll();
  for (let i = 0; i < limit.sourceCountMax; i++) sources.open(bytes, 0, 1);
  t.throws(() => sources.open(bytes, 0, 1), { message: /too many bytes unread/ });
  sources.closeAll();
  t.equal(sources.open(bytes, 0, 1), 1);
  t.end();
});

void test("a sink that one call made large gives its memory back", (t) => {
  const sink = new ByteSink(trap);
  sink.open();
  sink.write(new Uint8Array(4 * 1024 * 1024).fill(7), 0, 4 * 1024 * 1024);
  const bytes = sink.bytes();
  sink.close();
  t.equal(bytes[1000], 7, "what was written can still be read");
  sink.open();
  t.ok(sink.bytes().buffer.byteLength <= 1024);
  t.end();
});
