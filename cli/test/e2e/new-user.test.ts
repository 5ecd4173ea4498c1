import { wasmPath } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { openRig, startProcess } from "./rig.ts";

void test("the way of a new user, with the host", async (t) => {
  const { home, run, url, restart } = await openRig(t);
  // Once in processes of their own; the other commands run in this one, which is much quicker.
  const publish = ["publish", "chat", "--bin-path", wasmPath("chat"), "--server", url()];
  const created = await startProcess(home, publish).ended;
  t.equal(created.code, 0, created.stderr);
  t.match(created.stdout, /^created chat c200[0-9a-f]{60}\n$/);
  t.match(
    (await run(0, "describe", "chat")).stdout,
    /Table message \(public\)[^]*send_message\(text: String\)/,
  );

  const log = startProcess(home, ["logs", "chat", "--follow", "--server", url()]);
  await run(0, "call", "chat", "set_name", '"Ada"');
  await run(0, "call", "chat", "send_message", '{"text": "hello"}');
  await log.said(/INFO .*\n/);
  log.child.kill("SIGINT");
  t.equal((await log.ended).code, 0, "Ctrl-C ends following");

  const refused = await run(5, "call", "chat", "send_message", '""');
  t.match(refused.stderr, /a message must not be empty/);
  const told = await run(0, "sql", "chat", "SELECT text FROM message");
  t.equal(told.stdout, ' text\n---------\n "hello"\n');
  t.match((await run(1, "sql", "chat", "SELECT * FROM nothing")).stderr, /nothing/);
  t.match((await run(0, "list")).stdout, / chat \| c200/);

  await restart();
  const kept = await run(0, "sql", "chat", "SELECT text FROM message", "--format", "json");
  t.match(JSON.parse(kept.stdout), [{ rows: [["hello"]] }]);
  t.match((await run(0, "publish", "chat", "-b", wasmPath("chat"))).stdout, /^updated chat/);
  await run(0, "delete", "chat", "--yes");
  t.match((await run(1, "sql", "chat", "SELECT * FROM user")).stderr, /no database is called chat/);
});
