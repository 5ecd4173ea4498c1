// Tokens of other issuers, whose documents are made up here: which keys count, how often an issuer is
// asked, and that nobody is harmed by tokens that name thousands of them.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair as generateJosePair,
  type JWK,
} from "jose";
import { LightconeError } from "@lightcone/abi";
import { type Test, t as file, test } from "tap";
import { ManualClock } from "../../base/clock.ts";
import type { HttpClient } from "../../base/http/client.ts";
import { generateKeyPair } from "../../base/keys.ts";
import { seededRandom } from "../../base/random.ts";
import { issuerHttpClient } from "./discovery.ts";
import { Issuers, type IssuersOptions } from "./issuers.ts";
import { Tokens } from "./token.ts";

file.setTimeout(300_000);

const issuer = "https://auth.example.com";
const nowSeconds = 1_795_248_140;

interface Page {
  readonly status?: number;
  readonly body: unknown;
}

/** Answers requests from a table; what is not in it fails like a host that is not there. */
class FakeWeb implements HttpClient {
  readonly pages = new Map<string, Page>();
  readonly asked: string[] = [];
  /** While it is set, answers wait. */
  isHeld = false;
  readonly #held: (() => void)[] = [];

  send: HttpClient["send"] = ({ url, timeoutMillis }, done) => {
    this.asked.push(url);
    const page = this.pages.get(url);
    const answer = (): void => {
      if (page === undefined) {
        done({ kind: "failed", message: `${url}: connect ECONNREFUSED 10.1.2.3:443` });
        return;
      }
      const text = typeof page.body === "string" ? page.body : JSON.stringify(page.body);
      const body = new TextEncoder().encode(text);
      const { status = 200 } = page;
      done({ kind: "response", response: { status, httpVersion: "1.1", headers: [], body } });
    };
    if (timeoutMillis > 5000) throw new Error("it may take longer than it should");
    if (this.isHeld) this.#held.push(answer);
    else queueMicrotask(answer);
    return () => undefined;
  };

  release(): void {
    this.isHeld = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** An issuer with these keys. */
  publish(name: string, keys: readonly unknown[]): void {
    const base = name.replace(/\/$/, "");
    const jwksUri = `${base}/keys`;
    this.pages.set(`${base}/.well-known/openid-configuration`, {
      body: { issuer: name, jwks_uri: jwksUri },
    });
    this.pages.set(jwksUri, { body: { keys } });
  }
}

interface Signer {
  readonly alg: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

async function makeSigner(alg: string, kid?: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateJosePair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return { alg, jwk, privateKey };
}

/** A token of a signer with these claims beside the usual ones. */
function tokenOf(signer: Signer, claims: object = {}, header: object = {}): Promise<string> {
  const { kid } = signer.jwk;
  const all = { iss: issuer, sub: "user-1", aud: "game", iat: nowSeconds, ...claims };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(all)))
    .setProtectedHeader({ alg: signer.alg, ...(kid === undefined ? {} : { kid }), ...header })
    .sign(signer.privateKey);
}

interface World {
  readonly web: FakeWeb;
  readonly clock: ManualClock;
  readonly tokens: Tokens;
  readonly reported: string[];
}

async function openWorld(options: Partial<IssuersOptions> = {}): Promise<World> {
  const web = new FakeWeb();
  const clock = new ManualClock(BigInt(nowSeconds) * 1_000_000n);
  const reported: string[] = [];
  const report = (thrown: unknown): void => void reported.push((thrown as Error).message);
  const issuers = new Issuers({ clock, report, publicHttp: web, trustedHttp: web, ...options });
  const keys = await generateKeyPair();
  const tokens = await Tokens.open({ keys, issuers, clock, random: seededRandom(1) });
  return { web, clock, tokens, reported };
}

async function reasonOf(tokens: Tokens, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return "verified";
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_TOKEN_INVALID") throw thrown;
    return thrown.message.replace(/^Invalid token: /, "");
  }
}

