// The variant of a module: made once, kept on disk, made again where what is there is of no use.
import { t as file, test } from "tap";
import { assemblePlayer } from "../../../test/procedure/player.ts";
import { MemoryDisk } from "../../base/disk/memory.ts";
import type { CodeCache } from "../code-cache.ts";
import { loadModule } from "../load.ts";
import { canSuspend } from "./suspending-imports.ts";
import { defaultLoad as load } from "../load.ts";
import { makeVariant, type Transform } from "./variants.ts";

// Code is made in a process of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

const program = await assemblePlayer();
const plain = loadModule(program);

function openCache(disk = new MemoryDisk()): CodeCache & { readonly warned: string[] } {
  const warned: string[] = [];
  return { disk, writer: "me", warn: (text) => warned.push(text), warned };
}

/** A module stands for its variant. */
function counting(): { transform: Transform; counts: { calls: number } } {
  const counts = { calls: 0 };
  const transform: Transform = (bytes) => {
    counts.calls++;
    return Promise.resolve(bytes);
  };
  return { transform, counts };
}

void test("made once, then read", async (t) => {
  const cache = openCache();
  const { transform, counts } = counting();
  for (let i = 0; i < 3; i++) await makeVariant(plain, program, load, cache, transform);
  t.equal(counts.calls, 1);
  const names = await cache.disk.list("");
  t.equal(names.length, 1);
  t.match(names[0], /^[0-9a-f]{64}-asyncify-3-metered-\d+\.wasm$/);
  t.same(cache.warned, []);
  await makeVariant(plain, Uint8Array.from([...program, 0, 2, 1, 97]), load, cache, transform);
  t.equal(counts.calls, 2, "other bytes are another variant");
});

void test("a damaged file is made anew", async (t) => {
  const cache = openCache();
  const { transform, counts } = counting();
  await makeVariant(plain, program, load, cache, transform);
  const [name = ""] = await cache.disk.list("");
  const kept = await cache.disk.open(name, "write");
  kept.writeSync(0, Uint8Array.of(1), 0, 1);
  await kept.close();
  await makeVariant(plain, program, load, cache, transform);
  t.match(cache.warned, [/the cached code [0-9a-f]+.* is not used/]);
  await makeVariant(plain, program, load, cache, transform);
  t.equal(counts.calls, 2);
});

void test("what cannot be made says why", async (t) => {
  const failing: Transform = () => Promise.reject(new Error("out of memory"));
  await t.rejects(makeVariant(plain, program, load, undefined, failing), /out of memory/);
  const nonsense: Transform = () => Promise.resolve(Uint8Array.of(1, 2, 3));
  await t.rejects(makeVariant(plain, program, load, openCache(), nonsense), /WebAssembly\.compile/);
  // Binaryen ends its process or throws what is no error.
  await t.rejects(makeVariant(plain, Uint8Array.of(0, 97, 115, 109), load, undefined), /\S/);
});

void test("the real pass: what comes out can be left and entered again", async (t) => {
  const { compiled, preinits } = await makeVariant(plain, program, load, undefined);
  const names = WebAssembly.Module.exports(compiled).map(({ name }) => name);
  t.ok(names.includes("asyncify_start_unwind"));
  t.same(preinits, plain.preinits);
  t.ok(canSuspend(compiled));
  t.notOk(canSuspend(loadModule(await assemblePlayer({ canWait: false })).compiled));
});
