// Logins at an issuer that answers as it is told to: what goes to it, and what is not believed.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { identityFromClaims } from "@lightcone/abi";
import { type Test, t as file, test } from "tap";
import { FakeIssuer } from "../../test/fake-issuer.ts";
import { run, type RunResult } from "../../test/run.ts";

file.setTimeout(120_000);

const common = ["login", "-s", "http://127.0.0.1:9", "--client-id", "app"];

/** What a browser comes back with, by the parameters that it was sent out with. */
type Browse = (sent: URLSearchParams) => Readonly<Record<string, string>>;

interface Visit extends RunResult {
  readonly page: URL;
  /** What the browser showed in the end. */
  readonly shown: string;
}

/** Logs in with a browser that comes back at once. */
async function visit(
  home: string,
  { url }: FakeIssuer,
  browse: Browse,
  ...args: string[]
): Promise<Visit> {
  let page = new URL("about:blank");
  let shown = "";
  const openBrowser = (text: string): void => {
    page = new URL(text);
    const back = new URL(page.searchParams.get("redirect_uri") ?? "");
    const stray = new URL(`/callback?code=stolen&state=guessed`, back);
    back.search = new URLSearchParams(browse(page.searchParams)).toString();
    void (async () => {
      shown += `${(await fetch(new URL("/favicon.ico", back))).status} `;
      shown += `${(await fetch(stray)).status} `;
      shown += /<h1>(.*)<\/h1>/.exec(await (await fetch(back)).text())?.[1] ?? "?";
    })();
  };
  const result = await run([...common, "--issuer", url, ...args], { home, openBrowser });
  return { ...result, page, shown };
}

const agree: Browse = (sent) => ({ code: "the code", state: sent.get("state") ?? "" });

/** Lets the token endpoint answer with an id_token for the login under way. */
function grant(issuer: FakeIssuer, claims: (sent: URLSearchParams) => object): Browse {
  return (sent) => {
    const idToken = issuer.idToken({ nonce: sent.get("nonce"), ...claims(sent) });
    issuer.answers.set("/token", [{ body: { id_token: idToken, access_token: "x" } }]);
    return agree(sent);
  };
}

void test("a login by redirect: what is sent, and what is kept", async (t) => {
  const home = t.testdir();
  const issuer = await new FakeIssuer().listen(t);
  const done = await visit(
    home,
    issuer,
    grant(issuer, () => ({})),
    "--scope",
    "openid email",
  );
  t.equal(done.code, 0, done.stderr);
  t.equal(done.stdout, `${identityFromClaims(issuer.url, "alice").toHex()}\n`);
  t.equal(done.shown, "404 404 Logged in", "strangers are sent away");
  const sent = Object.fromEntries(done.page.searchParams);
  t.match(sent, {
    tenant: "a",
    response_type: "code",
    client_id: "app",
    redirect_uri: /^http:\/\/127\.0\.0\.1:\d+\/callback$/,
    scope: "openid email",
    code_challenge_method: "S256",
  });
  t.match(
    done.stderr,
    `Log in in your browser. If it does not open, open this page yourself:\n${done.page.href}`,
  );
  const [[path, form] = ["", new URLSearchParams()]] = issuer.forms;
  t.equal(path, "/token");
  const verifier = form.get("code_verifier") ?? "";
  t.equal(createHash("sha256").update(verifier).digest("base64url"), sent["code_challenge"]);
  t.match(Object.fromEntries(form), {
    grant_type: "authorization_code",
    code: "the code",
    client_id: "app",
    redirect_uri: sent["redirect_uri"],
  });
  const kept = readFileSync(join(home, ".config/lightcone/cli.toml"), "utf8");
  t.match(kept, `"http://127.0.0.1:9" = "${issuer.idToken({ nonce: sent["nonce"] })}"`);
});

async function refused(
  t: Test,
  code: number,
  message: RegExp,
  browse: (issuer: FakeIssuer) => Browse,
  set: (issuer: FakeIssuer) => void = () => undefined,
): Promise<void> {
  const home = t.testdir();
  const issuer = await new FakeIssuer().listen(t);
  set(issuer);
  const result = await visit(home, issuer, browse(issuer));
  t.equal(result.code, code, `${String(message)}: ${result.stderr}`);
  t.match(result.stderr, message);
  t.equal(result.stdout, "");
}

