// What the check says of a log must agree with what recovery does, whatever happened to the bytes.
import { readFileSync } from "node:fs";
import { fromHex, LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { recoverLog } from "../recover.ts";
import { directory, Recorder } from "../test-rig.ts";
import { checkLog, type LogReport } from "./check.ts";
import { SchemaReplay } from "./schema-replay.ts";
import { diskOf, type Files, flipped, lines, sampleFiles, without } from "./test-log.ts";

async function check(files: Files): Promise<[LogReport, string[]]> {
  const visitor = new Recorder();
  const report = await checkLog({ disk: await diskOf(files), directory, visitor });
  return [report, visitor.lines];
}

/** The transactions that recovery finds, or the code of its refusal. */
async function recovered(files: Files): Promise<string[] | string> {
  const recorder = new Recorder();
  try {
    await recoverLog(await diskOf(files), directory, recorder);
    return recorder.lines;
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return thrown.code;
  }
}

async function agrees(files: Files): Promise<string | undefined> {
  const [{ closing }, seen] = await check(files);
  const truth = await recovered(files);
  if (typeof truth === "string") {
    const isFormat = truth === "LC_LOG_FORMAT";
    if (closing === undefined) return `recovery says ${truth}, the check is content`;
    return isFormat === (closing.rule === "LOG6") ? undefined : `${truth} but ${closing.rule}`;
  }
  if (closing !== undefined) return `recovery is content, the check says ${closing.text}`;
  return truth.join() === seen.join() ? undefined : "other transactions";
}

void test("a log that is well", async (t) => {
  const files = await sampleFiles();
  const [report, seen] = await check(files);
  t.same(seen, lines);
  t.equal(report.closing, undefined);
  t.same(report.findings, []);
  t.equal(report.nextOffset, lines.length);
  t.same(
    report.segments.map(({ firstOffset, lastOffset, commitCount, end }) => [
      firstOffset,
      lastOffset,
      commitCount,
      end,
    ]),
    [
      [0, 4, 5, "whole"],
      [5, 5, 1, "whole"],
    ],
  );
});

void test("[LOG7] to [LOG16] a flipped bit in every byte and every cut, as recovery sees them", async (t) => {
  const files = await sampleFiles();
  const disagreements: string[] = [];
  let refusals = 0;
  for (const [name, bytes] of files) {
    // A bit of every byte, each time another one.
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const damaged = flipped(files, name, bit);
      const difference = await agrees(damaged);
      if (difference !== undefined) disagreements.push(`${name} bit ${bit}: ${difference}`);
      if ((await check(damaged))[0].closing !== undefined) refusals++;
    }
    for (let length = 0; length < bytes.length; length++) {
      const difference = await agrees(new Map(files).set(name, bytes.subarray(0, length)));
      if (difference !== undefined) disagreements.push(`${name} cut to ${length}: ${difference}`);
    }
    const difference = await agrees(without(files, name));
    if (difference !== undefined) disagreements.push(`${name} removed: ${difference}`);
  }
  t.same(disagreements, []);
  t.ok(refusals > 50, `${refusals} flips close the log`);
});

void test("it reads on behind damage and counts what lies there", async (t) => {
  const files = await sampleFiles();
  const [first = ""] = [...files.keys()].filter((name) => name.endsWith(".log"));
  const [report] = await check(flipped(files, first, 40 * 8));
  t.match(report.closing, { rule: "LOG10", position: 10, closesLog: true });
  t.equal(report.nextOffset, 0);
  t.same(report.lost, { wholeCount: lines.length - 1, lastOffset: lines.length - 1 });
});

const golden = new URL("../../../../../fixtures/golden/log/", import.meta.url);

void test("commits of another host are whole, and their calls are counted", async (t) => {
  const bytes = (name: string): Uint8Array =>
    fromHex(readFileSync(new URL(name, golden), "utf8").replace(/\s/g, ""));
  const parts = ["segment-header.hex", "01-connect.hex", "02-disconnect.hex"].map(bytes);
  const segment = Uint8Array.from(parts.flatMap((part) => [...part]));
  const disk = await diskOf(new Map([["00000000000000000001.stdb.log", segment]]));
  const report = await checkLog({ disk, directory, visitor: new SchemaReplay(), firstOffset: 1 });
  t.same(report.findings, []);
  t.equal(report.nextOffset, 3);
  const frames = await checkLog({ disk, directory, visitor: undefined, firstOffset: 0 });
  t.match(frames.closing, { rule: "LOG1", text: /transaction 0 is missing/ });
});
