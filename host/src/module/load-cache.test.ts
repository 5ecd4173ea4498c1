// Prepared code in the cache: the same module for whoever comes later, made again where what is kept is of no use.
import { keccak256 } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import type { CodeCache } from "./code-cache.ts";
import { defaultLoad, loadModule, prepareModule } from "./load.ts";

function openCache(disk = new MemoryDisk()): CodeCache & { readonly warned: string[] } {
  const warned: string[] = [];
  return { disk, writer: "me", warn: (text) => warned.push(text), warned };
}

/** A thread remembers what it prepared; with a limit of its own memory the same program is another one to it. */
let memoryBytesMax = defaultLoad.memoryBytesMax;
function freshOptions(): typeof defaultLoad {
  memoryBytesMax -= 65_536;
  return { memoryBytesMax, isMetered: true };
}

const program = readWasm("chat");

void test("a module from the cache is the one that was prepared", async (t) => {
  const cache = openCache();
  const options = freshOptions();
  await prepareModule(program, options, cache);
  const made = loadModule(program, options);
  t.match(await cache.disk.list(""), [/^[0-9a-f]{64}-metered-2-\d+\.wasm$/]);
  // As many others as make this thread forget it.
  for (let i = 0; i < 4; i++) loadModule(program, freshOptions());
  await prepareModule(program, options, cache);
  const read = loadModule(program, options);
  t.not(read, made, "it came from the cache");
  t.same(read.preinits, made.preinits);
  t.same(read.programHash(), keccak256(program));
  const exportsOf = ({ compiled }: typeof made): unknown => WebAssembly.Module.exports(compiled);
  t.same(exportsOf(read), exportsOf(made));
  t.same(cache.warned, []);
});

void test("a program that is refused leaves nothing behind", async (t) => {
  const cache = openCache();
  const nonsense = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  await t.rejects(prepareModule(nonsense, defaultLoad, cache), { code: "LC_MODULE_IMPORT" });
  t.same(await cache.disk.list(""), []);
});

void test("without a meter nothing is kept", async (t) => {
  const cache = openCache();
  await prepareModule(program, { ...freshOptions(), isMetered: false }, cache);
  t.same(await cache.disk.list(""), []);
});
