// What tests of user interfaces stand on: a host in a process of its own, pages bundled as an application would, and
// Chromium.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { optional } from "@lightcone/fixtures/optional";
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";
import { build, type BuildOptions } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Test } from "tap";

const bin = fileURLToPath(new URL("../../../../cli/bin/lightcone.js", import.meta.url));
const listening = /^Listening on (\S+)$/m;

/** A host as a user starts it, with one database named as its module. */
export class WebHost {
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  url = "http://127.0.0.1:0";

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Takes the address of the last start, if there was one. */
  async start(): Promise<void> {
    const address = new URL(this.url).host;
    const argv = ["start", "--data-dir", this.#dataDir, "--listen-addr", address];
    // tap follows children through NODE_OPTIONS, which would make a host many times slower to start.
    const child = spawn("env", ["-u", "NODE_OPTIONS", process.execPath, bin, ...argv], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: this.#dataDir },
    });
    this.#child = child;
    let said = "";
    child.stderr.resume();
    this.url = await new Promise((resolve, reject) => {
      child.stdout.on("data", (piece: Buffer) => {
        said += piece.toString();
        const found = listening.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once("close", () => reject(new Error(`the host did not start: ${said}`)));
    });
  }

  async publish(name: WasmName): Promise<void> {
    const minted = await fetch(`${this.url}/v1/identity`, { method: "POST" });
    const { token } = (await minted.json()) as { token: string };
    const response = await fetch(`${this.url}/v1/database/${name}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}` },
      body: readWasm(name),
    });
    if (!response.ok) throw new Error(`${name} was not published: ${await response.text()}`);
  }

  /** As a power cut: nothing is said to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const closed = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
    });
    child.kill("SIGKILL");
    await closed;
  }
}

export async function startWebHost(t: Test, ...modules: readonly WasmName[]): Promise<WebHost> {
  const host = new WebHost(t.testdir());
  t.teardown(() => host.kill());
  await host.start();
  for (const name of modules) await host.publish(name);
  return host;
}

/** The bundle of a compiled page in pages/. */
export async function bundlePage(name: string, options: BuildOptions = {}): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`pages/${name}.js`, import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "silent",
    define: { "process.env.NODE_ENV": `"development"` },
    ...options,
  });
  return result.outputFiles?.[0]?.text ?? "";
}

const html = `<!doctype html><html><head><meta charset="utf-8"><title>test</title>
<style>body{font:14px sans-serif}li{height:18px}
.group{content-visibility:auto;contain-intrinsic-size:auto 1800px}</style></head>
<body><div id="root"></div><script type="module" src="page.js"></script></body></html>`;

/** Serves a page and its script; answers its address. */
export async function servePage(t: Test, script: string): Promise<string> {
  const server = createServer((request, response) => {
    const isScript = request.url?.startsWith("/page.js") === true;
    const type = isScript ? "text/javascript" : "text/html";
    response.writeHead(200, { "content-type": `${type}; charset=utf-8` });
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A browser; undefined where there is none, and the test is then left out by name. */
export async function launchBrowser(t: Test): Promise<Browser | undefined> {
  const executablePath = optional(t, "chromium");
  if (executablePath === undefined) return undefined;
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** A tab of its own identity. What the page reports as an error is kept in `errors`. */
export async function openPage(
  browser: Browser,
  pageUrl: string,
  host: WebHost,
  errors: string[],
  query = "",
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    const isOurs = !/net::ERR|WebSocket|Failed to load resource|DevTools/.test(message.text());
    if (isOurs && ["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  await page.goto(`${pageUrl}?host=${encodeURIComponent(host.url)}${query}`);
  return page;
}

/** Saves a picture of the page where LIGHTCONE_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["LIGHTCONE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}
