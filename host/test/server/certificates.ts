// Certificates for tests, made by openssl: each its own authority, for this machine.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a pair in a folder. */
export function makeCertificate(openssl: string, folder: string, name: string): Certificate {
  const certPath = join(folder, `${name}.cert.pem`);
  const keyPath = join(folder, `${name}.key.pem`);
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost " +
    "-addext subjectAltName=DNS:localhost,IP:127.0.0.1";
  const files = ["-keyout", keyPath, "-out", certPath];
  execFileSync(openssl, [...words.split(" "), ...files], { stdio: "ignore" });
  const [cert, key] = [certPath, keyPath].map((path) => readFileSync(path, "utf8"));
  return { certPath, keyPath, cert: cert ?? "", key: key ?? "" };
}
