// New signing keys: chance with a format. Handed down like clock and chance, so that a test can
// give fixed ones.

/** A pair for ES256 (EC P-256) in the forms that other programs read. */
export interface KeyPairPem {
  /** PKCS#8. A secret. */
  readonly privatePem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicPem: string;
}

export type GenerateKeyPair = () => Promise<KeyPairPem>;

const lineLength = 64;

function pem(label: string, der: ArrayBuffer): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(der)));
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += lineLength) {
    lines.push(base64.slice(at, at + lineLength));
  }
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Draws a pair from the machine's source of chance. */
export const generateKeyPair: GenerateKeyPair = async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return {
    privatePem: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
    publicPem: pem("PUBLIC KEY", await crypto.subtle.exportKey("spki", pair.publicKey)),
  };
};
