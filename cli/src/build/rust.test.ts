// A `cargo` of this test's own: what it would say on other machines, and what is made of it.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeModule } from "@lightcone/host";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { type Test, test } from "tap";
import { run, type RunResult } from "../../test/run.ts";

interface Cargo {
  /** Lines of standard output and standard error; `DIR` stands for the crate's folder. */
  readonly stdout?: readonly unknown[];
  readonly stderr?: string;
  readonly code?: number;
}

/** Runs `lightcone build` in a crate, with such a cargo as the only program there is. */
function build(t: Test, cargo: Cargo | undefined, ...flags: string[]): Promise<RunResult> {
  const home = t.testdir({ crate: { "Cargo.toml": "" }, bin: {} });
  if (cargo !== undefined) {
    const { stdout = [], stderr = "", code = 0 } = cargo;
    const lines = stdout.map((line) => JSON.stringify(line).replaceAll("DIR", join(home, "crate")));
    const script = [
      "#!/bin/sh",
      `echo "$*" >> ${join(home, "arguments")}`,
      ...lines.map((line) => `echo '${line}'`),
      `echo "${stderr}" >&2`,
      `exit ${code}`,
    ];
    const path = join(home, "bin/cargo");
    writeFileSync(path, script.join("\n"));
    chmodSync(path, 0o755);
  }
  return run(["build", "crate", ...flags], {
    home,
    env: { PATH: join(home, "bin") },
    host: { describeModule },
  });
}

function artifact(manifest: string, ...filenames: string[]): unknown {
  return { reason: "compiler-artifact", manifest_path: manifest, filenames };
}

void test("the program is the one that cargo says it made", async (t) => {
  const stdout = [
    artifact("/elsewhere/Cargo.toml", "/elsewhere/liba.rlib", "/elsewhere/a.wasm"),
    artifact("DIR/Cargo.toml", wasmPath("chat")),
    { reason: "build-finished", success: true },
  ];
  const { code, stdout: said, stderr } = await build(t, { stdout, stderr: "Compiling chat" });
  t.equal(code, 0, stderr);
  t.match(said, /chat\.wasm\n$/);
  t.match(stderr, /Compiling chat\n/, "cargo's own words");
  t.match(stderr, /Built in [\d.]+ s: [\d.]+ KiB, 3 tables, \d+ reducers, 0 views, 0 procedures/);
});

void test("what is missing is named, with what to install", async (t) => {
  const rows: [Cargo | undefined, number, RegExp, RegExp][] = [
    [undefined, 1, /there is no cargo here/, /rustup\.rs[^]*rustup target add wasm32/],
    [
      { stderr: "error[E0463]: can't find crate for 'core'", code: 101 },
      5,
      /does not compile/,
      /cargo says why/,
    ],
    [
      { stderr: "the 'wasm32-unknown-unknown' target may not be installed", code: 101 },
      1,
      /lacks/,
      /rustup target add wasm32-unknown-unknown/,
    ],
    [
      { stderr: "error: linker \\`rust-lld\\` not found", code: 101 },
      1,
      /lacks/,
      /apt-get install lld/,
    ],
    [
      {
        stderr: "\u001b[31merror\u001b[0m: linker \\`\u001b[1mcc\u001b[0m\\` not found",
        code: 101,
      },
      1,
      /lacks/,
      /build-essential/,
    ],
    [{ stderr: "package x requires rustc 1.93 or newer", code: 101 }, 1, /lacks/, /rustup update/],
    [{ stderr: "error[E0308]: mismatched types", code: 101 }, 5, /does not compile/, /cargo says/],
    [{ stdout: [artifact("DIR/Cargo.toml", "/a/liba.rlib")] }, 5, /no \.wasm/, /cdylib/],
    [
      { stdout: [artifact("DIR/Cargo.toml", "/a/a.wasm", "/a/b.wasm")] },
      5,
      /more than one \.wasm/,
      /--bin-path/,
    ],
  ];
  for (const [cargo, code, message, advice] of rows) {
    const result = await build(t, cargo);
    t.equal(result.code, code, result.stderr);
    t.equal(result.stdout, "");
    t.match(result.stderr, message);
    t.match(result.stderr, advice);
  }
});