void test("logins that are not believed", async (t) => {
  const other = /of another issuer or for another client/;
  const with_ = (claims: object) => (issuer: FakeIssuer) => grant(issuer, () => claims);
  await refused(t, 4, other, with_({ iss: "https://evil.example" }));
  await refused(t, 4, other, with_({ aud: ["another"] }));
  await refused(t, 4, /belongs to another login/, with_({ nonce: "old" }));
  await refused(t, 4, /the answer is of https:\/\/evil\.example/, () => (sent) => ({
    ...agree(sent),
    iss: "https://evil.example",
  }));
  await refused(t, 4, /access_denied: no way/, () => (sent) => ({
    error: "access_denied",
    error_description: "no way",
    state: sent.get("state") ?? "",
  }));
  const answering = (status: number, body: unknown) => (issuer: FakeIssuer) => {
    issuer.answers.set("/token", [{ status, body }]);
  };
  await refused(
    t,
    4,
    /invalid_grant: too late/,
    () => agree,
    answering(400, { error: "invalid_grant", error_description: "too late" }),
  );
  await refused(t, 4, /its answer has status 500/, () => agree, answering(500, "oops"));
  await refused(
    t,
    4,
    /does the scope hold openid/,
    () => agree,
    answering(200, { access_token: "x" }),
  );
});

void test("issuers that are none", async (t) => {
  const document = (members: Readonly<Record<string, unknown>>) => (issuer: FakeIssuer) => {
    issuer.document = members;
  };
  const never = () => agree;
  await refused(
    t,
    4,
    /its document is of the issuer https:\/\/else/,
    never,
    document({ issuer: "https://else" }),
  );
  await refused(t, 4, /names no token_endpoint/, never, document({ token_endpoint: 7 }));
  await refused(
    t,
    2,
    /token_endpoint http:\/\/a\.example\/ must begin with https/,
    never,
    document({ token_endpoint: "http://a.example/" }),
  );
  const home = t.testdir();
  const rows: readonly (readonly [args: string[], code: number, message: RegExp])[] = [
    [["--issuer", "http://id.example", "--client-id", "app"], 2, /must begin with https/],
    [["--issuer", "nonsense", "--client-id", "app"], 2, /must begin with https/],
    [["--issuer", "http://127.0.0.1:1", "--client-id", "app"], 3, /cannot reach/],
    [["--issuer", "https://id.example"], 2, /--issuer and --client-id go together/],
    [["--client-id", "app"], 2, /--issuer and --client-id go together/],
    [["--device"], 2, /--device needs --issuer/],
    [
      ["--issuer", "https://a.example", "--client-id", "a", "--token", "x"],
      2,
      /exclude each other/,
    ],
  ];
  for (const [args, code, message] of rows) {
    const result = await run(["login", ...args], { home });
    t.equal(result.code, code, args.join(" "));
    t.match(result.stderr, message);
  }
});

void test("a login that is broken off, and a port that is taken", async (t) => {
  const home = t.testdir();
  const issuer = await new FakeIssuer().listen(t);
  const args = [...common, "--issuer", issuer.url];
  const stop = new AbortController();
  const openBrowser = (): void => stop.abort();
  const broken = await run(args, { home, stop: stop.signal, openBrowser });
  t.equal(broken.code, 1);
  t.match(broken.stderr, /the login was broken off/);
  const squatter = createServer();
  await new Promise<void>((resolve) => {
    squatter.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => squatter.close());
  const { port } = squatter.address() as { port: number };
  const taken = await run([...args, "--redirect-port", `${port}`], { home });
  t.equal(taken.code, 1);
  t.match(taken.stderr, /cannot listen on port \d+ of this machine/);
});

void test("a login with a code", async (t) => {
  const home = t.testdir();
  const issuer = await new FakeIssuer().listen(t);
  const args = [...common, "--issuer", issuer.url, "--device"];
  const started = {
    device_code: "secret",
    user_code: "ABCD-\u001b[31mEFGH",
    verification_uri: "https://id.example/device",
    interval: 0.01,
  };
  const pending = { status: 400, body: { error: "authorization_pending" } };
  issuer.answers.set("/device", [{ body: started }]);
  issuer.answers.set("/token", [pending, pending, { body: { id_token: issuer.idToken({}) } }]);
  const done = await run(args, { home });
  t.equal(done.code, 0, done.stderr);
  t.equal(done.stdout, `${identityFromClaims(issuer.url, "alice").toHex()}\n`);
  t.match(
    done.stderr,
    "Open https://id.example/device on any machine and enter the code ABCD-?[31mEFGH",
  );
  t.same(
    issuer.forms.map(([path]) => path),
    ["/device", "/token", "/token", "/token"],
  );
  t.equal(issuer.forms[1]?.[1].get("device_code"), "secret");
  const rows: readonly (readonly [path: string, status: number, body: unknown, message: RegExp])[] =
    [
      ["/token", 400, { error: "access_denied" }, /did not log you in: access_denied/],
      ["/token", 400, { error: "expired_token" }, /did not log you in: expired_token/],
      ["/device", 400, { error: "unauthorized_client" }, /did not log you in: unauthorized_client/],
      ["/device", 200, { ...started, expires_in: 0.005 }, /nobody entered the code in time/],
    ];
  for (const [path, status, body, message] of rows) {
    issuer.answers.set("/device", [{ body: started }]);
    issuer.answers.set("/token", [pending]);
    issuer.answers.set(path, [{ status, body }]);
    const result = await run(args, { home });
    t.equal(result.code, 4, String(message));
    t.match(result.stderr, message);
  }
});
