import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { openRig, startProcess } from "./rig.ts";

void test("arguments of calls, anonymous callers, generated code, wrong programs", async (t) => {
  const { home, run } = await openRig(t);
  await run(0, "publish", "bank", "-b", wasmPath("bank"), "--json");
  await run(0, "call", "bank", "seed", "10", "100");
  const negative = await run(5, "call", "bank", "transfer", "1", "2", "-5");
  t.match(negative.stderr, /amount must be positive, got -5/);
  await run(0, "call", "bank", "transfer", "1", "2", "5", "--anonymous");
  const rows = await run(0, "sql", "bank", "SELECT balance FROM account WHERE id = 1");
  t.equal(rows.stdout, " balance\n---------\n      95\n");
  const unknown = await run(1, "call", "bank", "trnsfer");
  t.match(unknown.stderr, /transfer\(from: u32, to: u32, amount: i64\)/);
  t.match((await run(1, "call", "bank", "transfer", "1")).stderr, /expected 3 arguments, given 1/);

  await run(0, "generate", "bank", "--lang", "typescript", "--out-dir", "a");
  const generate = ["generate", "--lang", "typescript", "--out-dir", "b", "--bin-path"];
  const local = await startProcess(home, [...generate, wasmPath("bank")]).ended;
  t.equal(local.code, 0, local.stderr);
  const fromDatabase = readFileSync(join(home, "a/reducers.ts"), "utf8");
  t.match(fromDatabase, /^\/\/ Generated [^]*transfer/);
  t.equal(
    readFileSync(join(home, "b/reducers.ts"), "utf8"),
    fromDatabase,
    "from a program the same",
  );

  // A program that is cut off is found wrong by the host.
  const cut = join(home, "cut.wasm");
  writeFileSync(cut, readFileSync(wasmPath("bank")).subarray(0, 1000));
  const broken = await run(5, "publish", "broken", "-b", cut);
  t.match(broken.stderr, /does not compile[^]*Nothing was published/);
  t.match((await run(5, "publish", "bank", "-b", cut)).stderr, /does not compile/);
  t.match((await run(0, "list")).stdout, /^ name +\| identity\n[-+]+\n bank \| \w+\n$/);
  const refused = await run(1, "publish", "bank", "-b", wasmPath("chat"));
  t.match(refused.stderr, /cannot take over the data of bank[^]*--delete-data/);
  await run(0, "publish", "bank", "-b", wasmPath("chat"), "--delete-data=on-conflict", "--yes");
  t.match((await run(0, "describe", "bank", "table", "message")).stdout, /^Table message/);
});
