// What the log says of a trap: the lines of the source, from a module that was built and published by the command.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourceMapSection } from "@lightcone/abi";
import { type Test, test } from "tap";
import { withCustomSection } from "../../src/build/wasm-binary.ts";
import { writeAsProject } from "../as-project.ts";
import { openRig, type Rig, startProcess } from "./rig.ts";

/** Runs a command in a process of its own, which can load the host, as builds do. */
async function command(t: Test, { home, url }: Rig, ...argv: string[]): Promise<string> {
  const words = argv[0] === "publish" ? [...argv, "--server", url()] : argv;
  const { code, stderr } = await startProcess(home, words).ended;
  t.equal(code, 0, stderr);
  return stderr;
}

/** Calls a reducer that fails, and reads the frames of the last line in the log. */
async function framesOf({ run }: Rig, database: string, reducer: string): Promise<string[]> {
  await run(5, "call", database, reducer);
  const log = (await run(0, "logs", database, "-n", "1")).stdout;
  const lines = log.split("\n").filter((line) => line.startsWith("    at "));
  return lines.map((line) => line.trim().slice("at ".length));
}

const framesByReducer = {
  fail: [
    "assembly/deep/inner (assembly/deep.ts:14)",
    "assembly/deep/pick (assembly/deep.ts:6)",
    "assembly/index/__call_reducer__ (assembly/index.ts:17)",
  ],
  divide: [
    "assembly/deep/divide (assembly/deep.ts:21)",
    "assembly/index/__call_reducer__ (assembly/index.ts:18)",
  ],
};

void test(
  "a trap names each frame's line, also after a restart",
  { timeout: 120_000 },
  async (t) => {
    const rig = await openRig(t);
    writeAsProject(join(rig.home, "traps"));
    const said = await command(t, rig, "publish", "traps", "--module-path", "traps");
    t.match(said, "Publishing traps/build/release.wasm");
    const check = async (when: string): Promise<void> => {
      for (const [reducer, frames] of Object.entries(framesByReducer)) {
        t.same(await framesOf(rig, "traps", reducer), frames, `${reducer}, ${when}`);
      }
    };
    await check("metered now");
    await rig.restart();
    await check("from the code cache");
  },
);

void test(
  "[MAP1] without a map functions are named, and a hostile one does no harm",
  { timeout: 120_000 },
  async (t) => {
    const rig = await openRig(t);
    writeAsProject(join(rig.home, "traps"));
    await command(t, rig, "build", "traps", "--no-source-map");
    const bare = join(rig.home, "traps/build/release.wasm");
    await command(t, rig, "publish", "bare", "--module-path", "traps", "--no-build");
    const names = framesByReducer.fail.map((frame) => frame.replace(/ \(.*/, ""));
    t.same(await framesOf(rig, "bare", "fail"), names);

    const map = new Uint8Array(100_000).fill(0xff);
    const hostile = join(rig.home, "hostile.wasm");
    writeFileSync(hostile, withCustomSection(readFileSync(bare), sourceMapSection, map));
    await command(t, rig, "publish", "hostile", "--bin-path", hostile);
    const log = (await rig.run(0, "logs", "hostile")).stdout;
    t.match(log, / WARN .*the program's source map is not used: a number is too long/);
    t.same(await framesOf(rig, "hostile", "fail"), names);
  },
);
