// What calls allocate is given back: memory does not grow with their number.
import { t, test } from "tap";
import { garbage } from "./garbage.ts";
import { wasmOf } from "./rig.ts";
import { stubbedModule } from "./stub-host.ts";

t.setTimeout(120_000);

/** Calls enough that nothing would fit if what they allocate stayed. */
const callCount = 40_000;

void test("memory stays as it is with the runtime minimal", async (t) => {
  const module = stubbedModule(await wasmOf(garbage, { runtime: "minimal" }));
  module.call(2_000);
  const early = module.memoryBytes();
  module.call(callCount);
  t.equal(module.memoryBytes(), early);
  t.ok(early <= 512 * 1024, `${early} bytes`);
});

void test("memory stays small with the runtime incremental, whose collector keeps a pace of its own", async (t) => {
  const module = stubbedModule(await wasmOf(garbage, { runtime: "incremental" }));
  module.call(callCount);
  t.ok(module.memoryBytes() <= 512 * 1024, `${module.memoryBytes()} bytes`);
});
