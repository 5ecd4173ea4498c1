import { identityFromClaims, LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { type AuthPolicy, checkPolicy, openPolicy, parsePolicy } from "./policy.ts";
import type { VerifiedToken } from "./token.ts";

function tokenOf(issuer: string, audiences: readonly string[]): VerifiedToken {
  const identity = identityFromClaims(issuer, "alice");
  const claims = { issuer, subject: "alice", identity, audiences, expirySeconds: undefined };
  return { ...claims, token: "", payloadJson: "" };
}

const own = tokenOf("localhost", ["spacetimedb"]);
const google = tokenOf("https://google.example", ["game", "other"]);
const plain = tokenOf("https://plain.example", []);

function refusal(policy: AuthPolicy, token: VerifiedToken, isAnonymous = false): string {
  try {
    checkPolicy(policy, token, isAnonymous);
    return "let in";
  } catch (thrown) {
    return thrown instanceof LightconeError ? `${thrown.code} ${thrown.message}` : "?";
  }
}

const audience =
  "LC_TOKEN_INVALID Invalid token: InvalidAudience: none of its audiences is accepted here";
const anonymous = "an identity that this host gives to anybody is not accepted here";

void test("whom a policy lets in", (t) => {
  const rows: readonly (readonly [Partial<AuthPolicy>, VerifiedToken, string])[] = [
    [{}, own, "let in"],
    [{}, google, "let in"],
    [{}, plain, "let in"],
    [{ issuers: ["https://google.example"] }, google, "let in"],
    [
      { issuers: ["https://google.example/"] },
      google,
      'LC_TOKEN_INVALID Invalid token: issuer "https://google.example" is not accepted here',
    ],
    [
      { issuers: ["https://google.example"] },
      own,
      'LC_TOKEN_INVALID Invalid token: issuer "localhost" is not accepted here',
    ],
    [{ issuers: ["https://google.example", "localhost"] }, own, "let in"],
    [{ audiences: ["game"] }, google, "let in"],
    [{ audiences: ["none", "other"] }, google, "let in"],
    [{ audiences: ["Game"] }, google, audience],
    [{ audiences: ["game"] }, plain, audience],
    [{ audiences: ["spacetimedb"] }, own, "let in"],
    [{ allowsAnonymous: false }, own, `LC_TOKEN_INVALID Invalid token: ${anonymous}`],
    [
      { allowsAnonymous: false, issuers: ["localhost"] },
      google,
      'LC_TOKEN_INVALID Invalid token: issuer "https://google.example" is not accepted here',
    ],
    [{ allowsAnonymous: false }, plain, "let in"],
  ];
  for (const [policy, token, expected] of rows) {
    t.equal(refusal({ ...openPolicy, ...policy }, token), expected, JSON.stringify(policy));
  }
  const closed = { ...openPolicy, allowsAnonymous: false };
  const required = `LC_UNAUTHORIZED Authorization required: ${anonymous}`;
  t.equal(refusal(closed, own, true), required, "without a token");
  t.end();
});

function refusedText(t: Test, text: string, rule: RegExp): void {
  t.throws(() => parsePolicy(text), { code: "LC_REQUEST_INVALID", message: rule }, text);
}

void test("policies as JSON", (t) => {
  t.same(parsePolicy("{}"), openPolicy);
  t.same(parsePolicy('{"issuers":["a","b","a"],"audiences":["c"],"anonymous":false}'), {
    issuers: ["a", "b"],
    audiences: ["c"],
    allowsAnonymous: false,
  });
  for (const text of ["", "[]", "null", "7", "{"]) refusedText(t, text, /must be a JSON object/);
  refusedText(t, '{"issuer":["a"]}', /"issuer" is no member/);
  refusedText(t, '{"issuers":"a"}', /issuers must be an array of strings/);
  refusedText(t, '{"audiences":[7]}', /audiences must be an array of strings/);
  refusedText(t, '{"anonymous":"no"}', /anonymous must be true or false/);
  refusedText(t, '{"issuers":[""]}', /issuers must have 1 to 128 bytes/);
  refusedText(t, `{"issuers":["${"ü".repeat(65)}"]}`, /issuers must have 1 to 128 bytes/);
  const many = Array.from({ length: 65 }, (_, i) => `a${i}`);
  refusedText(t, JSON.stringify({ audiences: many }), /may have 64 audiences/);
  t.end();
});
