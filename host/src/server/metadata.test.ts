import { readFileSync } from "node:fs";
import { type Test, test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { seededRandom } from "../base/random.ts";
import { stampDataDir } from "./metadata.ts";
import { hostVersion } from "./version.ts";

const current = `edition = "lightcone"\nversion = "${hostVersion}"\nlayout = 1\n`;

async function read(disk: MemoryDisk): Promise<string> {
  return new TextDecoder().decode(await disk.readFile("metadata.toml"));
}

function diskWith(text: string): MemoryDisk {
  const disk = new MemoryDisk();
  disk.install("metadata.toml", new TextEncoder().encode(text));
  return disk;
}

void test("the version is that of the package", async (t) => {
  const manifest = new URL("../../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  t.equal(hostVersion, version);
});

void test("a new directory is stamped for good", async (t) => {
  const disk = new MemoryDisk();
  await stampDataDir(disk);
  t.equal(await read(disk), current);
  t.equal(await read(disk.crash(seededRandom(1))), current);
  await stampDataDir(disk);
  t.equal(await read(disk), current, "and again");
});

void test("another version of the same layout takes over", async (t) => {
  const disk = diskWith(`edition = "lightcone"\nversion = "0.0.9"\nlayout = 1\n`);
  await stampDataDir(disk);
  t.equal(await read(disk), current);
});

async function refused(t: Test, text: string, message: RegExp): Promise<void> {
  const disk = diskWith(text);
  await t.rejects(stampDataDir(disk), { code: "LC_CONFIG", message });
  t.equal(await read(disk), text, "the note stays");
}

void test("directories of others are refused and left alone", async (t) => {
  await refused(
    t,
    `edition = "standalone"\nversion = "2.8.3"\n`,
    /another program.*"standalone"|standalone/,
  );
  await refused(t, "", /names the edition \(none\)/);
  await refused(
    t,
    `edition = "lightcone"\nversion = "3.1.0"\nlayout = 2\n`,
    /layout 2, written by version 3\.1\.0/,
  );
  await refused(t, `edition = "lightcone"\nversion = "3.1.0"\n`, /layout NaN/);
});
