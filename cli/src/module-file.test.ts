import { join } from "node:path";
import { test } from "tap";
import { readModule } from "./module-file.ts";

const wasm = Buffer.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const none = { binPath: undefined, modulePath: undefined };

void test("the program is the one named, or the one built", (t) => {
  const release = { release: { "a.wasm": wasm, "a.d": "", deps: { "a.wasm": wasm } } };
  const home = t.testdir({
    "x.wasm": wasm,
    crate: { "Cargo.toml": "", target: { "wasm32-unknown-unknown": release } },
    assembly: { "package.json": "{}", build: { "debug.wasm": wasm, "release.wasm": wasm } },
  });
  const rows: [string, Partial<typeof none> | Record<string, string>, string][] = [
    [home, { binPath: "x.wasm" }, "x.wasm"],
    [home, { modulePath: "crate" }, "crate/target/wasm32-unknown-unknown/release/a.wasm"],
    [home, { modulePath: "assembly" }, "assembly/build/release.wasm"],
    [join(home, "crate"), {}, "target/wasm32-unknown-unknown/release/a.wasm"],
  ];
  for (const [folder, choice, path] of rows) {
    const file = readModule(folder, { ...none, ...choice });
    t.equal(file.path, path);
    t.equal(file.program.length, 8);
  }
  t.end();
});

void test("a program that cannot be had is told with what to do", (t) => {
  const home = t.testdir({
    "text.wasm": "(module)",
    crate: { "Cargo.toml": "" },
    assembly: { "package.json": "{}" },
    empty: {},
    two: { build: { "a.wasm": wasm, "b.wasm": wasm } },
  });
  const rows: [Record<string, string>, RegExp, RegExp][] = [
    [{ binPath: "x.wasm", modulePath: "crate" }, /exclude each other/, /one of them/],
    [{ binPath: "no.wasm" }, /cannot read no.wasm/, /--bin-path/],
    [{ binPath: "text.wasm" }, /no WebAssembly module/, /compiled/],
    [{ binPath: "crate" }, /cannot read crate/, /--bin-path/],
    [{ modulePath: "missing" }, /missing is no folder/, /--bin-path/],
    [{ modulePath: "crate" }, /crate has no compiled module/, /in crate with `lightcone build`/],
    [{ modulePath: "assembly" }, /no compiled module/, /npm run build/],
    [{ modulePath: "empty" }, /no compiled module/, /--module-path/],
    [{ modulePath: "two" }, /more than one program/, /two\/build\/a.wasm\ntwo\/build\/b.wasm/],
  ];
  for (const [choice, message, advice] of rows) {
    t.throws(() => readModule(home, { ...none, ...choice }), { exit: "usage", message, advice });
  }
  t.end();
});
