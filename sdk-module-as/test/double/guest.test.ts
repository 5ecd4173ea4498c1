import { fileURLToPath } from "node:url";
import { t as file, test } from "tap";
import { compileModule } from "../../src/compile.ts";
import { HostDouble } from "./host.ts";
import { provocations } from "./provocation.ts";
import { rules } from "./rules.ts";

// To compile a module takes its time on a busy machine.
file.setTimeout(180_000);

const { wasm, errors } = await compileModule({
  entry: "test/assembly/conformance.ts",
  folder: fileURLToPath(new URL("../../../", import.meta.url)),
  mode: "debug",
});
if (wasm === undefined) throw new Error(errors.join("\n"));
const module = new WebAssembly.Module(wasm);

for (const { title, script, seen, traps = false } of rules) {
  void test(title, (t) => {
    for (const provocation of provocations) {
      const host = new HostDouble(module, provocation);
      t.same(script(host), seen, provocation.name);
      t.same(host.breaches, [], `${provocation.name}: nothing a guest must not do`);
      if (!traps)
        t.same(
          host.logged.filter(({ level }) => level === 101),
          [],
          "no panic",
        );
    }
    t.end();
  });
}
