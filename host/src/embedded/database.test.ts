// A database inside a program: in memory and on a disk, and what is refused.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LightconeError } from "@lightcone/abi";
import { readWasm, wasmPath } from "@lightcone/fixtures/wasm";
import { t as root, test } from "tap";
import { identityOf } from "./caller.ts";
import { openDatabase } from "./database.ts";
import type { LogLine } from "./log-line.ts";
import type { TableChange } from "./row-set.ts";

root.setTimeout(300_000);

void test("a database in memory", async (t) => {
  const lines: LogLine[] = [];
  const db = await openDatabase({ wasm: wasmPath("chat-as"), onLog: (line) => lines.push(line) });
  const client = await db.connect({ identity: "alice" });
  const subscription = await client.subscribe("SELECT * FROM message");
  const told: (readonly TableChange[])[] = [];
  const stop = subscription.onChange((changes) => told.push(changes));
  await Promise.all(["a", "b", "c"].map((text) => client.call("send_message", [text])));
  t.same(
    told.flat().map(({ inserted }) => inserted.map(({ text }) => text)),
    [["a"], ["b"], ["c"]],
  );
  stop();
  await client.call("send_message", ["d"]);
  t.equal(told.length, 3);
  t.equal(subscription.rows("message").length, 4);
  const owner = await db.connect();
  await owner.sql("DELETE FROM message WHERE text = 'a'");
  t.same(await client.sql("SELECT COUNT(*) AS n FROM message"), [{ n: 3n }]);
  t.equal(client.rows("message").length, 3);
  await t.rejects(client.sql("DELETE FROM message"), { code: "LC_SQL_FORBIDDEN" });
  t.match(lines[0], { level: "Info", message: /the chat is open/ });
  await db.snapshot();
  await db.close();
  await db.close();
  t.notOk(client.isConnected);
  t.notOk(subscription.isActive);
  await t.rejects(client.call("send_message", ["x"]), { code: "LC_CONNECTION" });
  await t.rejects(db.connect(), LightconeError);
});

void test("databases of one program are strangers to each other", async (t) => {
  const [one, two] = await Promise.all([
    openDatabase({ wasm: readWasm("chat") }),
    openDatabase({ wasm: readWasm("chat") }),
  ]);
  const alice = await one.connect({ identity: "alice" });
  await alice.call("set_name", ["Al"]);
  const bob = await two.connect({ identity: "bob" });
  t.equal((await bob.sql("SELECT * FROM user")).length, 1);
  await Promise.all([one.close(), two.close()]);
});

void test("a directory keeps everything that was answered", async (t) => {
  const dir = join(t.testdir({}), "db");
  const open = { wasm: wasmPath("chat"), dir };
  const first = await openDatabase({ ...open, owner: "ada" });
  await t.rejects(openDatabase(open), { code: "LC_DATA_DIR_IN_USE", message: /is open already/ });
  const alice = await first.connect({ identity: "alice" });
  await alice.call("send_message", ["kept"]);
  await first.snapshot();
  await alice.call("send_message", ["kept, too"]);
  await first.close();
  const second = await openDatabase({ wasm: new URL(`file://${wasmPath("chat-v2")}`), dir });
  t.ok(second.owner.equals(identityOf("ada")), "the owner stays");
  const bob = await second.connect({ identity: "bob" });
  const texts = (await bob.sql("SELECT text FROM message")).map(({ text }) => text);
  t.same(new Set(texts), new Set(["kept", "kept, too"]));
  await second.close();
  await t.rejects(openDatabase({ wasm: wasmPath("chat-bad"), dir }), {
    code: "LC_PUBLISH_REFUSED",
  });
  const third = await openDatabase({ wasm: wasmPath("chat-v2"), dir });
  await third.close();
});

void test("what is no directory of a database, and what is no module", async (t) => {
  const dir = t.testdir({ "control-db": {} });
  await t.rejects(openDatabase({ wasm: wasmPath("chat"), dir }), { code: "LC_CONFIG" });
  await t.rejects(openDatabase({ wasm: "no-such.wasm" }), { code: "LC_DISK" });
  await t.rejects(openDatabase({ wasm: Uint8Array.of(1, 2, 3) }), { code: "LC_MODULE_LOAD" });
  const empty = join(dir, "db");
  await t.rejects(openDatabase({ wasm: Uint8Array.of(1, 2, 3), dir: empty }), LightconeError);
  const db = await openDatabase({ wasm: wasmPath("todo"), dir: empty });
  await db.close();
});

void test("a program that is killed loses nothing that was answered", async (t) => {
  const dir = join(t.testdir({}), "db");
  const script = fileURLToPath(
    new URL("../../test/embedded/write-until-killed.js", import.meta.url),
  );
  const child = fork(script, [dir, wasmPath("chat-as")], { execArgv: [] });
  let answered = 0;
  child.on("message", (count: number) => {
    answered = count;
    if (count >= 30) child.kill("SIGKILL");
  });
  await once(child, "exit");
  t.ok(answered >= 30);
  const db = await openDatabase({ wasm: wasmPath("chat-as"), dir });
  const client = await db.connect({ identity: "writer" });
  const subscription = await client.subscribe("SELECT * FROM message", "SELECT * FROM user");
  const texts = new Set(subscription.rows("message").map(({ text }) => text));
  for (let i = 1; i <= answered; i++) t.ok(texts.has(`text ${i}`));
  t.match(subscription.rows("user"), [{ online: true }], "who was left behind was disconnected");
  await db.close();
});
