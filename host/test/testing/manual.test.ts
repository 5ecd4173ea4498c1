// The programs in docs/testing.md and docs/embedding.md do what they say.
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { t as root, test } from "tap";

const timeout = 300_000;
root.setTimeout(timeout);

const docs = fileURLToPath(new URL("../../../../docs/", import.meta.url));

for (const [name, programCount] of [
  ["embedding.md", 1],
  ["testing.md", 4],
] as const) {
  void test(name, { timeout }, async (t) => {
    const programs = [...readFileSync(join(docs, name), "utf8").matchAll(/^```js\n([^]*?)^```$/gm)];
    t.equal(programs.length, programCount);
    const folder = t.testdir({ "package.json": `{ "type": "module" }` });
    copyFileSync(wasmPath("chat"), join(folder, "chat.wasm"));
    copyFileSync(wasmPath("kitchen-as"), join(folder, "alarms.wasm"));
    for (const [i, [, text = ""]] of programs.entries()) {
      const file = join(folder, `program-${i}.js`);
      writeFileSync(file, text);
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      t.notMatch(stdout, /^not ok/m, `program ${i + 1}`);
      if (name === "embedding.md") t.match(stdout, /message \[[^]*'hello'[^]*\[ \{ n: 1n \} \]/);
    }
  });
}
