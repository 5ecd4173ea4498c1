// What calls allocate is given back: memory does not grow with their number.
import { t, test } from "tap";
import { garbage } from "./garbage.ts";
import { wasmOf } from "./rig.ts";
import { stubbedModule } from "./stub-host.ts";

t.setTimeout(120_000);

for (const runtime of ["minimal", "incremental"] as const) {
  void test(`memory stays as it is with the runtime ${runtime}`, async (t) => {
    const module = stubbedModule(await wasmOf(garbage, { runtime }));
    // The collector of "incremental" takes its time: memory grows once more after some ten thousand calls.
    module.call(80_000);
    const early = module.memoryBytes();
    module.call(80_000);
    t.equal(module.memoryBytes(), early);
    t.ok(early <= 1024 * 1024, `${early} bytes`);
  });
}
