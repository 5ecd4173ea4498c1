import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { test } from "tap";
import { generateKeyPair } from "./keys.ts";

void test("another program reads the pair and signs with it", async (t) => {
  const { privatePem, publicPem } = await generateKeyPair();
  const privateKey = createPrivateKey(privatePem);
  t.equal(privateKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  t.equal(privateKey.export({ type: "pkcs8", format: "pem" }), privatePem, "PKCS#8 to the byte");
  const publicKey = createPublicKey(publicPem);
  t.equal(publicKey.export({ type: "spki", format: "pem" }), publicPem, "SPKI to the byte");
  const text = Buffer.from("text");
  t.ok(verify("sha256", text, publicKey, sign("sha256", text, privateKey)));
});

void test("no two pairs are equal", async (t) => {
  const [one, two] = [await generateKeyPair(), await generateKeyPair()];
  t.not(one.privatePem, two.privatePem);
});
