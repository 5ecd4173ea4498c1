// What is kept comes back as it was, or not at all.
import { test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { type CodeCache, keepCode, readCode } from "./code-cache.ts";

function openCache(disk = new MemoryDisk()): CodeCache & { readonly warned: string[] } {
  const warned: string[] = [];
  return { disk, writer: "me", warn: (text) => warned.push(text), warned };
}

const name = "code.wasm";
const parts = [Uint8Array.of(1, 2), Uint8Array.of(3)];

void test("code is kept and read", async (t) => {
  const cache = openCache();
  t.equal(await readCode(cache, name), undefined, "nothing is there yet");
  await keepCode(cache, name, parts);
  t.same(await readCode(cache, name), Uint8Array.of(1, 2, 3));
  await keepCode(cache, name, [Uint8Array.of(4)]);
  t.same(await readCode(cache, name), Uint8Array.of(4), "the latest counts");
  t.same(await cache.disk.list(""), [name], "nothing unfinished is left");
  t.same(cache.warned, []);
});

void test("every byte is guarded, and so is the length", async (t) => {
  const whole = openCache();
  await keepCode(whole, name, parts);
  const bytes = await whole.disk.readFile(name);
  const damages = [
    ...Array.from(bytes, (_byte, at) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))),
    ...Array.from(bytes, (_byte, length) => bytes.slice(0, length)),
  ];
  for (const damaged of damages) {
    const cache = openCache();
    const file = await cache.disk.open(name, "create");
    file.writeSync(0, damaged, 0, damaged.length);
    await file.close();
    t.equal(await readCode(cache, name), undefined);
    t.match(cache.warned, ["the cached code code.wasm is not used: it is damaged"]);
  }
});

void test("a disk that fails is told of and stops nobody", async (t) => {
  const fail = (): never => {
    throw new Error("no such device");
  };
  const cache = openCache(Object.assign(new MemoryDisk(), { exists: fail, open: fail }));
  t.equal(await readCode(cache, name), undefined);
  await keepCode(cache, name, parts);
  t.match(cache.warned, [
    "the cached code code.wasm is not used: no such device",
    "the code code.wasm is not cached: no such device",
  ]);
});
