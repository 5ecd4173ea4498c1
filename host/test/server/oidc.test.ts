// People log in at a real OpenID Connect provider with a real browser, and what they get opens
// databases of a host.
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { identityFromClaims, present } from "@lightcone/abi";
import { optional } from "@lightcone/fixtures/optional";
import { type Test, t as file, test } from "tap";
import { type RunningServer, startServer } from "../../src/index.ts";
import { runCommand } from "./login-command.ts";
import { clientId, type LoginProvider, startLoginProvider } from "./login-provider.ts";
import { newToken, RemoteHost } from "./remote-host.ts";
import { SocketClient } from "./socket-client.ts";

file.setTimeout(600_000);

interface World {
  readonly provider: LoginProvider;
  readonly server: RunningServer;
  readonly host: RemoteHost;
  readonly browser: Browser;
  readonly folder: string;
}

async function open(t: Test, chromiumPath: string): Promise<World> {
  const folder = t.testdir({});
  const provider = await startLoginProvider(t);
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir: join(folder, "data"),
    auth: { trustedIssuers: [provider.issuer], onlyTrustedIssuers: true },
    report: () => undefined,
  });
  t.teardown(() => server.close());
  const host = new RemoteHost();
  host.address = server.address;
  host.token = await newToken(server.address);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath: chromiumPath, args });
  t.teardown(() => browser.close());
  return { provider, server, host, browser, folder };
}

/** A page of a person of their own, with nothing from beyond this machine. */
async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  await context.route("**/*", (route) => {
    const { hostname } = new URL(route.request().url());
    return hostname === "127.0.0.1" ? route.continue() : route.abort();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  return page;
}

/** Fills in the provider's forms as somebody of that name. */
async function logIn(page: Page, name: string): Promise<void> {
  await page.fill("input[name=login]", name);
  await page.fill("input[name=password]", "anything");
  const { LIGHTCONE_LOGIN_SCREENSHOT: picture } = process.env;
  if (picture !== undefined) await page.screenshot({ path: picture });
  await page.click("button[type=submit]");
  await page.click("button:has-text('Continue')");
}

/** Logs in by `lightcone login` and the browser; the token that it kept. */
async function tokenByRedirect(world: World, name: string): Promise<string> {
  const { provider, server, browser, folder } = world;
  const place = ["--server", server.address, "--config-path", join(folder, `${name}.toml`)];
  const login = ["--issuer", provider.issuer, "--client-id", clientId, "--no-browser"];
  const command = runCommand("login", ...login, ...place);
  const [url] = await command.told(/http:\S+/);
  const page = await newPage(browser);
  await page.goto(url);
  await logIn(page, name);
  await page.waitForURL(/\/callback\?/);
  const shown = await page.textContent("h1");
  const { code, stdout, stderr } = await command.ended;
  if (code !== 0 || shown !== "Logged in") throw new Error(`${shown}: ${stderr}`);
  const identity = identityFromClaims(provider.issuer, name).toHex();
  if (stdout !== `${identity}\n`) throw new Error(`${stdout} is not ${identity}`);
  const kept = await runCommand("login", "show", "--token", ...place).ended;
  return kept.stdout.trim();
}

void test("a login in the browser gives the documented identity, and its policy holds", async (t) => {
  const chromiumPath = optional(t, "chromium");
  if (chromiumPath === undefined) return;
  const world = await open(t, chromiumPath);
  const { provider, host, server } = world;
  const token = await tokenByRedirect(world, "alice");
  const alice = identityFromClaims(provider.issuer, "alice").toHex();
  t.equal((await host.publish("probe", "probe")).status, 200);

  const client = await SocketClient.open(host, "probe", { token });
  t.equal(client.identity.toHex(), alice, "over a WebSocket");
  t.equal(await client.call("whoami"), "ok");
  await client.close();
  const verify = await host.send("GET", `identity/${alice}/verify`, undefined, token);
  t.equal(verify.status, 204, "over HTTP");

  const change = (policy: object): Promise<unknown> =>
    host.send("PUT", "database/probe/auth-policy", JSON.stringify(policy));
  const names = async (who: string): Promise<string> => {
    const { status, text } = await host.send("GET", "database/probe/names", undefined, who);
    return `${status} ${text}`;
  };
  await change({ issuers: [provider.issuer], audiences: [clientId] });
  t.match(await names(token), /^200 /, "an issuer and an audience that it has");
  const socketToken = await host.send("POST", "identity/websocket-token", "", token);
  const { token: short } = JSON.parse(socketToken.text) as { token: string };
  t.match(await names(short), /^200 /, "a token for the URL of a WebSocket keeps both");
  t.match(await names(await newToken(server.address)), /^401 .*"localhost" is not accepted/);
  await change({ audiences: ["another"] });
  t.match(await names(token), /^401 Invalid token: InvalidAudience/);
  t.match(await names(short), /^401 Invalid token: InvalidAudience/);
  t.match(await names(host.token), /^200 /, "the owner is let in");
  await t.rejects(SocketClient.open(host, "probe", { token }), "nor over a WebSocket");
  await change({});

  const [header, payload = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: "bob" })).toString("base64url");
  t.equal(
    await names(`${header}.${forged}.${signature}`),
    "401 Invalid token: InvalidSignature",
    "somebody else's name",
  );
});

