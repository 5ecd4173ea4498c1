// HTTPS and WebSockets over it, with certificates that change under way.
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { dirname, join } from "node:path";
import { optional } from "@lightcone/fixtures/optional";
import { type Test, t as file, test } from "tap";
import { WebSocket } from "ws";
import { makeCertificate, type Certificate } from "../../test/server/certificates.ts";
import { startServer } from "./server.ts";
import { TestDatabases } from "./test-databases.ts";
import { exchange } from "./test-rig.ts";
import { TlsFiles, type TlsPaths } from "./tls.ts";

file.setTimeout(300_000);

interface World {
  readonly one: Certificate;
  readonly two: Certificate;
  /** Files of their own that begin as `one`. */
  readonly paths: TlsPaths;
  readonly use: (certificate: Partial<Certificate>) => void;
}

function open(t: Test, openssl: string): World {
  const folder = t.testdir({});
  const one = makeCertificate(openssl, folder, "one");
  const two = makeCertificate(openssl, folder, "two");
  const paths = { certPath: join(folder, "cert.pem"), keyPath: join(folder, "key.pem") };
  copyFileSync(one.certPath, paths.certPath);
  copyFileSync(one.keyPath, paths.keyPath);
  const use = ({ cert, key }: Partial<Certificate>): void => {
    if (cert !== undefined) writeFileSync(paths.certPath, cert);
    if (key !== undefined) writeFileSync(paths.keyPath, key);
  };
  return { one, two, paths, use };
}

/** The body of an answer, trusting one certificate alone. */
function fetchText(port: number, path: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, path, ca, host: "127.0.0.1", agent: false };
    const request = httpsRequest(options, (response) => {
      let text = `${response.statusCode} `;
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end();
  });
}

void test("a host serves HTTPS and WebSockets over it, and nothing else", async (t) => {
  const openssl = optional(t, "openssl");
  if (openssl === undefined) return;
  const { one, two, paths } = open(t, openssl);
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir: join(dirname(paths.certPath), "data"),
    tls: paths,
    makeDatabases: () => new TestDatabases(),
  });
  const { port } = server;
  t.equal(await fetchText(port, "/v1/ping", one.cert), "200 ");
  await t.rejects(fetchText(port, "/v1/ping", two.cert), "a stranger's certificate");
  await t.rejects(exchange(port, "/v1/ping"), "plain HTTP");
  const { token } = JSON.parse(
    await new Promise<string>((resolve, reject) => {
      const options = { method: "POST", port, path: "/v1/identity", ca: one.cert, agent: false };
      const request = httpsRequest({ ...options, host: "127.0.0.1" }, (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString()));
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
      request.end();
    }),
  ) as { token: string };
  const put = httpsRequest({
    method: "PUT",
    port,
    path: "/v1/database/chat",
    ca: one.cert,
    host: "127.0.0.1",
    agent: false,
    headers: { authorization: `Bearer ${token}` },
  });
  const published = new Promise((resolve, reject) => {
    put.on("response", (response) => resolve(response.resume().statusCode));
    put.on("error", reject);
  });
  put.end("program");
  t.equal(await published, 200);
  const url = `wss://127.0.0.1:${port}/v1/database/chat/subscribe?compression=None`;
  const ws = new WebSocket(url, ["v2.bsatn.spacetimedb"], { ca: one.cert });
  await new Promise<void>((resolve, reject) => {
    ws.on("error", reject);
    ws.on("open", resolve);
  });
  t.equal(ws.protocol, "v2.bsatn.spacetimedb");
  const ended = new Promise((resolve) => {
    ws.on("close", (code) => resolve(code));
  });
  await server.close();
  t.equal(await ended, 1001, "closing ends it as it does without TLS");
});

void test("files that are no pair are refused at the start, by name", async (t) => {
  const openssl = optional(t, "openssl");
  if (openssl === undefined) return;
  const { one, two, paths, use } = open(t, openssl);
  const report = (): void => undefined;
  const rows: readonly (readonly [Partial<Certificate>, RegExp])[] = [
    [{ cert: "hello" }, /--tls-cert \S+cert\.pem is no certificate in PEM/],
    [{ cert: one.key }, /--tls-cert \S+cert\.pem is no certificate in PEM/],
    [{ key: "hello" }, /--tls-key \S+key\.pem is no private key in PEM/],
    [{ key: two.key }, /--tls-key \S+key\.pem is not the key of --tls-cert \S+cert\.pem/],
    [{ cert: "x".repeat(1024 * 1024 + 1) }, /--tls-cert \S+ cannot be read: it is longer/],
  ];
  for (const [change, message] of rows) {
    use(one);
    use(change);
    await t.rejects(TlsFiles.open(paths, report), { code: "LC_CONFIG", message });
  }
  use(one);
  rmSync(paths.keyPath);
  const missing = { code: "LC_CONFIG", message: /--tls-key \S+ cannot be read: ENOENT/ };
  await t.rejects(TlsFiles.open(paths, report), missing);
});

void test("a renewed certificate is used without a restart; a bad one is told once and is not", async (t) => {
  const openssl = optional(t, "openssl");
  if (openssl === undefined) return;
  const { one, two, paths, use } = open(t, openssl);
  const reported: string[] = [];
  const tls = await TlsFiles.open(paths, (thrown) => {
    reported.push((thrown as Error).message);
  });
  const server = tls.createServer((_request, response) => void response.end("here"));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => {
    tls.stop();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const serves = ({ cert }: Certificate): Promise<string> => fetchText(port, "/", cert);
  await tls.check();
  t.equal(await serves(one), "200 here");
  use({ cert: two.cert });
  await tls.check();
  await tls.check();
  t.match(reported, [/is not the key of/], "half renewed");
  t.equal(await serves(one), "200 here", "the former pair stays");
  use({ key: two.key });
  await tls.check();
  t.equal(await serves(two), "200 here");
  await t.rejects(serves(one));
  use({ cert: "hello" });
  await tls.check();
  t.equal(reported.length, 2);
  t.equal(await serves(two), "200 here");
  use(one);
  await tls.check();
  t.equal(await serves(one), "200 here");
});
