import { test } from "tap";
import { BodyBuffer, BodyLease, BodyMemory } from "./body-buffer.ts";

void test("a body in pieces of a byte, and what it takes", (t) => {
  const memory = new BodyMemory(20_000);
  const lease = new BodyLease(memory);
  const body = new BodyBuffer(lease);
  for (let i = 0; i < 5000; i++) body.add(Uint8Array.of(i));
  t.equal(body.length, 5000);
  t.equal(memory.bytes, 8192);
  const whole = body.finish();
  t.same([whole.length, whole[255], whole[4999]], [5000, 255, 4999 & 255]);
  t.equal(memory.bytes, 5000);
  lease.end();
  t.equal(memory.bytes, 0);
  t.same(new BodyBuffer(new BodyLease(memory)).finish(), new Uint8Array(0));
  t.end();
});

void test("bodies share what there is", (t) => {
  const memory = new BodyMemory(10_000);
  const first = new BodyLease(memory);
  const second = new BodyLease(memory);
  t.ok(new BodyBuffer(first).add(new Uint8Array(7000)));
  t.notOk(new BodyBuffer(second).add(new Uint8Array(4000)));
  t.equal(memory.bytes, 7000, "what was refused takes nothing");
  first.end();
  t.ok(new BodyBuffer(second).add(new Uint8Array(4000)));
  t.end();
});