void test("a provider that changes its keys", async (t) => {
  const chromiumPath = optional(t, "chromium");
  if (chromiumPath === undefined) return;
  const world = await open(t, chromiumPath);
  const { provider, host } = world;
  const verify = async (name: string, token: string): Promise<number> => {
    const identity = identityFromClaims(provider.issuer, name).toHex();
    return (await host.send("GET", `identity/${identity}/verify`, undefined, token)).status;
  };
  // The host has not asked yet: what it finds is the second key.
  const old = await tokenByRedirect(world, "early");
  await provider.rotate();
  const young = await tokenByRedirect(world, "late");
  t.equal(await verify("late", young), 204);
  t.equal(await verify("early", old), 401, "its key is taken back");
  t.equal(await verify("late", young), 204);
  t.ok(provider.keyRequestCount() <= 2, "asked once, and not again for each stranger");
});

void test("a login with a code, typed in elsewhere", async (t) => {
  const chromiumPath = optional(t, "chromium");
  if (chromiumPath === undefined) return;
  const { provider, server, browser, folder } = await open(t, chromiumPath);
  const login = ["--issuer", provider.issuer, "--client-id", clientId, "--device"];
  const config = ["--config-path", join(folder, "device.toml")];
  const command = runCommand("login", ...login, "--server", server.address, ...config);
  const [, url, code] = await command.told(/Open (\S+) .* the code (\S+)/);
  const page = await newPage(browser);
  await page.goto(present(url, "a page"));
  await page.fill("input[name=user_code]", present(code, "a code"));
  await page.click("[type=submit]");
  await page.click("button:has-text('Continue')");
  await logIn(page, "carol");
  await page.waitForSelector("text=Sign-in Success");
  const ended = await command.ended;
  t.equal(ended.code, 0, ended.stderr);
  t.equal(ended.stdout, `${identityFromClaims(provider.issuer, "carol").toHex()}\n`);
});

void test("a login that the person refuses", async (t) => {
  const chromiumPath = optional(t, "chromium");
  if (chromiumPath === undefined) return;
  const { provider, server, browser, folder } = await open(t, chromiumPath);
  const login = ["--issuer", provider.issuer, "--client-id", clientId, "--no-browser"];
  const config = ["--config-path", join(folder, "refused.toml")];
  const command = runCommand("login", ...login, "--server", server.address, ...config);
  const [url] = await command.told(/http:\S+/);
  const page = await newPage(browser);
  await page.goto(url);
  await page.click("a:has-text('Cancel')");
  await page.waitForURL(/\/callback\?/);
  t.equal(await page.textContent("h1"), "Not logged in");
  const { code, stderr } = await command.ended;
  t.equal(code, 4);
  t.match(stderr, /did not log you in: access_denied/);
});
