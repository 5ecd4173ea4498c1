// A meter changes nothing but the count: random code does the same with it and without it, and uses the same fuel each time.
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { meterModule } from "../../src/module/meter/meter.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { assemble } from "./guest.ts";
import { endingOf, memoryOf, MeteredInstance } from "./metered.ts";
import { randomModule } from "./random-code.ts";

void test("random code does the same with a meter", async (t) => {
  let failed = 0;
  let costly = 0;
  for (const seed of testSeeds(400)) {
    const bytes = await assemble(randomModule(new Rng(seed)));
    const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const run = plain.exports["run"] as (n: number) => unknown;
    const metered = new MeteredInstance(bytes);
    const again = new MeteredInstance(bytes);
    for (const argument of [0, 1, 7]) {
      const expected = endingOf(() => run(argument));
      const { ending, used } = metered.run("run", argument);
      const second = again.run("run", argument);
      const sameMemory = Buffer.compare(memoryOf(plain), memoryOf(metered.instance)) === 0;
      if (ending !== expected || !sameMemory) t.equal(ending, expected, `seed ${seed}: result`);
      if (second.used !== used) t.equal(second.used, used, `seed ${seed}: fuel`);
      if (!sameMemory) t.fail(`seed ${seed}: memory`);
      if (typeof expected === "string") failed++;
      if (used > 1000) costly++;
    }
  }
  t.ok(failed > 20, `${failed} runs trapped or threw`);
  t.ok(costly > 100, `${costly} runs had loops of some length`);
});

void test("whatever the engine finds valid is metered or refused", (t) => {
  const bank = readWasm("bank");
  const rng = new Rng(1);
  let validCount = 0;
  for (let i = 0; i < 3000; i++) {
    const mutant = Uint8Array.from(bank);
    for (let j = rng.nextBelow(3); j >= 0; j--)
      mutant[rng.nextBelow(mutant.length)] = rng.nextU32();
    if (!WebAssembly.validate(mutant)) continue;
    validCount++;
    try {
      if (!WebAssembly.validate(meterModule(mutant))) t.fail(`mutant ${i} is not valid any more`);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) t.fail(`mutant ${i}: ${String(thrown)}`);
    }
  }
  t.ok(validCount > 200, `${validCount} mutants were valid`);
  t.end();
});

void test("metered modules of compilers are valid", (t) => {
  for (const name of ["bank", "cell", "chat", "probe", "probe-views"] as const) {
    t.ok(WebAssembly.validate(meterModule(readWasm(name))), name);
  }
  t.end();
});
