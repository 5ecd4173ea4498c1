import { CompactSign, importPKCS8 } from "jose";
import { identityFromClaims, LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { ManualClock } from "../../base/clock.ts";
import { generateKeyPair, type KeyPairPem } from "../../base/keys.ts";
import { seededRandom } from "../../base/random.ts";
import { Tokens } from "./token.ts";

const nowSeconds = 1_795_248_140;
const utf8 = new TextEncoder();

interface World {
  readonly keys: KeyPairPem;
  readonly clock: ManualClock;
  readonly tokens: Tokens;
}

async function openWorld(keys?: KeyPairPem): Promise<World> {
  const clock = new ManualClock(BigInt(nowSeconds) * 1_000_000n);
  const pair = keys ?? (await generateKeyPair());
  const tokens = await Tokens.open({ keys: pair, clock, random: seededRandom(1) });
  return { keys: pair, clock, tokens };
}

/** A token with these claims, as text, signed with a key. */
async function forge(claims: string, privatePem: string, header: object = {}): Promise<string> {
  return new CompactSign(utf8.encode(claims))
    .setProtectedHeader({ typ: "JWT", alg: "ES256", ...header })
    .sign(await importPKCS8(privatePem, "ES256"));
}

async function refused(t: Test, tokens: Tokens, token: string, message: string): Promise<void> {
  try {
    await tokens.verify(token);
    t.fail(`expected ${message}`);
  } catch (thrown) {
    t.ok(thrown instanceof LightconeError && thrown.code === "LC_TOKEN_INVALID", message);
    t.equal((thrown as Error).message, message);
  }
}

const partsOf = (token: string): string[] =>
  token.split(".").map((part) => Buffer.from(part, "base64url").toString());

void test("an issued token has the reference's header and claims, in its order", async (t) => {
  const { tokens } = await openWorld();
  const { token, identity, subject, payloadJson } = await tokens.issueNew();
  const [header, payload] = partsOf(token);
  t.equal(header, `{"typ":"JWT","alg":"ES256"}`);
  t.equal(payload, payloadJson);
  t.equal(
    payload,
    `{"hex_identity":"${identity.toHex()}","sub":"${subject}","iss":"localhost",` +
      `"aud":["spacetimedb"],"iat":${nowSeconds},"exp":null}`,
  );
  t.match(subject, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.ok(identity.equals(identityFromClaims("localhost", subject)));
  // The official command line reads the payload with the standard alphabet.
  t.notMatch(token.split(".")[1], /[-_]/);
});

void test("an issued token verifies, and again from the cache", async (t) => {
  const { tokens } = await openWorld();
  const issued = await tokens.issueNew();
  for (const round of ["first", "second"]) {
    const verified = await tokens.verify(issued.token);
    t.same(verified, issued, round);
  }
});

void test("a host with the same keys knows the tokens of another", async (t) => {
  const first = await openWorld();
  const second = await openWorld(first.keys);
  const { token, identity } = await first.tokens.issueNew();
  t.ok((await second.tokens.verify(token)).identity.equals(identity));
});

void test("a socket token keeps issuer, subject and audiences, and ends after a minute and its leeway", async (t) => {
  const { tokens, clock, keys } = await openWorld();
  const claims = `{"iss":"https://auth.example.com","sub":"user-1","iat":1,"aud":"game"}`;
  const long = await tokens.verify(await forge(claims, keys.privatePem));
  t.equal(
    long.identity.toHex(),
    "c2008acc5c3458231fe297e178b75c5ac86196c9097e82d680e7a7cfc2f75173",
    "the vector of the reference",
  );
  const short = await tokens.issueForSocket(long);
  t.equal(short.expirySeconds, nowSeconds + 60);
  t.ok(short.identity.equals(long.identity));
  t.match(partsOf(short.token)[1], `"iss":"https://auth.example.com","aud":["game"]`);
  t.ok((await tokens.verify(short.token)).identity.equals(long.identity));
  clock.advance(30_000_000n);
  const shorter = await tokens.issueForSocket(short);
  t.equal(shorter.expirySeconds, nowSeconds + 60, "it cannot be exchanged for more time");
  clock.advance(90_000_000n);
  await tokens.verify(short.token);
  clock.advance(1_000_000n);
  await refused(t, tokens, short.token, "Invalid token: ExpiredSignature");
  await tokens.verify(long.token);
});

const alice = identityFromClaims("localhost", "alice").toHex();
const bob = identityFromClaims("localhost", "bob").toHex();
const tooLong = "x".repeat(129);

const goodClaims: Readonly<Record<string, string>> = {
  "null expiry": `{"iss":"localhost","sub":"alice","iat":1,"exp":null}`,
  "no expiry": `{"iss":"localhost","sub":"alice","iat":1}`,
  "expiry in the leeway": `{"iss":"localhost","sub":"alice","iat":1,"exp":${nowSeconds - 60}}`,
  "its own identity": `{"hex_identity":"${alice}","iss":"localhost","sub":"alice","iat":1}`,
  "null identity": `{"hex_identity":null,"iss":"localhost","sub":"alice","iat":1}`,
  "issued in the future": `{"iss":"localhost","sub":"alice","iat":${nowSeconds + 9999}}`,
  "not valid before tomorrow": `{"iss":"localhost","sub":"alice","iat":1,"nbf":${nowSeconds + 86400}}`,
  "audience as text": `{"iss":"localhost","sub":"alice","iat":1,"aud":"else"}`,
  "any spacing": ` { "sub" : "alice" , "iat":1,"iss":"localhost" } `,
};

const badClaims: Readonly<Record<string, string>> = {
  [`{"sub":"alice","iat":1}`]: "iss must be a string",
  [`{"iss":"localhost","iat":1}`]: "sub must be a string",
  [`{"iss":"localhost","sub":7,"iat":1}`]: "sub must be a string",
  [`{"iss":"","sub":"alice","iat":1}`]: "Issuer empty",
  [`{"iss":"localhost","sub":"","iat":1}`]: "Subject empty",
  [`{"iss":"localhost","sub":"${tooLong}","iat":1}`]:
    "Subject too long: at most 128 bytes are allowed",
  [`{"iss":"localhost","sub":"${"ü".repeat(65)}","iat":1}`]:
    "Subject too long: at most 128 bytes are allowed",
  [`{"iss":"${tooLong}","sub":"alice","iat":1}`]: "Issuer too long: at most 128 bytes are allowed",
  [`{"iss":"localhost","sub":"alice","iat":1,"aud":7}`]:
    "aud must be a string or an array of strings",
  [`{"iss":"localhost","sub":"alice"}`]: "iat must be an integer",
  [`{"iss":"localhost","sub":"alice","iat":1.5}`]: "iat must be an integer",
  [`{"iss":"localhost","sub":"alice","iat":1,"exp":"soon"}`]: "exp must be an integer or null",
  [`{"iss":"localhost","sub":"alice","iat":1,"exp":1e300}`]: "exp must be an integer or null",
  [`{"iss":"localhost","sub":"alice","iat":1,"exp":${nowSeconds - 61}}`]: "ExpiredSignature",
  [`{"iss":"localhost","sub":"bob","iat":1,"hex_identity":"${alice}"}`]: `hex_identity is not the identity of its iss and sub, ${bob}`,
  [`[]`]: "the payload is not a JSON object",
  [`null`]: "the payload is not a JSON object",
  [`{`]: "the payload is not a JSON object",
};

void test("claims that are good", async (t) => {
  const { tokens, keys } = await openWorld();
  for (const [title, claims] of Object.entries(goodClaims)) {
    const verified = await tokens.verify(await forge(claims, keys.privatePem));
    t.equal(verified.identity.toHex(), alice, title);
    t.equal(verified.payloadJson, claims, `${title}: the payload as it was signed`);
  }
});

void test("claims that are refused", async (t) => {
  const { tokens, keys } = await openWorld();
  for (const [claims, reason] of Object.entries(badClaims)) {
    await refused(t, tokens, await forge(claims, keys.privatePem), `Invalid token: ${reason}`);
  }
});

void test("tokens that this host did not sign", async (t) => {
  const { tokens } = await openWorld();
  const other = await openWorld();
  const claims = `{"iss":"localhost","sub":"alice","iat":1}`;
  const foreign = `{"iss":"https://evil.example.com","sub":"alice","iat":1}`;
  const { token } = await tokens.issueNew();
  const [header, payload, signature] = token.split(".") as [string, string, string];
  const encoded = (text: string): string => Buffer.from(text).toString("base64url");
  const unsigned = encoded(`{"typ":"JWT","alg":"none"}`);
  const symmetric = encoded(`{"typ":"JWT","alg":"HS256"}`);
  const unnamed = encoded(`{"typ":"JWT"}`);
  const other256 = encoded(`{"alg":"RS256"}`);
  const critical = encoded(`{"alg":"ES256","crit":["x"],"x":1}`);
  const allowed = "RS256, RS384, RS512, PS256, ES256, ES384, EdDSA, Ed25519";
  const flipped = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
  const otherPayload = Buffer.from(claims).toString("base64url");
  const cases: Readonly<Record<string, string>> = {
    [await forge(claims, other.keys.privatePem)]: "InvalidSignature",
    [`${header}.${payload}.${flipped}`]: "InvalidSignature",
    [`${header}.${otherPayload}.${signature}`]: "InvalidSignature",
    [`${header}.${payload}.`]: "InvalidSignature",
    [`${unsigned}.${payload}.`]: `InvalidAlgorithm: "none" is not one of ${allowed}`,
    [`${symmetric}.${payload}.${signature}`]: `InvalidAlgorithm: "HS256" is not one of ${allowed}`,
    [`${unnamed}.${payload}.${signature}`]: `InvalidAlgorithm: a header without alg is not one of ${allowed}`,
    [`${other256}.${payload}.${signature}`]: "InvalidSignature",
    [`${critical}.${payload}.${signature}`]: "crit is not supported",
    [`${token}${"A".repeat(8192)}`]: "the token is longer than 8192 bytes",
    [`${token}.`]: "InvalidToken",
    [`${header}=.${payload}.${signature}`]: "InvalidToken",
    [await forge(foreign, other.keys.privatePem)]:
      `issuer "https://evil.example.com" is not trusted by this host`,
    [`${header}.${payload}`]: "InvalidToken",
    "": "InvalidToken",
    "a.b.c": "InvalidToken",
    "0x1234": "InvalidToken",
  };
  for (const [bad, reason] of Object.entries(cases)) {
    await refused(t, tokens, bad, `Invalid token: ${reason}`);
  }
  await tokens.verify(token);
});

void test("what former keys signed counts, and what they sign is no forgery of another's", async (t) => {
  const former = await openWorld();
  const { token, identity } = await former.tokens.issueNew();
  const keys = await generateKeyPair();
  const { clock } = former;
  const options = { keys, clock, random: seededRandom(2) };
  const after = await Tokens.open({ ...options, formerPublicPems: [former.keys.publicPem] });
  t.ok((await after.verify(token)).identity.equals(identity));
  t.equal(after.publicPem, keys.publicPem);
  const { token: later } = await after.issueNew();
  await after.verify(later);
  await refused(t, former.tokens, later, "Invalid token: InvalidSignature");
  const without = await Tokens.open(options);
  await refused(t, without, token, "Invalid token: InvalidSignature");
  const opening = Tokens.open({ ...options, formerPublicPems: ["hello"] });
  await t.rejects(opening, { code: "LC_CONFIG", message: /former public key is not for ES256/ });
});

void test("keys that are no pair are refused", async (t) => {
  const [one, two] = [await generateKeyPair(), await generateKeyPair()];
  const cases: Readonly<Record<string, KeyPairPem>> = {
    "of different pairs": { privatePem: one.privatePem, publicPem: two.publicPem },
    "not PEM": { privatePem: "hello", publicPem: "world" },
    damaged: { privatePem: one.privatePem.replace(/A/g, "B"), publicPem: one.publicPem },
    exchanged: { privatePem: one.publicPem, publicPem: one.privatePem },
  };
  for (const [title, keys] of Object.entries(cases)) {
    const opening = Tokens.open({ keys, clock: new ManualClock(), random: seededRandom(1) });
    await t.rejects(opening, { code: "LC_CONFIG", message: /not an ES256 pair/ }, title);
  }
});
