// Logs on disk as a user meets them: a real host has written them, something happens to the files,
// and each refusal leads to the command that helps.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { type Test, t, test } from "tap";
import { openRig, startProcess } from "./rig.ts";

const bin = fileURLToPath(new URL("../../../bin/lightcone.js", import.meta.url));

/** Why nothing can be mounted, if so. */
const noMount =
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0
    ? false
    : "a directory cannot be mounted here";

// Hosts and commands take their time to start on a busy machine.
t.setTimeout(300_000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command in a process of its own, which must end with this code. */
async function run(t: Test, home: string, code: number, ...argv: string[]): Promise<Ended> {
  const ended = await startProcess(home, argv).ended;
  t.equal(ended.code, code, `${argv.join(" ")}\n${ended.stderr}`);
  return ended;
}

interface Written {
  readonly home: string;
  /** The directory of the log of `bank`, below the home. */
  readonly log: string;
  readonly identity: string;
  /** Of the data directory, to start again from. */
  readonly restoreFiles: () => void;
}

/** A data directory that a host has written and left: `bank` with ten transfers, and `chat`. */
async function written(t: Test): Promise<Written> {
  const rig = await openRig(t);
  const { home } = rig;
  const published = await rig.run(0, "publish", "bank", "-b", wasmPath("bank"), "--json");
  const { identity } = JSON.parse(published.stdout) as { identity: string };
  await rig.run(0, "publish", "chat", "-b", wasmPath("chat"));
  await rig.run(0, "call", "chat", "send_message", '"hello"');
  await rig.run(0, "call", "bank", "seed", "3", "100");
  for (let i = 1; i <= 10; i++) {
    await rig.run(0, "call", "bank", "transfer", "0", "1", String(i));
  }
  await rig.stop();
  cpSync(join(home, "data"), join(home, "saved"), { recursive: true });
  return {
    home,
    identity,
    log: join("data/replicas", identity, "clog"),
    restoreFiles: () => {
      rmSync(join(home, "data"), { recursive: true });
      cpSync(join(home, "saved"), join(home, "data"), { recursive: true });
    },
  };
}

interface Commit {
  readonly offset: number;
  readonly position: number;
}

/** Where the commits of a segment start. */
function commitsOf(bytes: Buffer): Commit[] {
  const commits: Commit[] = [];
  for (let at = 10; at < bytes.length;) {
    commits.push({ offset: Number(bytes.readBigUInt64LE(at)), position: at });
    at += 22 + bytes.readUInt32LE(at + 18) + 4;
  }
  return commits;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(path, bytes);
}

/** Starts a host, asks it for the rows of `bank`, and stops it. */
async function ask(
  home: string,
  sql: string,
): Promise<{ readonly answer: string; readonly stderr: string }> {
  const argv = ["start", "--data-dir", "data", "--listen-addr", "127.0.0.1:0"];
  const host = startProcess(home, argv);
  const [, url = ""] = await host.said(/^Listening on (\S+)\n/);
  const answer = await fetch(`${url}/v1/database/bank/sql`, { method: "POST", body: sql });
  const text = `${answer.status} ${await answer.text()}`;
  host.child.kill("SIGTERM");
  return { answer: text, stderr: (await host.ended).stderr };
}

const segmentName = "00000000000000000000.stdb.log";
const balances = "SELECT balance FROM account";

async function checkWell(t: Test, { home, log, identity }: Written): Promise<void> {
  const before = readFileSync(join(home, log, segmentName));
  const commits = commitsOf(before);
  const last = commits.length - 1;
  for (const place of [["bank"], [identity], ["--path", log]]) {
    const dataDir = place.length === 1 ? ["--data-dir", "data"] : [];
    const { stdout, stderr } = await run(t, home, 0, "log", "verify", ...place, ...dataDir);
    t.match(stdout, `clog/${segmentName}: 0 to ${last}, ${commits.length} commits`);
    t.match(stderr, `All is well: ${commits.length} transactions`);
  }
  const verified = await run(t, home, 0, "log", "verify", "bank", "--data-dir", "data", "--json");
  t.match(JSON.parse(verified.stdout), { starts: true, nextOffset: commits.length, findings: [] });
  const control = ["log", "verify", "--path", "data/control-db/clog"];
  t.match((await run(t, home, 0, ...control)).stderr, /All is well/);

  const summary = ["log", "summary", "bank", "--data-dir", "data"];
  t.match((await run(t, home, 0, ...summary)).stdout, /transfer 10/);
  const [segment] = (
    JSON.parse((await run(t, home, 0, ...summary, "--json")).stdout) as {
      segments: { reducers: Record<string, number>; otherTransactions: number }[];
    }
  ).segments;
  t.match(segment, { reducers: { transfer: 10, seed: 1 }, otherTransactions: 1, end: "whole" });

  const dump = ["log", "dump", "bank", "--data-dir", "data"];
  const lines = (await run(t, home, 0, ...dump, "--json")).stdout.trimEnd().split("\n");
  t.equal(lines.length, commits.length);
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.same(
    records.map(({ offset }) => offset),
    commits.map(({ offset }) => offset),
  );
  t.match(
    records.find(({ reducer }) => reducer === "transfer"),
    {
      arguments: { from: 0, to: 1, amount: 1 },
      changes: [
        {
          kind: "insert",
          table: "account",
          rows: [
            { id: 0, balance: 99 },
            { id: 1, balance: 101 },
          ],
        },
        {
          kind: "delete",
          table: "account",
          rows: [
            { id: 0, balance: 100 },
            { id: 1, balance: 100 },
          ],
        },
      ],
    },
  );
  const some = await run(t, home, 0, ...dump, "--from", "2", "--to", "6", "--table", "account");
  t.match(some.stdout, /^\d+ {2}20\d\d-.*  seed\(\{"n":3,"balance":100\}\)  by c200\w+  on \w{32}/);
  t.notMatch(some.stdout, /st_client/);
  const chat = await run(t, home, 0, "log", "dump", "chat", "--data-dir", "data");
  t.match(chat.stdout, /send_message\(\{"text":"hello"\}\).*\+message \{"id":1,.*"text":"hello"\}/);

  t.match(
    (await run(t, home, 1, "log", "verify", "none", "--data-dir", "data")).stderr,
    /not found/,
  );
  t.match((await run(t, home, 2, "log", "verify", "--path", "nowhere")).stderr, /is not there/);
  t.match((await run(t, home, 2, "log", "verify")).stderr, /no log is named/);
  t.match((await run(t, home, 2, "log", "dump", "bank", "--path", log)).stderr, /by itself/);
  const repair = await run(t, home, 0, "log", "repair", "bank", "--data-dir", "data");
  t.match(repair.stderr, /nothing to repair/);
  t.same(readFileSync(join(home, log, segmentName)), before, "none of them has written anything");
}

async function checkRepair(t: Test, { home, log, restoreFiles }: Written): Promise<void> {
  const path = join(home, log, segmentName);
  const commits = commitsOf(readFileSync(path));
  const { offset, position } = commits[commits.length - 8] as Commit;
  flip(path, position + 30);
  const damaged = readFileSync(path);
  const place = `${segmentName} at byte ${position}:`;
  const words = ["--data-dir", "data"];

  const { answer, stderr } = await ask(home, balances);
  t.match(answer, /^503 the database is closed for now: /);
  t.match(answer, place);
  t.match(
    answer,
    new RegExp(`transaction ${offset} is damaged, though .* \\(LOG16\\); .*log verify`),
  );
  t.match(stderr, new RegExp(`lightcone log verify --data-dir \\S+/data c2\\w+`));
  const verified = await run(t, home, 1, "log", "verify", "bank", ...words);
  t.match(verified.stdout, `${place} a commit has a wrong checksum`);
  t.match(verified.stderr, /refuses to start with this log: .*LOG16[^]*lightcone log repair/);
  const dumped = await run(t, home, 1, "log", "dump", "bank", ...words);
  t.equal(dumped.stdout.trimEnd().split("\n").length, offset, "what comes before is shown");

  const unasked = await run(t, home, 2, "log", "repair", "bank", ...words);
  t.match(unasked.stderr, `Lost: transactions ${offset} to ${commits.length - 1}, 7 of which`);
  t.match(unasked.stderr, /Cut the log there\? There is no terminal[^]*--yes/);
  t.same(readFileSync(path), damaged, "nothing was done");
  const host = startProcess(home, ["start", "--data-dir", "data", "-l", "127.0.0.1:0"]);
  await host.said(/^Listening/);
  const busy = await run(t, home, 1, "log", "repair", "bank", "--yes", ...words);
  t.match(busy.stderr, /another host uses the data directory/);
  t.same(readFileSync(path), damaged, "nothing was done");
  host.child.kill("SIGTERM");
  await host.ended;

  const repaired = await run(t, home, 0, "log", "repair", "bank", "--yes", ...words);
  t.match(repaired.stdout, `kept clog/${segmentName}.cut-${position}\n`);
  t.same(
    Buffer.concat([readFileSync(path), readFileSync(`${path}.cut-${position}`)]),
    damaged,
    "all bytes are kept",
  );
  await run(t, home, 0, "log", "verify", "bank", ...words);
  t.match((await ask(home, balances)).answer, /^200 .*"rows":\[\[\d+\],\[\d+\],\[100\]\]/);
  restoreFiles();
  t.match((await ask(home, balances)).answer, /"rows":\[\[45\],\[155\],\[100\]\]/);
}

async function checkOther(t: Test, { home, log, restoreFiles }: Written): Promise<void> {
  const path = join(home, log, segmentName);
  const words = ["--data-dir", "data"];

  await t.test("[LOG9] a flipped bit in the tail costs what it hits, and is told", async (t) => {
    const { position } = commitsOf(readFileSync(path)).at(-1) as Commit;
    flip(path, position + 30);
    const { stdout } = await run(t, home, 0, "log", "verify", "bank", ...words);
    t.match(stdout, `${segmentName} at byte ${position}: a commit has a wrong checksum`);
    t.match((await ask(home, balances)).answer, /"rows":\[\[45\],\[155\],\[100\]\]/);
  });
  restoreFiles();

  await t.test("[LOG10] a flipped bit at the beginning: no cut helps", async (t) => {
    flip(path, 10 + 40);
    t.match((await ask(home, balances)).answer, /0000\.stdb\.log at byte 10: .*\(LOG10\)/);
    const { stderr } = await run(t, home, 1, "log", "repair", "bank", "--yes", ...words);
    t.match(stderr, /no cut helps, since no transaction would be left/);
  });
  restoreFiles();

  await t.test("[LOG1] a segment that is gone", async (t) => {
    rmSync(path);
    const { answer } = await ask(home, balances);
    t.match(answer, /503 .*0000\.stdb\.log at byte 0: it is missing, .*\(LOG1\); .*log verify/);
    await run(t, home, 1, "log", "verify", "bank", ...words);
  });
  restoreFiles();

  await t.test("control data that is damaged", async (t) => {
    const control = join(home, "data/control-db/clog", segmentName);
    flip(control, 50);
    const { stderr } = await run(t, home, 1, "start", "--listen-addr", "127.0.0.1:0", ...words);
    t.match(stderr, /control-db\/clog\/0+\.stdb\.log at byte 10: .*\(LOG10\)/);
    t.match(stderr, /`lightcone log verify --path \S+\/data\/control-db\/clog` tells more/);
    await run(t, home, 1, "log", "verify", "--path", "data/control-db/clog");
    const byIdentity = readdirSync(join(home, "data/replicas"))[0] ?? "";
    await run(t, home, 0, "log", "verify", byIdentity, ...words);
  });
  restoreFiles();

  await t.test("a data directory that may only be read", { skip: noMount }, async (t) => {
    const script = 'mount --bind data data && mount -o remount,ro,bind data && exec "$0" "$@"';
    const command = [process.execPath, bin, "start", "--data-dir", "data", "-l", "127.0.0.1:0"];
    const env = { PATH: process.env["PATH"], HOME: home };
    const argv = ["-rm", "/bin/sh", "-c", script, ...command];
    const { status, stderr } = spawnSync("unshare", argv, { cwd: home, env, encoding: "utf8" });
    t.equal(status, 2);
    t.match(stderr, /the data directory \S+\/data cannot be locked, .*EROFS/);
    t.match(stderr, /--data-dir|flag or file/);
  });
}

void test("logs that a host has left", async (t) => {
  const files = await written(t);
  await t.test("verify, summary and dump of a log that is well", (t) => checkWell(t, files));
  await t.test("[LOG16] a flipped bit in the middle: refused, then repaired", (t) =>
    checkRepair(t, files),
  );
  files.restoreFiles();
  await t.test("other damage: each is refused with what helps", (t) => checkOther(t, files));
});