const later = (clock: ManualClock, seconds: number): void => {
  clock.advance(BigInt(seconds) * 1_000_000n);
};

void test("tokens of an issuer, by every algorithm that is allowed", async (t) => {
  for (const alg of ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]) {
    for (const kid of ["one", undefined]) {
      const { web, tokens } = await openWorld();
      const signer = await makeSigner(alg, kid);
      // Others of all kinds stand before it.
      const others = await Promise.all(["RS256", "ES256", "EdDSA"].map((each) => makeSigner(each)));
      web.publish(issuer, [...others.map(({ jwk }) => jwk), { kty: "nonsense" }, 7, signer.jwk]);
      const verified = await tokens.verify(await tokenOf(signer));
      t.equal(
        verified.identity.toHex(),
        "c2008acc5c3458231fe297e178b75c5ac86196c9097e82d680e7a7cfc2f75173",
        `${alg}, key ${kid}: the vector of the reference`,
      );
      t.same(verified.audiences, ["game"]);
    }
  }
});

void test("tokens that are refused, each by name", async (t) => {
  const { web, tokens } = await openWorld();
  const rsa = await makeSigner("RS256", "rsa");
  const ec = await makeSigner("ES256", "ec");
  const stranger = await makeSigner("RS256", "rsa");
  const encryption = { ...(await makeSigner("RS256", "enc")).jwk, use: "enc" };
  const damaged = { kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA", kid: "damaged" };
  const bound = await makeSigner("RS256", "bound");
  web.publish(issuer, [rsa.jwk, ec.jwk, encryption, damaged, { ...bound.jwk, alg: "RS256" }]);
  const pem = new TextEncoder().encode(JSON.stringify(rsa.jwk));
  const symmetric = await new CompactSign(new TextEncoder().encode(`{"iss":"${issuer}"}`))
    .setProtectedHeader({ alg: "HS256", kid: "rsa" })
    .sign(pem);
  const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${symmetric.split(".")[1]}.`;
  const asPss = await generateJosePair("PS256");
  const allowed = "RS256, RS384, RS512, PS256, ES256, ES384, EdDSA, Ed25519";
  const cases: Record<string, readonly [token: string, reason: string]> = {
    good: [await tokenOf(rsa), "verified"],
    forged: [await tokenOf(stranger), "InvalidSignature"],
    "forged without kid": [await tokenOf(stranger, {}, { kid: undefined }), "InvalidSignature"],
    expired: [await tokenOf(rsa, { exp: nowSeconds - 61 }), "ExpiredSignature"],
    "expired in the leeway": [await tokenOf(rsa, { exp: nowSeconds - 60 }), "verified"],
    "alg none": [none, `InvalidAlgorithm: "none" is not one of ${allowed}`],
    "the public key as a secret": [symmetric, `InvalidAlgorithm: "HS256" is not one of ${allowed}`],
    "an EC signature, an RSA key": [
      await tokenOf(ec, {}, { kid: "rsa" }),
      "InvalidAlgorithm: its issuer has no such key for ES256",
    ],
    "a key for another algorithm": [
      await tokenOf({ alg: "PS256", jwk: bound.jwk, privateKey: asPss.privateKey }),
      "InvalidAlgorithm: its issuer has no such key for PS256",
    ],
    "a key for encryption": [
      await tokenOf(rsa, {}, { kid: "enc" }),
      "Specified key ID not found in JWKs",
    ],
    "a damaged key": [await tokenOf(ec, {}, { kid: "damaged" }), "InvalidSignature"],
    "unknown kid": [await tokenOf(rsa, {}, { kid: "x" }), "Specified key ID not found in JWKs"],
    "another issuer's": [
      await tokenOf(rsa, { iss: "https://other.example.com" }),
      'issuer "https://other.example.com" cannot be asked for its keys: its discovery document cannot be fetched',
    ],
    "with a slash more": [
      await tokenOf(rsa, { iss: `${issuer}/` }),
      `issuer "${issuer}/" cannot be asked for its keys: its discovery document names another issuer`,
    ],
    "of this host, by another": [await tokenOf(rsa, { iss: "localhost" }), "InvalidSignature"],
    oversized: [
      await tokenOf(rsa, { more: "x".repeat(9000) }),
      "the token is longer than 8192 bytes",
    ],
    "another's identity": [
      await tokenOf(rsa, { hex_identity: "c200" }),
      "hex_identity is not the identity of its iss and sub, " +
        "c2008acc5c3458231fe297e178b75c5ac86196c9097e82d680e7a7cfc2f75173",
    ],
  };
  for (const [title, [token, reason]] of Object.entries(cases)) {
    t.equal(await reasonOf(tokens, token), reason, title);
  }
});

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

void test("keys are fresh for 300 s, serve for 7,200 s without the issuer, and then no more", async (t) => {
  const { web, clock, tokens } = await openWorld();
  const signer = await makeSigner("RS256", "a");
  web.publish(issuer, [signer.jwk]);
  let number = 0;
  // Each token is a new one: what was verified before is remembered.
  const next = async (): Promise<string> =>
    reasonOf(tokens, await tokenOf(signer, { number: (number += 1) }));
  t.equal(await next(), "verified");
  later(clock, 300);
  t.equal(await next(), "verified");
  t.equal(web.asked.length, 2);
  later(clock, 1);
  t.equal(await next(), "verified");
  t.equal(web.asked.length, 4, "asked again when no longer fresh");
  web.pages.clear();
  later(clock, 301);
  t.equal(await next(), "verified", "the old ones serve");
  t.equal(await next(), "verified");
  t.equal(web.asked.length, 5, "and it is not asked each time");
  later(clock, 6899);
  t.equal(await next(), "verified");
  later(clock, 1);
  t.match(await next(), "cannot be asked for its keys: its discovery document cannot be fetched");
});

void test("a key that its issuer took back does not count for ever", async (t) => {
  const { web, clock, tokens } = await openWorld();
  const [old, young] = [await makeSigner("RS256", "old"), await makeSigner("RS256", "young")];
  web.publish(issuer, [old.jwk]);
  const token = await tokenOf(old);
  t.equal(await reasonOf(tokens, token), "verified");
  web.publish(issuer, [young.jwk]);
  t.equal(await reasonOf(tokens, token), "verified", "remembered");
  later(clock, 301);
  t.equal(await reasonOf(tokens, token), "Specified key ID not found in JWKs");
});

void test("an unknown key is asked for once in 30 s", async (t) => {
  for (const kid of ["young", undefined]) {
    const { web, clock, tokens } = await openWorld();
    const old = await makeSigner("RS256", kid === undefined ? undefined : "old");
    const young = await makeSigner("RS256", kid);
    web.publish(issuer, [old.jwk]);
    t.equal(await reasonOf(tokens, await tokenOf(old)), "verified");
    web.publish(issuer, [old.jwk, young.jwk]);
    const unknown = kid === undefined ? "InvalidSignature" : "Specified key ID not found in JWKs";
    t.equal(await reasonOf(tokens, await tokenOf(young)), unknown);
    later(clock, 29);
    t.equal(await reasonOf(tokens, await tokenOf(young)), unknown, "too early to ask again");
    t.equal(web.asked.length, 2);
    later(clock, 1);
    t.equal(await reasonOf(tokens, await tokenOf(young)), "verified");
    t.equal(web.asked.length, 4);
  }
});

void test("failures are remembered for longer and longer", async (t) => {
  const { web, clock, tokens } = await openWorld();
  const token = await tokenOf(await makeSigner("ES256"));
  for (const pause of [30, 60, 120, 240, 480, 960, 960]) {
    const before = web.asked.length;
    await reasonOf(tokens, token);
    t.equal(web.asked.length, before + 1);
    later(clock, pause - 1);
    await reasonOf(tokens, token);
    t.equal(web.asked.length, before + 1, `not within ${pause} s`);
    later(clock, 1);
  }
});

void test("many tokens of an issuer at once ask it once", async (t) => {
  const { web, tokens } = await openWorld();
  const signer = await makeSigner("ES256", "a");
  web.publish(issuer, [signer.jwk]);
  web.isHeld = true;
  const made = Array.from({ length: 50 }, (_, i) => tokenOf(signer, { sub: `user-${i}` }));
  const checks = (await Promise.all(made)).map((each) => reasonOf(tokens, each));
  while (web.asked.length === 0) await new Promise(setImmediate);
  web.release();
  t.same(new Set(await Promise.all(checks)), new Set(["verified"]));
  t.equal(web.asked.length, 2);
});

void test("a storm of issuers makes few requests, and those that are known go on", async (t) => {
  const trusted = "https://trusted.example.com";
  const { web, clock, tokens, reported } = await openWorld({ trusted: [trusted] });
  const signer = await makeSigner("ES256", "a");
  web.publish(issuer, [signer.jwk]);
  web.publish(trusted, [signer.jwk]);
  t.equal(await reasonOf(tokens, await tokenOf(signer)), "verified");
  web.asked.length = 0;
  const storm = async (from: number): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    const one = async (i: number): Promise<void> => {
      const iss = `https://${i}.attacker.example`;
      const reason = await reasonOf(tokens, await tokenOf(signer, { iss }));
      const kind = reason.replace(/^issuer "[^"]*" /, "");
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    };
    await Promise.all(Array.from({ length: 1000 }, (_, i) => one(from + i)));
    return counts;
  };
  web.isHeld = true;
  const first = storm(0);
  while (web.asked.length < 4) await new Promise(setImmediate);
  t.equal(await reasonOf(tokens, await tokenOf(signer, { n: 1 })), "verified", "a known one");
  const trustedToken = await tokenOf(signer, { iss: trusted });
  const asking = reasonOf(tokens, trustedToken);
  while (!web.asked.includes(`${trusted}/.well-known/openid-configuration`)) {
    await new Promise(setImmediate);
  }
  web.release();
  t.equal(await asking, "verified", "a trusted one has no part in it");
  const refused = "cannot be asked for its keys: ";
  const seen = await first;
  t.ok((seen.get(`${refused}too many others are being asked, try again`) ?? 0) > 900);
  t.ok(web.asked.length <= 62 + 3, `${web.asked.length} requests`);
  await storm(1000);
  const inAll = web.asked.length;
  t.ok(inAll <= 65, `${inAll} requests in all`);
  later(clock, 60);
  await storm(5000);
  t.ok(web.asked.length <= inAll + 60, "as many again in the next minute");
  t.equal(await reasonOf(tokens, await tokenOf(signer, { n: 2 })), "verified");
  t.same(reported, [], "the host's own log is not filled");
});

