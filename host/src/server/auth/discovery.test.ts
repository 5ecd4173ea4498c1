// What issuers may answer, from a made up web and from a server of this machine.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type Test, t as file, test } from "tap";
import {
  issuer,
  makeSigner,
  openWorld,
  type Page,
  reasonOf,
  tokenOf,
} from "../../../test/server/fake-issuer.ts";
import { type LookupAll, nodeHttpClient } from "../../base/http/node-client.ts";
import { strangerHttpClient, trustedHttpClient } from "./discovery.ts";

file.setTimeout(300_000);

void test("issuers that are no URL to go to are not asked", async (t) => {
  const { web, tokens } = await openWorld();
  const signer = await makeSigner("ES256");
  const cases: Record<string, string> = {
    alice: "it is no https URL",
    "http://auth.example.com": "it is no https URL",
    "file:///etc/passwd": "it is no https URL",
    "https://": "it is no https URL",
    "https://auth.example.com/ ": "it is no https URL",
    "https://auth.exämple.com": "it is no https URL",
    "https://user@auth.example.com": "it has a user or a fragment",
    "https://:x@auth.example.com": "it has a user or a fragment",
    "https://auth.example.com/#": "it has a user or a fragment",
    "https://auth.example.com/?a": "it has a query",
  };
  for (const [iss, fault] of Object.entries(cases)) {
    const token = await tokenOf(signer, { iss });
    const reason = `issuer ${JSON.stringify(iss)} cannot be trusted: ${fault}`;
    t.equal(await reasonOf(tokens, token), reason, iss);
  }
  t.same(web.asked, []);
});

void test("what an issuer may answer", async (t) => {
  const signer = await makeSigner("ES256");
  const token = await tokenOf(signer);
  const about = `${issuer}/.well-known/openid-configuration`;
  const keys = "https://keys.example.com/";
  const document = { issuer, jwks_uri: keys };
  const weak = { kty: "RSA", n: Buffer.alloc(128, 1).toString("base64url"), e: "AQAB" };
  const huge = { kty: "RSA", n: Buffer.alloc(2048, 1).toString("base64url"), e: "AQAB" };
  const slow = { kty: "RSA", n: Buffer.alloc(512, 1).toString("base64url"), e: "A".repeat(600) };
  const rows: readonly (readonly [Record<string, Page>, string])[] = [
    [{}, "its discovery document cannot be fetched"],
    [{ [about]: { status: 404, body: "" } }, "its discovery document is answered with status 404"],
    [{ [about]: { status: 302, body: "" } }, "its discovery document is answered with status 302"],
    [{ [about]: { body: "<html>" } }, "its discovery document is not JSON"],
    [{ [about]: { body: [] } }, "its discovery document names another issuer"],
    [{ [about]: { body: "null" } }, "its discovery document names another issuer"],
    [{ [about]: { body: { issuer } } }, "its discovery document has no jwks_uri"],
    [
      { [about]: { body: { issuer, jwks_uri: "http://keys.example.com/" } } },
      "its jwks_uri is of no use: it is no https URL",
    ],
    [{ [about]: { body: document } }, "its key set cannot be fetched"],
    [{ [about]: { body: document }, [keys]: { body: "" } }, "its key set is not JSON"],
    [{ [about]: { body: document }, [keys]: { body: "null" } }, "its key set is not one"],
    [{ [about]: { body: document }, [keys]: { body: { keys: {} } } }, "its key set is not one"],
    [
      {
        [about]: { body: document },
        [keys]: { body: { keys: [{ kty: "oct", k: "AAAA" }, null, weak, huge, slow] } },
      },
      "its key set has no key that fits",
    ],
  ];
  for (const [pages, reason] of rows) {
    const { web, tokens } = await openWorld();
    for (const [url, page] of Object.entries(pages)) web.pages.set(url, page);
    const message = `issuer "${issuer}" cannot be asked for its keys: ${reason}`;
    t.equal(await reasonOf(tokens, token), message);
    t.equal(await reasonOf(tokens, token), message, "and again, unasked");
    t.equal(
      web.asked.length,
      Object.keys(pages).includes(keys) || reason.includes("key set") ? 2 : 1,
    );
  }
});

async function serve(t: Test, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

void test("over the network: private addresses, redirects, long answers", async (t) => {
  const signer = await makeSigner("ES256", "a");
  let hits = 0;
  const base = await serve(t, ({ url = "", headers }, response) => {
    hits += 1;
    const name = `http://${headers.host}${url.split("/.well-known")[0]}`;
    if (url === "/keys") response.end(JSON.stringify({ keys: [signer.jwk] }));
    else if (url.startsWith("/moved/")) {
      response.writeHead(302, { location: "/.well-known/openid-configuration" }).end();
    } else {
      const filler = url.startsWith("/long/") ? "x".repeat(65_536) : "";
      response.end(JSON.stringify({ issuer: name, jwks_uri: `${base}/keys`, filler }));
    }
  });
  const network = {
    strangerHttp: strangerHttpClient(),
    trustedHttp: trustedHttpClient(),
    trusted: [base, `${base}/moved`, `${base}/long`],
  };
  const { tokens } = await openWorld(network);
  const rows: readonly (readonly [iss: string, reason: RegExp])[] = [
    [base, /^verified$/],
    [`${base}/moved`, /is answered with status 302$/],
    [`${base}/long`, /its discovery document cannot be fetched$/],
  ];
  for (const [iss, reason] of rows) {
    t.match(await reasonOf(tokens, await tokenOf(signer, { iss })), reason, iss);
  }
  hits = 0;
  const { port } = new URL(base);
  for (const host of ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "[::ffff:127.0.0.1]"]) {
    const token = await tokenOf(signer, { iss: `https://${host}:${port}` });
    t.match(await reasonOf(tokens, token), /its discovery document cannot be fetched$/, host);
  }
  t.equal(hits, 0, "nobody was asked");
  const lookup: LookupAll = (_host, found) => {
    const addresses = ["93.184.215.14", "127.0.0.1"].map((address) => ({ address, family: 4 }));
    found(null, addresses);
  };
  const strangerHttp = nodeHttpClient({ allowsPrivate: false, lookup });
  const { tokens: others } = await openWorld({ strangerHttp });
  const token = await tokenOf(signer, { iss: `https://two.example:${port}` });
  t.match(await reasonOf(others, token), /cannot be fetched$/, "one of two addresses is private");
  t.equal(hits, 0);
});
