// Whatever closes a log, a repair keeps every transaction before it and every byte that it cuts.
import { LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { recoverLog } from "../recover.ts";
import { directory, Recorder } from "../test-rig.ts";
import { checkLog } from "./check.ts";
import { planRepair, repairLog, type RepairPlan } from "./repair.ts";
import { diskOf, type Files, filesOf, flipped, lines, sampleFiles, without } from "./test-log.ts";

interface Repaired {
  readonly plan: RepairPlan;
  readonly files: Files;
  /** The transactions that recovery finds afterwards. */
  readonly lines: readonly string[];
}

/** Repairs a log and opens it; the code of the refusal if there is one, undefined if it is well. */
async function repair(files: Files): Promise<Repaired | string | undefined> {
  const disk = await diskOf(files);
  const report = await checkLog({ disk, directory, visitor: new Recorder() });
  try {
    const plan = planRepair(report);
    if (plan === undefined) return undefined;
    await repairLog(disk, plan);
    const after = await filesOf(disk);
    const recorder = new Recorder();
    await recoverLog(disk, directory, recorder);
    return { plan, files: after, lines: recorder.lines };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return thrown.code;
  }
}

/** Every byte that was there is there still: in the log or beside it. */
function keepsAll(t: Test, before: Files, { plan, files }: Repaired): void {
  for (const { path, position, keptAs } of plan.cuts) {
    const name = path.slice(directory.length + 1);
    const kept = files.get(keptAs.slice(directory.length + 1)) ?? new Uint8Array(0);
    const rest = position === 0 ? [] : [...(files.get(name) ?? [])];
    t.same([...rest, ...kept], [...(before.get(name) ?? [])], `${name} in two parts`);
  }
}

void test("flipped bits that close the log", async (t) => {
  const files = await sampleFiles();
  const counts = { well: 0, repaired: 0, hopeless: 0 };
  const [first = ""] = files.keys();
  for (const [name, bytes] of files) {
    for (let bit = 0; bit < bytes.length * 8; bit += 11) {
      const damaged = flipped(files, name, bit);
      const result = await repair(damaged);
      if (result === undefined) {
        counts.well++;
      } else if (typeof result === "string") {
        counts.hopeless++;
        if (name !== first && result !== "LC_LOG_FORMAT") t.fail(`${name} bit ${bit}: ${result}`);
      } else {
        counts.repaired++;
        keepsAll(t, damaged, result);
        t.same(result.lines, lines.slice(0, result.plan.firstLost), `${name} bit ${bit}`);
      }
    }
  }
  t.ok(counts.well > 10 && counts.repaired > 20 && counts.hopeless > 5, JSON.stringify(counts));
});

void test("a segment that is gone", async (t) => {
  const files = await sampleFiles();
  const [first = "", second = ""] = [...files.keys()].filter((name) => name.endsWith(".log"));
  t.equal(await repair(without(files, first)), "LC_LOG_CORRUPT", "nothing would be left");
  const last = (await repair(without(files, second))) as Repaired;
  t.match(last.plan.closing, { rule: "LOG1", path: `${directory}/${second}` });
  t.same(last.plan.cuts, []);
  t.same(last.lines, lines.slice(0, last.plan.firstLost));
  t.ok(last.plan.firstLost > 0 && last.plan.firstLost < lines.length);
});

void test("a copy that is there already is not written over", async (t) => {
  const files = await sampleFiles();
  const second = [...files.keys()].filter((name) => name.endsWith(".log"))[1] ?? "";
  const damaged = flipped(files, second, 40 * 8);
  t.type(await repair(damaged), "object");
  t.equal(await repair(new Map(damaged).set(`${second}.cut-0`, new Uint8Array(1))), "LC_DISK");
});

void test("what is lost is told", async (t) => {
  const files = await sampleFiles();
  const first = [...files.keys()].find((name) => name.endsWith(".log")) ?? "";
  const bytes = files.get(first) as Uint8Array;
  // The second commit: behind the header, the first one and its own header.
  const secondAt = 10 + 26 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(28, true);
  const { plan } = (await repair(flipped(files, first, (secondAt + 24) * 8))) as Repaired;
  t.match(plan, { firstLost: 1, lastLost: lines.length - 1, wholeLost: lines.length - 2 });
  t.match(plan.cuts[0], { position: secondAt, keptAs: `${directory}/${first}.cut-${secondAt}` });
  t.equal(plan.closing.rule, "LOG11");
});
