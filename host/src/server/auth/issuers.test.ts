// Tokens of other issuers, whose documents are made up: which keys count, how often an issuer is
// asked, and that nobody is harmed by tokens that name thousands of them.
import { CompactSign, generateKeyPair as generateJosePair } from "jose";
import { t as file, test } from "tap";
import {
  issuer,
  later,
  makeSigner,
  nowSeconds,
  openWorld,
  reasonOf,
  tokenOf,
} from "../../../test/server/fake-issuer.ts";

file.setTimeout(300_000);

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
