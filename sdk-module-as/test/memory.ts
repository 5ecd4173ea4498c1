// The program behind `npm run memory --workspace sdk-module-as`: calls a reducer ten million times and
// tells how much memory the module has on the way, with either runtime.
import { garbage } from "./garbage.ts";
import { wasmOf } from "./rig.ts";
import { stubbedModule } from "./stub-host.ts";

const calls = Number(process.argv[2] ?? 10_000_000);
const steps = 10;

for (const runtime of ["minimal", "incremental"] as const) {
  const module = stubbedModule(await wasmOf(garbage, { runtime }));
  const before = process.cpuUsage();
  for (let step = 0; step <= steps; step++) {
    console.log(`${runtime}: ${(calls / steps) * step} calls, ${module.memoryBytes()} bytes`);
    if (step < steps) module.call(calls / steps);
  }
  const { user } = process.cpuUsage(before);
  console.log(`${runtime}: ${((user * 1000) / calls).toFixed(0)} ns of CPU time a call`);
}
