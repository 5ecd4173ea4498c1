import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type Test, test } from "tap";
import { type RunningServer, type ServerOptions, startServer } from "./server.ts";
import { TestDatabases } from "./test-databases.ts";
import { exchange } from "./test-rig.ts";

function makeDirectory(t: Test): string {
  const root = mkdtempSync(join(tmpdir(), "lightcone-server-"));
  t.teardown(() => rmSync(root, { recursive: true }));
  return join(root, "data");
}

interface Started extends RunningServer {
  readonly databases: TestDatabases;
}

async function start(dataDir: string, options: Partial<ServerOptions> = {}): Promise<Started> {
  const databases = new TestDatabases();
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir,
    makeDatabases: () => databases,
    ...options,
  });
  return { ...server, databases };
}

void test("a host keeps its identities, its names and its tokens over a restart", async (t) => {
  const dataDir = makeDirectory(t);
  const first = await start(dataDir);
  t.equal(first.address, `127.0.0.1:${first.port}`);
  t.ok(first.port > 0);
  const made = await exchange(first.port, "/v1/identity", { method: "POST" });
  const { token, identity } = JSON.parse(made.text) as { token: string; identity: string };
  const put = { method: "PUT", body: "program", token };
  t.equal((await exchange(first.port, "/v1/database/chat", put)).status, 200);
  const key = (await exchange(first.port, "/v1/identity/public-key")).text;
  await first.close();
  t.ok(first.databases.isClosed);
  await t.rejects(exchange(first.port, "/v1/ping"), { code: "ECONNREFUSED" });

  const second = await start(dataDir);
  t.equal((await exchange(second.port, "/v1/identity/public-key")).text, key);
  const verify = `/v1/identity/${identity}/verify`;
  t.equal((await exchange(second.port, verify, { token })).status, 204);
  const names = await exchange(second.port, "/v1/database/chat/names");
  t.equal(names.text, `{"names":["chat"]}`);
  t.match(await exchange(second.port, "/v1/database/chat", put), { text: /"op":"updated"/ });
  await second.close();
});

void test("what lies in a data directory", async (t) => {
  const dataDir = makeDirectory(t);
  const server = await start(dataDir);
  const files = readdirSync(dataDir).sort();
  t.match(files, ["control-db", "keys", /^lightcone-[0-9a-f]{8}\.sock$/, "metadata.toml"]);
  t.equal(statSync(join(dataDir, "keys/id_ecdsa")).mode & 0o777, 0o600, "the key is secret");
  t.equal(statSync(join(dataDir, "keys")).mode & 0o077, 0);
  await server.close();
  t.same(readdirSync(dataDir).sort(), ["control-db", "keys", "metadata.toml"]);
});

void test("a data directory has one host", async (t) => {
  const dataDir = makeDirectory(t);
  const first = await start(dataDir);
  await t.rejects(start(dataDir), { code: "LC_DATA_DIR_IN_USE", message: new RegExp(dataDir) });
  t.equal((await exchange(first.port, "/v1/ping")).status, 200, "the first goes on");
  await first.close();
  const second = await start(dataDir);
  await second.close();
});

void test("starts that fail leave nothing running", async (t) => {
  const dataDir = makeDirectory(t);
  const running = await start(dataDir);
  const other = makeDirectory(t);
  const taken = { listenAddr: running.address };
  await t.rejects(start(other, taken), { code: "LC_CONFIG", message: /EADDRINUSE/ });
  await t.rejects(start(other, { listenAddr: "3000" }), {
    code: "LC_CONFIG",
    message: /HOST:PORT/,
  });
  const server = await start(other);
  await server.close();
  rmSync(join(other, "keys/id_ecdsa.pub"));
  await t.rejects(start(other), { code: "LC_CONFIG", message: /no keys\/id_ecdsa\.pub/ });
  rmSync(join(other, "keys"), { recursive: true });
  writeFileSync(join(other, "metadata.toml"), `edition = "standalone"\n`);
  await t.rejects(start(other), { code: "LC_CONFIG", message: /another program/ });
  t.same(
    readdirSync(other).filter((name) => name.endsWith(".sock")),
    [],
    "no lock is left",
  );
  const file = join(dataDir, "metadata.toml");
  await t.rejects(start(file), { code: "LC_CONFIG", message: /metadata\.toml is of no use/ });
  await running.close();
});

void test("closing twice closes once, and cuts connections that stay", async (t) => {
  const server = await start(makeDirectory(t));
  const idle = connect(server.port, "127.0.0.1");
  idle.on("error", () => undefined);
  await once(idle, "connect");
  idle.write("GET /v1/ping HTTP/1.1\r\nhost: x\r\n");
  const [one, two] = [server.close(), server.close()];
  t.equal(one, two);
  await one;
  if (!idle.closed) await once(idle, "close");
  t.ok(idle.closed);
});

void test("a log that is being followed does not keep a host from closing", async (t) => {
  const server = await start(makeDirectory(t));
  const { port } = server;
  const made = await exchange(port, "/v1/identity", { method: "POST" });
  const { token } = JSON.parse(made.text) as { token: string };
  await exchange(port, "/v1/database/chat", { method: "PUT", body: "program", token });
  const following = exchange(port, "/v1/database/chat/logs?follow=true", { token });
  const [database] = server.databases.byIdentity.values();
  while (database?.followers.size !== 1) await delay(5);
  await server.close();
  t.match(await following, { status: 200, text: "" });
});

/** A host in a process of its own, which prints its port. */
const script = (dataDir: string): string => `
  import { startServer } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "server.js")).href)};
  import { TestDatabases } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "test-databases.js")).href)};
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir: ${JSON.stringify(dataDir)},
    makeDatabases: () => new TestDatabases(),
  });
  console.log(server.port);
`;

void test("after a kill the data directory is free, and all that was answered is there", async (t) => {
  const dataDir = makeDirectory(t);
  const args = ["--input-type=module", "-e", script(dataDir)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const made = await exchange(port, "/v1/identity", { method: "POST" });
  const { token } = JSON.parse(made.text) as { token: string };
  const names = ["one", "two", "three"];
  for (const name of names) {
    const put = { method: "PUT", body: name, token };
    t.equal((await exchange(port, `/v1/database/${name}`, put)).status, 200);
  }
  await t.rejects(start(dataDir), { code: "LC_DATA_DIR_IN_USE" });
  child.kill("SIGKILL");
  await ended;
  t.ok(existsSync(join(dataDir, "control-db")));
  const server = await start(dataDir);
  for (const name of names) {
    const answer = await exchange(server.port, `/v1/database/${name}/names`);
    t.equal(answer.text, `{"names":["${name}"]}`);
  }
  await server.close();
});