void test("issuers that an operator has named", async (t) => {
  const trusted = "http://10.0.0.7:8080/realms/a";
  const only = { trusted: [trusted], onlyTrusted: true };
  const { web, tokens, reported } = await openWorld(only);
  const signer = await makeSigner("ES256", "a");
  web.publish(issuer, [signer.jwk]);
  const own = await tokenOf(signer, { iss: trusted });
  t.match(await reasonOf(tokens, own), "cannot be asked for its keys");
  t.match(reported, [/ECONNREFUSED 10\.1\.2\.3/], "the operator is told what clients are not");
  t.equal(
    await reasonOf(tokens, await tokenOf(signer)),
    `issuer "${issuer}" is not trusted by this host`,
  );
  t.same(web.asked, [`${trusted}/.well-known/openid-configuration`]);
  const { web: otherWeb, tokens: other } = await openWorld(only);
  otherWeb.publish(trusted, [signer.jwk]);
  t.equal(await reasonOf(other, own), "verified");
  const refused = { code: "LC_CONFIG" };
  await t.rejects(openWorld({ onlyTrusted: true }), refused, "only trusted, but none");
  await t.rejects(openWorld({ trusted: ["auth.example.com"] }), refused, "no URL");
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
    publicHttp: issuerHttpClient(false),
    trustedHttp: issuerHttpClient(true),
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
});
