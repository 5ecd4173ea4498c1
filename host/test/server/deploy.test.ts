// The examples in docs/deploy are taken by the programs they are for.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { optional } from "@lightcone/fixtures/optional";

const folder = fileURLToPath(new URL("../../../../docs/deploy/", import.meta.url));

function run(program: string, ...argv: readonly string[]): string {
  try {
    return execFileSync(program, argv, { encoding: "utf8", stdio: "pipe", timeout: 60_000 });
  } catch (thrown) {
    const { stderr = "", stdout = "" } = thrown as { stderr?: string; stdout?: string };
    return `${program} refuses: ${stderr}${stdout}`;
  }
}

void test("systemd takes the unit", async (t) => {
  const program = optional(t, "systemd-analyze");
  if (program === undefined) return;
  t.equal(run(program, "verify", join(folder, "lightcone.service")), "");
});

void test("nginx takes the configuration", async (t) => {
  const program = optional(t, "nginx");
  if (program === undefined) return;
  const top = t.testdir();
  const key = join(top, "key.pem");
  run(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    "-subj",
    "/CN=x",
    "-keyout",
    key,
    "-out",
    join(top, "cert.pem"),
  );
  const text = readFileSync(join(folder, "nginx.conf"), "utf8")
    .replace(/ssl_certificate .*;/, `ssl_certificate ${join(top, "cert.pem")};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`);
  const file = join(top, "nginx.conf");
  writeFileSync(file, `pid ${join(top, "nginx.pid")};\nerror_log stderr;\n${text}`);
  mkdirSync(join(top, "logs"));
  t.notMatch(run(program, "-t", "-p", top, "-c", file), /refuses/);
});
