// Backup and restore as a user types them. What a backup holds is tested in host/test/server.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { t, test } from "tap";
import { openRig } from "./rig.ts";

t.setTimeout(120_000);

const balances = "SELECT balance FROM account";

void test("backup and restore by the command", async (t) => {
  const { run: call, home } = await openRig(t);
  await call(0, "publish", "bank", "-b", wasmPath("bank"));
  await call(0, "call", "bank", "seed", "3", "100");
  const backedUp = await call(0, "backup", "bank", "bank.backup");
  t.match(backedUp.stderr, /bank is in bank\.backup: \d+ bytes/);
  t.match((await call(2, "backup", "bank", "bank.backup")).stderr, /is there already/);
  t.match((await call(1, "backup", "none", "none.backup")).stderr, /no database is called none/);
  await call(0, "call", "bank", "transfer", "0", "1", "7");
  t.match((await call(0, "restore", "bank.backup", "old")).stdout, /^restored old c2\w{62}\n$/);
  const rows = async (name: string): Promise<string> =>
    (await call(0, "sql", name, balances)).stdout.replace(/\s+/g, " ");
  t.match(await rows("old"), / 100 100 100 /);
  t.match(await rows("bank"), / 93 107 100 /);
  const taken = await call(1, "restore", "bank.backup", "bank");
  t.match(taken.stderr, /the name bank belongs to another database[^]*another name/);
  const path = join(home, "bank.backup");
  writeFileSync(path, readFileSync(path).subarray(0, -5));
  const cut = await call(1, "restore", "bank.backup", "cut");
  t.match(cut.stderr, /at byte \d+: it ends too early[^]*Nothing was restored/);
  t.match((await call(1, "restore", "no-file", "cut")).stderr, /ENOENT/);
  t.notMatch((await call(0, "list")).stdout, /cut/);
  t.same(
    readdirSync(home).filter((name) => /backup|part/.test(name)),
    ["bank.backup"],
  );
  const json = await call(0, "describe", "old", "--json");
  t.match(json.stdout, /account/);
});
