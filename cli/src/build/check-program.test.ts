import { describeModule } from "@lightcone/host";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { noHosts } from "../../test/run.ts";
import { checkProgram } from "./check-program.ts";

const host = { ...noHosts, describeModule };

/** A module that imports these functions, `module.name`, and does nothing. */
function importing(names: readonly string[]): Uint8Array {
  const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
  const imports = names.flatMap((name) => {
    const dot = name.indexOf(".", name.startsWith("spacetime") ? "spacetime_10.".length : 0);
    return [...text(name.slice(0, dot)), ...text(name.slice(dot + 1)), 0, 0];
  });
  const content = [names.length, ...imports];
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0];
  const length = [(content.length & 0x7f) | 0x80, content.length >> 7];
  return Uint8Array.from([...head, 2, ...length, ...content]);
}

void test("a program that hosts take gives its definition", (t) => {
  const { tables } = checkProgram(readWasm("chat"), host);
  t.ok(tables.some(({ name }) => name === "message"));
  t.end();
});

void test("what is wrong is explained in terms of the source", (t) => {
  const rows: [imports: string[], reasons: RegExp[]][] = [
    [
      ["spacetime_10.0.bytes_sink_write", "env.abort", "env.seed"],
      [
        /- env.abort comes of assert, throw or abort; instead: .*transform/,
        /- env.seed .*ctx.random/,
      ],
    ],
    [["env.console.log"], [/console; instead: log.info/]],
    [["env.Date.now"], [/the clock; instead: ctx.timestamp/]],
    [["env.performance.now"], [/ctx.timestamp/]],
    [["env.trace"], [/log.trace/]],
    [["env.crypto.getRandomValuesN"], [/ctx.random/]],
    [["env.process.exit"], [/take it out/]],
    [["env.myFunction"], [/env.myFunction is a function that is declared and defined nowhere/]],
    [["wasi_snapshot_preview1.fd_write"], [/WASI.*wasm32-unknown-unknown/]],
    [["__wbindgen_placeholder__.__wbindgen_throw"], [/wasm-bindgen.*cargo tree/]],
    [["other.thing"], [/other.thing is not known/]],
    [["spacetime_10.9.new_function"], [/wants ABI 10.9/]],
    [["spacetime_10.0.new_function"], [/spacetime_10.0.new_function/]],
    [[], [/imports nothing from spacetime_10/]],
  ];
  for (const [imports, reasons] of rows) {
    for (const message of reasons) {
      t.throws(
        () => checkProgram(importing(imports), host),
        { exit: "module", message },
        imports.join(", "),
      );
    }
  }
  t.throws(() => checkProgram(readWasm("chat").subarray(0, 1000), host), {
    exit: "module",
    message: /no host will take it:\n- the module does not compile/,
  });
  t.end();
});
