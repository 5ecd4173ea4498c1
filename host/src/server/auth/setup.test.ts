// A host's keys, issuers and policy, over starts and stops.
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Test, t as file, test } from "tap";
import { makeSigner, tokenOf } from "../../../test/server/fake-issuer.ts";
import { generateKeyPair } from "../../base/keys.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server.ts";
import { TestDatabases } from "../test-databases.ts";
import { exchange } from "../test-rig.ts";
import { type AuthOptions, rotateSigningKeys } from "./setup.ts";

file.setTimeout(300_000);

function start(dataDir: string, auth: AuthOptions = {}): Promise<RunningServer> {
  const options: ServerOptions = { listenAddr: "127.0.0.1:0", dataDir, auth };
  return startServer({ ...options, makeDatabases: () => new TestDatabases() });
}

interface Issued {
  readonly identity: string;
  readonly token: string;
}

async function issue({ port }: RunningServer): Promise<Issued> {
  const { text } = await exchange(port, "/v1/identity", { method: "POST" });
  return JSON.parse(text) as Issued;
}

async function accepts({ port }: RunningServer, { identity, token }: Issued): Promise<boolean> {
  const { status } = await exchange(port, `/v1/identity/${identity}/verify`, { token });
  return status === 204;
}

void test("a rotation keeps tokens good until the former key is removed", async (t) => {
  const dataDir = join(t.testdir({}), "data");
  const first = await start(dataDir);
  const early = await issue(first);
  await t.rejects(rotateSigningKeys(dataDir), { code: "LC_DATA_DIR_IN_USE" });
  await first.close();
  await rotateSigningKeys(dataDir);
  const second = await start(dataDir);
  const late = await issue(second);
  t.ok(await accepts(second, early));
  t.ok(await accepts(second, late));
  await second.close();
  rmSync(join(dataDir, "keys/previous"), { recursive: true });
  const third = await start(dataDir);
  t.notOk(await accepts(third, early));
  t.ok(await accepts(third, late));
  await third.close();
  await t.rejects(rotateSigningKeys(join(dataDir, "none")), { code: "LC_CONFIG" });
});

void test("keys of an operator's", async (t) => {
  const folder = t.testdir({});
  const dataDir = join(folder, "data");
  const { privatePem, publicPem } = await generateKeyPair();
  const keyPaths = { privatePath: join(folder, "key"), publicPath: join(folder, "key.pub") };
  writeFileSync(keyPaths.privatePath, privatePem);
  const missing = { code: "LC_CONFIG", message: /--jwt-pub-key-path \S+key\.pub cannot be read/ };
  await t.rejects(start(dataDir, { keyPaths }), missing);
  writeFileSync(keyPaths.publicPath, (await generateKeyPair()).publicPem);
  const mismatch = { code: "LC_CONFIG", message: /not an ES256 pair/ };
  await t.rejects(start(dataDir, { keyPaths }), mismatch);
  writeFileSync(keyPaths.publicPath, publicPem);
  const server = await start(dataDir, { keyPaths });
  t.equal((await exchange(server.port, "/v1/identity/public-key")).text, publicPem);
  t.ok(await accepts(server, await issue(server)));
  await server.close();
});

async function refused(
  t: Test,
  dataDir: string,
  auth: AuthOptions,
  message: RegExp,
): Promise<void> {
  await t.rejects(start(dataDir, auth), { code: "LC_CONFIG", message });
}

void test("a thousand tokens of a thousand issuers reach nobody and hold up nobody", async (t) => {
  let connectionCount = 0;
  const neighbour = createServer((socket) => {
    connectionCount += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    neighbour.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => neighbour.close());
  const { port } = neighbour.address() as { port: number };
  const server = await start(join(t.testdir({}), "data"));
  const somebody = await issue(server);
  const signer = await makeSigner("ES256", "a");
  const path = `/v1/identity/${somebody.identity}/verify`;
  const texts = new Map<string, number>();
  const ask = async (i: number): Promise<void> => {
    const token = await tokenOf(signer, { iss: `https://127.0.0.1:${port}/${i}`, iat: 1 });
    const { status, text } = await exchange(server.port, path, { token });
    const kind = `${status} ${text.replace(/"[^"]*"/, "…")}`;
    texts.set(kind, (texts.get(kind) ?? 0) + 1);
  };
  for (let i = 0; i < 1000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => ask(i + j)));
    t.ok(await accepts(server, somebody));
  }
  const refused = "401 Invalid token: issuer … cannot be asked for its keys: ";
  t.same([...texts.keys()].sort(), [
    `${refused}its discovery document cannot be fetched`,
    `${refused}too many others are being asked, try again`,
  ]);
  t.equal(connectionCount, 0);
  await server.close();
});

void test("starts that are refused leave the data directory free", async (t) => {
  const dataDir = join(t.testdir({}), "data");
  await (await start(dataDir)).close();
  const policy = { issuers: [""], audiences: [], allowsAnonymous: true };
  await refused(t, dataDir, { policy }, /issuers must have 1 to 128 bytes/);
  await refused(t, dataDir, { trustedIssuers: ["x"] }, /no http or https URL/);
  await refused(t, dataDir, { onlyTrustedIssuers: true }, /none is named/);
  const key = join(dataDir, "keys/id_ecdsa");
  chmodSync(key, 0o644);
  await refused(t, dataDir, {}, /chmod 600/);
  chmodSync(key, 0o600);
  t.match(readFileSync(key, "utf8"), /^-----BEGIN PRIVATE KEY-----/);
  await (await start(dataDir)).close();
});
