// Memory of parts: it serves again while long answers are made, and nothing is kept afterwards.
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { partBytes, PartMemory } from "./part-memory.ts";

void test("what was given back serves again while a long answer is under way", (t) => {
  const memory = new PartMemory();
  memory.open();
  const first = memory.take(partBytes);
  t.ok(first.byteLength > partBytes, "there is room for a header and a table");
  t.not(memory.take(partBytes), first, "what is out is nobody else's");
  memory.give(first);
  const rest = memory.take(100);
  t.ok(rest.byteLength >= 100 && rest.byteLength < partBytes, "a short part has little memory");
  t.ok(memory.take(partBytes * 2).byteLength > partBytes * 2, "and a long one has more");
  memory.give(rest);
  t.equal(memory.take(partBytes - 19), first, "parts that are nearly full have memory of one size");
  t.not(memory.take(partBytes), rest);
  t.end();
});

void test("after the last long answer nothing is kept, and never more than may be under way", (t) => {
  const memory = new PartMemory();
  memory.open();
  memory.open();
  const first = memory.take(partBytes);
  memory.close();
  memory.give(first);
  t.equal(memory.take(partBytes), first, "another one goes on");
  memory.give(first);
  memory.close();
  t.not(memory.take(partBytes), first);
  memory.give(first);
  memory.open();
  t.not(memory.take(partBytes), first, "what comes too late is not kept");
  const most = limit.longAnswerBytesMax / partBytes;
  const out = Array.from({ length: most + 1 }, () => memory.take(partBytes));
  for (const one of out) memory.give(one);
  const again = new Set(Array.from({ length: most + 1 }, () => memory.take(partBytes)));
  t.equal(out.filter((one) => again.has(one)).length, most);
  t.end();
});
