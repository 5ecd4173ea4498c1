// Whatever comes as a token, as keys or as a policy is read or refused, and nothing else.
import fc from "fast-check";
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { parseClaims } from "./claims.ts";
import { parseToken } from "./jws.ts";
import { parseKeySet } from "./key-set.ts";
import { parsePolicy } from "./policy.ts";

/** Whether a refusal is the only thing that is thrown. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (thrown) {
    return thrown instanceof LightconeError;
  }
}

const encoded = (text: string): string => Buffer.from(text).toString("base64url");

/** Texts that are near to tokens. */
const tokenLike = fc
  .tuple(
    fc.oneof(fc.json(), fc.constant('{"alg":"ES256"}'), fc.string()),
    fc.oneof(fc.json(), fc.string({ unit: "binary" })),
    fc.string(),
  )
  .map(
    ([header, payload, signature]) =>
      `${encoded(header)}.${encoded(payload)}.${encoded(signature)}`,
  );

void test("any text as a token", (t) => {
  const read = (text: string): boolean =>
    isReadOrRefused(() => parseClaims(parseToken(text).payloadJson));
  fc.assert(fc.property(fc.oneof(tokenLike, fc.string({ unit: "binary" })), read));
  t.pass("nothing else is thrown");
  t.end();
});

const keyLike = fc.record(
  {
    kty: fc.constantFrom<unknown>("RSA", "EC", "OKP", "oct", 7, null),
    crv: fc.constantFrom<unknown>("P-256", "Ed25519", "", 7),
    n: fc.anything(),
    e: fc.anything(),
    x: fc.anything(),
    y: fc.anything(),
    kid: fc.anything(),
    alg: fc.anything(),
    use: fc.constantFrom<unknown>("sig", "enc", undefined, 7),
  },
  { requiredKeys: [] },
);

void test("any JSON as keys of an issuer", (t) => {
  const keySets = fc.record({ keys: fc.array(fc.oneof(keyLike, fc.jsonValue())) });
  fc.assert(
    fc.property(fc.oneof(keySets, fc.jsonValue()), (json) => {
      const keys = parseKeySet(json);
      return keys === undefined || keys.count <= 32;
    }),
  );
  t.pass("nothing is thrown");
  t.end();
});

void test("any text as a policy", (t) => {
  const policyLike = fc
    .record(
      { issuers: fc.jsonValue(), audiences: fc.array(fc.string()), anonymous: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((json) => JSON.stringify(json));
  const read = (text: string): boolean => isReadOrRefused(() => parsePolicy(text));
  fc.assert(fc.property(fc.oneof(policyLike, fc.json(), fc.string()), read));
  t.pass("nothing else is thrown");
  t.end();
});
